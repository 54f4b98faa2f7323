"""Pieces of a date as they stand in a text: days, weeks and months, read against a day that is today.

A bare weekday or a day of a month means the next one; weeks run from Monday to Sunday; the day stands before the month.
"""

# ruff: noqa: PLR2004, PLR0911, PLR0912, C901 - a grammar: one return a rule; 12, 24, 31 and 60 say what they are

import calendar
from dataclasses import dataclass, replace
from datetime import date, timedelta

from nlu.date_words import Line, key
from nlu.number_words import Number, number_at

_HADI = frozenset(key(w) for w in ("hadi", "هادي", "هاذي"))
_PREGNANT = frozenset(key(w) for w in ("7amla", "7amila", "حاملة", "حامل", "enceinte", "grossesse", "tadist", "lhmel"))
_SHY = frozenset(key(w) for w in ("الحد", "لحد", "lhad", "lahad"))
"""Sunday, and limit: Sunday only behind a word for day, or in a text of two words."""
_FEW = 2
_LAST_YEAR = 2100


@dataclass(frozen=True)
class Piece:
    """What the words from `start` up to `end` say. `kind`: day, days, time, times, part, daypart, rec, text, ask.

    `at` and `to` are minutes of the day; `bare` marks an hour that a part of the day may still move.
    """

    kind: str
    start: int
    end: int
    day: "date | None" = None
    last: "date | None" = None
    at: int = 0
    to: int = 0
    bare: bool = False
    weekday: "int | None" = None
    type: str = ""
    text: str = ""


