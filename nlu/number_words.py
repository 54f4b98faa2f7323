"""Numbers written in digits or in words of any of the six forms, read from the words of a text."""

# ruff: noqa: PLR2004, PLR0911 - a grammar: one return a rule; 12, 24, 31 and 60 say what they are

from dataclasses import dataclass

from nlu.date_words import WEAK, Line

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
    if i >= len(line):
        return None
    word = line.words[i]
    if word.shape in ("int", "dec"):
        if len(word.raw) > 9:  # a code, not a quantity
            return None
        raw = word.raw.replace(",", ".").replace("٫", ".").lower()
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
        return None
    total, current, end = 0, int(first[0]), first[1]
    weak = end == i + 1 and any(k in WEAK for k, _ in line.words[i].keys)
    last = current
    while end < len(line) and not line.words[end].breaks:
        at, linked, dee = end, line.linked(end), False
        joiner = line.kind(end, "and")
        if not line.kind(end, "num") and joiner:
            at, linked = joiner[1], True
            dee = any(k == "d" for k, _ in line.words[end].keys)
        found = line.kind(at, "num") if at < len(line) else None
        if not found:
            break
        value = int(found[0])
        grown = _grow(current, last, value, linked=linked, dee=dee)
        if grown is None and value == 1000 and not linked and current < 1000:
            total, current, last, end, weak = current * 1000, 0, 1000, found[1], False
            continue
        if grown is None:
            break
        current, last, end, weak = grown, value, found[1], False
    return Number(float(total + current), end, weak)


def _grow(current: int, last: int, value: int, *, linked: bool, dee: bool) -> "int | None":
    if value == 100 and 1 < current < 10 and not linked:
        return current * 100
    if value in (20, 80) and current % 100 == 4 and not linked and value == 20:
        return current + 76  # quatre-vingts
    if last == 1000 and value < 1000:
        return current + value
    if last >= 100 and value < 100:
        return current + value
    if last in (20, 30, 40, 50, 60, 80, 70, 90) and value < 10:
        return current + value
    if last in (60, 80) and 10 <= value < 20:
        return current + value
    if last < 10 and last > 0 and value in _TENS and linked:
        return current + value  # خمسة وعشرون
    if dee and value == 10 and 0 < last < 10:
        return current + value  # sin d mraw
    return None


def written(value: float) -> str:
    """The number without a useless `.0`."""
    return f"{value:g}" if abs(value) < 1e6 else str(int(value))
