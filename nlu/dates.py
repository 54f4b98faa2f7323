"""Dates, times, lengths of time and repetitions in a text of any of the six forms.

Values are local wall time, as the `now` that is given:
`2026-11-24` date · `2026-11-24T10:00` datetime · `10:00` or `morning afternoon evening night` time ·
`start/end` interval, both ends inside, of dates, datetimes or times · `PT30M` `P14D` duration (weeks in days) ·
`every PT8H` `every P1W` `3/day` `weekly MON` `weekly MON 10:00` `daily morning` `daily 08:00` recurrence ·
`after:2026-11-27` `before:10:00` date or time · `ASK` where a person would ask back (`after the Eid`, two different days).
Parts of a day are what clinics here mean by them: morning 08:00–12:00, afternoon 12:00–18:00, evening 18:00–22:00,
night 22:00–06:00. Prayers are read as the part of the day they fall in: fajr morning, dohr and asr afternoon,
maghrib evening, isha night; their minutes differ by town and are not computed.
"""

# ruff: noqa: PLR2004, PLR0911, PLR0912, C901 - a grammar: one return a rule; 12, 24, 31 and 60 say what they are

from dataclasses import replace
from datetime import date, datetime, timedelta

from nlu import numbers
from nlu.clock_pieces import in_part, part_at, time_at
from nlu.date_pieces import day_at, slash_pair
from nlu.date_words import Found, Line
from nlu.pieces import Piece, skip
from nlu.span_pieces import clock, moment, offset_at, range_at, recurrence_at, turn_at

PARTS = {"morning": (8, 12), "afternoon": (12, 18), "evening": (18, 22), "night": (22, 30)}
"""Hours of the day's parts; 30 is six in the morning of the next day."""

_READINGS = frozenset({"blood_pressure", "glucose", "temperature", "weight", "pulse", "phone"})
_RANK = {"datetime": 0, "interval": 1, "recurrence": 2, "date": 3, "time": 4, "duration": 5}
_SOON = timedelta(days=45)
_MOST_GAP = 3
_FEW = 2
"""Words of an answer in which `daba` says when; in longer talk it is only a way of beginning."""


def find(text: str, now: datetime, form: "str | None" = None) -> "list[Found]":
    """All that the text says about time, in its order; offsets are into `text`. Numbers of readings are left out.

    `now` is the local wall time that words such as tomorrow count from. `form` settles words that two languages share.
    Never raises on any text.
    """
    line = Line(text)
    return [_found(line, piece) for piece in _pieces(line, now, form)]


def when(text: str, now: datetime, form: "str | None" = None) -> "Found | None":
    """The one reading of a whole text: a time of any kind, else a reading or number; None where it says neither.

    The value is `ASK` where two different days are named or where the day is one only the writer knows.
    """
    line = Line(text)
    measured = numbers.read(line)
    readings = [found for found in measured if found.type in _READINGS]
    ages = [(found.start, found.end) for found in measured if found.type in ("age", "gestational_age")]
    timed = [_found(line, piece) for piece in _pieces(line, now, form)]
    timed = [found for found in timed if all(found.end <= start or found.start >= end for start, end in ages)]
    whole = line.found("date", "ASK", 0, len(line)) if len(line) else None
    readings = [found for found in readings if not _is_dated(found, timed)]
    if readings:
        return readings[0]
    if any(found.value == "ASK" for found in timed):
        return next(found for found in timed if found.value == "ASK")
    days = {found.value.partition("T")[0] for found in timed if found.type in ("date", "datetime")}
    if len(days) > 1 and whole:
        return whole
    if timed:
        return min(timed, key=lambda found: (_RANK.get(found.type, 9), found.start))
    if whole and len(line) <= _FEW and any(line.kind(i, "now") for i in range(len(line))):
        return replace(whole, type="datetime", value=moment(now))
    if whole and _is_vague(line):
        return whole
    doses = [found for found in measured if found.type != "number"]
    return next(iter(doses or measured), None)


