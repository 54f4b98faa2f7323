"""Lengths of time as they stand in a text: how long, in what unit, and where that leads from now."""

# ruff: noqa: PLR2004, PLR0911, PLR0912, C901 - a grammar: one return a rule; 12, 24, 31 and 60 say what they are

from datetime import date, datetime, timedelta

from nlu.date_words import Line, key
from nlu.number_words import number_at, written
from nlu.pieces import shift_months, skip

_HALF_UNITS = {"day": ("PT", 36, "H"), "week": ("P", 10, "D"), "month": ("P", 45, "D"), "year": ("P", 18, "M")}


def amount_at(line: Line, i: int) -> "tuple[float, str, int] | None":
    """A length of time: (how many, unit, index behind it)."""
    pair, ready = line.kind(i, "pair"), line.kind(i, "minutes")
    if ready:
        return float(ready[0]), "minute", ready[1]
    if pair:
        return 2.0, str(pair[0]), pair[1]
    number = number_at(line, i)
    if number and number.end < len(line) and not line.words[number.end].breaks:
        joined = line.words[number.end].raw in ("d", "n", "de", "ديال", "ⵏ", "dyal", "dial", "د")
        j = skip(line, number.end, "filler", 1) if joined else number.end
        if line.kind(number.end, "daytime"):
            return None
        ready = line.kind(j, "minutes") if number.value == 1 else None
        if ready:
            return float(ready[0]), "minute", ready[1]
        unit = (
            line.kind(j, "unit") if j < len(line) and not line.words[j].raw.startswith("ف") else None
        )  # 20 فالشهر is a day
        if unit and unit[0] == "day" and unit[1] < len(line) and "weekday" in line.at(unit[1]):
            return None  # 11 nhar larb3: an hour, then its day
        if unit and not (key(line.words[j].raw) == "mn" and not number.digits):  # mn is also from
            end, value = unit[1], number.value
            joiner = line.kind(end, "and")
            at = joiner[1] if joiner else end
            half, less = line.kind(at, "fraction"), line.kind(end, "less")
            if half and half[0] == 30 and (joiner or line.linked(at)) and unit[0] != "minute":
                end, value = half[1], value + 0.5
            elif half and unit[0] == "hour" and (joiner or line.linked(at)):
                end, value = half[1], value + int(half[0]) / 60
            elif less and less[0] and unit[0] == "hour":
                end, value = less[1], value - int(less[0]) / 60
            return value, str(unit[0]), end
    if i < len(line) and line.words[i].shape == "word":
        length, unit = line.kind(i, "length"), line.kind(i, "unit")
        if length:
            return float(length[0]), "day", length[1]
        joiner = line.kind(unit[1], "and") if unit else None
        half = line.kind(joiner[1] if joiner else unit[1], "fraction") if unit else None
        if unit and half and half[0] == 30 and unit[0] != "minute" and (joiner or line.linked(unit[1])):
            return 1.5, str(unit[0]), half[1]
        less = line.kind(unit[1], "less") if unit else None
        if unit and unit[0] == "hour" and half and (joiner or line.linked(unit[1])):
            return 1 + int(half[0]) / 60, "hour", half[1]
        if unit and unit[0] == "hour" and less and less[0]:
            return 1 - int(less[0]) / 60, "hour", less[1]
        if unit:
            one = number_at(line, unit[1])
            return 1.0, str(unit[0]), one.end if one and one.value == 1 and one.weak else unit[1]
    return None


def said_at(line: Line, i: int) -> "tuple[float, str, int] | None":
    """The same behind a word that calls for a length of time: `1h30` there is an hour and a half."""
    if i < len(line) and line.words[i].shape == "clock" and "h" in line.words[i].raw.lower():
        hours, _, minutes = line.words[i].raw.lower().partition("h")
        return float(int(hours) * 60 + int("".join(c for c in minutes if c.isdigit()))), "minute", i + 1
    return amount_at(line, i)


def iso(value: float, unit: str, *, weeks: bool = False) -> str:
    """The ISO duration; weeks are written in days (`P14D`) unless `weeks`, an hour and a half `PT1H30M`."""
    if unit == "minute":
        return f"PT{written(value)}M" if value < 60 or (value % 60 == 0 and value != 60) else _hours(value / 60)
    if unit == "hour":
        return _hours(value)
    if value != int(value):
        prefix, number, letter = _HALF_UNITS[unit]
        if value == 1.5:
            return f"{prefix}{number}{letter}"
        if unit == "year" and value * 2 == int(value * 2):
            return f"P{int(value * 12)}M"
        days = {"day": 1, "week": 7, "month": 30, "year": 365}[unit]
        return f"P{round(value * days)}D"
    if unit == "week" and not weeks:
        return f"P{int(value) * 7}D"
    return f"P{int(value)}{unit[0].upper()}"


def _hours(value: float) -> str:
    whole, rest = int(value), round((value - int(value)) * 60)
    return "PT" + (f"{whole}H" if whole else "") + (f"{rest}M" if rest or not whole else "")


def moved(now: datetime, value: float, unit: str) -> "datetime | date":
    """The moment (hours, minutes) or day (longer units) that is so far from now; a negative value lies behind."""
    if unit in ("minute", "hour"):
        return now + timedelta(minutes=value * (60 if unit == "hour" else 1))
    if unit in ("day", "week"):
        return now.date() + timedelta(days=round(value * (7 if unit == "week" else 1)))
    months = value * (12 if unit == "year" else 1)
    return shift_months(now.date(), int(months)) + timedelta(days=15 if months != int(months) else 0)
