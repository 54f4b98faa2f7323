"""The people and the medicines that a text of any of the six forms names.

`person` has the relation as its value: `mother father parents wife husband son daughter child children baby brother sister
grandmother grandfather uncle aunt cousin mother_in_law father_in_law neighbour friend`. `medicine` has the words of the writer,
letter for letter: a name is recognised through one wrong letter, never corrected, because two medicines may differ by one.
"""

import re
from functools import lru_cache

from nlu.date_words import Found, key
from nlu.fold import MAX_CHARS
from nlu.lexicon import medicine_names, people_words

WORD = re.compile(r"[^\W_]+(?:[\u0640\u064b-\u065f\u0670\u0300-\u036f]+[^\W_]*)*")
"""A word of any script with its marks."""
_LONG = 8
"""Letters of a folded name from which one wrong, missing or extra letter is forgiven."""
_SHORT = 3
_ARTICLES = ("l", "d", "dl", "ال", "وال", "لل", "بال", "و", "ل", "د", "ديال", "b", "w", "u", "la")


def _parts(phrase: str) -> "tuple[str, ...]":
    return tuple(key(word) for word in WORD.findall(phrase))


def _index(table: "dict[str, str]") -> "dict[str, list[tuple[tuple[str, ...], str]]]":
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for value, spellings in table.items():
        for parts in map(_parts, spellings.split("|")):
            found.setdefault(parts[0], []).append((parts, value))
    for entries in found.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return found


_OWN, _FRENCH = _index(people_words.OWN), _index(people_words.FRENCH)
_MEDICINE = _index({"": medicine_names.NAMES})
_LESS = {
    one: name
    for name, entries in _MEDICINE.items()
    if len(name) >= _LONG and any(len(parts) == 1 for parts, _ in entries)
    for one in {name, *(name[:n] + name[n + 1 :] for n in range(1, len(name)))}
}
"""Long names with one letter left out (never the first), so that one slip of the writer is found by look-up."""


def find(text: str, form: "str | None" = None) -> "list[Found]":
    """The people and medicines of a text in its order; offsets are into `text`. `form` settles words two languages share.

    Reads at most MAX_CHARS characters. Never raises.
    """
    matches = list(WORD.finditer(text[:MAX_CHARS]))
    raws = [match.group() for match in matches]
    keys = [key(raw) for raw in raws]
    found: list[Found] = []
    i = 0
    while i < len(matches):
        kind, value, end = _person(raws, keys, i, form) or _medicine(keys, i) or ("", "", i)
        if end > i:
            start, stop = matches[i].start(), matches[end - 1].end()
            found.append(Found(kind, value or text[start:stop], text[start:stop], start, stop))
        i = max(end, i + 1)
    return found


def _person(raws: "list[str]", keys: "list[str]", i: int, form: "str | None") -> "tuple[str, str, int] | None":
    raw = raws[i].lower()
    if raw in people_words.POSSESSIVES:
        hit = _phrase(_FRENCH, keys, i + 1)
        return ("person", hit[0], hit[1]) if hit else None
    short = people_words.BY_FORM.get(form or "", {}).get(raw)
    if short:
        return "person", short, i + 1
    if len(keys[i]) < _SHORT:
        return None
    hit = _phrase(_OWN, keys, i) or next(
        (hit for bare in _bare(keys[i]) if (hit := _phrase(_OWN, [*keys[:i], bare, *keys[i + 1 : i + 3]], i))), None
    )
    return ("person", hit[0], hit[1]) if hit else None


def _medicine(keys: "list[str]", i: int) -> "tuple[str, str, int] | None":
    for name in (keys[i], *_bare(keys[i])):
        hit = _phrase(_MEDICINE, [*keys[:i], name, *keys[i + 1 : i + 3]], i)
        if hit:
            return "medicine", "", hit[1]
        if len(name) >= _LONG - 1 and (name == keys[i] or keys[i].startswith(("l", "ال"))) and _slip(name):
            return "medicine", "", i + 1
    return None


def _phrase(
    index: "dict[str, list[tuple[tuple[str, ...], str]]]", keys: "list[str]", i: int
) -> "tuple[str, int] | None":
    """The longest phrase of the index that stands at `i`: (value, index behind it)."""
    for parts, value in index.get(keys[i], ()) if i < len(keys) else ():
        if tuple(keys[i : i + len(parts)]) == parts:
            return value, i + len(parts)
    return None


@lru_cache(maxsize=4096)
def _bare(spelling: str) -> "tuple[str, ...]":
    """The word without an article or a preposition glued to it."""
    return tuple(spelling[len(a) :] for a in _ARTICLES if spelling.startswith(a) and len(spelling) - len(a) > _SHORT)


@lru_cache(maxsize=4096)
def _slip(word: str) -> bool:
    """Whether a word is a long name of a medicine but for one letter that is wrong, missing or too many."""
    if word in _LESS:
        return True
    return any(word[:n] + word[n + 1 :] in _LESS for n in range(1, len(word)))
