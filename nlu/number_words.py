"""Numbers written in digits or in words of any of the six forms, read from the words of a text."""

# ruff: noqa: PLR2004, PLR0911, C901 - a grammar: one return a rule; 12, 24, 31 and 60 say what they are

from dataclasses import dataclass

from nlu.date_words import WEAK, Line, is_number_word, key

_TENS = range(20, 100, 10)


@dataclass(frozen=True)
class Number:
    """A number that ends before word `end`. `weak`: the word is also a little word (`un`, `wahd`, `sa`)."""

    value: float
    end: int
    weak: bool = False
    digits: bool = False

    @property
    def whole(self) -> "int | None":
        """The number as an integer, where it is one."""
        return int(self.value) if self.value == int(self.value) else None


def number_at(line: Line, i: int) -> "Number | None":
    """The longest number that begins at word `i`, in digits or words, with `and a half` and decimals said in words."""
    known = line.numbers.get(i, line)
    if known is line:
        known = line.numbers[i] = _read(line, i)
    return known if isinstance(known, Number) else None


def _read(line: Line, i: int) -> "Number | None":
    if i >= len(line):
        return None
    word = line.words[i]
    if word.shape in ("int", "dec"):
        if len(word.raw) > 9:  # a code, not a quantity
            return None
        raw = word.raw.replace(",", ".").replace("٫", ".").replace("°", ".").lower()
        if "g" in raw:  # 1g26 is how grams per litre are said and written
            raw = raw.replace("gr", ".").replace("g", ".")
        number = Number(float(raw), i + 1, digits=True)
    else:
        spelled = _spelled(line, i)
        if spelled is None:
            return None
        number = spelled
    return _with_fraction(line, number)


def _with_fraction(line: Line, number: Number) -> Number:
    if number.whole is None or number.weak:
        return number
    j = number.end
    point = line.kind(j, "point")
    if point and j + 1 < len(line) and not line.words[j].breaks:
        after = number_at(line, point[1])
        if after and after.whole is not None and after.whole < 100 and not after.weak:
            return Number(float(f"{number.whole}.{after.whole}"), after.end, digits=number.digits)
    linked = line.kind(j, "and")
    at = linked[1] if linked and line.kind(linked[1], "fraction") else j
    half = line.kind(at, "fraction")
    if (
        half
        and half[0] == 30
        and (linked or line.linked(at))
        and "minutes" not in line.at(at)
        and not line.words[at].breaks
    ):
        return Number(number.value + 0.5, half[1], digits=number.digits)
    return number


def _spelled(line: Line, i: int) -> "Number | None":
    first = line.kind(i, "num")
    if not first:
        return _four(line, i)
    whole = key(line.words[i].raw)
    if whole[:1] == "s" and not is_number_word(whole):  # skrat is make it, not with three
        return None
    value, end = int(first[0]), first[1]
    weak = end == i + 1 and any(k in WEAK for k, _ in line.words[i].keys)
    thousands, current = (value, 0) if value >= 1000 else (0, value)
    last = value
    while end < len(line) and not line.words[end].breaks:
        at, linked, dee = _joined(line, end)
        found = line.kind(at, "num") if at < len(line) and not line.words[at].breaks else None
        if not found or (dee and line.kind(at, "fraction")):  # mraw d rrbɛ: a quarter past ten
            break
        value = int(found[0])
        if value == 1000 and not linked and 0 < current < 1000 and not thousands:  # two thousand
            thousands, current, last = current * 1000, 0, 1000
        else:
            grown = _grow(current, last, value, linked=linked, dee=dee)
            if grown is None:
                break
            current, last = grown, value if value != 10 or last >= 100 else 11
        end, weak = found[1], False
    return Number(float(thousands + current), end, weak)


def _four(line: Line, i: int) -> "Number | None":
    """`ربع سوايع`: four hours; `ربع ساعة` is a quarter of one."""
    quarter = line.kind(i, "fraction")
    several = quarter and quarter[0] == 15 and i + 1 < len(line) and not line.words[i + 1].breaks
    return Number(4.0, i + 1) if several and any(k in _SEVERAL for k, _ in line.words[i + 1].keys) else None


_SEVERAL = frozenset(
    key(w)
    for w in [
        "سوايع",
        "ساعات",
        "شهور",
        "أشهر",
        "ايام",
        "أيام",
        "سنين",
        "سيمانات",
        "swaye3",
        "sa3at",
        "chhour",
        "chhura",
        "iyam",
        "iyyam",
        "ayam",
        "snin",
        "simanat",
    ]
)


def _joined(line: Line, end: int) -> "tuple[int, bool, bool]":
    """Where the next word of a number may stand, whether an `and` stands before it, whether it is Tamazight's `d`."""
    if line.kind(end, "num"):
        return end, line.linked(end), False
    raw = line.words[end].raw.lower()
    if raw in ("id", "ⵉⴷ"):  # sin id mraw: two tens
        return end + 1, False, False
    joiner = line.kind(end, "and")
    if joiner:
        return joiner[1], True, raw in ("d", "ⴷ", "ed")
    return end, False, False


def _grow(current: int, last: int, value: int, *, linked: bool, dee: bool) -> "int | None":
    """The number with one more word, or None where that word begins another one; `last` is the word before."""
    if value >= 1000:
        return None
    if last >= 1000:  # mille neuf cent: what follows a thousand is a number of its own
        return value
    if value == 100 and not linked:
        return current * 100 if 1 < current < 20 else None
    if value == 10 and not linked and 1 < last < 10:
        return current + last * 9  # sin id mraw
    if value == 20 and not linked and current % 100 == 4:
        return current + 76  # quatre-vingts
    if last >= 100 and value < 100:
        return current + value
    if last in _TENS and value < 10:
        return current + value
    if last in (60, 80) and 10 <= value < 20:
        return current + value
    if 0 < last < 10 and value in _TENS and linked:
        return current + value  # خمسة وعشرون
    if dee and ((value == 10 and 0 < last < 10) or (last == 10 and value < 10)):
        return current + value  # sin d mraw, mraw d sin
    if last == 11 and value < 10 and dee:
        return current + value  # sin id mraw d krad
    return None


def written(value: float) -> str:
    """The number without a useless `.0`."""
    return f"{value:g}" if abs(value) < 1e6 else str(int(value))
