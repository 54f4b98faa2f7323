"""Pieces of a text that say how long, how often, how far from now, from when to when, or what only a question can settle."""

# ruff: noqa: PLR2004, PLR0911, PLR0912, C901 - a grammar: one return a rule; 12, 24, 31 and 60 say what they are

from dataclasses import replace
from datetime import date, datetime, timedelta

from nlu.amount_pieces import amount_at, iso, moved, said_at
from nlu.clock_pieces import hours_of, part_at, time_at
from nlu.date_pieces import day_at
from nlu.date_words import Line, key
from nlu.number_words import Number, number_at
from nlu.pieces import Piece, skip

DAY_NAMES = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_FROM = frozenset(key(w) for w in ("mn", "من", "zg", "seg", "pour"))
"""Too common to make a length of time of a bare unit: `ch7al mn 3am`."""
_PER = {"hour": "hour", "day": "day", "week": "week", "month": "month", "year": "year"}


def moment(value: datetime) -> str:
    """Local wall time to the minute."""
    return value.strftime("%Y-%m-%dT%H:%M")


def recurrence_at(line: Line, i: int) -> "Piece | None":
    """`every PT8H`, `3/day`, `weekly MON`, `daily morning`."""
    every = line.kind(i, "every")
    if line.words[i].raw.lower() in ("le", "les"):  # le lundi et le jeudi, les lundis
        days = _weekdays(line, i + 1)
        if days and (len(days[0]) > 1 or line.words[i].raw.lower() == "les"):
            return Piece("rec", i, days[1], type="recurrence", text="weekly " + ",".join(days[0]))
        return None
    if every and _weekdays(line, every[1]):
        return _every(line, i, every[1])
    for name, value in (
        ("alternate", "every P2D"),
        ("everyday", "every P1D"),
        ("everyweek", "every P1W"),
        ("everymonth", "every P1M"),
    ):
        found = line.kind(i, name)
        if found:
            piece = Piece("rec", i, found[1], type="recurrence", text=value)
            return _then_times(line, piece) if name == "everyday" else piece
    if every:
        return _every(line, i, every[1])
    parts = _parts(line, i)
    if parts:
        return parts
    twice = line.kind(i, "twice")
    if twice:
        return _per(line, i, twice[1], 2)
    number = number_at(line, i)
    if number and number.whole:
        j = number.end
        if j < len(line) and line.words[j].raw in ("d", "د", "n", "ⵏ"):
            j += 1
        times = line.kind(j, "times") if j < len(line) else None
        if times and not line.words[number.end].breaks:
            return _per(line, i, times[1], number.whole)
        if number.whole == 1:
            return _one_of(line, i, number.end)
    times = line.kind(i, "times")
    if times:
        one = number_at(line, times[1])
        return _per(line, i, one.end if one and one.value == 1 else times[1], 1)
    return None


def _parts(line: Line, i: int) -> "Piece | None":
    """`matin, midi et soir`, `sbah w 3chiya`: how many times a day."""
    seen: list[str] = []
    j = end = i
    joined = False
    while j < len(line):
        found = line.kind(j, "part") or line.kind(j, "named")
        if not found or str(found[0]) in seen or line.kind(j, "todaypart"):
            break
        seen.append(str(found[0]))
        end = found[1]
        if end >= len(line) or line.words[end].breaks:
            break
        joiner = line.kind(end, "and") if line.words[end].raw.lower() != "ou" else None
        joined = joined or joiner is not None or line.linked(end)
        j = joiner[1] if joiner else end
        j = skip(line, j, "filler", 1) if not (line.kind(j, "part") or line.kind(j, "named")) else j
    several = len(seen) > 2 or (len(seen) == 2 and joined)
    return Piece("rec", i, end, type="recurrence", text=f"{len(seen)}/day") if several else None


def _one_of(line: Line, i: int, j: int) -> "Piece | None":
    """`un jour sur deux`, `1 semaine sur 3`."""
    unit = line.kind(j, "unit") if j < len(line) and not line.words[j].breaks else None
    out = line.kind(unit[1], "out") if unit else None
    number = number_at(line, out[1]) if out else None
    if not (unit and number and number.whole) or unit[0] in ("minute", "hour"):
        return None
    return Piece("rec", i, number.end, type="recurrence", text=f"every P{number.whole}{str(unit[0])[0].upper()}")


