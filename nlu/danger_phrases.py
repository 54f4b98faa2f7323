"""Phrases of several words found in a folded text, whatever the spelling and the script.

A word is known by several keys: its letters, its letters without clitics and verb prefixes, and its consonants.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from nlu.fold import fold

_BONES = 3
"""Consonants below which skeletons say too little and only the letters count."""

_TIFINAGH = str.maketrans(
    dict(
        zip(
            "ⴰⴱⴳⴷⴹⴻⴼⴽⵀⵃⵇⵉⵊⵍⵎⵏⵓⵔⵕⵙⵚⵜⵟⵡⵢⵣⵥ",
            "abgddefkhhqijlmnurrssttwyzz",
            strict=True,
        )
    )
    | {"ⵄ": "3", "ⵖ": "gh", "ⵅ": "kh", "ⵛ": "ch", "ⵯ": "", "ɣ": "gh", "ɛ": "3"}
)
_ARABIC_CLITIC = re.compile(r"^[وف]?(?:ال|بال|فال|لل|كال|دال|[بلفدك])?(?=..)")
_LATIN_CLITIC = re.compile(r"^(?:[fbwdl]?(?:el|al|l)|[fbwdl])(?=...)")
_VERB = re.compile(r"^(?:[kt]a|ki|ke|ti|gha|kat|ghad|كا?|غا?|تا?)(?:[ytni]|[يتن])?(?=...)|^[ytni](?=...)|^[يتن](?=..)")
DENIED = re.compile(r"^و?(?:ma|ما)(.{2,})(?:ch|sh|c|ش)$")
_DOUBLE = re.compile(r"([^\W\d])\1+")
DENIED_END = re.compile(r"^(.{3,})(?:ch|sh|ش)$")


class Phrases:
    """Finds phrases of several words at a place; made once from entries parted by bars."""

    def __init__(self, entries: Iterable[tuple[str, str]], *, strict: bool = False) -> None:
        """`strict`: a single word matches by its letters only, for words that lower a level."""
        self._first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for name, bar in entries:
            for entry in bar.split("|"):
                keys = tuple(_entry_keys(entry.strip(), strict=strict))
                if keys:
                    self._first.setdefault(keys[0], []).append((keys[1:], name))

    def at(self, place: int, keys: Sequence[frozenset[str]]) -> Iterator[tuple[str, int]]:
        """The names of the phrases that begin at a place, with the place after each."""
        for key in keys[place]:
            for rest, name in self._first.get(key, ()):
                end = place + 1 + len(rest)
                if end <= len(keys) and all(k in keys[place + 1 + n] for n, k in enumerate(rest)):
                    yield name, end


def _entry_keys(entry: str, *, strict: bool) -> Iterator[str]:
    exact = entry.startswith("=") or (strict and " " not in entry)
    for part in entry.removeprefix("=").split():
        stem = part.endswith("*")
        for token in fold(part.rstrip("*")).tokens:
            letters = spelt(token.light)
            if stem:
                yield letters + "*"
            elif len(token.skeleton) >= _BONES and not exact:
                yield "~" + token.skeleton
            else:
                yield letters


def spelt(light: str) -> str:
    return _DOUBLE.sub(r"\1", light.translate(_TIFINAGH))


@lru_cache(maxsize=8192)
def word_keys(light: str, bones: str) -> frozenset[str]:
    """Every key by which an entry can name this word: its letters without clitics, stems, skeletons."""
    letters = spelt(light)
    forms = {letters}
    denied = DENIED.match(letters) or DENIED_END.match(letters)
    if denied:
        forms.add(denied.group(1))
    for form in tuple(forms):
        forms |= {_ARABIC_CLITIC.sub("", form), _LATIN_CLITIC.sub("", form), _VERB.sub("", form)}
        forms.add(_VERB.sub("", _ARABIC_CLITIC.sub("", form)))
    found = set(forms) | {"~" + bones}
    for form in forms:
        found.update(form[:end] + "*" for end in range(2, len(form) + 1))
        for token in fold(form).tokens:
            found.add("~" + token.skeleton)
    return frozenset(found)
