"""The words of a text with what each may mean for dates, times and numbers.

A word may mean several things (`tlata` is three and Tuesday, `mn` is since and from): all of them are kept, and the
rules that read them decide. Runs under Python 3.10 with the standard library only.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from nlu.fold import MAX_CHARS, fold
from nlu.lexicon import calendar_cldr, calendar_words, number_names


@dataclass(frozen=True)
class Found:
    """A piece of a text with a value. `start` and `end` are offsets into the text given; `type` as in `nlu.types`."""

    type: str
    value: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Word:
    """One word or number of a text. `shape` is word, int, dec, clock, slash, dmy, iso or phone; `breaks`: a sentence ends before it."""

    start: int
    end: int
    raw: str
    shape: str
    breaks: bool
    keys: "tuple[tuple[str, bool], ...]"
    """Its spellings to look up, the likeliest first, each with whether an `and` was taken off its front."""


_LETTER = r"[^\W\d_]"
_SHAPES = re.compile(
    r"(?P<phone>(?<![\d+])(?:(?:\+|00)212[ .-]?(?:\(0\)|0)?[5-8](?:[ .-]?\d){8}|0[5-8](?:[ .-]?\d){8}|\+\d{8,15})(?!\d))"
    r"|(?P<iso>(?<!\d)\d{4}(?:-\d{1,2}-|/\d{1,2}/)\d{1,2}(?:T\d\d:\d\d(?::\d\d)?)?(?!\d))"
    r"|(?P<dmy>(?<!\d)\d{1,2}(?P<sep>[/.-])\d{1,2}(?P=sep)(?:\d{4}|\d\d)(?!\d))"
    r"|(?P<slash>(?<!\d)\d{1,3}(?:[.,]\d)?\s?[/\\]\s?\d{1,3}(?:[.,]\d)?(?![\d/]))"
    r"|(?P<clock>(?<!\d)\d{1,2}\s?[hH]\s?\d{2}(?!\d)(?!\s?[hH]\b)(?:\s?mn|\s?min)?|(?<![\d:])\d{1,2}:\d{2}(?::\d\d)?(?!\d))"
    r"|(?P<dec>\d+[.,٫]\d+|\d\d°\d(?!\d)|\d(?:[gG][rR]?)\d{1,2}(?!\w))"
    rf"|(?P<glued>\d+{_LETTER}(?:\w|[\u064b-\u065f\u0300-\u036f])*)"
    r"|(?P<int>\d+)"
    r"|(?P<prefix>[\u0620-\u064a\u2d30-\u2d67]{1,6}(?=\d)|(?<!\w)(?:m3a|nhar|le|du|au|fnhar|f|l)(?=\d{1,2}(?:[hH]\d{0,2})?(?!\w)))"
    rf"|(?P<word>{_LETTER}(?:[^\W_]|[\u0640\u064b-\u065f\u0670\u0300-\u036f])*)"
)
_GLUED = re.compile(rf"(\d+)({_LETTER}.*)", re.DOTALL)
_BREAK = re.compile(r"[.!?؟;؛\n]")
_TIFINAGH = str.maketrans(
    {
        "ⴰ": "a", "ⴱ": "b", "ⴲ": "b", "ⴳ": "g", "ⴴ": "g", "ⴷ": "d", "ⴸ": "d", "ⴹ": "d", "ⴺ": "d", "ⴻ": "e", "ⴼ": "f",
        "ⴽ": "k", "ⴾ": "k", "ⵀ": "h", "ⵃ": "h", "ⵄ": "3", "ⵅ": "x", "ⵇ": "q", "ⵉ": "i", "ⵊ": "j", "ⵍ": "l", "ⵎ": "m",
        "ⵏ": "n", "ⵓ": "u", "ⵔ": "r", "ⵕ": "r", "ⵖ": "ɣ", "ⵙ": "s", "ⵚ": "s", "ⵛ": "ch", "ⵜ": "t", "ⵝ": "t", "ⵟ": "t",
        "ⵡ": "w", "ⵢ": "y", "ⵣ": "z", "ⵥ": "z", "ⵯ": "w", "ⵒ": "p", "ⵞ": "ch",
    }
)  # fmt: skip
_LATIN = (
    ("ɛ", "3"), ("ɣ", "gh"), ("5", "kh"), ("x", "kh"), ("7", "h"), ("9", "k"), ("8", "h"), ("6", "t"), ("q", "k"), ("2", ""),
    ("ou", "u"), ("oo", "u"), ("o", "u"), ("sh", "ch"), ("dj", "j"), ("y", "i"), ("e", ""), ("chch", "ch"),
)  # fmt: skip
_TWICE = re.compile(r"(.)\1+")
_ARABIC = str.maketrans({"گ": "ك", "ؤ": "و", "ئ": "ي", "أ": "ا", "إ": "ا", "آ": "ا", "ث": "ت", "ظ": "ض", "ط": "ت"})


@lru_cache(maxsize=8192)
def key(word: str) -> str:
    """The spelling of a word that is looked up: the same for the usual ways of typing it, letters of one script."""
    light = fold(word).light.replace(" ", "")
    if not light or light.isdigit():
        return light
    first = light[0] if not light[0].isdigit() else light[-1]
    if "\u0600" <= first <= "\u06ff":
        return _TWICE.sub(r"\1", light.translate(_ARABIC))
    light = light.translate(_TIFINAGH)
    for old, new in _LATIN:
        light = light.replace(old, new)
    return _TWICE.sub(r"\1", light)


_CLITICS = ("f", "l", "b", "d", "w", "u", "s", "g", "fl", "bl", "dl", "wl", "ul", "lil", "al", "fal", "bal")
_SHORTEST = 2


@lru_cache(maxsize=8192)
def _keys(raw: str) -> "tuple[tuple[str, bool], ...]":
    whole = key(raw)
    found = [(whole, False)]
    if whole[:1] >= "\u0600":
        for clitics in ("", "و", "ف", "ب", "ل", "د", "ك", "وف", "ول", "ود", "ومن"):
            if not whole.startswith(clitics):
                continue
            rest = whole[len(clitics) :]
            linked = clitics.startswith("و")
            if clitics and len(rest) > (1 if clitics == "و" else _SHORTEST):
                found.append((rest, linked))
            found.extend((rest[len(a) :], linked) for a in ("ال", "ل") if rest.startswith(a) and len(rest) > len(a) + 2)
    else:
        for clitics in _CLITICS:
            rest = whole[len(clitics) :]
            if whole.startswith(clitics) and len(rest) > (_SHORTEST if len(clitics) == 1 else _SHORTEST + 1):
                found.append((rest, clitics[0] in "wu"))
    return tuple(found)


_TABLES = (
    ("weekday", calendar_words.WEEKDAY), ("month", calendar_words.MONTH), ("day", calendar_words.DAY),
    ("part", calendar_words.PART), ("todaypart", calendar_words.TODAY_PART), ("named", calendar_words.CLOCK),
    ("unit", calendar_words.UNIT), ("pair", calendar_words.PAIR), ("minutes", calendar_words.MINUTES),
    ("fraction", calendar_words.FRACTION), ("less", calendar_words.LESS), ("num", number_names.NUMBER),
    ("hour", number_names.ORDINAL_HOUR), ("ordinal", number_names.ORDINAL), ("length", calendar_words.LENGTH),
)  # fmt: skip


def _phrase_keys(phrase: str) -> "tuple[str, ...]":
    return tuple(
        k
        for k in (key(m.group()) for m in re.finditer(r"[^\W_]+(?:[\u0300-\u036f\u064b-\u065f][^\W_]*)*", phrase))
        if k
    )


def _load() -> "dict[str, list[tuple[tuple[str, ...], str, int | str]]]":
    entries: list[tuple[str, int | str, str]] = []
    for kind, table in _TABLES:
        entries += [(kind, value, phrase) for value, spellings in table.items() for phrase in spellings.split("|")]
    entries += [
        (kind, kind, phrase) for kind, spellings in calendar_words.MARK.items() for phrase in spellings.split("|")
    ]
    for kind, locales in (("weekday", calendar_cldr.WEEKDAYS), ("month", calendar_cldr.MONTHS)):
        first = 0 if kind == "weekday" else 1
        entries += [(kind, i, name) for names in locales.values() for i, name in enumerate(names, first)]
    index: dict[str, list[tuple[tuple[str, ...], str, int | str]]] = {}
    for kind, value, phrase in entries:
        keys = _phrase_keys(phrase)
        if keys:
            index.setdefault(keys[0], []).append((keys, kind, value))
    for found in index.values():
        found.sort(key=lambda entry: -len(entry[0]))
    return index


_INDEX = _load()
WEAK = frozenset(key(word) for word in number_names.WEAK.split())


def is_number_word(spelling: str) -> bool:
    """Whether a folded spelling is a number as it stands, with nothing taken off its front."""
    return any(kind == "num" for _, kind, _ in _INDEX.get(spelling, ()))


def words(text: str) -> "list[Word]":
    """The words and numbers of a text, in order, with offsets into it. Reads at most MAX_CHARS characters."""
    plain = text[:MAX_CHARS]
    if any(c > "\x7f" and c.isdecimal() for c in plain):
        plain = "".join(str(unicodedata.decimal(c)) if c > "\x7f" and c.isdecimal() else c for c in plain)
    found: list[Word] = []
    last = 0
    for match in _SHAPES.finditer(plain):
        shape, raw, start, end = str(match.lastgroup), match.group(), match.start(), match.end()
        shape = {"sep": "dmy", "prefix": "word"}.get(shape, shape)
        breaks = bool(_BREAK.search(plain, last, start))
        last = end
        if shape == "glued":
            pieces = _GLUED.match(raw)
            digits, rest = (pieces.group(1), pieces.group(2)) if pieces else (raw, "")
            if not _is_word(raw, digits) and digits:
                found.append(Word(start, start + len(digits), digits, "int", breaks, ()))
                start, raw, breaks = start + len(digits), rest, False
            shape = "word"
        keys = _keys(raw) if shape == "word" else ()
        found.append(Word(start, end, raw, shape, breaks, keys))
    return found


def _is_word(raw: str, digits: str) -> bool:
    """Whether digits with letters behind them are Arabizi (`3chra`, `7ebba`) and not a number with its unit (`10h`)."""
    if raw[len(digits) :] in ("h", "H"):
        return False
    if key(raw) in _INDEX and len(digits) == 1:
        return True
    rest = raw[len(digits) :]
    return (
        len(digits) < 3  # noqa: PLR2004 - 39elti has two Arabizi letters; no word begins with three
        and set(digits) <= set("2356789")
        and len(rest) > 1
        and not any(kind in ("unit", "month", "times") for _, kind, _ in _INDEX.get(key(rest), ()))
        and key(rest) not in _UNITS
    )


_UNITS = frozenset(
    key(u)
    for u in [
        "mg",
        "g",
        "gr",
        "kg",
        "kilo",
        "kilos",
        "ml",
        "ui",
        "iu",
        "cm",
        "mmol",
        "bpm",
        "cp",
        "cps",
        "sachets",
        "comprimes",
        "comprimé",
        "comprimés",
        "gouttes",
        "goutte",
        "fois",
        "kina",
        "7ebba",
        "7ebbat",
        "eme",
        "ème",
    ]
)


class Line:
    """A text's words with their meanings, looked up once a place."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = words(text)
        self.notes: dict[str, int] = {}
        """What was found out of the whole text, kept for who asks next."""
        self.numbers: dict[int, object] = {}
        """What `nlu.number_words` read at each word: many rules ask for the same one."""
        self._at: dict[int, dict[str, tuple[int | str, int]]] = {}

    def __len__(self) -> int:
        return len(self.words)

    def at(self, i: int) -> "dict[str, tuple[int | str, int]]":
        """What may begin at word `i`: kind → (value, index behind its last word); the longest phrase of each kind."""
        if i in self._at:
            return self._at[i]
        found: dict[str, tuple[int | str, int]] = {}
        if i < len(self.words):
            exact = calendar_words.EXACT.get(key(self.words[i].raw))
            if exact and fold(self.words[i].raw).light not in exact:
                self._at[i] = found
                return found
            for first, _ in self.words[i].keys:
                for keys, kind, value in _INDEX.get(first, ()):
                    if (kind not in found or found[kind][1] < i + len(keys)) and self._follows(i, keys):
                        found[kind] = (value, i + len(keys))
                if found:  # a clitic is taken off only where the whole word means nothing
                    break
        self._at[i] = found
        return found

    def _follows(self, i: int, keys: "tuple[str, ...]") -> bool:
        if i + len(keys) > len(self.words):
            return False
        return all(
            not self.words[i + n].breaks and any(k == wanted for k, _ in self.words[i + n].keys)
            for n, wanted in enumerate(keys[1:], 1)
        )

    def kind(self, i: int, name: str) -> "tuple[int | str, int] | None":
        """The value and end of what is of this kind at word `i`."""
        known = self._at.get(i)
        return (self.at(i) if known is None else known).get(name)

    def linked(self, i: int) -> bool:
        """Whether word `i` begins with a glued `and` (`وعشرين`) under the spelling that has a number."""
        return any(and_ for k, and_ in self.words[i].keys if k in _INDEX) if i < len(self.words) else False

    def found(self, type_: str, value: str, i: int, j: int) -> Found:
        """The words from `i` up to `j` as a find."""
        start, end = self.words[i].start, self.words[j - 1].end
        return Found(type_, value, self.text[start:end], start, end)
