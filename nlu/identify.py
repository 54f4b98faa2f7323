"""Which of the six forms a text is written in: by letters, then by character n-grams."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from operator import add
from pathlib import Path
from typing import TypedDict

from nlu.fold import fold
from nlu.types import FORMS, Language

MODEL = Path(__file__).parent / "lexicon" / "identify.json"

FLIP_MARGIN = 0.30
"""Below this margin the conversation's own form wins: on the held-out rows most errors lie under it."""

FLIP_WORDS = 3
"""A text of fewer words never changes the form of a conversation: `salam` and `merci` belong to everyone."""

SURE = 0.95
"""From this margin a text leaves Modern Standard Arabic for Darija without a word that only Darija has. On 303 Arabic
and 302 Darija development sentences, from which the words below were chosen, 2 Arabic ones leave their form in place of
14, and 90 Darija ones stay Arabic in place of 65."""

_DARIJA = frozenset(
    token.light
    for token in fold(
        "ديال ديالي ديالو ديالها ديالك واش بغيت بغينا دابا هاد هادي هادشي هاداك بزاف شنو اشنو أشنو شكون فين كيفاش شحال علاش "
        "راه راني غادي غاد اللي ليا ليه ليها عافاك عفاك دير ندير كاين كاينة ماشي باش حيت داك ديك شي شوية فيا خاصني خصني "
        "خاص باقي مزيان مزيانة تلت جوج نشوف السيمانة البارح عندو والو خويا ختي ختو هكا صافي الما بنتي مراتي راجلي"
    ).tokens
)
_DARIJA_SHAPE = re.compile(r"^[وف]?(?:كي|كت|كن|غا|غن|غت)..|^ما.{2,}ش$|^[دف]$")
"""The present in ka-, the future in gha-, the negation ma…ch, the particles d and f."""

SHORTEST, LONGEST = 1, 4
SCALE = 100
"""Weights are stored as whole hundredths."""


class Model(TypedDict):
    """Weights of one alphabet: for every n-gram one number per form, in the order of `forms`."""

    forms: list[str]
    bias: list[int]
    grams: dict[str, list[int]]


def identify(text: str, hint: str | None = None) -> Language:
    """The form of a cleaned text, with the margin (0 to 1) by which it won.

    `hint` is the form of the conversation so far: it stays for texts of one or two words, for texts without letters
    and where the margin is small; from Modern Standard Arabic to Darija a word of Darija is needed too. Without a hint and without letters the answer is French with margin 0.
    """
    words = [text[token.start : token.end].lower() for token in fold(text).tokens if not token.light.isdigit()]
    words = [word for word in words if any(c.isalpha() for c in word)]
    kept = hint if hint in FORMS else None
    best = _best(words)
    if kept is None or best.form == kept:
        return best
    if len(words) < FLIP_WORDS or (best.margin < FLIP_MARGIN and best.script == Language(kept, 0.0).script):
        return Language(kept, 0.0)
    if kept == "ar" and best.form == "ary-Arab" and best.margin < SURE and not _darija(words):
        return Language(kept, 0.0)
    return best


def _darija(words: Sequence[str]) -> bool:
    return any(token.light in _DARIJA or _DARIJA_SHAPE.match(word) for word in words for token in fold(word).tokens[:1])


def score(script: str, words: Sequence[str]) -> list[float]:
    """The score of every form of an alphabet (`Arab` or `Latn`), in the order of its model: a mean over the n-grams."""
    totals = list(_models()[script]["bias"])
    found = 0
    for word in words:
        known, weights = _of_word(word, script)
        if known:
            found += known
            totals = list(map(add, totals, weights))
    return [total / SCALE / math.sqrt(found + 1) for total in totals]


@lru_cache(maxsize=8192)
def _of_word(word: str, script: str) -> tuple[int, tuple[int, ...]]:
    """How many of a word's n-grams the model of an alphabet knows, and the sums of their weights."""
    grams = _models()[script]["grams"]
    found = [weights for weights in map(grams.get, ngrams((word,))) if weights is not None]
    return len(found), tuple(map(sum, zip(*found, strict=True)))


def ngrams(words: Sequence[str]) -> Iterator[str]:
    """Every n-gram of the words, each word with a blank at both ends."""
    for word in words:
        padded = f" {word} "
        for size in range(SHORTEST, LONGEST + 1):
            for at in range(len(padded) - size + 1):
                yield padded[at : at + size]


def alphabet(words: Sequence[str]) -> str:
    """`Tfng`, `Arab` or `Latn`, whichever has most letters; empty without letters."""
    counts = [sum(of_script) for of_script in zip(*map(_letters, words), strict=True)] or [0]
    most = max(counts)
    return ("Tfng", "Arab", "Latn")[counts.index(most)] if most else ""


@lru_cache(maxsize=8192)
def _letters(word: str) -> tuple[int, int, int]:
    """How many letters of a word are Tifinagh, Arabic and others."""
    tifinagh = arabic = others = 0
    for letter in word:
        if "\u2d30" <= letter <= "\u2d7f":
            tifinagh += 1
        elif "\u0600" <= letter <= "\u08ff" or "\ufb50" <= letter <= "\ufefc":
            arabic += 1
        elif letter.isalpha():
            others += 1
    return tifinagh, arabic, others


def _best(words: Sequence[str]) -> Language:
    script = alphabet(words)
    if script == "Tfng":
        return Language("zgh-Tfng", 1.0)
    if not script:
        return Language("fr", 0.0)
    model = _models()[script]
    scores = score(script, words)
    first, second = sorted(scores, reverse=True)[:2]
    return Language(model["forms"][scores.index(first)], round(math.tanh((first - second) / 2), 4))


@cache
def _models() -> Mapping[str, Model]:
    models: dict[str, Model] = json.loads(MODEL.read_text("utf-8"))
    return models
