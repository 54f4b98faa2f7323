"""Settings: each with its type, rule and sentence, all from the environment, all problems told at once.

Channels stand in a file of their own (TOML, one table a channel): see docs/howto/connect-a-channel.md.
"""

import os
import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """The settings cannot be used. `problems` has one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """Everything an operator can set. Names are the environment's, with or without the prefix SAHTI_."""

    model_config = SettingsConfigDict(env_prefix="SAHTI_", extra="ignore", frozen=True, populate_by_name=True)

    var: Annotated[Path, Field(description="Folder of all state: database, queue, keys, models.")] = ROOT / "var"
    database_url: Annotated[
        str | None,
        Field(
            description="PostgreSQL address; without it SQLite under the var folder.", alias="DATABASE_URL", repr=False
        ),
    ] = None
    redis_url: Annotated[
        str | None,
        Field(description="Redis or Valkey address; without it the embedded one.", alias="REDIS_URL", repr=False),
    ] = None
    key_file: Annotated[Path | None, Field(description="Encryption keys; made at the first run, mode 0600.")] = None
    channels_file: Annotated[Path | None, Field(description="Channels, TOML.")] = None
    host: Annotated[str, Field(description="Address the web process listens on.")] = "127.0.0.1"
    port: Annotated[int, Field(description="Port the web process listens on.", ge=1, le=65535)] = 8000
    public_url: Annotated[
        str | None, Field(description="Address by which providers reach us; signatures cover it.")
    ] = None
    nlu_port: Annotated[int, Field(description="Loopback port of the Rasa server.", ge=1, le=65535)] = 5005
    nlu_deadline: Annotated[float, Field(description="Seconds to wait for Rasa.", gt=0, le=5)] = 0.3
    demo: Annotated[bool, Field(description="Demonstration: simulated phones at /phone and made-up places.")] = False
    zone: Annotated[str, Field(description="Time zone of people and places.")] = "Africa/Casablanca"
    quiet_from: Annotated[time, Field(description="Local time from which messages that can wait, wait.")] = time(20)
    quiet_to: Annotated[time, Field(description="Local time until which they wait.")] = time(9)
    default_form: Annotated[str, Field(description="Language of an answer to somebody of whom nothing is known.")] = (
        "ary-Latn"
    )
    workers: Annotated[
        int, Field(description="Web worker processes (PostgreSQL only; SQLite has one).", ge=1, le=64)
    ] = 1
    threads: Annotated[int, Field(description="Threads of a web process.", ge=2, le=256)] = 20
    hasten: Annotated[float, Field(description="Demonstration only: reminders come this many times sooner.", ge=1)] = (
        1.0
    )
    same_texts: Annotated[int, Field(description="Times one number's same text is answered in 5 minutes.", ge=0)] = 20
    number_hourly: Annotated[int, Field(description="Answers to one number an hour; 0: no limit.", ge=0)] = 240
    number_daily: Annotated[int, Field(description="Answers to one number a day; 0: no limit.", ge=0)] = 1_000
    prefix_hourly: Annotated[
        int, Field(description="Answers to numbers that share 7 digits, an hour; 0: no limit.", ge=0)
    ] = 100_000
    all_hourly: Annotated[int, Field(description="Texts to everybody an hour; 0: no limit.", ge=0)] = 1_000_000
    countries: Annotated[
        str,
        Field(description="Calling codes that texts are sent to, joined by commas.", pattern=r"^\d{1,3}(,\d{1,3})*$"),
    ] = "212"
    media_days: Annotated[int, Field(description="Days for which photos and voice notes are kept.", ge=1, le=3650)] = 90
    log_format: Annotated[str, Field(description="`console` or `json`.", pattern="^(console|json)$")] = "console"

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as unknown:
            raise ValueError("is not a time zone, such as Africa/Casablanca") from unknown
        return value

    @field_validator("default_form")
    @classmethod
    def _known_form(cls, value: str) -> str:
        forms = ("ary-Arab", "ary-Latn", "ar", "fr", "zgh-Tfng", "zgh-Latn")
        if value not in forms:
            raise ValueError(f"must be one of {', '.join(forms)}")
        return value

    @field_validator("public_url")
    @classmethod
    def _whole_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be a whole address, such as https://sahti.example.ma")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value and not value.startswith(("postgresql://", "postgresql+psycopg://", "postgres://", "sqlite:///")):
            raise ValueError("must begin with postgresql:// or sqlite:///")
        return value or None

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: str | None) -> str | None:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value or None

    @property
    def database(self) -> str:
        """The database's address, SQLite's when none was given."""
        return (self.database_url or f"sqlite:///{self.var / 'sahti.db'}").replace("postgres://", "postgresql://", 1)

    @property
    def redis(self) -> str:
        return self.redis_url or f"unix://{self.var / 'valkey.sock'}"

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.countries.split(","))

    @property
    def keys(self) -> Path:
        return self.key_file or self.var / "keys.json"

    @property
    def base_url(self) -> str:
        return self.public_url or f"http://{self.host}:{self.port}"


def load(environment: Mapping[str, str] | None = None, **given: Any) -> Settings:  # noqa: ANN401 (any setting's type)
    """Settings from the environment. Raises SettingsError that names every problem."""
    if environment is not None:
        wanted = {name.removeprefix("SAHTI_").lower(): value for name, value in environment.items()}
        given = {**{name: wanted[name] for name in Settings.model_fields if name in wanted}, **given}
    problems = unknown(os.environ if environment is None else environment)
    try:
        found = Settings(**given)
    except ValidationError as wrong:
        for error in wrong.errors():
            name = str(error["loc"][0]) if error["loc"] else "settings"
            shown = name if name.isupper() else f"SAHTI_{name.upper()}"
            problems.append(f"{shown}: {error['msg'].removeprefix('Value error, ')}")
        raise SettingsError(problems) from wrong
    if problems:
        raise SettingsError(problems)
    return found


SET_UP = frozenset({"SAHTI_RASA", "SAHTI_CHROMIUM", "SAHTI_FAILED_CHECKS"})
"""Names that set-up and tests read; the running service does not."""


def unknown(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each SAHTI_ name that is no setting: a slip of the pen would otherwise pass unseen."""
    known = SET_UP | {f"SAHTI_{name.upper()}" for name in Settings.model_fields}
    return [
        f"{name}: there is no such setting" for name in environment if name.startswith("SAHTI_") and name not in known
    ]


def channel_table(path: Path, environment: Mapping[str, str] | None = None) -> dict[str, dict[str, str]]:
    """Channels by name, each with its `type` and settings. A value `env:NAME` is taken from the environment.

    Raises SettingsError that names every problem.
    """
    environment = os.environ if environment is None else environment
    try:
        raw = tomllib.loads(path.read_text())
    except FileNotFoundError as missing:
        raise SettingsError([f"{path.name}: there is no such file"]) from missing
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise SettingsError([f"{path.name}: {wrong}"]) from wrong
    problems: list[str] = []
    table: dict[str, dict[str, str]] = {}
    for name, fields in raw.items():
        if not isinstance(fields, dict) or "type" not in fields:
            problems.append(f"{path.name}: [{name}] needs a type")
            continue
        table[name] = {}
        for key, value in fields.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            if text.startswith("env:"):
                if text[4:] not in environment:
                    problems.append(f"{path.name}: [{name}] {key}: {text[4:]} is not set in the environment")
                text = environment.get(text[4:], "")
            table[name][key] = text
    if problems:
        raise SettingsError(problems)
    return table
