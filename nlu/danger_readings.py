"""Readings that are danger signs of themselves: glucose, blood pressure and temperature said as figures.

The figures are found by `nlu.numbers`; which of them are too low or too high is settled here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from nlu import numbers
from nlu.fold import Token

GLUCOSE = {"g/L": (0.70, 3.0), "mg/dL": (70.0, 300.0), "mmol/L": (3.9, 16.7)}
"""Below and above: 70 and 300 mg/dL in every unit. General diabetes guidance, to be confirmed by the clinical reviewer."""

PRESSURE = (180, 120)
"""mmHg, either figure: general guidance on hypertensive emergencies (K), to be confirmed by the clinical reviewer."""

RAISED = (160, 110)
"""mmHg, either figure, severe in pregnancy: general obstetric guidance (K), to be confirmed by the clinical reviewer."""

FEVER, WARM, COLD = 38.0, 37.5, 35.5
"""Degrees Celsius: WHO IMCI takes 37.5 and more as fever and less than 35.5 as low temperature in young infants."""

CONCEPTS = frozenset(
    {"pills_count", "sugar_low", "sugar_high", "pressure_high", "pressure_raised", "fever", "warm", "cold", "normal"}
)
"""What `find` may yield."""

PILLS = 10
"""Tablets said to be taken that are no dose: an own bound (K), to be confirmed by the clinical reviewer."""

HOTTEST = 42.5
_TABLETS = re.compile(
    r"comprim|cachet|g[eé]lule|pilule|[7h][ae]?b+[ae]?t?|kin[ae]|fanid|kachi|حب|كين|فانيد|قرص|قراص", re.IGNORECASE
)
_FIRST = re.compile(r"\d+")
_CENTIMETRES = 50
"""A pressure whose first figure is less was said in centimetres of mercury."""


def find(
    text: str, tokens: Sequence[Token], topics: Mapping[str, Sequence[int]], dated: Sequence[bool]
) -> Iterator[tuple[str, int]]:
    """The concepts that the figures of a text stand for, each with the place of its token. Never raises.

    `topics` says at which tokens `glucose`, `pressure` and `other` figures of a blood test are spoken of; `dated` which
    tokens make a pair of figures a date. `normal` is a temperature that is no fever.
    """
    if not any(letter.isdigit() for letter in text):
        return
    for found in numbers.find(text):
        place = next((n for n, token in enumerate(tokens) if token.end > found.start), 0)
        if found.type == "glucose" and _nearest(topics, place) == "glucose":
            amount, unit = found.value.split()
            low, high = GLUCOSE[unit]
            if float(amount) < low:
                yield "sugar_low", place
            elif float(amount) > high:
                yield "sugar_high", place
        elif found.type == "blood_pressure" and topics.get("pressure"):
            first = _FIRST.search(found.text)
            if not (first and int(first.group()) < _CENTIMETRES and any(dated)):
                yield from _pressure(found.value, place)
        elif (
            found.type == "dose"
            and found.value.isdecimal()
            and int(found.value) >= PILLS
            and _TABLETS.search(found.text)
        ):
            yield "pills_count", place
        elif found.type in ("temperature", "number"):
            yield from _warmth(found.value, place, sure=found.type == "temperature")


def _nearest(topics: Mapping[str, Sequence[int]], place: int) -> str | None:
    """What a figure belongs to: the topic named closest to it, rather before it than after."""
    named = [(abs(place - at), at > place, name) for name, places in topics.items() for at in places]
    return min(named)[2] if named else None


def _pressure(value: str, place: int) -> Iterator[tuple[str, int]]:
    high, low = (int(float(part)) for part in value.split("/"))
    if high >= PRESSURE[0] or low >= PRESSURE[1]:
        yield "pressure_high", place
    if high >= RAISED[0] or low >= RAISED[1]:
        yield "pressure_raised", place


def _warmth(value: str, place: int, *, sure: bool) -> Iterator[tuple[str, int]]:
    try:
        degrees = float(value)
    except ValueError:
        return
    if not sure and not ("." in value and degrees >= WARM):
        return
    if FEVER <= degrees <= HOTTEST:
        yield "fever", place
    elif WARM <= degrees < FEVER:
        yield "warm", place
    elif sure and degrees < WARM:
        yield "cold" if degrees < COLD else "normal", place
