"""Morocco's communes and arrondissements in a text, by their official names and the usual spellings of the larger towns.

A `place` whose value is `commune:` and HCP's code, such as `commune:09.001.01.01` for Agadir. Health facilities are found by
`nlu.places`, whose names the service keeps itself; they win over a commune of the same words. Names are matched through
`nlu.date_words.key`, in any script, without guessing: Morocco has a thousand and a half of them, and many differ by a letter.
"""

from functools import cache
from pathlib import Path

from nlu.date_words import Found, key
from nlu.fold import MAX_CHARS
from nlu.lexicon import city_words
from nlu.named import WORD

LIST = Path(__file__).parent / "lexicon" / "communes.tsv"
_GLUED = ("ال", "ل", "ف", "ب", "و", "فال", "بال", "لل", "l", "f", "b")
_SHORT = 3
_Entry = tuple[tuple[str, ...], str, bool]


@cache
def _index() -> "dict[str, list[_Entry]]":
    """The first folded word of every name, with the names that begin so, the longest first, the largest town first."""
    found: dict[str, list[_Entry]] = {}
    shy = {key(word) for word in city_words.SHY}

    def add(name: str, code: str, *, guarded: bool) -> None:
        parts = tuple(key(word) for word in WORD.findall(name))
        if parts and parts not in [entry[0] for entry in found.get(parts[0], ())]:
            found.setdefault(parts[0], []).append((parts, code, guarded or (len(parts) == 1 and parts[0] in shy)))

    for code, spellings in city_words.CITIES.items():
        for name in spellings.split("|"):
            add(name, code, guarded=False)
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            code, *names = line.split("\t")
            for name in names:
                add(name.removeprefix("~"), code, guarded=name.startswith("~"))
    for entries in found.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return found


_NEVER = frozenset({"salle", "salles", "sal", "l7rara", "الحرارة", "الحمام", "فالحمام"})
"""Words that fold like a town's name and never are one."""
_BEFORE = frozenset(key(word) for word in city_words.BEFORE.split("|"))


def load() -> None:
    """Reads the list, a tenth of a second once a process, so that no text waits for it."""
    _index()


def find(text: str) -> "list[Found]":
    """The communes of a text in its order; offsets are into `text`. Reads at most MAX_CHARS characters; never raises."""
    matches = list(WORD.finditer(text[:MAX_CHARS]))
    keys = [key(match.group()) if match.group().lower() not in _NEVER else "" for match in matches]
    found: list[Found] = []
    i = 0
    while i < len(matches):
        hit = _at(keys, i)
        if hit:
            code, end = hit
            start, stop = matches[i].start(), matches[end - 1].end()
            found.append(Found("place", f"commune:{code}", text[start:stop], start, stop))
            i = end
        else:
            i += 1
    return found


def _at(keys: "list[str]", i: int) -> "tuple[str, int] | None":
    led = i > 0 and keys[i - 1] in _BEFORE
    hit = _named(keys[i], keys, i, led=led)
    if hit:
        return hit
    for glued in _GLUED:
        if keys[i].startswith(glued) and len(keys[i]) - len(glued) > _SHORT:
            hit = _named(keys[i][len(glued) :], keys, i, led=led or glued[0] in "فبلfb")
            if hit:
                return hit
    return None


def _named(first: str, keys: "list[str]", i: int, *, led: bool) -> "tuple[str, int] | None":
    for parts, code, guarded in _index().get(first, ()):
        if parts[1:] == tuple(keys[i + 1 : i + len(parts)]) and (led or not guarded):
            return code, i + len(parts)
    return None