def shift_months(day: date, months: int) -> date:
    """The day some months on, or the last day of that month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def skip(line: Line, i: int, kind: str = "filler", most: int = 3) -> int:
    """The index behind the words of that kind from `i` on, within the sentence."""
    for _ in range(most):
        found = line.kind(i, kind)
        if not found or i >= len(line) or line.words[i].breaks:
            return i
        i = found[1]
    return i


def month_days(day: date) -> "tuple[date, date]":
    """First and last day of the month."""
    return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])


def day_at(line: Line, i: int, today: date) -> "Piece | None":
    """The longest day, week, month or weekend that begins at word `i`; of a bare `le 3` too."""
    if i >= len(line):
        return None
    best: Piece | None = None
    for rule in (_shape, _day_word, _weekday, _day_of_month, _unit, _month):
        try:
            piece = rule(line, i, today)
        except (ValueError, OverflowError):  # 31 February, the year 9999
            continue
        if piece and (best is None or piece.end > best.end):
            best = piece
    return best


def slash_pair(raw: str) -> "tuple[float, float]":
    """The two numbers of `14/9`."""
    left, _, right = raw.replace("\\", "/").replace(",", ".").partition("/")
    return float(left), float(right)


def _shape(line: Line, i: int, today: date) -> "Piece | None":
    word = line.words[i]
    if word.shape == "iso":
        return Piece(
            "day",
            i,
            i + 1,
            day=date.fromisoformat("-".join(p.zfill(2) for p in word.raw[:10].split("T")[0].split("-"))),
        )
    if word.shape == "dmy":
        separator = next(c for c in word.raw if not c.isdigit())
        day, month, year = (int(p) for p in word.raw.split(separator))
        if year < 100:
            year += 2000 if year <= today.year % 100 + 20 else 1900
        return Piece("day", i, i + 1, day=date(year, month, day))
    if word.shape == "slash":
        left, right = slash_pair(word.raw)
        if left == int(left) and right == int(right) and 1 <= right <= 12:
            try:
                return Piece("day", i, i + 1, day=_next_date(today, int(left), int(right)))
            except ValueError:
                return None
    return None


def _day_word(line: Line, i: int, today: date) -> "Piece | None":
    part = line.kind(i, "todaypart")
    if part:
        return Piece("daypart", i, part[1], day=today, text=str(part[0]))
    j = skip(line, i, "noun", 1)
    found = line.kind(j, "day") or line.kind(i, "day")
    if not found:
        return None
    return Piece("day", i, found[1], day=today + timedelta(days=int(found[0])))


def _marks(line: Line, j: int) -> "tuple[str, int]":
    for name in ("next", "last", "edge8"):
        found = line.kind(j, name)
        if found and not line.words[j].breaks:
            return name, found[1]
    return "", j


def _weekday(line: Line, i: int, today: date) -> "Piece | None":
    this = line.kind(i, "this")
    j = skip(line, this[1] if this else i, "filler", 1) if this else i
    noun = line.kind(j, "noun")
    after_noun = skip(line, noun[1], "filler", 2) if noun else j
    found = line.kind(after_noun, "weekday") or line.kind(j, "weekday")
    before = line.kind(i, "next") if not found else None
    if before:
        found = line.kind(before[1], "weekday")
    if not found:
        return None
    weekday, end = int(found[0]), found[1]
    shy = any(k in _SHY for k, _ in line.words[end - 1].keys[:1])
    if shy and not (noun or this or before) and len(line) > _FEW and not _marks(line, end)[0]:
        return None
    if not noun and "num" in line.at(end - 1) and _counts(line, end):
        return None
    mark, marked = _marks(line, end)
    if not mark:
        mark, marked = _marks(line, skip(line, end, "filler", 1))
    ahead = (weekday - today.weekday() - 1) % 7 + 1
    if this:
        ahead %= 7
    if mark:
        end = marked
        ahead = ahead - 7 - (7 if ahead == 7 else 0) if mark == "last" else ahead + (7 if mark == "edge8" else 0)
    piece = Piece("day", i, end, day=today + timedelta(days=ahead), weekday=weekday)
    dated = _day_of_month(line, skip(line, end), today)
    if dated and not line.words[end].breaks:
        return replace(dated, start=i)
    number = number_at(line, end)
    if number and number.digits and number.whole and number.whole <= 31 and not _counts(line, number.end) and not mark:
        for months in range(3):
            first = shift_months(today.replace(day=1), months)
            if number.whole <= month_days(first)[1].day:
                day = first.replace(day=number.whole)
                if day.weekday() == weekday and day >= today:
                    return Piece("day", i, number.end, day=day)
    return piece


def _counts(line: Line, j: int) -> bool:
    """Whether what stands at `j` makes the number before it a quantity or an hour."""
    at = line.at(j) if j < len(line) and not line.words[j].breaks else {}
    return any(kind in at for kind in ("unit", "times", "part", "fraction", "less"))


def _next_date(today: date, day: int, month: int) -> date:
    for year in range(today.year, today.year + 9):
        try:
            found = date(year, month, day)
        except ValueError:
            if not (month == 2 and day == 29):
                raise
            continue
        if found >= today:
            return found
    raise ValueError(f"no such day: {day}/{month}")


def _day_of_month(line: Line, i: int, today: date) -> "Piece | None":
    if i >= len(line):
        return None
    word = line.words[i]
    if word.shape == "slash" and i:
        return None
    noun = line.kind(i, "noun")
    article = word.raw.lower() in ("le", "du", "au") or noun is not None
    j = skip(line, i, "filler", 1) if word.raw.lower() in ("le", "du", "au", "l") else i
    if noun:
        j = skip(line, noun[1], "filler", 1)
    first = line.kind(j, "first")
    number = Number(1.0, first[1]) if first and not number_at(line, j) else number_at(line, j)
    if number is None or not number.whole or not 1 <= number.whole <= 31:
        return None
    if number.end < len(line) and line.words[number.end].breaks:
        return Piece("day", i, number.end, day=_next_dom(today, number.whole)) if article and number.digits else None
    k = skip(line, number.end, "filler", 2)
    this = line.kind(k, "this")
    if this:
        own = line.kind(skip(line, this[1], "filler", 1), "unit")
        if own and own[0] == "month":
            return Piece("day", i, own[1], day=_next_dom(today, number.whole))
    month = line.kind(k, "month")
    if month:
        return _with_year(line, Piece("day", i, month[1]), today, number.whole, int(month[0]))
    unit = line.kind(k, "unit")
    if unit and unit[0] == "month" and (k > number.end or line.words[k].raw.lower().startswith(("ch", "شهر"))):
        ordinal = number_at(line, unit[1])
        if ordinal and ordinal.whole and 1 <= ordinal.whole <= 12 and not _counts(line, ordinal.end):
            return _with_year(line, Piece("day", i, ordinal.end), today, number.whole, ordinal.whole)
        mark, end = _marks(line, unit[1])
        if mark == "next":
            return Piece("day", i, end, day=shift_months(today.replace(day=1), 1).replace(day=number.whole))
        if article or line.kind(unit[1], "this"):
            return Piece("day", i, unit[1], day=_next_dom(today, number.whole))
    numbered = _numbered_month(line, number, k) if noun and number.digits and k > number.end else None
    if numbered and numbered.whole:
        return Piece("day", i, numbered.end, day=_next_date(today, number.whole, numbered.whole))
    if article and number.digits and not _counts(line, number.end) and "." not in line.words[number.end - 1].raw:
        return Piece("day", i, number.end, day=_next_dom(today, number.whole))
    return None


def _numbered_month(line: Line, number: Number, k: int) -> "Number | None":
    """The month's number behind the day in `nhar 3 f 12`."""
    month = number_at(line, k)
    if month is None or not month.digits or not month.whole or month.whole > 12 or _counts(line, month.end):
        return None
    return month if line.words[number.end].raw.lower() in ("f", "ف", "في") else None


def _next_dom(today: date, day: int) -> date:
    for months in range(12):
        first = shift_months(today.replace(day=1), months)
        if day <= month_days(first)[1].day and first.replace(day=day) >= today:
            return first.replace(day=day)
    raise ValueError(f"no such day: {day}")


