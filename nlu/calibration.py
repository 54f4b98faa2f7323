"""Makes a confidence mean what it says: of answers that are 0.7 sure, seven in ten are right.

One number divides all scores of a classifier before they become probabilities (temperature scaling: Guo et al. 2017, "On
calibration of modern neural networks"). It is fitted on sentences that the weights have not seen, for the table and for
Rasa's classifier alike. Runs under Python 3.10 as well, with the standard library only.
"""

import math
from collections.abc import Sequence

FOLDS = 5
"""One sentence in so many is held out to fit the temperature; the weights that are kept see all of them."""
COLDEST, HOTTEST = 0.25, 4.0
ROUNDS = 24
"""Halvings, nearly, of the interval: the temperature is right to four digits."""
_GOLD = (math.sqrt(5) - 1) / 2


def temperature(scores: "Sequence[Sequence[float]]", labels: "Sequence[str]", answers: "Sequence[str]") -> float:
    """The number that makes the true public intents of held-out sentences likeliest when all scores are divided by it.

    `scores` has one row a sentence and one column a label; labels and answers are full intent names with a slash or a
    dot before what is finer. Sentences whose intent no label names are left out; 1.0 where none is left.
    """
    tops = [public(label) for label in labels]
    true = [[at for at, top in enumerate(tops) if top == public(answer)] for answer in answers]
    rows = [(row, under) for row, under in zip(scores, true) if under]  # noqa: B905 - a caller's two columns
    if not rows:
        return 1.0
    low, high = math.log(COLDEST), math.log(HOTTEST)
    for _ in range(ROUNDS):
        left, right = high - _GOLD * (high - low), low + _GOLD * (high - low)
        if _surprise(rows, math.exp(left)) < _surprise(rows, math.exp(right)):
            high = right
        else:
            low = left
    return round(math.exp((low + high) / 2), 4)


def public(label: str) -> str:
    """The public intent of a full name; Rasa's names have a dot for the slash."""
    return label.partition("/")[0].partition(".")[0]


def _surprise(rows: "Sequence[tuple[Sequence[float], list[int]]]", heat: float) -> float:
    """How unlikely the true intents are, as a sum of negative logarithms."""
    total = 0.0
    for row, under in rows:
        top = max(row)
        powers = [math.exp((score - top) / heat) for score in row]
        total -= math.log(max(sum([powers[at] for at in under]) / sum(powers), 1e-12))
    return total
