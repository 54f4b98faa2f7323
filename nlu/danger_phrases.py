"""Phrases of several words found in a folded text, whatever the spelling and the script.

A word is known by several keys: its letters, its letters without clitics and verb prefixes, and its consonants.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from nlu.fold import fold, skeleton

_BONES = 3
"""Consonants below which skeletons say too little and only the letters count."""

_THROAT = frozenset("hxv3q")
"""Sounds that French does not have: with one of them three consonants are rarely those of another language's word."""

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
_ARABIC_PARTICLE = re.compile(r"^[وفبلدك](?=...)")
_LATIN_CLITIC = re.compile(r"^(?:[fbwdl]?(?:el|al|l)|[fbwdl])(?=...)")
_OWNER = re.compile(
    r"(?<=...)(?:ha|hom|houm|hum|kom|ni|na|ek|ou|o|u|i)$|(?<=....)k$|(?<=..)(?:ها|هم|هما|كم|ني|نا|ه|و|ي|ك)$"
)
"""Whose, or to whom: written on the end of a noun or a verb."""
_VERB = re.compile(r"^(?:[kt]a|ki|ke|ti|gha|kat|ghad|كا?|غا?|تا?)(?:[ytni]|[يتن])?(?=...)|^[ytni](?=...)|^[يتن](?=..)")
DENIED = re.compile(r"^و?(?:ma|ما)(.{2,})(?:ch|sh|c|ش)$")
_DOUBLE = re.compile(r"([^\W\d])\1+")
DENIED_END = re.compile(r"^(.{3,})(?:ch|sh|ش)$")

_KNOWN: set[str] = set()
"""Every key that any entry has."""


class Phrases:
    """Finds phrases of several words at a place; made once from entries parted by bars."""

    def __init__(self, entries: Iterable[tuple[str, str]], *, strict: bool = False) -> None:
        """`strict`: a single word matches by its letters only, for words that lower a level."""
        self._single: dict[str, list[str]] = {}
        self._longer: dict[str, dict[str, list[tuple[tuple[str, ...], str]]]] = {}
        for name, bar in entries:
            for entry in bar.split("|"):
                keys = tuple(_entry_keys(entry.strip(), strict=strict))
                for first in _alike(keys):
                    _KNOWN.update((first, *keys[1:]))
                    if len(keys) == 1:
                        self._single.setdefault(first, []).append(name)
                    else:
                        self._longer.setdefault(first, {}).setdefault(keys[1], []).append((keys[2:], name))

    def at(self, place: int, keys: Sequence[frozenset[str]]) -> Iterator[tuple[str, int]]:
        """The names of the phrases that begin at a place, with the place after each."""
        following = keys[place + 1] if place + 1 < len(keys) else frozenset[str]()
        for key in keys[place]:
            for name in self._single.get(key, ()):
                yield name, place + 1
            seconds = self._longer.get(key)
            if not seconds:
                continue
            for second in following:
                for rest, name in seconds.get(second, ()):
                    end = place + 2 + len(rest)
                    if end <= len(keys) and all(k in keys[place + 2 + n] for n, k in enumerate(rest)):
                        yield name, end


def _entry_keys(entry: str, *, strict: bool) -> Iterator[str]:
    alone = " " not in entry
    exact = entry.startswith("=") or (strict and alone)
    for part in entry.removeprefix("=").split():
        stem = part.endswith("*")
        for token in fold(part.rstrip("*")).tokens:
            letters = spelt(token.light)
            if stem:
                yield letters + "*"
            elif not exact and _tells(token.skeleton, alone=alone):
                yield f"{letters}~{token.skeleton}" if alone else "~" + token.skeleton
            else:
                yield letters


def _alike(keys: "tuple[str, ...]") -> Iterator[str]:
    """The keys under which the first word of an entry is found.

    A word that stands alone must be about as long as the entry's, or, in the other script, share four consonants.
    """
    if not keys:
        return
    letters, _, bones = keys[0].partition("~")
    if not (letters and bones):
        yield keys[0]
        return
    yield f"~{bones}{_script(letters)}{len(letters)}"
    if len(bones) > _BONES:
        yield f"~{bones}{'L' if _script(letters) == 'A' else 'A'}"


def _script(letters: str) -> str:
    return "A" if "\u0600" <= letters[:1] <= "\u06ff" else "L"


def _tells(bones: str, *, alone: bool) -> bool:
    """Whether consonants alone name a word: three do beside another word, or where one is of the throat; else four do."""
    return len(bones) >= _BONES + alone or (len(bones) == _BONES and not _THROAT.isdisjoint(bones))


def spelt(light: str) -> str:
    return _DOUBLE.sub(r"\1", light.translate(_TIFINAGH))


@lru_cache(maxsize=16384)
def word_keys(light: str, bones: str) -> frozenset[str]:
    """Every key by which an entry can name this word: its letters without clitics, stems, skeletons.

    Only keys that some entry has are kept, so this is asked after every `Phrases` was made.
    """
    letters = spelt(light)
    forms = {letters}
    denied = DENIED.match(letters) or DENIED_END.match(letters)
    if denied:
        forms.add(denied.group(1))
    for form in tuple(forms):
        forms |= {_ARABIC_CLITIC.sub("", form), _ARABIC_PARTICLE.sub("", form), _LATIN_CLITIC.sub("", form)}
    forms |= {_VERB.sub("", form) for form in tuple(forms)}
    forms |= {_OWNER.sub("", form) for form in tuple(forms)}
    found = {form for form in forms if form in _KNOWN}
    for form in forms:
        found.update(stem for end in range(2, len(form) + 1) if (stem := form[:end] + "*") in _KNOWN)
    by_bones = {skeleton(form): form for form in forms} | {bones: letters}
    for consonants, form in by_bones.items():
        if len(consonants) < _BONES:
            continue
        key = "~" + consonants
        script = _script(form)
        keys = (key, key + script, *(f"{key}{script}{len(form) + off}" for off in (-2, -1, 0, 1, 2)))
        found.update(key for key in keys if key in _KNOWN)
    return frozenset(found)
