"""Days of a month, months and their parts as they stand in a text, read against a day that is today."""

# ruff: noqa: PLR2004, PLR0911, PLR0912, C901 - a grammar: one return a rule; 12, 24, 31 and 60 say what they are

from dataclasses import replace
from datetime import date

from nlu.ages import pregnant
from nlu.date_words import Line, key
from nlu.number_words import Number, number_at
from nlu.pieces import Piece, counts, marks, month_days, next_date, shift_months, skip

_LAST_YEAR = 2100


def day_of_month(line: Line, i: int, today: date) -> "Piece | None":
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
    number = Number(1.0, first[1]) if first and not number_at(line, j) else number_at(line, j) or _ordinal(line, j)
    if number is None or not number.whole or not 1 <= number.whole <= 99:
        return None
    if number.whole > 31:
        return _no_such_day(line, i, number)
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
    if (
        unit
        and unit[0] == "month"
        and (k > number.end or line.words[k].raw.lower().startswith(("ch", "شهر", "ف", "fch", "flch")))
    ):
        ordinal = number_at(line, unit[1])
        if ordinal and ordinal.whole and 1 <= ordinal.whole <= 12 and not counts(line, ordinal.end):
            return _with_year(line, Piece("day", i, ordinal.end), today, number.whole, ordinal.whole)
        mark, end = marks(line, unit[1])
        if mark == "next":
            return Piece("day", i, end, day=shift_months(today.replace(day=1), 1).replace(day=number.whole))
        inside = line.words[k].raw.lower().startswith(("ف", "fch")) or line.words[k - 1].raw.lower() in ("f", "ف", "في")
        if article or inside or line.kind(unit[1], "this"):
            return Piece("day", i, unit[1], day=_next_dom(today, number.whole))
    numbered = _numbered_month(line, number, k) if noun and number.digits and k > number.end else None
    if numbered and numbered.whole:
        return Piece("day", i, numbered.end, day=next_date(today, number.whole, numbered.whole))
    if article and number.digits and not counts(line, number.end) and "." not in line.words[number.end - 1].raw:
        return Piece("day", i, number.end, day=_next_dom(today, number.whole))
    return None


def _no_such_day(line: Line, i: int, number: Number) -> "Piece | None":
    """`le 32 décembre`: the writer is asked."""
    month = line.kind(number.end, "month")
    same = month is not None and number.digits and not line.words[number.end].breaks
    return Piece("ask", i, month[1], type="date", text="ASK") if month and same else None


def _ordinal(line: Line, j: int) -> "Number | None":
    """`الرابع من دجنبر`, `الخامس والعشرين`: an ordinal that a month's name follows."""
    found = line.kind(j, "ordinal")
    if not found:
        return None
    value, end = int(found[0]), found[1]
    tens = line.kind(end, "num") if line.linked(end) else None
    if tens and value < 10 and tens[0] in (20, 30):
        value, end = value + int(tens[0]), tens[1]
    elif value < 10 and end < len(line) and key(line.words[end].raw) == "عشر":
        value, end = value + 10, end + 1
    month = line.kind(skip(line, end, "filler", 2), "month")
    return Number(float(value), end) if month else None


def _numbered_month(line: Line, number: Number, k: int) -> "Number | None":
    """The month's number behind the day in `nhar 3 f 12`."""
    month = number_at(line, k)
    if month is None or not month.digits or not month.whole or month.whole > 12 or counts(line, month.end):
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
    mark, end = marks(line, piece.end)
    found = next_date(today, day, month)
    if mark == "last":
        return replace(piece, end=end, day=date(found.year - 1, month, day))
    return replace(piece, end=end if mark == "next" else piece.end, day=found)


def month_at(line: Line, i: int, today: date) -> "Piece | None":
    """A month, its beginning, middle or end: ten days each."""
    edge = next((name for name in ("start", "middle", "end") if line.kind(i, name)), "")
    hit = line.kind(i, edge) if edge else None
    j = skip(line, hit[1], "filler", 2) if hit else i
    inner = line.kind(j, "this") if hit else None
    j = skip(line, inner[1], "filler", 1) if inner else j
    unit = line.kind(j, "unit")
    if unit and unit[0] == "month":
        number = number_at(line, unit[1])
        carried = pregnant(line, before=i)
        if (
            number
            and number.whole
            and 1 <= number.whole <= 12
            and not number.weak
            and not carried
            and "unit" not in line.at(number.end)
        ):
            return _month_piece(i, number.end, edge, today, number.whole)
        mark, end = marks(line, unit[1])
        if edge:
            return _edge_of_month(i, end, edge, today, 1 if mark == "next" else 0)
        j = unit[1]
    month = line.kind(j, "month")
    if not month:
        return None
    mark, end = marks(line, month[1])
    number = number_at(line, month[1])
    if (
        number
        and number.digits
        and number.whole
        and 1 <= number.whole <= 31
        and not counts(line, number.end)
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


def _edge_of_month(i: int, end: int, edge: str, today: date, months: int) -> Piece:
    """The beginning, middle or end of this month; of the next one where that is over, and from today where it has begun."""
    there = shift_months(today, months)
    piece = _month_piece(i, end, edge, today, there.month, there.year)
    if piece.last and piece.last < today:
        later = shift_months(there, 1)
        return _month_piece(i, end, edge, today, later.month, later.year)
    return replace(piece, day=max(piece.day or today, today), type=edge)


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
