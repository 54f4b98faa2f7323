"""Pieces of a date as they stand in a text: days, weekdays, weeks and weekends, read against a day that is today.

A bare weekday or a day of a month means the next one; weeks run from Monday to Sunday; the day stands before the month.
"""

# ruff: noqa: PLR2004, PLR0911, PLR0912, C901 - a grammar: one return a rule; 12, 24, 31 and 60 say what they are

from dataclasses import replace
from datetime import date, timedelta

from nlu.date_words import Line, key
from nlu.month_pieces import day_of_month, month_at
from nlu.number_words import number_at
from nlu.pieces import Piece, counts, marks, month_days, next_date, shift_months, skip

_HADI = frozenset(key(w) for w in ("hadi", "هادي", "هاذي"))


_SHY = frozenset(key(w) for w in ("الحد", "لحد", "lhad", "lahad"))
"""Sunday, and limit: Sunday only behind a word for day, or in a text of two words."""


_FEW = 2


_THIS_BEHIND = frozenset({"ad", "ⴰⴷ", "a", "ⴰ"})
"""Tamazight's this, behind its noun."""


def day_at(line: Line, i: int, today: date) -> "Piece | None":
    """The longest day, week, month or weekend that begins at word `i`; of a bare `le 3` too."""
    if i >= len(line):
        return None
    best: Piece | None = None
    for rule in (_shape, _day_word, _weekday, day_of_month, _unit, month_at):
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
            day=date.fromisoformat("-".join(p.zfill(2) for p in word.raw.replace("/", "-").split("T")[0].split("-"))),
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
                return Piece("day", i, i + 1, day=next_date(today, int(left), int(right)))
            except ValueError:
                return None
    return None


def _day_word(line: Line, i: int, today: date) -> "Piece | None":
    part = line.kind(i, "todaypart")
    if part:
        return Piece("daypart", i, part[1], day=today, text=str(part[0]))
    j = skip(line, i, "noun", 1)
    found = line.kind(j, "day") or line.kind(i, "day")
    if not found or (found[0] == 0 and line.kind(found[1], "weekday")):  # ليوم الاثنين: for Monday
        return None
    return Piece("day", i, found[1], day=today + timedelta(days=int(found[0])))


def _weekday(line: Line, i: int, today: date) -> "Piece | None":
    this = line.kind(i, "this")
    j = skip(line, this[1] if this else i, "filler", 1) if this else i
    noun = line.kind(j, "noun")
    after_noun = skip(line, noun[1], "filler", 2) if noun else j
    found = line.kind(after_noun, "weekday") or line.kind(j, "weekday")
    if not found and _is_tuesday(line, i):
        found = (1, i + 1)
    before = line.kind(i, "next") if not found else None
    if before:
        found = line.kind(before[1], "weekday")
    if not found:
        return None
    weekday, end = int(found[0]), found[1]
    shy = any(k in _SHY for k, _ in line.words[end - 1].keys[:1])
    if (
        shy
        and not (noun or this or before or (i > 1 and "weekday" in line.at(i - 2)))
        and len(line) > _FEW
        and not marks(line, end)[0]
    ):
        return None
    if not noun and "num" in line.at(end - 1) and counts(line, end):
        return None
    long = number_at(line, end - 1) if not (noun or this) else None
    if long and long.end > end and not long.digits:  # تنين وتسعين is ninety-two
        return None
    mark, marked = marks(line, end)
    if not mark:
        mark, marked = marks(line, skip(line, end, "filler", 1))
    ahead = (weekday - today.weekday() - 1) % 7 + 1
    if this:
        ahead %= 7
    if mark:
        end = marked
        ahead = ahead - 7 - (7 if ahead == 7 else 0) if mark == "last" else ahead + (7 if mark == "edge8" else 0)
    piece = Piece("day", i, end, day=today + timedelta(days=ahead), weekday=weekday)
    dated = day_of_month(line, skip(line, end), today)
    if dated and not line.words[end].breaks:
        return replace(dated, start=i)
    number = number_at(line, end)
    if number and number.digits and number.whole and number.whole <= 31 and not counts(line, number.end) and not mark:
        for months in range(3):
            first = shift_months(today.replace(day=1), months)
            if number.whole <= month_days(first)[1].day:
                day = first.replace(day=number.whole)
                if day.weekday() == weekday and day >= today:
                    return Piece("day", i, number.end, day=day)
    return piece


def _is_tuesday(line: Line, i: int) -> bool:
    """`tlata m3a 10`: Tuesday at ten, not three of anything."""
    if key(line.words[i].raw) not in _THREE or i + 2 >= len(line) or line.words[i + 1].raw.lower() not in ("m3a", "مع"):
        return False
    hour = number_at(line, i + 2)
    return hour is not None and hour.whole is not None and hour.whole <= 24 and not counts(line, hour.end)


_THREE = frozenset(key(w) for w in ("tlata", "تلاتة", "التلاتة", "ثلاثة"))


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
    mark, marked = marks(line, skip(line, end, "filler", 1) if line.kind(end, "next") is None else end)
    if first:
        mark, marked = "next" if line.kind(i, "next") else "last", end
    if not mark and end < len(line) and line.words[end].raw.lower() in _THIS_BEHIND:
        this, end = found, end + 1
    step = {"next": 1, "last": -1}.get(mark, 0)
    end = marked if mark else end
    monday = today - timedelta(days=today.weekday())
    if weekend:
        saturday = monday + timedelta(
            days=5 - (7 if mark == "last" else 0) + (7 if mark == "next" and today.weekday() > 4 else 0)
        )
        return Piece("days", i, end, day=saturday, last=saturday + timedelta(days=1))
    if unit and unit[0] == "week" and end < len(line) and line.words[end].raw.lower() == "du":
        inside = day_of_month(line, end, today)  # la semaine du 7 décembre
        if inside and inside.day:
            first_day = inside.day - timedelta(days=inside.day.weekday())
            return Piece("days", i, inside.end, day=first_day, last=first_day + timedelta(days=6))
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
