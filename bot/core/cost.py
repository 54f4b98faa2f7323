"""What a message is expected to cost, by channel and by where it goes.

The operator writes the contract's prices into the channels file (`price_mad`, `price_abroad_mad`, `price_since`); where
it says nothing, planning values stand in, and say so. Prices are MAD without tax, in force from a day on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sms_gateway.encoding import Encoding
from sms_gateway.segments import count

PLANNED = "planning value of the project, to be replaced by the contract with the provider"


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one unit on one medium: an SMS segment, or one message elsewhere; MAD without tax."""

    medium: str
    mad: Decimal
    since: date
    source: str
    abroad_mad: Decimal | None = None
    """The same to a number outside Morocco; None where it costs no more."""

    @property
    def planned(self) -> bool:
        """Whether this is a planning value and not the contract's."""
        return self.source.startswith(PLANNED)


TABLE = (
    Price("sms", Decimal("0.25"), date(2026, 11, 1), PLANNED),
    Price("whatsapp", Decimal("0.00"), date(2026, 11, 1), PLANNED + "; answers within the 24-hour window"),
)


def price(medium: str, today: date, contract: Sequence[Price] = ()) -> Price | None:
    """The price in force on a day: the contract's, else the planning value; None for a medium that has neither."""
    for table in (contract, TABLE):
        known = [one for one in table if one.medium == medium and one.since <= today]
        if known:
            return max(known, key=lambda one: one.since)
    return None


@dataclass(frozen=True, slots=True)
class Estimate:
    """One text for one or more people: its coding, its length, its segments, and what it costs all of them together."""

    encoding: str
    units: int
    segments: int
    mad: Decimal


def estimate(
    text: str,
    people: int,
    medium: str,
    today: date,
    contract: Sequence[Price] = (),
    *,
    abroad: int = 0,
    alphabet: Encoding | None = None,
) -> Estimate:
    """What sending `text` to `people` is expected to cost in MAD, `abroad` of them outside Morocco."""
    counted = count(text, alphabet)
    found = price(medium, today, contract)
    billed = counted.segments if medium == "sms" else 1
    home, away = (found.mad, found.abroad_mad) if found else (Decimal(0), Decimal(0))
    mad = billed * (home * (people - abroad) + (home if away is None else away) * abroad)
    return Estimate(counted.encoding, counted.units, counted.segments, mad)
