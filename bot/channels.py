"""The configured channels: what stands in the channels file, made."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from string import Template

from bot.core.cost import Price
from bot.settings import ROOT, Settings, SettingsError, channel_table
from sms_gateway import registry
from sms_gateway.channel import Channel
from sms_gateway.errors import InvalidSettings

HUB_KEYS = {
    "type", "push_by", "per_second", "fallback", "smart_encoding", "price_mad", "price_abroad_mad", "price_since",
}  # fmt: skip
"""Channel settings that are the hub's own: the channel's type; which channel sends for one that can only answer; the most
messages a second; which channel stands in for one that does not work (of the same kind), or writes by SMS to people
whom this one cannot reach; whether texts are respelt for the cheap SMS alphabet; and the contract's prices in MAD (a segment
on SMS, a message elsewhere) with the day from which they hold."""
CONTRACT = "the contract with the provider, as the channels file has it"


@dataclass(frozen=True, slots=True)
class Channels:
    """The configured channels by name, and which one sends for each."""

    by_name: dict[str, Channel]
    push_by: dict[str, str]
    per_second: dict[str, float] = field(default_factory=dict)
    fallback: dict[str, str] = field(default_factory=dict)
    prices: dict[str, Price] = field(default_factory=dict)

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
    found = Channels({}, {})
    named = {"push_by": found.push_by, "fallback": found.fallback}
    for name, fields in channel_table(path).items():
        places = {
            "{webhook}": f"{settings.base_url}/channels/{name}",
            "{here}": f"http://{settings.host}:{settings.port}",
        }
        own = {key: _placed(value, places) for key, value in fields.items() if key not in HUB_KEYS}
        wrong: list[str] = []
        try:
            found.by_name[name] = registry.make(fields["type"], name, own)
        except InvalidSettings as unusable:
            wrong.extend(unusable.problems)
        for key, names in named.items():
            if key in fields:
                names[name] = fields[key]
        wrong.extend(_take_terms(found, name, fields))
        problems.extend(f"{path.name}: [{name}] {problem}" for problem in wrong)
    problems.extend(
        f"{path.name}: [{name}] {key}: there is no channel called {other}"
        for key, names in named.items()
        for name, other in names.items()
        if other not in found.by_name and not problems
    )
    if problems:
        raise SettingsError(problems)
    return found


def _take_terms(found: Channels, name: str, fields: Mapping[str, str]) -> list[str]:
    """Adds the pace, the price and the spelling that the operator set for a channel; what is wrong with them."""
    wrong = []
    try:
        if "per_second" in fields:
            found.per_second[name] = _rate(fields["per_second"])
    except ValueError:
        wrong.append("per_second: must be a number above 0")
    channel = found.by_name.get(name)
    if channel is None:
        return wrong
    try:
        if price := _price(channel.capabilities.medium, fields):
            found.prices[name] = price
    except (ValueError, ArithmeticError):
        wrong.append("price_mad, price_since: a price such as 0.21 and a day such as 2026-11-01")
    return wrong + _respelling(channel, fields)


def _respelling(channel: Channel, fields: Mapping[str, str]) -> list[str]:
    """Has the channel's texts respelt if that is asked for; what is wrong with asking."""
    asked = fields.get("smart_encoding", "no")
    if asked not in {"yes", "no"}:
        return ["smart_encoding: must be yes or no"]
    if asked == "yes":
        if channel.capabilities.medium != "sms":
            return ["smart_encoding: only for SMS"]
        channel.capabilities = replace(channel.capabilities, smart=True)
    return []


def _price(medium: str, fields: Mapping[str, str]) -> Price | None:
    """The contract's price; None where the file says nothing. Raises ValueError or ArithmeticError."""
    if not {"price_mad", "price_abroad_mad", "price_since"} & set(fields):
        return None
    abroad = fields.get("price_abroad_mad")
    found = [Decimal(fields.get("price_mad", "")), *([Decimal(abroad)] if abroad else [])]
    if not all(one.is_finite() and one >= 0 for one in found):
        raise ValueError("no price")
    since = date.fromisoformat(fields.get("price_since", ""))
    return Price(medium, found[0], since, CONTRACT, found[1] if abroad else None)


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