def everything(text: str, now: datetime, form: "str | None" = None) -> "list[Found]":
    """Readings, numbers and times of a text in its order, none over another: readings first, then times, then bare numbers."""
    line = Line(text)
    timed = [_found(line, piece) for piece in _pieces(line, now, form)]
    measured = [found for found in numbers.read(line) if not _is_dated(found, timed)]
    kept: list[Found] = []
    for group in ([f for f in measured if f.type != "number"], timed, [f for f in measured if f.type == "number"]):
        kept += [found for found in group if all(found.end <= k.start or found.start >= k.end for k in kept)]
    return sorted(kept, key=lambda found: found.start)


def _is_vague(line: Line) -> bool:
    return any(line.kind(i, "vague") for i in range(len(line)))


def _is_dated(found: Found, timed: "list[Found]") -> bool:
    """Whether what could be a blood pressure was read as a day and month."""
    return found.type == "blood_pressure" and any(
        t.type in ("date", "datetime") and t.start < found.end and found.start < t.end for t in timed
    )


def _pieces(line: Line, now: datetime, form: "str | None") -> "list[Piece]":
    today = now.date()
    pieces: list[Piece] = []
    i = 0
    while i < len(line):
        greeting = line.kind(i, "greeting")
        if greeting:  # صباح الخير names no time
            i = greeting[1]
            continue
        best = _best(line, i, now, after_day=_follows_day(line, pieces, i))
        if best and not _is_foreign(line, best, form) and not _is_reading(line, best, today):
            pieces.append(best)
            i = best.end
        else:
            i += 1
    return _joined(line, pieces)


def _best(line: Line, i: int, now: datetime, *, after_day: bool) -> "Piece | None":
    if line.words[i].shape == "phone" or (line.words[i].shape == "word" and not line.at(i)):
        return None
    best: Piece | None = None
    for piece in (
        recurrence_at(line, i),
        range_at(line, i, now.date()),
        day_at(line, i, now.date()),  # before the turns: بعد غد is a day, not after a day
        part_at(line, i),
        turn_at(line, i, now.date()),
        time_at(line, i, after_day=after_day),
        offset_at(line, i, now),
    ):
        if piece and (best is None or piece.end > best.end):
            best = piece
    return best


def _follows_day(line: Line, pieces: "list[Piece]", i: int) -> bool:
    if not pieces or pieces[-1].kind not in ("day", "daypart", "part", "rec"):
        return False
    return pieces[-1].end <= i <= skip(line, pieces[-1].end, most=2) and not line.words[i].breaks


def _is_foreign(line: Line, piece: Piece, form: "str | None") -> bool:
    """Whether a French text holds a piece that is only a short word of another language."""
    if form != "fr" or piece.end - piece.start > 1 or line.words[piece.start].shape != "word":
        return False
    return (
        len(line.words[piece.start].raw) <= 3 and piece.kind in ("part", "day") and "unit" not in line.at(piece.start)
    )


def _is_reading(line: Line, piece: Piece, today: date) -> bool:
    """Whether what looks like a day and month is more likely a blood pressure: `14/9` without a word of a date."""
    word = line.words[piece.end - 1]
    if word.shape != "slash" or piece.day is None:
        return False
    left, right = slash_pair(word.raw)
    if piece.end - piece.start > 1 or (piece.start and _dated(line, piece.start - 1)):
        return False
    if "/0" in word.raw or word.raw.startswith("0"):
        return False
    told = numbers.speaks_of(line, "blood_pressure")
    return numbers.is_pressure(left, right) and (told or piece.day - today > _SOON)


def _dated(line: Line, i: int) -> bool:
    return bool({"weekday", "noun", "day"} & set(line.at(i))) or line.words[i].raw.lower() in (
        "le",
        "du",
        "au",
        "f",
        "في",
        "ف",
    )


def _joined(line: Line, pieces: "list[Piece]") -> "list[Piece]":
    done: list[Piece] = []
    for piece in pieces:
        now = piece
        while done and _near(line, done[-1], now):
            both = _both(line, done[-1], now)
            if both is None:
                break
            done.pop()
            now = replace(both, start=min(both.start, now.start))
        done.append(now)
    return done


def _near(line: Line, left: Piece, right: Piece) -> bool:
    if any(line.words[i].breaks for i in range(left.end, right.start + 1)):
        return False
    joiner = line.kind(left.end, "and")
    return skip(line, left.end, most=_MOST_GAP) >= right.start or (joiner is not None and joiner[1] == right.start)


