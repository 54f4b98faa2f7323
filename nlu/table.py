"""The built-in table: a small text classifier in the standard library alone, so that the bot never depends on a server.

The table is a multinomial logistic regression over folded words and letter groups. It is fitted by `nlu.table_fit`, kept
as one JSON file, and answers in well under a millisecond. This module also runs under Python 3.10, beside Rasa.
"""

import base64
import json
import math
import re
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import add
from pathlib import Path

from nlu.concepts import concepts
from nlu.fold import fold

FORMAT = 1
"""Version of the file format. A file of another version is refused."""

MEASURE = re.compile(r"[0-9]+(?:[.,:/h-]?[0-9]+)*(?:mg|ml|mcg|ui|kg|cm|mn|min|g|h|l|j|x|%|°)?")
SPELLED_OUT = 12
"""Letter groups are taken from the first letters of a word only: longer words bring no more, and would cost time."""
LONG = 4
"""Texts of at least this many words are all of one length; shorter ones are often an answer, a greeting or a keyword."""


class UnusableTable(ValueError):
    """The file is no table of this version, or is damaged. Train again: `python -m nlu.train`."""


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest intent, its confidence (0 to 1) and the finer name under it, if the training data has one."""

    intent: str
    confidence: float
    detail: str | None = None


def shape(word: str) -> str:
    """The word, or, for numbers, readings, times and doses, their shape (`14/9` → `00/0`): which number never matters."""
    return re.sub("[0-9]", "0", word) if MEASURE.fullmatch(word) else word


def words(text: str) -> list[tuple[str, str]]:
    """The light fold and the consonant skeleton of each word of a text, numbers replaced by their shape."""
    return [(shape(token.light), shape(token.skeleton)) for token in fold(text).tokens if token.light]


def features(text: str) -> frozenset[str]:
    """What the table sees of a text: words, the first word, pairs of neighbours, letter groups, and whether it is short."""
    return frozenset(_features(words(text)))


def _features(pairs: list[tuple[str, str]]) -> Iterator[str]:
    if pairs:
        yield "f" + pairs[0][1]
        yield f"n{min(len(pairs), LONG)}"
    before = "^"
    topic: tuple[str, ...] = ()
    for light, bones in pairs:
        yield "w" + light
        yield "s" + bones
        yield f"b{before} {bones}"
        before = bones
        yield from _groups("c", light, 1, 4)
        yield from _groups("k", bones, 2, 3)
        about = concepts(light, bones)
        for concept in about:
            yield "g" + concept
            for earlier in topic:
                yield f"h{earlier} {concept}"
        topic = about or topic


def _groups(mark: str, word: str, shortest: int, longest: int) -> Iterator[str]:
    short = word[:SPELLED_OUT]
    padded = f" {short} "
    for size in range(shortest, longest + 1):
        cut = padded if size > 1 else short
        for start in range(len(cut) - size + 1):
            yield mark + cut[start : start + size]


def softmax(scores: Iterable[float]) -> list[float]:
    """Probabilities from scores; never overflows."""
    scores = list(scores)
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


class Table:
    """A fitted table. `version` is the content hash of the data that it was fitted on; `labels` are full intent names."""

    def __init__(
        self,
        version: str,
        labels: tuple[str, ...],
        bias: tuple[float, ...],
        weights: "Mapping[str, tuple[float, array[int]]]",
        scale: float,
    ) -> None:
        self.version = version
        self.labels = labels
        self._bias = bias
        self._weights = weights
        self._scale = scale
        self._tops = tuple(label.partition("/")[0] for label in labels)

    def predict(self, text: str) -> Guess | None:
        """The likeliest intent of a text, or None when the table knows nothing in it. Total; about 0.2 ms."""
        ranking = self.probabilities(text)
        if ranking is None:
            return None
        sums: dict[str, float] = {}
        for top, share in zip(self._tops, ranking, strict=True):
            sums[top] = sums.get(top, 0.0) + share
        intent = max(sums, key=sums.__getitem__)
        _, full = max(
            (share, label) for label, share in zip(self.labels, ranking, strict=True) if _under(label, intent)
        )
        return Guess(intent, min(1.0, sums[intent]), full if full != intent else None)

    def probabilities(self, text: str) -> list[float] | None:
        """One probability per label, in the order of `labels`, or None when nothing in the text is known."""
        weights = self._weights
        known = [feature for feature in features(text) if feature in weights]
        if all(feature.startswith("n") for feature in known):  # its length alone says nothing
            return None
        found = [weights[feature] for feature in known]
        total: list[int] = [0] * len(self.labels)
        for _, row in found:
            total = list(map(add, total, row))
        factor = self._scale / math.sqrt(sum(square for square, _ in found))
        return softmax([bias + factor * score for bias, score in zip(self._bias, total, strict=True)])


def _under(label: str, intent: str) -> bool:
    return label == intent or label.startswith(intent + "/")


def dump(
    version: str,
    labels: list[str],
    bias: list[float],
    weights: Mapping[str, tuple[float, list[float]]],
) -> str:
    """The text of a table file: weights as 16-bit numbers with one scale, each feature with its squared idf."""
    scale = max((abs(value) for _, row in weights.values() for value in row), default=1.0) / 32767 or 1.0
    packed = array("h")
    for _, row in weights.values():
        packed.extend(round(value / scale) for value in row)
    if sys.byteorder == "big":
        packed.byteswap()
    return json.dumps(
        {
            "format": FORMAT,
            "version": version,
            "labels": labels,
            "bias": [round(value, 5) for value in bias],
            "scale": scale,
            "features": list(weights),
            "squares": [round(square, 3) for square, _ in weights.values()],
            "weights": base64.b64encode(packed.tobytes()).decode("ascii"),
        },
        ensure_ascii=False,
    )


def parse(content: str) -> Table:
    """A table from the text of its file. Raises UnusableTable."""
    try:
        raw = json.loads(content)
        packed = array("h")
        packed.frombytes(base64.b64decode(raw["weights"], validate=True))
        if sys.byteorder == "big":
            packed.byteswap()
        width = len(raw["labels"])
        sound = raw["format"] == FORMAT and width > 0 and len(packed) == width * len(raw["features"])
        weights = {
            feature: (float(square), packed[at * width : (at + 1) * width])
            for at, (feature, square) in enumerate(zip(raw["features"], raw["squares"], strict=True))
        }
        table = Table(raw["version"], tuple(raw["labels"]), tuple(raw["bias"]), weights, float(raw["scale"]))
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableTable(f"not a table: {type(error).__name__}") from error
    if not sound or len(raw["bias"]) != width:
        raise UnusableTable("a table of another format, or its parts do not fit together")
    return table


def load(path: Path) -> Table:
    """The table in a file. Raises UnusableTable, or OSError when there is no such file."""
    return parse(path.read_text(encoding="utf-8"))
