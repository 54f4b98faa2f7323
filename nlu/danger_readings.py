"""Readings that are danger signs of themselves: glucose, blood pressure and temperature said as figures.

The figures are found by `nlu.numbers`; which of them are too low or too high is settled here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from nlu import numbers
from nlu.fold import Token

LOW_SUGAR, HIGH_SUGAR = 0.70, 3.0
"""g/L, below and above: general diabetes guidance (IDF-DAR for fasting), to be confirmed by the clinical reviewer."""

GRAMS, MILLIGRAMS = 9, 20
"""A glucose of at most `GRAMS` was said in g/L, one from `MILLIGRAMS` on in mg/dL: the two never meet."""

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
COUNTED = re.compile(
    r"fois|ans?$|mois|jours?$|semaines?|h$|min|merr?at|mrat|snin|3am|chhor|chher|iyam|youm|مرات|سنة|سنين|عام|شهر|يوم|ايام|comprim|kina|حب"
)
"""After a figure: it counts something and is no reading."""
_BESIDE = 4
_TOP = 300
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
            yield from _sugar(float(found.value), place)
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
            if found.type == "number" and not any(dated):
                yield from _bare(found.value, place, topics, tokens)


def _bare(
    value: str, place: int, topics: Mapping[str, Sequence[int]], tokens: Sequence[Token]
) -> Iterator[tuple[str, int]]:
    """A figure without a unit beside the word for sugar or pressure: "skor 0.40", "tension à 22"."""
    about = _nearest(topics, place)
    close = about and min(abs(place - at) for at in topics[about]) <= _BESIDE
    following = tokens[place + 1].light if place + 1 < len(tokens) else ""
    if not close or COUNTED.match(following) or not value.replace(".", "", 1).isdecimal():
        return
    amount = float(value)
    if about == "glucose" and ("." in value or amount > HIGH_SUGAR):
        yield from _sugar(amount, place)
    elif about == "pressure" and (PRESSURE[0] <= amount <= _TOP or PRESSURE[0] <= amount * 10 <= _TOP):
        yield "pressure_high", place


def _sugar(amount: float, place: int) -> Iterator[tuple[str, int]]:
    if not (amount <= GRAMS or amount >= MILLIGRAMS):
        return
    grams = amount if amount <= GRAMS else amount / 100
    if grams < LOW_SUGAR:
        yield "sugar_low", place
    elif grams > HIGH_SUGAR:
        yield "sugar_high", place


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
