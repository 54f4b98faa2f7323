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
from pathlib import Path

from nlu.concepts import concepts
from nlu.fold import fold

FORMAT = 2
"""Version of the file format. A file of another version is refused."""

MEASURE = re.compile(r"[0-9]+(?:[.,:/h-]?[0-9]+)*(?:mg|ml|mcg|ui|kg|cm|mn|min|g|h|l|j|x|%|°)?")
SPELLED_OUT = 12
"""Letter groups are taken from the first letters of a word only: longer words bring no more, and would cost time."""
WORDS_KEPT = 20_000
"""Words whose features a table remembers, a few megabytes: most words of a text were in another one before."""
BEST = 3
"""Intents in the ranking of an answer: as many as a person can be asked about."""
LANE, MIDDLE = 4, 1 << 15
"""Bytes that one label's sum takes, and what is added to a 16-bit weight so that it is never negative. A text of 1600
letters has fewer than 65536 features, so a lane never runs over."""
LONG = 4
"""Texts of at least this many words are all of one length; shorter ones are often an answer, a greeting or a keyword."""


class UnusableTable(ValueError):
    """The file is no table of this version, or is damaged. Train again: `python -m nlu.train`."""


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest intent, its confidence (0 to 1) and the finer name under it, if the training data has one."""

    intent: str
    confidence: float
    detail: "str | None" = None
    ranking: "tuple[tuple[str, float], ...]" = ()
    """The likeliest public intents, best first, at most BEST: the likeliest full name under each, and its probability."""


def shape(word: str) -> str:
    """The word, or, for numbers, readings, times and doses, their shape (`14/9` → `00/0`): which number never matters."""
    return re.sub("[0-9]", "0", word) if MEASURE.fullmatch(word) else word


def words(text: str) -> list[tuple[str, str]]:
    """The light fold and the consonant skeleton of each word of a text, numbers replaced by their shape."""
    return [(shape(token.light), shape(token.skeleton)) for token in fold(text).tokens if token.light]


def features(text: str) -> frozenset[str]:
    """What the table sees of a text: words, the first word, pairs of neighbours, letter groups, and whether it is short."""
    pairs = words(text)
    return frozenset(_around(pairs)).union(*(_of_word(*pair) for pair in pairs))


def _around(pairs: "list[tuple[str, str]]") -> "Iterator[str]":
    """What words say by where they stand, and by which stand together."""
    if pairs:
        yield "f" + pairs[0][1]
        yield f"n{min(len(pairs), LONG)}"
    before = "^"
    topic: tuple[str, ...] = ()
    for light, bones in pairs:
        yield f"b{before} {bones}"
        before = bones
        about = concepts(light, bones)
        if about:
            for concept in about:
                for earlier in topic:
                    yield f"h{earlier} {concept}"
            topic = about


def _of_word(light: str, bones: str) -> "tuple[str, ...]":
    """What a word says whatever stands beside it."""
    alone = ["w" + light, "s" + bones, *_groups("c", light, 1, 4), *_groups("k", bones, 2, 3)]
    return (*alone, *("g" + concept for concept in concepts(light, bones)))


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
    """A fitted table. `version` is the content hash of the data that it was fitted on; `labels` are full intent names.

    `temperature` divides the scores; it was fitted on sentences that the weights had not seen.
    """

    def __init__(
        self,
        version: str,
        labels: "tuple[str, ...]",
        bias: "tuple[float, ...]",
        weights: "Mapping[str, tuple[float, array[int]]]",
        scale: float,
        temperature: float = 1.0,
    ) -> None:
        self.version = version
        self.labels = labels
        self.temperature = temperature
        self._bias = bias
        # One whole number holds a row, so that rows are added by the processor's own long addition, ten times faster.
        self._index = {feature: at for at, feature in enumerate(weights)}
        self._squares = [square for square, _ in weights.values()]
        self._sums = [_lanes(row) for _, row in weights.values()]
        self._lengths = {at for feature, at in self._index.items() if feature.startswith("n")}
        self._words: dict[tuple[str, str], tuple[int, ...]] = {}
        self._scale = scale
        self._tops = tuple(label.partition("/")[0] for label in labels)

    def predict(self, text: str) -> "Guess | None":
        """The likeliest intents of a text, or None when the table knows nothing in it. Total; about 0.1 ms."""
        shares = self.probabilities(text)
        if shares is None:
            return None
        sums: dict[str, float] = {}
        names: dict[str, tuple[float, str]] = {}
        for top, share, label in zip(self._tops, shares, self.labels):  # noqa: B905 - of one length by construction
            sums[top] = sums.get(top, 0.0) + share
            if (share, label) > names.get(top, (-1.0, "")):
                names[top] = (share, label)
        best = sorted(sums, key=sums.__getitem__, reverse=True)[:BEST]
        ranking = tuple((names[top][1], min(1.0, sums[top])) for top in best)
        full, confidence = ranking[0]
        return Guess(best[0], confidence, full if full != best[0] else None, ranking)

    def probabilities(self, text: str) -> "list[float] | None":
        """One probability per label, in the order of `labels`, or None when nothing in the text is known."""
        scores = self.scores(text)
        return None if scores is None else softmax([score / self.temperature for score in scores])

    def scores(self, text: str) -> "list[float] | None":
        """The logarithms of the probabilities, but for a number common to all, before the temperature divides them."""
        known = self._known(words(text))
        if known <= self._lengths:  # its length alone says nothing
            return None
        total = _unpacked(sum(map(self._sums.__getitem__, known)), len(self.labels))
        added = len(known) * MIDDLE
        factor = self._scale / math.sqrt(sum(map(self._squares.__getitem__, known)))
        return [bias + factor * (score - added) for bias, score in zip(self._bias, total)]  # noqa: B905 - one length

    def _known(self, pairs: "list[tuple[str, str]]") -> "set[int]":
        """The numbers of the features that the table knows of a text, each once."""
        index = self._index
        known = {index[feature] for feature in _around(pairs) if feature in index}
        for pair in pairs:
            found = self._words.get(pair)
            if found is None:
                found = tuple(index[feature] for feature in _of_word(*pair) if feature in index)
                if len(self._words) >= WORDS_KEPT:
                    self._words.clear()
                self._words[pair] = found
            known.update(found)
        return known


def _lanes(row: "array[int]") -> int:
    """A row of 16-bit weights as one whole number, LANE bytes a label."""
    return int.from_bytes(array("I", [value + MIDDLE for value in row]).tobytes(), sys.byteorder)


def _unpacked(total: int, width: int) -> "array[int]":
    lanes = array("I")
    lanes.frombytes(total.to_bytes(LANE * width, sys.byteorder))
    return lanes


def dump(
    version: str,
    labels: list[str],
    bias: list[float],
    weights: "Mapping[str, tuple[float, list[float]]]",
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
            "temperature": 1.0,
            "labels": labels,
            "bias": [round(value, 5) for value in bias],
            "scale": scale,
            "features": list(weights),
            "squares": [round(square, 3) for square, _ in weights.values()],
            "weights": base64.b64encode(packed.tobytes()).decode("ascii"),
        },
        ensure_ascii=False,
    )


def warmed(content: str, temperature: float) -> str:
    """The text of the same table, whose scores are divided by `temperature`."""
    return json.dumps({**json.loads(content), "temperature": temperature}, ensure_ascii=False)


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
        labels, bias = tuple(raw["labels"]), tuple(raw["bias"])
        table = Table(raw["version"], labels, bias, weights, float(raw["scale"]), float(raw["temperature"]))
        sound = sound and table.temperature > 0
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableTable(f"not a table: {type(error).__name__}") from error
    if not sound or len(raw["bias"]) != width:
        raise UnusableTable("a table of another format, or its parts do not fit together")
    return table


def load(path: Path) -> Table:
    """The table in a file. Raises UnusableTable, or OSError when there is no such file."""
    return parse(path.read_text(encoding="utf-8"))
