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

# ruff: noqa: PLR2004, PLR0911 - a grammar: one return a rule; 12, 24, 31 and 60 say what they are

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from nlu import numbers
from nlu.clock_pieces import part_at, time_at
from nlu.date_join import found_of, joined
from nlu.date_pieces import day_at, slash_pair
from nlu.date_words import Found, Line
from nlu.pieces import Piece, skip
from nlu.recurrence_pieces import recurrence_at
from nlu.span_pieces import moment, offset_at, range_at, turn_at

_READINGS = frozenset({"blood_pressure", "glucose", "temperature", "weight", "pulse", "phone"})
_RANK = {"datetime": 0, "interval": 1, "recurrence": 2, "date": 3, "time": 4, "duration": 5}
_SOON = timedelta(days=45)
_FEW = 2
"""Words of an answer in which `daba` says when; in longer talk it is only a way of beginning."""


def find(text: str, now: datetime, form: "str | None" = None) -> "list[Found]":
    """All that the text says about time, in its order; offsets are into `text`. Numbers of readings are left out.

    `now` is the local wall time that words such as tomorrow count from. `form` settles words that two languages share.
    Never raises on any text.
    """
    line = Line(text)
    return _timed(line, now, form, numbers.read(line))


def when(text: str, now: datetime, form: "str | None" = None) -> "Found | None":
    """The one reading of a whole text: a time of any kind, else a reading or number; None where it says neither.

    The value is `ASK` where two different days are named or where the day is one only the writer knows.
    """
    line = Line(text)
    measured = numbers.read(line)
    timed = _timed(line, now, form, measured)
    whole = line.found("date", "ASK", 0, len(line)) if len(line) else None
    readings = [found for found in measured if found.type in _READINGS and not _is_dated(found, timed)]
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
    every = numbers.read(line)
    timed = _timed(line, now, form, every)
    measured = [found for found in every if not _is_dated(found, timed)]
    kept: list[Found] = []
    taken = bytearray(len(text))
    for group in ([f for f in measured if f.type != "number"], timed, [f for f in measured if f.type == "number"]):
        for found in group:
            if not any(taken[found.start : found.end]):
                taken[found.start : found.end] = b"\x01" * (found.end - found.start)
                kept.append(found)
    return sorted(kept, key=lambda found: found.start)[: numbers.MOST]


def _timed(line: Line, now: datetime, form: "str | None", measured: "list[Found]") -> "list[Found]":
    """The times of a text whose readings are known: their words say no time, except `14/9`, which may be a day."""
    sure = [(f.start, f.end) for f in measured if f.type != "number" and not _is_slash(f)]
    taken = frozenset(n for n, word in enumerate(line.words) if any(start <= word.start < end for start, end in sure))
    return [found_of(line, piece) for piece in _pieces(line, now, form, taken)]


def _is_vague(line: Line) -> bool:
    return any(line.kind(i, "vague") for i in range(len(line)))


def _is_slash(found: Found) -> bool:
    return found.type == "blood_pressure" and "/" in found.text


def _is_dated(found: Found, timed: "list[Found]") -> bool:
    """Whether what could be a blood pressure was read as a day and month."""
    if not _is_slash(found):
        return False
    first = bisect_left(timed, found.start, key=lambda t: t.end - 1)
    return any(t.type in ("date", "datetime") and t.start < found.end for t in timed[first : first + 1])


def _pieces(line: Line, now: datetime, form: "str | None", taken: "frozenset[int]") -> "list[Piece]":
    today = now.date()
    pieces: list[Piece] = []
    i = 0
    while i < len(line) and len(pieces) < numbers.MOST:
        greeting = line.kind(i, "greeting")
        if greeting:  # صباح الخير names no time
            i = greeting[1]
            continue
        best = None if i in taken else _best(line, i, now, taken, after_day=_follows_day(line, pieces, i))
        if best and not (_is_foreign(line, best, form) or _is_reading(line, best, today) or _is_figure(line, best)):
            pieces.append(best)
            i = best.end
        else:
            i += 1
    return joined(line, pieces)


_NUMBER = frozenset({"num", "int", "dec", "fraction"})
_OPENERS = (
    _NUMBER
    | {"every", "alternate", "everyday", "everyweek", "everymonth", "twice", "times", "part", "named", "article"},
    frozenset({"from"}),
    _NUMBER
    | {
        "iso",
        "dmy",
        "slash",
        "first",
        "ordinal",
        "article",
        "day",
        "todaypart",
        "noun",
        "weekday",
        "this",
        "next",
        "last",
        "weekend",
        "unit",
        "month",
        "start",
    }
    | {"middle", "end"},
    frozenset({"part", "after", "before"}),
    frozenset({"ask", "anytime", "after", "before", "onward", "within"}),
    _NUMBER | {"named", "clock", "at", "hour"},
    _NUMBER | {"in", "within", "after", "ago", "since", "for", "pair", "minutes", "length", "unit"},
)
"""The kinds of word with which each rule of `_best` may begin, in their order: most words begin none."""
_ARTICLES = frozenset({"le", "les", "du", "au", "l", "يومي", "أيام", "ايام"})


def _best(line: Line, i: int, now: datetime, taken: "frozenset[int]", *, after_day: bool) -> "Piece | None":
    word, today = line.words[i], now.date()
    if word.shape == "phone":
        return None
    kinds = line.at(i).keys() | {"article" if word.raw.lower() in _ARTICLES else word.shape}
    rules: tuple[Callable[[], Piece | None], ...] = (
        lambda: recurrence_at(line, i),
        lambda: range_at(line, i, today),
        lambda: day_at(line, i, today),  # before the turns: بعد غد is a day, not after a day
        lambda: part_at(line, i),
        lambda: turn_at(line, i, today),
        lambda: time_at(line, i, after_day=after_day),
        lambda: offset_at(line, i, now),
    )
    best: Piece | None = None
    for rule, openers in zip(rules, _OPENERS, strict=True):
        piece = None if kinds.isdisjoint(openers) else rule()
        if piece and (best is None or piece.end > best.end) and taken.isdisjoint(range(i, piece.end)):
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
    if piece.end < len(line) and numbers.topic(line, piece.end) == "dose":  # 1/2 comprimé
        return True
    if not told and any("visit" in line.at(i) for i in range(max(0, piece.start - 4), piece.start)):
        return False
    return numbers.is_pressure(left, right) and (told or piece.day - today > _SOON)


def _is_figure(line: Line, piece: Piece) -> bool:
    """`tension à 20`, `sucre est à 4`: a bare figure behind what is measured is no hour."""
    if piece.kind != "time" or line.words[piece.end - 1].shape != "int":
        return False
    return any(numbers.topic(line, i) not in ("", "dose", "age") for i in range(max(0, piece.start - 2), piece.start))


def _dated(line: Line, i: int) -> bool:
    return bool({"weekday", "noun"} & set(line.at(i))) or line.words[i].raw.lower() in (
        "le",
        "du",
        "au",
        "f",
        "في",
        "ف",
    )
