"""Pieces of a text that say how long, how far from now, from when to when, or what only a question can settle."""

# ruff: noqa: PLR2004, PLR0911, PLR0912, C901 - a grammar: one return a rule; 12, 24, 31 and 60 say what they are

from dataclasses import replace
from datetime import date, datetime, timedelta

from nlu.amount_pieces import amount_at, iso, moved, said_at
from nlu.clock_pieces import hours_of, in_part, time_at
from nlu.date_pieces import day_at
from nlu.date_words import Line, key
from nlu.number_words import Number, number_at
from nlu.pieces import Piece, month_days, shift_months, skip

_FROM = frozenset(key(w) for w in ("mn", "من", "zg", "seg", "pour"))
"""Too common to make a length of time of a bare unit: `ch7al mn 3am`."""


def moment(value: datetime) -> str:
    """Local wall time to the minute."""
    return value.strftime("%Y-%m-%dT%H:%M")


def offset_at(line: Line, i: int, now: datetime) -> "Piece | None":
    """`dans 3 jours`, `بعد أسبوع`, `simana mn daba`, `il y a 2 heures`, `d'ici 15 jours`, or a plain length of time."""
    for name, sign in (("in", 1), ("within", 1), ("after", 1), ("ago", -1)):
        found = line.kind(i, name)
        length = amount_at if name == "after" else said_at
        amount = length(line, skip(line, found[1], "filler", 1)) if found else None
        if found and not amount:
            amount = length(line, found[1])
        if not found or not amount:
            continue
        value, unit, end = amount
        if end < len(line) and line.kind(end, "next"):
            continue
        if name == "in" and value == 1 and found[1] < len(line) and line.words[found[1]].raw.lower() in ("la", "le"):
            return _rest_of(i, end, now.date(), unit)
        if name == "within" or (found[1] < len(line) and _is_hence(line, found[1])):
            return _until(i, end, now, value, unit)
        return _away(i, end, now, sign * value, unit)
    past = _since_weekday(line, i, now.date())
    if past:
        return past
    for name in ("since", "for"):
        found = line.kind(i, name)
        chi = found is not None and found[1] < len(line) and line.words[found[1]].raw.lower() in ("chi", "شي")
        found = (found[0], found[1] + 1) if found and chi else found
        amount = (said_at if name == "for" else amount_at)(line, found[1]) if found else None
        loose = key(line.words[i].raw) in _FROM and found is not None and found[1] == i + 1 + chi
        after = found[1] if found else i
        counted = number_at(line, after) is not None or bool({"pair", "minutes"} & set(line.at(after)))
        if found and amount and (counted or not loose):
            return Piece("text", i, amount[2], type="duration", text=iso(amount[0], amount[1]))
    amount = amount_at(line, i)
    if not amount:
        return None
    value, unit, end = amount
    later = line.kind(end, "in")
    if (later and "now" in line.at(later[1] - 1)) or (line.kind(end, "in") and key(line.words[end].raw) == "mn"):
        return _away(i, later[1] if later else end, now, value, unit)
    said = value != 1 or number_at(line, i) is not None or "pair" in line.at(i) or "minutes" in line.at(i)
    if said or (end == len(line) and i == 0):
        return Piece("text", i, end, type="duration", text=iso(value, unit))
    return None


def _rest_of(i: int, end: int, today: date, unit: str) -> "Piece | None":
    """`dans la semaine`: from today to the end of it."""
    if unit == "day":
        return Piece("day", i, end, day=today)
    last = {"week": today + timedelta(days=6 - today.weekday()), "month": month_days(today)[1]}.get(unit)
    return Piece("days", i, end, day=today, last=last) if last else None


