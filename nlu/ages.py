"""How old somebody is, and how far a pregnancy is, in a text of any of the six forms.

Values are ISO durations: `age` `P35Y`, `P8M`, `P21D` · `gestational_age` `P7M`, or weeks in days `P140D`. `f chhar 5` is a
month of a year except in a text that speaks of a pregnancy; the fifth month of one is written like five months, as it is said.
"""

# ruff: noqa: PLR2004 - a grammar: 12, 24, 31 and 60 say what they are

from nlu.date_words import Found, Line, key
from nlu.lexicon import reading_words
from nlu.number_words import Number, number_at

_AGED, _HAS, _CHILD, _PREGNANT = (
    frozenset(key(word) for word in spellings.replace("-", " ").split())
    for spellings in (reading_words.AGED, reading_words.HAS, reading_words.CHILD, reading_words.PREGNANT)
)
_SUFFIX = frozenset({"eme", "ème", "ième", "ieme", "e", "er", "ère"})
_NOT_AN_AGE = frozenset({"in", "every", "ago", "after", "for", "within", "since"})
_LETTER = {"month": ("M", 1), "day": ("D", 1), "week": ("D", 7), "year": ("Y", 1)}
_SECOND = 2
"""`chhar tani` is another month; from the third on an ordinal counts a pregnancy, as nobody says the months of a year so."""
_MOST_MONTHS, _MOST_WEEKS = 10, 43
"""The longest a pregnancy is counted here: the tenth month of those who count in moons, and the end of week 42."""


def pregnant(line: Line, before: "int | None" = None) -> bool:
    """Whether the text, up to word `before`, speaks of a pregnancy."""
    if "pregnant" not in line.notes:
        found = [n for n, word in enumerate(line.words) if any(k in _PREGNANT for k, _ in word.keys)]
        line.notes["pregnant"] = found[0] if found else len(line.words)
    return line.notes["pregnant"] < (len(line.words) if before is None else before)


def gestation_at(line: Line, i: int) -> "Found | None":
    """How far a pregnancy is, said from word `i` on: `7 mois de grossesse`, `f chhar 5`, `الشهر السابع`, `wayyur wis 5`."""
    unit = line.kind(i, "unit")
    if not pregnant(line):
        far = _named_ordinal(line, unit[1]) if unit and unit[0] == "month" and unit[1] < len(line) else None
        return (
            _gestation(line, "month", far, i)
            if far and far.value > _SECOND and not line.words[far.end - 1].breaks
            else None
        )
    if unit and unit[0] in ("month", "week"):
        number = _ordinal(line, unit[1])
        return _gestation(line, str(unit[0]), number, i) if number else None
    number = number_at(line, i) or _named_ordinal(line, i)
    if number and "ordinal" in line.at(i) and pregnant(line, i) and i <= line.notes["pregnant"] + 2:
        bare = not (number.end < len(line) and "unit" in line.at(number.end)) and not (i and "noun" in line.at(i - 1))
        return _gestation(line, "month", number, i) if bare and "num" not in line.at(i) else None
    if number is None or (i and _NOT_AN_AGE & set(line.at(i - 1)) and not _is_of(line, i - 1)):
        return None
    j = number.end
    while j < len(line) and (line.words[j].raw.lower() in _SUFFIX or line.words[j].raw in ("n", "ⵏ", "d", "د", "ديال")):
        j += 1
    unit = line.kind(j, "unit") if j < len(line) and not line.words[j].breaks else None
    if unit is None or unit[0] not in ("month", "week"):
        return None
    half = _half_behind(line, unit[1])
    return _gestation(line, str(unit[0]), Number(number.value + (0.5 if half else 0), half or unit[1]), i)


def _half_behind(line: Line, j: int) -> "int | None":
    """The index behind `et demi` at word `j`."""
    if j >= len(line) or line.words[j].breaks:
        return None
    joiner = line.kind(j, "and")
    half = line.kind(joiner[1] if joiner else j, "fraction")
    return half[1] if half and half[0] == 30 and (joiner or line.linked(j)) else None


def _is_of(line: Line, i: int) -> bool:
    """Whether the word only joins: `enceinte de`, `7amla b`, and `mn` where it means of."""
    return line.words[i].raw.lower() in ("de", "d", "b", "ب", "mn", "من", "n", "f", "ف", "في")


def _gestation(line: Line, unit: str, number: Number, i: int) -> "Found | None":
    most = _MOST_MONTHS if unit == "month" else _MOST_WEEKS
    if number.value <= 0 or number.value > most:
        return None
    if number.whole is None:
        value = f"P{round(number.value * (30 if unit == 'month' else 7))}D"
    else:
        value = f"P{number.whole}M" if unit == "month" else f"P{number.whole * 7}D"
    return line.found("gestational_age", value, i, number.end)


def _ordinal(line: Line, j: int) -> "Number | None":
    """The number behind `chhar`: `5`, `sab3`, `السابع`, `wis 5`."""
    if j < len(line) and line.words[j].raw.lower() in ("wis", "tis", "ⵡⵉⵙ", "ⵜⵉⵙ", "wiss", "رقم", "numero", "n"):
        j += 1
    if j >= len(line) or line.words[j].breaks:
        return None
    return _named_ordinal(line, j) or number_at(line, j)


def _named_ordinal(line: Line, j: int) -> "Number | None":
    found = line.kind(j, "ordinal")
    return Number(float(found[0]), found[1]) if found else None


def age_at(line: Line, i: int, number: Number, *, aged: bool) -> "Found | None":
    """The age that begins with this number at word `i`; `aged`: a word of age stands near."""
    j = number.end
    if j < len(line) and line.words[j].raw in ("n", "ⵏ", "d", "د", "ديال", "de"):
        j += 1
    unit = line.kind(j, "unit") if j < len(line) and not line.words[j].breaks else None
    if not unit or number.whole is None or unit[0] not in _LETTER or (i and _NOT_AN_AGE & set(line.at(i - 1))):
        return None
    if (
        unit[0] == "year" and number.whole <= 120 and (aged or number.whole >= 12 or _half_behind(line, unit[1]))
    ) or _told(line, i, str(unit[0])):
        letter, scale = _LETTER[str(unit[0])]
        half = _half_behind(line, unit[1]) if unit[0] == "year" else None
        if half:
            return line.found("age", f"P{number.whole * 12 + 6}M", i, half)
        return line.found("age", f"P{number.whole * scale}{letter}", i, unit[1])
    return None


def _told(line: Line, i: int, unit: str) -> bool:
    """Whether the words before say that somebody is so old: `3ndha`, `bébé de`, `elle a`, `age`."""
    own = line.words[i - 1] if i else None
    if own is None:
        return False
    has = own.raw.lower() == "a" and line.words[max(0, i - 2)].raw.lower() not in ("y", "ça", "ca")
    has = has or any(k in _HAS for k, _ in own.keys[:1])
    child = (
        i > 1 and own.raw.lower() in ("de", "d", "n", "ⵏ") and any(k in _CHILD for k, _ in line.words[i - 2].keys[:1])
    )
    if (has or child) and unit != "day":
        return True
    return any(k in _AGED for n in range(max(0, i - 4), i) for k, _ in line.words[n].keys)
