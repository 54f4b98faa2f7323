"""What a word is about, in any of the six forms: `gélule`, `kina` and `ⴰⵙⴰⴼⴰⵔ` are all a medicine.

The training data cannot hold every word of every language; a concept learnt from one of its words holds for the others.
Runs under Python 3.10 as well, with the standard library only, because the Rasa side imports it.
"""

import re
from functools import cache, lru_cache
from pathlib import Path

from nlu.fold import fold

LEXICON = Path(__file__).parent / "lexicon" / "concepts.tsv"
_SURE_BONES = 3
"""Consonants that a skeleton must have for words of two scripts to be taken for one: shorter ones collide."""
_STEM = range(2, 13)
"""Letters of a stem that may be followed by any ending."""
_CLITIC = re.compile(r"(?:[وف]?(?:[بكل]?ال|لل|[بكل])|[وف])(?=\w{3})")
"""Arabic particles that are written together with the word after them."""


@cache
def _lexicon() -> "tuple[dict[str, str], dict[str, str], dict[str, str]]":
    """Whole words, stems and skeletons, each with its concepts between spaces."""
    words: dict[str, set[str]] = {}
    stems: dict[str, set[str]] = {}
    bones: dict[str, set[str]] = {}
    for line in LEXICON.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        concept, spellings = line.split("\t")
        for spelling in spellings.split():
            for token in fold(spelling.rstrip("*")).tokens:
                if spelling.endswith("*"):
                    stems.setdefault(token.light, set()).add(concept)
                    continue
                words.setdefault(token.light, set()).add(concept)
                if len(token.skeleton) >= _SURE_BONES:
                    bones.setdefault(token.skeleton, set()).add(concept)
    return _joined(words), _joined(stems), _joined(bones)


def _joined(entries: "dict[str, set[str]]") -> "dict[str, str]":
    return {spelling: " ".join(sorted(concepts)) for spelling, concepts in entries.items()}


@lru_cache(maxsize=8192)
def concepts(light: str, skeleton: str) -> "tuple[str, ...]":
    """The concepts of a word, given by its light fold and its skeleton; most words have none or one."""
    words, stems, bones = _lexicon()
    found = set()
    for form in {light, _CLITIC.sub("", light, count=1)}:
        found.update(words.get(form, "").split())
        for length in _STEM:
            if length > len(form):
                break
            found.update(stems.get(form[:length], "").split())
    if not found and len(skeleton) >= _SURE_BONES:
        found.update(bones.get(skeleton, "").split())
    return tuple(sorted(found))
