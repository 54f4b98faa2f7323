"""Fits the built-in table: multinomial logistic regression on tf-idf, in the standard library alone."""

import math
import random
from collections import Counter
from collections.abc import Sequence
from itertools import repeat
from operator import add, mul

from nlu.table import dump, features, softmax

SEED = 20261122
EPOCHS = 9
RATE = 4.0
DECAY = 0.75
SEEN_AT_LEAST = 2
SETTLED = 0.01
"""A class whose probability is this near its aim is left alone: it changes nothing and costs time."""
TEMPERATURES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.4, 1.6, 2.0, 2.5)

Example = tuple[str, str]
"""A text and its full intent name."""


class Fit:
    """Weights of a logistic regression under way. Each row already carries its feature's idf."""

    def __init__(self, examples: Sequence[frozenset[str]], answers: Sequence[str]) -> None:
        counts = Counter(feature for example in examples for feature in example)
        kept = sorted(feature for feature, count in counts.items() if count >= SEEN_AT_LEAST)
        self.index = {feature: number for number, feature in enumerate(kept)}
        self.squares = [(math.log((1 + len(examples)) / (1 + counts[feature])) + 1) ** 2 for feature in kept]
        self.labels = sorted(set(answers))
        shares = Counter(answers)
        self.bias = [math.log(shares[label] / len(answers)) for label in self.labels]
        self.rows = [[0.0] * len(self.labels) for _ in kept]

    def known(self, example: frozenset[str]) -> list[int]:
        """Numbers of the features that the fit knows, in a fixed order."""
        return sorted(self.index[feature] for feature in example if feature in self.index)

    def scores(self, known: list[int]) -> tuple[list[float], float]:
        """The score of each label, and the inverse length of the example's tf-idf vector."""
        if not known:
            return list(self.bias), 0.0
        inverse = 1 / math.sqrt(sum(map(self.squares.__getitem__, known)))
        total: list[float] = [0.0] * len(self.labels)
        for row in map(self.rows.__getitem__, known):
            total = list(map(add, total, row))
        return list(map(add, self.bias, map(mul, total, repeat(inverse)))), inverse

    def learn(self, examples: Sequence[list[int]], answers: Sequence[str]) -> None:
        """Stochastic gradient descent over all examples, EPOCHS times, each time in another (fixed) order."""
        shuffled = random.Random(SEED)  # noqa: S311 - the order of examples, no secret
        number = {label: at for at, label in enumerate(self.labels)}
        order = list(range(len(examples)))
        squares, rows = self.squares, self.rows
        rate = RATE
        for _ in range(EPOCHS):
            shuffled.shuffle(order)
            for at in order:
                known = examples[at]
                scores, inverse = self.scores(known)
                pulls = softmax(scores)
                pulls[number[answers[at]]] -= 1.0
                active = [(label, rate * inverse * pull) for label, pull in enumerate(pulls) if abs(pull) > SETTLED]
                for feature in known:
                    row, square = rows[feature], squares[feature]
                    for label, step in active:
                        row[label] -= step * square
            rate *= DECAY


def fit(examples: Sequence[Example], version: str) -> str:
    """The text of a table file fitted on the examples; the same examples give the same table, whatever their order.

    Confidence is calibrated by one temperature, chosen on every fifth example with a table fitted on the others.
    """
    ordered = sorted(examples, key=lambda example: (_scatter(example[0]), example))
    seen = [features(text) for text, _ in ordered]
    answers = [intent for _, intent in ordered]
    warmth = _temperature(seen, answers)
    final = Fit(seen, answers)
    final.learn([final.known(example) for example in seen], answers)
    weights = {
        feature: (final.squares[number], [value / warmth for value in final.rows[number]])
        for feature, number in final.index.items()
    }
    return dump(version, final.labels, [value / warmth for value in final.bias], weights)


def _scatter(text: str) -> int:
    return sum((place + 1) * ord(letter) for place, letter in enumerate(text)) % 9973


def _temperature(seen: Sequence[frozenset[str]], answers: Sequence[str]) -> float:
    held = range(0, len(seen), 5)
    others = [at for at in range(len(seen)) if at % 5]
    if len(others) < 5 * len(set(answers)):
        return 1.0
    trial = Fit([seen[at] for at in others], [answers[at] for at in others])
    trial.learn([trial.known(seen[at]) for at in others], [answers[at] for at in others])
    number = {label: at for at, label in enumerate(trial.labels)}
    cases = [(trial.scores(trial.known(seen[at]))[0], number[answers[at]]) for at in held if answers[at] in number]

    def surprise(warmth: float) -> float:
        return -sum(math.log(softmax([score / warmth for score in scores])[right] + 1e-9) for scores, right in cases)

    return min(TEMPERATURES, key=surprise)
