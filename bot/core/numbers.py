"""The emergency numbers: the only place where they stand. Every text that shows one takes it from here.

Checked numbers expire after 90 days: publishing content with an expired one is refused, the emergency text itself then
falls back to 15 and 19, which libphonenumber knows as Morocco's emergency numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flows.types import Json

GOOD_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Number:
    """One number: what answers there, where that was read, when it was last checked."""

    name: str
    digits: str
    service: str
    source: str
    checked: date

    @property
    def expires(self) -> date:
        return self.checked + GOOD_FOR


EMBASSY = "French embassy in Morocco, “En cas d'urgence”, updated 2026-04-28"
TABLE = (
    Number("ambulance", "15", "Protection civile: ambulance, fire", EMBASSY, date(2026, 9, 26)),
    Number("police", "19", "Police", EMBASSY, date(2026, 9, 26)),
    Number("gendarmerie", "177", "Gendarmerie royale, rural areas", EMBASSY, date(2026, 9, 26)),
    Number("samu", "141", "SAMU, medical regulation; not everywhere at all hours", EMBASSY, date(2026, 9, 26)),
    Number("poison", "0801 000 180", "Centre antipoison (CAPM), day and night", EMBASSY, date(2026, 9, 26)),
)
ALWAYS = {"ambulance": "15", "police": "19"}
"""What an expired number falls back to; 141 is never given alone, so it falls back to 15 beside itself."""


def in_force(today: date) -> Mapping[str, Json]:
    """Digits by name for the texts; an expired number is replaced by 15 (police: 19)."""
    return {n.name: n.digits if today <= n.expires else ALWAYS.get(n.name, ALWAYS["ambulance"]) for n in TABLE}


def expired(today: date) -> list[Number]:
    """Numbers that must be checked again before anything that shows them is published."""
    return [number for number in TABLE if today > number.expires]