def _per(line: Line, i: int, j: int, count: int) -> "Piece | None":
    slash = j < len(line) and "/" in line.text[line.words[j - 1].end : line.words[j].start]
    per = line.kind(j, "per") or line.kind(j, "every") or (("per", j) if slash else None)
    at = per[1] if per else j
    if at >= len(line) or line.words[j].breaks:
        return None
    daily = line.kind(j, "everyday")
    if daily:
        return Piece("rec", i, daily[1], type="recurrence", text=f"{count}/day")
    at = skip(line, at, "per", 1) if not line.kind(at, "unit") else at
    unit = line.kind(at, "unit")
    if (per or line.linked(at) or at == j) and unit and unit[0] in _PER and (per or _glued_per(line, at)):
        return Piece("rec", i, unit[1], type="recurrence", text=f"{count}/{_PER[str(unit[0])]}")
    today = line.kind(at, "day")
    if today and today[0] == 0 and (per or _glued_per(line, at)):  # في اليوم, f lyoum, g wass-a
        return Piece("rec", i, today[1], type="recurrence", text=f"{count}/day")
    return None


def _glued_per(line: Line, at: int) -> bool:
    return line.words[at].raw[:1].lower() in "fفبnغ"


def _then_times(line: Line, piece: Piece) -> Piece:
    number = number_at(line, piece.end)
    if number and number.whole:
        times = line.kind(number.end, "times")
        if times:
            return replace(piece, end=times[1], text=f"{number.whole}/day")
    twice = line.kind(piece.end, "twice")
    return replace(piece, end=twice[1], text="2/day") if twice else piece


def _every(line: Line, i: int, j: int) -> "Piece | None":
    if j >= len(line) or line.words[j].breaks:
        return None
    weekday = _weekdays(line, j)
    if weekday:
        names, end = weekday
        return Piece("rec", i, end, type="recurrence", text="weekly " + ",".join(names))
    amount = amount_at(line, j)
    if amount:
        value, unit, end = amount
        return Piece("rec", i, end, type="recurrence", text="every " + iso(value, unit, weeks=True))
    if line.words[j].raw.lower() in ("iḍ", "yiḍ", "id", "ⵉⴹ", "ⵢⵉⴹ"):
        return Piece("rec", i, j + 1, type="recurrence", text="daily night")
    part = part_at(line, j)
    if part:
        return Piece("rec", i, part.end, type="recurrence", text="daily " + part.text)
    return None


def _weekdays(line: Line, j: int) -> "tuple[list[str], int] | None":
    names: list[str] = []
    at = end = j
    while at < len(line):
        k = skip(line, at, "noun", 1)
        k = k + 1 if names and k < len(line) and line.words[k].raw.lower() in ("le", "les") else k
        found = line.kind(k, "weekday") or line.kind(at, "weekday") or _monday(line, k)
        if not found or (not names and "num" in line.at(found[1] - 1) and "unit" in line.at(found[1])):
            break
        names.append(DAY_NAMES[int(found[0])])
        end = found[1]
        joiner = line.kind(end, "and")
        at = joiner[1] if joiner else end
        if not joiner and not line.linked(end):
            break
    return (names, end) if names else None


def _monday(line: Line, k: int) -> "tuple[int, int] | None":
    """`كل اثنين`: Monday, where no unit makes it every two of them."""
    two = k < len(line) and key(line.words[k].raw) in _TWO and "unit" not in line.at(k + 1)
    return (0, k + 1) if two else None


_TWO = frozenset({key("اثنين"), key("إثنين"), key("واثنين")})


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
        if name == "within" or (found[1] < len(line) and _is_hence(line, found[1])):
            return _until(i, end, now, value, unit)
        return _away(i, end, now, sign * value, unit)
    for name in ("since", "for"):
        found = line.kind(i, name)
        amount = (said_at if name == "for" else amount_at)(line, found[1]) if found else None
        loose = key(line.words[i].raw) in _FROM and found is not None and found[1] == i + 1
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
    said = number_at(line, i) is not None or "pair" in line.at(i) or "minutes" in line.at(i)
    if said or (end == len(line) and i == 0):
        return Piece("text", i, end, type="duration", text=iso(value, unit))
    return None


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
            if name == "within":
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
    number = number_at(line, j) or (Number(1.0, first_of[1]) if first_of else None)
    day = hours_of(number) or (number.whole if number and number.whole and number.whole <= 31 else None)
    if number and day:
        to = line.kind(number.end, "to")
        closing = day_at(line, skip(line, to[1], "to", 1), today) if to else None
        if closing and closing.kind == "day" and closing.day and closing.weekday is None and closing.day.day > day:
            return Piece("days", i, closing.end, day=closing.day.replace(day=day), last=closing.day)
    return None
