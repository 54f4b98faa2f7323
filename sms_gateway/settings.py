"""Reading a channel's settings from strings into its own dataclass, with every problem named at once. PURE.

A channel declares a frozen dataclass whose fields are all `str`: no default means required, `metadata["choices"]`
closes the list of values, `metadata["key"]` is the setting's name where that is no Python name (`inbound.from`),
`repr=False` marks a secret. Its `problems` says what single fields cannot.
"""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, ClassVar, Protocol, TypeVar
from urllib.parse import urlsplit

from sms_gateway.errors import InvalidSettings


class Settings(Protocol):
    """A channel's settings dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def problems(self) -> Iterable[str]:
        """What is wrong with the values together; never quotes one. Missing values are empty strings here."""


S = TypeVar("S", bound=Settings)


def read_settings(cls: type[S], config: Mapping[str, str]) -> S:
    """The settings in `config`, stripped; an empty value counts as absent.

    Raises InvalidSettings listing everything that is wrong: unknown keys by name, missing ones, values not in their
    list, and what the dataclass itself finds. No value is quoted, as it may be a secret.
    """
    known = {field.metadata.get("key", field.name): field for field in fields(cls)}
    wrong = [f"{key}: unknown setting" for key in sorted(set(config) - set(known))]
    values: dict[str, str] = {}
    for key, field in known.items():
        value = config.get(key, "").strip()
        choices = field.metadata.get("choices")
        if not value and field.default is MISSING:
            wrong.append(f"{key}: required" + (f", one of {', '.join(choices)}" if choices else ""))
        elif value and choices and value not in choices:
            wrong.append(f"{key}: must be one of {', '.join(choices)}")
        values[field.name] = value or (field.default if isinstance(field.default, str) else "")
    made = cls(**values)
    wrong.extend(made.problems())
    if wrong:
        raise InvalidSettings(wrong)
    return made


def is_http_url(value: str) -> bool:
    """Whether this is a whole http or https address with a host and nothing after `#`."""
    try:
        parts = urlsplit(value)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(host) and not parts.fragment
