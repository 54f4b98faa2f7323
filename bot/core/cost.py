"""What a message is expected to cost. Planning values, dated; the operator's contract says the true ones."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sms_gateway.segments import count


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one unit on one medium: an SMS segment, or one message elsewhere; MAD without tax."""

    medium: str
    mad: Decimal
    since: date
    source: str


PLANNED = "planning value of the project, to be replaced by the contract with the provider"
TABLE = (
    Price("sms", Decimal("0.25"), date(2026, 11, 1), PLANNED),
    Price("whatsapp", Decimal("0.00"), date(2026, 11, 1), PLANNED + "; answers within the 24-hour window"),
)


def price(medium: str, today: date) -> Price | None:
    """The price in force on a day; None for a medium that is not in the table."""
    known = [one for one in TABLE if one.medium == medium and one.since <= today]
    return max(known, key=lambda one: one.since) if known else None


@dataclass(frozen=True, slots=True)
class Estimate:
    """One text for one or more people: its coding, its length, its segments, and what it costs all of them together."""

    encoding: str
    units: int
    segments: int
    mad: Decimal


def estimate(text: str, people: int, medium: str, today: date) -> Estimate:
    """What sending `text` to `people` is expected to cost in MAD."""
    counted = count(text)
    found = price(medium, today)
    billed = counted.segments if medium == "sms" else 1
    each = found.mad * billed if found else Decimal(0)
    return Estimate(counted.encoding, counted.units, counted.segments, each * people)
