"""What a few words of a text say about a day, and the calendar arithmetic that the rules for them share."""

# ruff: noqa: PLR2004 - a grammar: one return a rule; 12, 24, 31 and 60 say what they are

import calendar
from dataclasses import dataclass
from datetime import date

from nlu.date_words import Line


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


def marks(line: Line, j: int) -> "tuple[str, int]":
    for name in ("next", "last", "edge8"):
        found = line.kind(j, name)
        if found and not line.words[j].breaks:
            return name, found[1]
    return "", j


def counts(line: Line, j: int) -> bool:
    """Whether what stands at `j` makes the number before it a quantity or an hour."""
    at = line.at(j) if j < len(line) and not line.words[j].breaks else {}
    return any(kind in at for kind in ("unit", "times", "part", "fraction", "less"))


def next_date(today: date, day: int, month: int) -> date:
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