def _since_weekday(line: Line, i: int, today: date) -> "Piece | None":
    """`depuis vendredi`: the one that has been."""
    found = line.kind(i, "since")
    if not found or key(line.words[i].raw) in _FROM:
        return None
    piece = day_at(line, found[1], today)
    if piece is None or piece.weekday is None or piece.day is None or piece.day <= today:
        return None
    return replace(
        piece, start=i, day=piece.day - timedelta(days=7 * (1 + (piece.day - today).days // 7)), weekday=None
    )


def _is_hence(line: Line, j: int) -> bool:
    """`من هنا لسيمانة`: from here to a week's end, not in a week."""
    return "within" not in line.at(j) and key(line.words[j - 1].raw) in _HERE and line.words[j].raw[:1] in "لl"


_HERE = frozenset(key(w) for w in ("hna", "هنا"))


def _away(i: int, end: int, now: datetime, value: float, unit: str) -> "Piece | None":
    try:
        there = moved(now, value, unit)
    except (OverflowError, ValueError):
        return None
    if isinstance(there, datetime):
        return Piece("text", i, end, type="datetime", text=moment(there))
    return Piece("day", i, end, day=there)


def _until(i: int, end: int, now: datetime, value: float, unit: str) -> "Piece | None":
    try:
        there = moved(now, value, unit)
    except (OverflowError, ValueError):
        return None
    if isinstance(there, datetime):
        return Piece("text", i, end, type="interval", text=f"{moment(now)}/{moment(there)}")
    return Piece("days", i, end, day=now.date(), last=there)


def turn_at(line: Line, i: int, today: date) -> "Piece | None":
    """`after:` or `before:` a day or time; ASK for a day that only the writer knows (`b3d l3id`)."""
    asked = _asked(line, i)
    if asked:
        return asked
    for name in ("after", "before", "onward", "within"):
        found = line.kind(i, name)
        if not found:
            continue
        j = skip(line, found[1], "filler", 2)
        if j >= len(line) or line.words[j].breaks:
            continue
        asked = _asked(line, found[1]) or _asked(line, j)
        if asked:
            return replace(asked, start=i)
        piece = day_at(line, j, today) or (day_at(line, found[1], today) if j > found[1] else None)
        if piece and piece.kind in ("day", "days") and piece.day:
            if name == "within" or (name == "before" and piece.type == "end"):
                last = piece.last or piece.day
                return Piece("days", i, piece.end, day=today, last=last) if last >= today else None
            side = "before" if name == "before" else "after"
            edge = piece.last if piece.last and side == "after" else piece.day
            return Piece("text", i, piece.end, type="date", text=f"{side}:{edge.isoformat()}")
        if line.kind(j, "part") or name == "within":
            continue
        timed = time_at(line, j, after_day=False) or time_at(line, found[1], after_day=True)
        if timed and timed.kind == "time" and "onward" in line.at(i):
            return replace(timed, start=i, text="after")
        if timed and timed.kind == "time":
            return Piece("text", i, timed.end, type="time", text=f"{name}:{clock(timed.at)}")
    return None


def _between(line: Line, i: int, j: int) -> "Piece | None":
    """`bin 3 w 5`: the second number is an hour as well, not minutes of the first."""
    if key(line.words[j - 1].raw) not in _BETWEEN:
        return None
    first = number_at(line, j)
    hour = hours_of(first)
    joiner = line.kind(first.end, "and") if first and first.end < len(line) else None
    second = time_at(line, joiner[1], after_day=True) if joiner else None
    if hour is None or second is None or second.kind != "time":
        return None
    return Piece("times", i, second.end, at=in_part(hour, "") * 60, to=second.at)


_BETWEEN = frozenset(key(w) for w in ("bin", "bayn", "بين", "entre", "gr", "ger"))


def _day_numbers(line: Line, i: int, j: int, today: date) -> "Piece | None":
    """`mn 20 l 27`: days of a month, since one of them is no hour."""
    j = skip(line, j, "noun", 1)
    first = number_at(line, j)
    to = line.kind(first.end, "to") if first and first.end < len(line) else None
    last = number_at(line, to[1]) if to else None
    if not (first and last and first.whole and last.whole and first.digits and last.digits):
        return None
    if not (first.whole < last.whole and 24 < last.whole <= 31) or {"unit", "month"} & set(line.at(last.end)):
        return None
    opening = today.replace(day=1)
    for months in range(3):
        month = shift_months(opening, months)
        if last.whole <= month_days(month)[1].day and month.replace(day=first.whole) >= today:
            return Piece("days", i, last.end, day=month.replace(day=first.whole), last=month.replace(day=last.whole))
    return None


def _days_of_month(line: Line, i: int, j: int, today: date) -> "Piece | None":
    """`du 5 au 8`: two days of a month, since no hour is said."""
    if line.words[i].raw.lower() != "du" or j + 2 >= len(line) or line.words[j + 1].raw.lower() != "au":
        return None
    first, last = number_at(line, j), number_at(line, j + 2)
    if not (first and last and first.digits and last.digits) or {"unit", "part", "month"} & set(line.at(last.end)):
        return None
    opening = day_at(line, i, today)
    if (
        opening is None
        or opening.day is None
        or not last.whole
        or not opening.day.day < last.whole <= month_days(opening.day)[1].day
    ):
        return None
    return Piece("days", i, last.end, day=opening.day, last=opening.day.replace(day=last.whole))


def _asked(line: Line, i: int) -> "Piece | None":
    found = line.kind(i, "ask") or line.kind(i, "anytime")
    if not found:
        return None
    if line.words[found[1] - 1].raw.lower().endswith("e") and "ai" in line.words[found[1] - 1].raw.lower():
        return None  # l'aide is help, not l'Aïd
    return Piece("ask", i, found[1], type="date", text="ASK")


def clock(minutes: int) -> str:
    """Minutes of the day as HH:MM."""
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def range_at(line: Line, i: int, today: date) -> "Piece | None":
    """From one time or day to another."""
    start = line.kind(i, "from")
    if not start:
        return None
    j = start[1]
    bare = _days_of_month(line, i, j, today)
    if bare:
        return bare
    hours = _between(line, i, j)
    if hours:
        return hours
    first = time_at(line, j, after_day=True)
    if first and first.kind == "time" and first.end < len(line):
        to = line.kind(first.end, "to") or (
            (0, first.end) if line.linked(first.end) or line.words[first.end].raw[0] in "لو" else None
        )
        second = time_at(line, skip(line, to[1], "to", 1), after_day=True) if to else None
        if second and second.kind == "time":
            begin = first.at
            if first.bare and not second.bare and second.at >= 13 * 60 and first.to // 60 < 7:
                begin = first.at
            return Piece("times", i, second.end, at=begin, to=second.at)
    if start and any("move" in line.at(n) for n in range(i)):  # décaler du 3 au 10: one day, then another
        return None
    opening = day_at(line, j, today)
    if opening and opening.kind == "day" and opening.day:
        to = line.kind(opening.end, "to")
        to = to or ((0, opening.end) if opening.end < len(line) and line.words[opening.end].raw[0] == "ل" else None)
        closing = day_at(line, skip(line, to[1], "to", 1), today) if to else None
        if closing and closing.kind == "day" and closing.day:
            last = (
                closing.day
                if closing.day >= opening.day
                else closing.day + timedelta(days=7 if closing.weekday is not None else 0)
            )
            if last >= opening.day:
                return Piece("days", i, closing.end, day=opening.day, last=last)
    first_of = line.kind(j, "first")
    listed = _day_numbers(line, i, j, today)
    if listed:
        return listed
    number = number_at(line, j) or (Number(1.0, first_of[1]) if first_of else None)
    day = hours_of(number) or (number.whole if number and number.whole and number.whole <= 31 else None)
    if number and day:
        to = line.kind(number.end, "to")
        closing = day_at(line, skip(line, to[1], "to", 1), today) if to else None
        if closing and closing.kind == "day" and closing.day and closing.weekday is None and closing.day.day > day:
            return Piece("days", i, closing.end, day=closing.day.replace(day=day), last=closing.day)
    return None
