"""Pieces of a text joined into what they say together: a day with its hour, a part of it, an hour of every day."""

# ruff: noqa: PLR2004, PLR0911, PLR0912, C901 - a grammar: one return a rule; 24 and 60 say what they are

from dataclasses import replace
from datetime import date, datetime, timedelta

from nlu.clock_pieces import in_part
from nlu.date_words import Found, Line
from nlu.pieces import Piece, skip
from nlu.span_pieces import clock, moment

PARTS = {"morning": (8, 12), "afternoon": (12, 18), "evening": (18, 22), "night": (22, 30)}
"""Hours of the day's parts; 30 is six in the morning of the next day."""

_MOST_GAP = 3
_MOST_WORDS = 7
"""Words that may stand between a day and its hour: `ghdda ghadi nji m3a 10`."""


def joined(line: Line, pieces: "list[Piece]") -> "list[Piece]":
    """The same in order, with what stands together made one."""
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
    return _across(line, done)


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


def found_of(line: Line, piece: Piece) -> Found:
    """The piece as a find, with its value written."""
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


def _across(line: Line, pieces: "list[Piece]") -> "list[Piece]":
    """The one day and the one hour of a sentence belong together with a verb between them."""
    hours = [piece for piece in pieces if piece.kind in ("time", "times")]
    days = [piece for piece in pieces if piece.kind in ("day", "daypart", "moment", "days")]
    if len(hours) != 1 or len(days) != 1 or days[0].kind not in ("day", "daypart") or hours[0].text:
        return pieces
    left, right = sorted((hours[0], days[0]), key=lambda piece: piece.start)
    between = range(left.end, right.start)
    apart = len(between) > _MOST_WORDS or pieces.index(right) - pieces.index(left) != 1
    broken = (
        any(line.words[i].breaks for i in range(left.end, right.start + 1))
        or "," in line.text[line.words[left.end - 1].end : line.words[right.start].start]
    )
    if (
        apart
        or broken
        or any(line.words[i].shape != "word" for i in between)
        or any("and" in line.at(i) and line.words[i].raw not in ("d", "o", "u") for i in between)
    ):
        return pieces
    both = _pair(days[0], hours[0])
    if both is None:
        return pieces
    return [
        replace(both, start=left.start, end=right.end) if piece is left else piece
        for piece in pieces
        if piece is not right
    ]