def _with_year(line: Line, piece: Piece, today: date, day: int, month: int) -> Piece:
    try:
        return _dated(line, piece, today, day, month)
    except ValueError:  # 30 February: the writer is asked
        return replace(piece, kind="ask", type="date", text="ASK")


def _dated(line: Line, piece: Piece, today: date, day: int, month: int) -> Piece:
    j = skip(line, piece.end, "filler", 1)
    year = number_at(line, j)
    if year and year.whole and 1900 <= year.whole <= _LAST_YEAR and not line.words[j].breaks:
        return replace(piece, end=year.end, day=date(year.whole, month, day))
    mark, end = _marks(line, piece.end)
    found = _next_date(today, day, month)
    if mark == "last":
        return replace(piece, end=end, day=date(found.year - 1, month, day))
    return replace(piece, end=end if mark == "next" else piece.end, day=found)


def _unit(line: Line, i: int, today: date) -> "Piece | None":
    first = line.kind(i, "next") or line.kind(i, "last")
    this = line.kind(i, "this") if line.words[i].raw.lower() != "ad" else None
    j = first[1] if first else this[1] if this else i
    j = skip(line, j, "filler", 1) if this else j
    weekend, unit = line.kind(j, "weekend"), line.kind(j, "unit")
    found = weekend or unit
    if not found:
        return None
    end = found[1]
    mark, marked = _marks(line, skip(line, end, "filler", 1) if line.kind(end, "next") is None else end)
    if first:
        mark, marked = "next" if line.kind(i, "next") else "last", end
    if not mark and line.kind(end, "this") and line.words[end].raw.lower() in ("ad", "ⴰⴷ"):
        this, end = found, end + 1
    step = {"next": 1, "last": -1}.get(mark, 0)
    end = marked if mark else end
    monday = today - timedelta(days=today.weekday())
    if weekend:
        saturday = monday + timedelta(
            days=5 - (7 if mark == "last" else 0) + (7 if mark == "next" and today.weekday() > 4 else 0)
        )
        return Piece("days", i, end, day=saturday, last=saturday + timedelta(days=1))
    hadi = this is not None and any(k in _HADI for k, _ in line.words[i].keys[:1])
    if not mark and (not this or hadi):
        return None
    if unit and unit[0] == "week":
        start = monday + timedelta(days=7 * step)
        return Piece("days", i, end, day=start, last=start + timedelta(days=6), type="week")
    if unit and unit[0] == "month":
        first_day, last_day = month_days(shift_months(today.replace(day=1), step))
        return Piece("days", i, end, day=first_day, last=last_day)
    if unit and unit[0] == "year":
        return Piece("days", i, end, day=date(today.year + step, 1, 1), last=date(today.year + step, 12, 31))
    return None


def _month(line: Line, i: int, today: date) -> "Piece | None":
    """A month, its beginning, middle or end: ten days each."""
    edge = next((name for name in ("start", "middle", "end") if line.kind(i, name)), "")
    hit = line.kind(i, edge) if edge else None
    j = skip(line, hit[1], "filler", 2) if hit else i
    unit = line.kind(j, "unit")
    if unit and unit[0] == "month":
        number = number_at(line, unit[1])
        carried = any(k in _PREGNANT for word in line.words[:i] for k, _ in word.keys[:1])
        if number and number.whole and 1 <= number.whole <= 12 and not carried and "unit" not in line.at(number.end):
            return _month_piece(i, number.end, edge, today, number.whole)
        mark, end = _marks(line, unit[1])
        if edge:
            return _month_piece(i, end, edge, today, shift_months(today, 1 if mark == "next" else 0).month)
        j = unit[1]
    month = line.kind(j, "month")
    if not month:
        return None
    mark, end = _marks(line, month[1])
    number = number_at(line, month[1])
    if (
        number
        and number.digits
        and number.whole
        and 1 <= number.whole <= 31
        and not _counts(line, number.end)
        and not edge
        and j == i
    ):
        return _with_year(line, Piece("day", i, number.end), today, number.whole, int(month[0]))
    year = number.whole if number and number.whole and 1900 <= number.whole <= _LAST_YEAR else None
    led = i > 0 and ("filler" in line.at(i - 1) or line.words[i - 1].raw.lower() in ("en", "fi"))
    if edge or mark or year or unit or led or len(line) == 1:
        end = number.end if year and number else end if mark else month[1]
        return _month_piece(i, end, edge, today, int(month[0]), year)
    return None


def _month_piece(i: int, end: int, edge: str, today: date, month: int, year: "int | None" = None) -> Piece:
    chosen = year or (today.year if month >= today.month else today.year + 1)
    first, last = month_days(date(chosen, month, 1))
    if edge:
        first, last = {
            "start": (first, first.replace(day=10)),
            "middle": (first.replace(day=11), first.replace(day=20)),
            "end": (first.replace(day=21), last),
        }[edge]
    return Piece("days", i, end, day=first, last=last)
