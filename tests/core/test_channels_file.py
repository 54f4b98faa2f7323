"""The channels file: what the hub itself reads of it, and every problem at once."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.channels import make_channels
from bot.settings import SettingsError, load

CHANNEL = """
[{name}]
type = "simulator"
service = "{service}"
secret = "a-secret-of-the-tests-0001"
{network}
{more}
"""


def made(var: Path, *tables: tuple[str, str, str]) -> Path:
    written = [
        CHANNEL.format(
            name=name,
            service=service,
            more=more,
            network='network_url = "http://127.0.0.1:9/net"' if service != "ussd" else "",
        )
        for name, service, more in tables
    ]
    var.mkdir(exist_ok=True)
    (var / "channels.toml").write_text("".join(written))
    return var


def test_prices_and_respelling(tmp_path: Path) -> None:
    price = 'price_mad = "0.21"\nprice_abroad_mad = "0.80"\nprice_since = "2026-11-01"\nsmart_encoding = "yes"'
    found = make_channels(load(var=made(tmp_path / "v", ("net", "sms", price), ("plain", "sms", ""))))
    assert found.prices["net"].mad == Decimal("0.21")
    assert found.prices["net"].abroad_mad == Decimal("0.80")
    assert found.prices["net"].since == date(2026, 11, 1)
    assert not found.prices["net"].planned
    assert "plain" not in found.prices
    assert [found.by_name[name].capabilities.smart for name in ("net", "plain")] == [True, False]


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    var = made(
        tmp_path / "v",
        ("one", "sms", 'price_mad = "cheap"\nsmart_encoding = "perhaps"'),
        ("two", "ussd", 'smart_encoding = "yes"\nprice_mad = "-1"\nprice_since = "2026-11-01"'),
        ("three", "sms", 'per_second = "0"'),
    )
    with pytest.raises(SettingsError) as raised:
        make_channels(load(var=var))
    problems = "\n".join(raised.value.problems)
    for expected in (
        "[one] price_mad",
        "[one] smart_encoding: must be yes or no",
        "[two] smart_encoding: only for SMS",
        "[two] price_mad",
        "[three] per_second",
    ):
        assert expected in problems
