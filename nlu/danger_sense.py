"""A sense for danger where no rule of words speaks: how like a described emergency a sentence is.

A logistic regression over words, their consonants, letter groups and the concepts of the phrase layer, hashed into one
small table (`lexicon/danger_sense.json`, made by `python -m nlu.train_danger`). It only ever raises a flag. Runs with
the standard library alone, under Python 3.10 too.
"""

import base64
import json
import math
import zlib
from array import array
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path

from nlu.fold import Token

MODEL = Path(__file__).parent / "lexicon" / "danger_sense.json"
BUCKETS = 1 << 15
KIND_BUCKETS = 1 << 13
KINDS = ("poisoning", "self_harm", "pregnancy", "newborn", "violence")
"""Kinds whose emergency text differs; every other one is `unspecified`."""
LONGEST = 12
"""Letters of a word that are looked at."""
MOST_MARKS = 20
"""Marks of a sentence whose pairs are looked at; a page of text has more, and says no more by them."""


@lru_cache(maxsize=8192)
def _of_word(light: str, bones: str) -> "tuple[int, ...]":
    short = f" {light[:LONGEST]} "
    names = {f"w{light}", f"s{bones}"}
    names.update(f"c{short[at : at + size]}" for size in (3, 4) for at in range(len(short) - size + 1))
    padded = f" {bones[:LONGEST]} "
    names.update(f"k{padded[at : at + 3]}" for at in range(len(padded) - 2))
    return tuple(sorted({hashed(name) for name in names}))


@lru_cache(maxsize=16384)
def hashed(name: str) -> int:
    """The place of a feature in the table."""
    return zlib.crc32(name.encode("utf-8", "replace")) % BUCKETS


def features(tokens: Sequence[Token], marks: Iterable[str]) -> "set[int]":
    """What is seen of a sentence. `marks` are its concepts (`chest`, `-breathe`) and what stands around (`?past`)."""
    found: set[int] = set()
    before = "^"
    for token in tokens:
        bones = "0" if token.light[:1].isdigit() else token.skeleton
        found.update(_of_word("0" if bones == "0" else token.light, bones))
        found.add(hashed(f"b{before} {bones}"))
        before = bones
    ordered = sorted(set(marks))[:MOST_MARKS]
    for at, mark in enumerate(ordered):
        found.add(hashed("m" + mark))
        found.update(hashed(f"p{mark} {other}") for other in ordered[at + 1 :])
    found.add(hashed(f"n{min(len(tokens), 6)}"))
    return found


class Sense:
    """The fitted table. Made once a process."""

    def __init__(self, weights: "array[int]", bias: float, scale: float, kinds: "dict[str, array[int]]") -> None:
        self._weights = weights
        self._bias = bias
        self._scale = scale
        self._kinds = kinds

    def probability(self, seen: "set[int]") -> float:
        """How likely the sentence tells of danger, 0 to 1."""
        if not seen:
            return 0.0
        weights = self._weights
        total = self._bias + self._scale * sum([weights[at] for at in seen]) / math.sqrt(len(seen))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))

    def kind(self, seen: "set[int]") -> str:
        """Which of KINDS it most likely is, or `unspecified`."""
        best, name = 0.0, "unspecified"
        for kind, weights in self._kinds.items():
            total = sum([weights[at % KIND_BUCKETS] for at in seen])
            if total > best:
                best, name = total, kind
        return name


@cache
def load() -> Sense:
    """The shipped table. Raises OSError, KeyError or ValueError when the file is missing or damaged."""
    raw = json.loads(MODEL.read_text("utf-8"))
    kinds = {name: array("b", base64.b64decode(packed)) for name, packed in raw["kinds"].items()}
    return Sense(array("b", base64.b64decode(raw["weights"])), float(raw["bias"]), float(raw["scale"]), kinds)
