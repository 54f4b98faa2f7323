"""Pieces of a text that say how often: `every PT8H`, `3/day`, `weekly MON`, `daily morning`."""

# ruff: noqa: PLR2004, PLR0911, PLR0912, C901 - a grammar: one return a rule

from dataclasses import replace

from nlu.amount_pieces import amount_at, iso
from nlu.clock_pieces import part_at
from nlu.date_words import Line, key
from nlu.number_words import number_at
from nlu.pieces import Piece, skip

DAY_NAMES = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


_PER = {"hour": "hour", "day": "day", "week": "week", "month": "month", "year": "year"}


def recurrence_at(line: Line, i: int) -> "Piece | None":
    """`every PT8H`, `3/day`, `weekly MON`, `daily morning`."""
    every = line.kind(i, "every")
    if line.words[i].raw.lower() in ("le", "les", "يومي", "أيام", "ايام", "nharat"):  # le lundi et le jeudi, les lundis
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
    """`كل اثنين`, `kol tlata`: a weekday, where no unit makes it every two of them."""
    day = _ALSO_NUMBERS.get(key(line.words[k].raw)) if k < len(line) else None
    return (day, k + 1) if day is not None and not {"unit", "times", "pair"} & set(line.at(k + 1)) else None


_ALSO_NUMBERS = {
    key(word): day
    for day, words in ((0, "اثنين إثنين واثنين"), (1, "tlata تلاتة ثلاثة وتلاتة"), (6, "أحد وأحد حد 7ed"))
    for word in words.split()
}
