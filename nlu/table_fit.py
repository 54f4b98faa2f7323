"""Fits the built-in table: multinomial logistic regression on tf-idf. Only fitting needs numpy; the table itself does not."""

import math
import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlu.calibration import FOLDS, temperature
from nlu.table import dump, features, parse

SEED = 20261122
EPOCHS = 6
RATE = 5.0
DECAY = 0.65
GROUPS_SEEN = 3
"""Letter groups found in fewer sentences are left out; words are kept from the first, which measured better."""
WEIGHTS = {"g": 2.5, "h": 1.5}
"""How much more than the rest concepts and their pairs count: words that the data lacks are read through them."""
SETTLED = 0.01
"""A class whose probability is this near its aim is left alone: it changes nothing and costs time."""
EVENNESS = 0.6
"""How far the intents' shares of the data are levelled: emergencies were written three times as often as greetings, but are
not as common in talk. Chosen on the sentences held out for development, where false alarms halved."""
Numbers = NDArray[np.intp]
Example = tuple[str, str]
"""A text and its full intent name."""


class Fit:
    """Weights of a logistic regression under way. Each row already carries its feature's idf."""

    def __init__(self, examples: Sequence[frozenset[str]], answers: Sequence[str]) -> None:
        counts = Counter(feature for example in examples for feature in example)
        kept = sorted(feature for feature, count in counts.items() if count >= GROUPS_SEEN or feature[0] not in "ck")
        self.index = {feature: number for number, feature in enumerate(kept)}
        self.squares = np.array(
            [
                WEIGHTS.get(feature[0], 1.0) * (math.log((1 + len(examples)) / (1 + counts[feature])) + 1) ** 2
                for feature in kept
            ]
        )
        self.labels = sorted(set(answers))
        shares = Counter(answers)
        self.bias = np.log(np.array([shares[label] / len(answers) for label in self.labels]))
        self.rows = np.zeros((len(kept), len(self.labels)))

    def known(self, example: frozenset[str]) -> Numbers:
        """Numbers of the features that the fit knows, in a fixed order."""
        return np.array(sorted(self.index[feature] for feature in example if feature in self.index), dtype=np.intp)

    def learn(self, examples: Sequence[Numbers], answers: Sequence[str]) -> None:
        """Stochastic gradient descent over all examples, EPOCHS times, each time in another (fixed) order."""
        shuffled = random.Random(SEED)  # noqa: S311 - the order of examples, no secret
        number = {label: at for at, label in enumerate(self.labels)}
        order = [at for at, known in enumerate(examples) if len(known)]
        rate = RATE
        for _ in range(EPOCHS):
            shuffled.shuffle(order)
            for at in order:
                known = examples[at]
                squares = self.squares[known]
                inverse = 1 / math.sqrt(squares.sum())
                scores = self.bias + self.rows[known].sum(axis=0) * inverse
                pulls = np.exp(scores - scores.max())
                pulls /= pulls.sum()
                pulls[number[answers[at]]] -= 1.0
                active = np.flatnonzero(np.abs(pulls) > SETTLED)
                self.rows[known[:, None], active] -= squares[:, None] * (rate * inverse * pulls[active])
            rate *= DECAY


def fit(examples: Sequence[Example], version: str) -> str:
    """The text of a table file fitted on the examples; the same examples give the same table, whatever their order."""
    ordered = _in_order(examples)
    seen = [features(text) for text, _ in ordered]
    answers = [intent for _, intent in ordered]
    final = Fit(seen, answers)
    final.learn([final.known(example) for example in seen], answers)
    squares, rows = final.squares.tolist(), final.rows.tolist()
    weights = {feature: (squares[number], rows[number]) for feature, number in final.index.items()}
    return dump(version, final.labels, (final.bias * (1 - EVENNESS)).tolist(), weights)


def warmth_of(examples: Sequence[Example]) -> float:
    """The temperature of a table fitted on the examples: measured on a fifth of them, by weights that saw the others."""
    ordered = _in_order(examples)
    known = parse(fit([example for at, example in enumerate(ordered) if at % FOLDS], "held out"))
    scored = [(known.scores(text), intent) for text, intent in ordered[::FOLDS]]
    rows = [(scores, intent) for scores, intent in scored if scores is not None]
    return temperature([scores for scores, _ in rows], known.labels, [intent for _, intent in rows])


def _in_order(examples: Sequence[Example]) -> list[Example]:
    return sorted(examples, key=lambda example: (_scatter(example[0]), example))


def _scatter(text: str) -> int:
    return sum((place + 1) * ord(letter) for place, letter in enumerate(text)) % 9973
