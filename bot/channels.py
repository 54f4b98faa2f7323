"""The configured channels: what stands in the channels file, made."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from bot.settings import ROOT, Settings, SettingsError, channel_table
from sms_gateway import registry
from sms_gateway.channel import Channel
from sms_gateway.errors import InvalidSettings

HUB_KEYS = {"type", "push_by", "per_second", "fallback"}
"""Channel settings that are the hub's own: the channel's type; which channel sends for one that can only answer; the most
messages a second; and which channel stands in for one that does not work (of the same kind), or writes by SMS to people
whom this one cannot reach."""


@dataclass(frozen=True, slots=True)
class Channels:
    """The configured channels by name, and which one sends for each."""

    by_name: dict[str, Channel]
    push_by: dict[str, str]
    per_second: dict[str, float] = field(default_factory=dict)
    fallback: dict[str, str] = field(default_factory=dict)

    def push(self, name: str) -> Channel | None:
        """The channel that can write to somebody who came by `name` unasked; None when there is none."""
        own = self.by_name.get(name)
        if own is not None and own.capabilities.medium != "ussd":
            return own
        given = self.push_by.get(name)
        if given:
            return self.by_name.get(given)
        return next((channel for channel in self.by_name.values() if channel.capabilities.medium == "sms"), None)


def make_channels(settings: Settings) -> Channels:
    """Channels from the channels file. Raises SettingsError that names every problem of every channel."""
    path = settings.channels_file or settings.var / "channels.toml"
    if settings.demo and settings.channels_file is None and not path.exists():
        write_demo_channels(path)
    if not path.exists():
        return Channels({}, {})
    problems: list[str] = []
    made: dict[str, Channel] = {}
    named: dict[str, dict[str, str]] = {"push_by": {}, "fallback": {}}
    per_second: dict[str, float] = {}
    for name, fields in channel_table(path).items():
        places = {
            "{webhook}": f"{settings.base_url}/channels/{name}",
            "{here}": f"http://{settings.host}:{settings.port}",
        }
        own = {key: _placed(value, places) for key, value in fields.items() if key not in HUB_KEYS}
        try:
            made[name] = registry.make(fields["type"], name, own)
        except InvalidSettings as wrong:
            problems.extend(f"{path.name}: [{name}] {problem}" for problem in wrong.problems)
        for key, names in named.items():
            if key in fields:
                names[name] = fields[key]
        try:
            if "per_second" in fields:
                per_second[name] = _rate(fields["per_second"])
        except ValueError:
            problems.append(f"{path.name}: [{name}] per_second: must be a number above 0")
    problems.extend(
        f"{path.name}: [{name}] {key}: there is no channel called {other}"
        for key, names in named.items()
        for name, other in names.items()
        if other not in made and not problems
    )
    if problems:
        raise SettingsError(problems)
    return Channels(made, named["push_by"], per_second, named["fallback"])


def _rate(value: str) -> float:
    rate = float(value)
    if not 0 < rate < float("inf"):
        raise ValueError("no rate")
    return rate


def _placed(value: str, places: Mapping[str, str]) -> str:
    for mark, address in places.items():
        value = value.replace(mark, address)
    return value


def write_demo_channels(path: Path) -> None:
    """Channels of a demonstration: simulated phones, and provider accounts that lead to the simulated network."""
    template = Template((ROOT / "bot" / "demo_channels.toml").read_text(encoding="utf-8"))
    names = ("secret", "account", "token", "api_key", "webhook_token")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    filled = template.substitute({name: secrets.token_hex(16) for name in names})
    path.write_text(filled, encoding="utf-8")