def _both(line: Line, left: Piece, right: Piece) -> "Piece | None":
    for one, other in ((left, right), (right, left)):
        joined = _pair(one, other)
        if joined:
            return replace(joined, start=left.start, end=right.end)
    daily = [piece.text.removeprefix("daily ") for piece in (left, right) if piece.kind == "rec"]
    if len(daily) == 2 and all(part in PARTS for part in daily):
        return replace(left, text="2/day")
    dash = "-" in line.text[line.words[left.end - 1].end : line.words[right.start].start]
    if dash and right.kind == "time" and left.kind in ("time", "moment"):
        kind = "times" if left.kind == "time" else "moments"
        return replace(left, kind=kind, end=right.end, to=right.at)
    return None


def _pair(one: Piece, other: Piece) -> "Piece | None":
    kinds = (one.kind, other.kind)
    if kinds == ("days", "day") and one.type == "week" and other.weekday is not None and one.day:
        return replace(other, day=one.day + timedelta(days=other.weekday), weekday=None)
    if kinds == ("day", "day") and one.day == other.day:
        return one
    if kinds == ("day", "time"):
        return replace(other, kind="moment", day=one.day)
    if kinds == ("day", "times"):
        return replace(other, kind="moments", day=one.day)
    if kinds == ("day", "part"):
        return replace(one, kind="daypart", text=other.text)
    if kinds == ("daypart", "time"):
        return replace(_moved(other, one.text), kind="moment", day=one.day)
    if kinds == ("daypart", "times"):
        return replace(other, kind="moments", day=one.day)
    if kinds == ("daypart", "part") and one.text == other.text:
        return one
    if kinds == ("moment", "part") and one.bare:
        return _moved(one, other.text)
    if kinds == ("part", "time"):
        return _moved(other, one.text)
    if kinds == ("rec", "time") and one.text in (
        "every P1D",
        "daily morning",
        "daily afternoon",
        "daily evening",
        "daily night",
    ):
        timed = _moved(other, one.text.removeprefix("daily ")) if one.text != "every P1D" else other
        return replace(one, text=f"daily {clock(timed.at)}")
    if kinds == ("rec", "part") and one.text == "every P1D":
        return replace(one, text=f"daily {other.text}")
    if kinds == ("rec", "part") and one.text.startswith("daily ") and other.text in PARTS and one.text[6:] in PARTS:
        return replace(one, text="2/day")
    if kinds == ("rec", "time") and one.text.startswith("weekly ") and " " not in one.text[7:]:
        return replace(one, text=f"{one.text} {clock(other.at)}")
    return None


def _moved(timed: Piece, part: str) -> Piece:
    if not timed.bare:
        return timed
    return replace(timed, at=in_part(timed.to // 60, part) * 60 + timed.to % 60, bare=False)


def _found(line: Line, piece: Piece) -> Found:
    type_, value = _said(piece)
    return line.found(type_, value, piece.start, piece.end)


def _said(piece: Piece) -> "tuple[str, str]":
    day = piece.day or date.min
    midnight = datetime.combine(day, datetime.min.time())
    if piece.kind == "day":
        return "date", day.isoformat()
    if piece.kind == "days":
        return "interval", f"{day.isoformat()}/{(piece.last or day).isoformat()}"
    if piece.kind == "time":
        return "time", f"after:{clock(piece.at)}" if piece.text == "after" else clock(piece.at)
    if piece.kind == "times":
        return "interval", f"{clock(piece.at)}/{clock(piece.to)}"
    if piece.kind == "part":
        return "time", piece.text
    if piece.kind == "moment":
        return "datetime", moment(midnight + timedelta(minutes=piece.at))
    if piece.kind == "moments":
        ends = (midnight + timedelta(minutes=m) for m in (piece.at, piece.to))
        return "interval", "/".join(moment(end) for end in ends)
    if piece.kind == "daypart":
        return "interval", "/".join(moment(midnight + timedelta(hours=h)) for h in PARTS[piece.text])
    return piece.type, piece.text
