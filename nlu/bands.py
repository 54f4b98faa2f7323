"""What is done with an intent that is so sure: answered, asked about, or left for the menu. PURE.

The thresholds stand in `nlu/lexicon/bands.json`, one set a form, with how they were chosen (docs/adr/0021-confidence.md);
`python -m nlu.choose_bands` writes them.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TypedDict

FILE = Path(__file__).parent / "lexicon" / "bands.json"


class Band(StrEnum):
    """`answer`: taken at its word. `ask`: "did you mean …?". `menu`: nothing is guessed."""

    ANSWER = "answer"
    ASK = "ask"
    MENU = "menu"


class Thresholds(TypedDict):
    """Confidences of one form from which an intent is asked about, answered, and leaves an open question."""

    ask: float
    answer: float
    leave: float


class Bands(TypedDict):
    """The file: thresholds by form, and by intent the least confidence of those that cost more when they are wrong."""

    forms: Mapping[str, Thresholds]
    careful: Mapping[str, float]
    give_up: float
    danger: float


def band(intent: str | None, confidence: float, form: str) -> Band:
    """The band of a public intent in a text of this form. A keyword's intent has confidence 1 and is always answered."""
    if intent is None:
        return Band.MENU
    if confidence >= answers_from(intent, form):
        return Band.ANSWER
    return Band.ASK if confidence >= _bands()["forms"][form]["ask"] else Band.MENU


def answers_from(intent: str, form: str) -> float:
    """The confidence from which an intent is taken at its word."""
    known = _bands()
    return max(known["forms"][form]["answer"], known["careful"].get(intent, 0.0))


def leaves_from(intent: str, form: str) -> float:
    """The confidence from which an intent leaves an open question that the text did not answer."""
    return max(_bands()["forms"][form]["leave"], answers_from(intent, form))


def gives_up_from() -> float:
    """The confidence from which a booking under way is given up for a wish to cancel, where a day was named as well."""
    return _bands()["give_up"]


def alarms_from() -> float:
    """The confidence of the intent `emergency` from which it is asked about where no phrase of danger was found."""
    return _bands()["danger"]


@cache
def _bands() -> Bands:
    read: Bands = json.loads(FILE.read_text(encoding="utf-8"))
    return read
