"""Pieces of a text that say a time of day, a length of time or how often.

A bare hour is read as a clinic's: 1 to 6 are the afternoon unless the text says morning or night; 7 to 12 stay.
"""

# ruff: noqa: PLR2004, PLR0911, PLR0912, C901 - a grammar: one return a rule; 12, 24, 31 and 60 say what they are

from nlu.date_words import Line, key
from nlu.number_words import Number, number_at
from nlu.pieces import Piece, skip

DAY_MINUTES = 24 * 60
_ORDINALS = frozenset({"wis", "tis", "ⵡⵉⵙ", "ⵜⵉⵙ"})
_BOTH = frozenset({key("بجوج"), key("bjouj")})
"""`b jouj` in one word: both, not at two."""
_STRONG_AT = frozenset(key(w) for w in ("m3a", "مع", "vers", "at", "عند", "ma3", "mea"))
_NOON = frozenset(
    key(w)
    for w in (
        "ظهر",
        "الظهر",
        "الضهر",
        "ضهر",
        "dhr",
        "dohr",
        "dhor",
        "duhr",
        "do8r",
        "maghrib",
        "maghreb",
        "mghreb",
        "lmghrib",
        "المغرب",
        "مغرب",
    )
)
_MEALS = frozenset(key(w) for w in ("3cha", "l3cha", "العشا", "العشاء", "عشاء", "لعشا"))
_PRAYER = frozenset(key(w) for w in ("wa9t", "m3a", "مع", "صلاة", "salat", "slat", "وقت", "wqt", "adan", "الصلاة"))
_BEFORE = {"evening": "afternoon", "night": "evening", "afternoon": "afternoon", "morning": "night"}


def in_part(hour: int, part: str) -> int:
    """The hour of 24 that a bare hour means beside a part of the day, or without one (`""`)."""
    if not part:
        return hour + 12 if 1 <= hour <= 6 else hour
    if hour > 12 or part == "morning":
        return hour
    if hour == 12:
        return 12 if part == "afternoon" else 0
    if part == "night" and hour < 6:
        return hour
    return hour + 12


def part_at(line: Line, i: int) -> "Piece | None":
    """A part of the day, as a prayer too. `الظهر` is also the back and `l3cha` also dinner: they need a word for time beside them."""
    turn = line.kind(i, "after") or line.kind(i, "before")
    if turn and not line.kind(i, "part"):
        j = skip(line, turn[1], "filler", 2)
        hit = line.kind(j, "part")
        if hit and not line.words[j].breaks:
            name = _BEFORE[str(hit[0])] if "before" in line.at(i) else str(hit[0])
            return Piece("part", i, hit[1], text=name)
        return None
    found = line.kind(i, "part")
    if not found:
        return None
    if found[1] == i + 1 and any(k in _NOON or k in _MEALS for k, _ in line.words[i].keys):
        near = [line.at(k) for k in range(max(0, i - 2), i)]
        kinds = {kind for at in near for kind in at}
        told = kinds & {"after", "before", "day", "weekday", "num", "hour", "clock", "noun"} or len(line) == 1
        if not told and not any(k in _PRAYER for n in range(max(0, i - 2), i) for k, _ in line.words[n].keys):
            return None
    return Piece("part", i, found[1], text=str(found[0]))


def time_at(line: Line, i: int, *, after_day: bool) -> "Piece | None":
    """A time of day that begins at word `i`. `after_day`: a day stands right before, so a bare number is an hour."""
    if i >= len(line):
        return None
    if line.kind(i, "named"):
        return _named(line, i, i)
    j, strong, clock, led = _lead(line, i)
    if j >= len(line) or (j > i and line.words[j].breaks):
        return None
    if led and line.kind(j, "named"):
        return _named(line, i, j)
    word = line.words[j]
    if key(word.raw) in _BOTH:
        return None
    if j > i and not clock and line.words[j - 1].raw.lower() in _ORDINALS:  # wayyur wis 2: the second month
        return None
    if word.shape == "clock":
        digits = word.raw.lower().replace("h", ":").replace("mn", "").replace("min", "").split(":")
        return _timed(line, i, j + 1, int(digits[0]), int(digits[1]), sure=word.raw[0] == "0")
    hour, end, weak = _hour(line, j)
    if hour is None:
        return None
    extra = 0
    if hour >= 100:  # an hour and minutes that read as one number: خمسة وعشرين
        hour, extra = divmod(hour, 100)
    if hour > 24:
        return None
    marked = _hour_mark(line, end)
    minute, stop = _minutes(line, marked or end, marked=marked is not None or clock)
    part = (
        line.kind(skip(line, stop, "filler", 2), "part") if stop >= len(line) or not line.words[stop].breaks else None
    )
    daytime = line.kind(stop, "daytime") if stop >= len(line) or not line.words[stop].breaks else None
    told = (
        clock
        or daytime is not None
        or _is_half_hour(line, j, end, hour)
        or part is not None
        or minute is not None
        or (marked is not None and (led or after_day or _is_hour(line.words[end].raw, hour)))
    )
    ends = end >= len(line) or line.words[end].breaks
    if weak and not (clock or marked or daytime or _article(word.raw) or (part and led)):
        return None
    told = told or ("hour" in line.at(j) and "num" not in line.at(j) and len(line) == end - i)
    alone = not (clock or part or strong or led or after_day)
    if marked is not None and alone and not _is_hour(line.words[end].raw, hour):
        return None
    counted = not ends and ({"unit", "times", "pair"} & set(line.at(end)) or _measure(line, end)) and marked is None
    if counted or ("month" in line.at(skip(line, end, "filler", 1)) and not clock):
        return None
    if not (
        told
        or strong
        or after_day
        or (
            led
            and ends
            and (i > 0 or line.words[i].raw.lower() in ("à", "a", "f", "ل", "ف"))
            and line.words[i].raw not in ("3la", "على")
        )
    ):
        return None
    if (
        "hour" in line.at(j)
        and "num" not in line.at(j)
        and not (clock or part or minute is not None or strong or after_day or len(line) == end - i)
    ):
        return None
    total = hour * 60 + extra + (minute or 0)
    if minute is not None and minute < 0 and hour == 0:  # a quarter to midnight
        total += DAY_MINUTES
    sure = word.shape == "int" and word.raw.startswith("0")
    if daytime:
        return _timed(line, i, daytime[1], total // 60, total % 60, sure=False)
    return _timed(line, i, stop, total // 60, total % 60, sure=sure)


def _is_half_hour(line: Line, j: int, end: int, hour: int) -> bool:
    """Whether `9 w noss` is half past nine: Darija and Tamazight say hours so; `9 et demi`, `تسعة ونصف` is a number."""
    raw = line.words[end - 1].raw.lower()
    return (
        end > j + 1
        and (hour >= 100 or 1 <= hour <= 12)
        and any(k in _HALVES for k in (key(raw), key(raw.lstrip("وwu"))))
    )


_HALVES = frozenset(key(w) for w in ("noss", "nss", "nas", "nos", "نص", "uzgn", "azgn"))


def _named(line: Line, i: int, j: int) -> "Piece | None":
    """Noon or midnight that stands at word `j`."""
    found = line.kind(j, "named")
    if not found:
        return None
    hour, _, minute = str(found[0]).partition(":")
    less = line.kind(found[1], "less")
    if less and less[0] and not line.words[found[1]].breaks:  # midi moins le quart
        return Piece("time", i, less[1], at=(int(hour) * 60 - int(less[0])) % DAY_MINUTES)
    joiner = line.kind(found[1], "and")
    past = line.kind(joiner[1] if joiner else found[1], "fraction")
    if past and (joiner or line.linked(found[1])) and not line.words[found[1]].breaks:  # midi et demi
        return Piece("time", i, past[1], at=int(hour) * 60 + int(past[0]))
    return Piece("time", i, found[1], at=int(hour) * 60 + int(minute))


def _is_hour(mark: str, hour: int) -> bool:
    """Whether `10h` or `10 heures` alone is an hour of the day: below 7, `3 heures` is as likely how long."""
    return hour < 24 if mark in ("h", "H") else 7 <= hour <= 19


def _article(raw: str) -> bool:
    return raw.startswith(("ال", "ل", "l", "L"))


def _measure(line: Line, j: int) -> bool:
    return line.words[j].shape == "word" and any(k in _MEASURES for k, _ in line.words[j].keys[:1])


_MEASURES = frozenset(
    key(w)
    for w in [
        "mg",
        "g",
        "kg",
        "kilo",
        "kilos",
        "ml",
        "cm",
        "dh",
        "drahm",
        "درهم",
        "كيلو",
        "dirham",
        "7ebba",
        "7ebbat",
        "حبات",
        "comprimés",
        "comprimé",
        "gouttes",
        "ans",
        "3am",
    ]
)


def _lead(line: Line, i: int) -> "tuple[int, bool, bool, bool]":
    j, strong, clock = i, False, False
    while j < len(line) and j - i < 4 and not (j > i and line.words[j].breaks):
        here = line.kind(j, "clock")
        if here:
            nxt = (
                line.kind(here[1], "num")
                or line.kind(here[1], "hour")
                or (here[1] < len(line) and line.words[here[1]].shape in ("int", "clock"))
            )
            ordinal = here[1] < len(line) and line.words[here[1]].raw.lower() in _ORDINALS
            if not nxt and not ordinal and not (here[1] < len(line) and "filler" in line.at(here[1])):
                break
            j, clock = here[1], True
            continue
        at = line.kind(j, "at")
        if not at or line.kind(j, "num") or line.kind(j, "hour"):
            break
        strong = strong or line.words[j].raw.lower() == "à" or any(k in _STRONG_AT for k, _ in line.words[j].keys[:1])
        j = at[1]
    glued = j == i and line.words[i].raw[:1] in "فلب" and len(line.words[i].raw) > 3 and bool(line.kind(i, "num"))
    return j, strong, clock, j > i or glued


def _hour(line: Line, j: int) -> "tuple[int | None, int, bool]":
    word = line.words[j]
    ordinal = line.kind(j, "hour")
    if ordinal and word.raw.lstrip("وفبل").startswith(("ا", "ث", "س", "ر", "خ", "ت", "ع", "ح")):
        return int(ordinal[0]), ordinal[1], False
    number = number_at(line, j)
    if number is None:
        return None, j, False
    if number.whole is None:  # "10 w nss" reads as 10.5: an hour and its half
        if number.value * 2 == int(number.value * 2) and number.end > j + 1 and word.shape != "dec":
            return int(number.value) * 100 + 30, number.end, False
        return None, j, False
    if number.whole > 24 and number.digits:
        return None, j, False
    if number.whole > 24:
        units = number.whole % 10
        first = line.kind(j, "num")
        if first and 0 < units == int(first[0]) and number.end > j + 1:
            return units * 100 + number.whole - units, number.end, False
        return None, j, False
    return number.whole, number.end, number.weak


def _hour_mark(line: Line, j: int) -> "int | None":
    found = line.kind(j, "unit")
    if not found or found[0] != "hour" or line.words[j].breaks:
        return None
    return found[1] if line.words[j].raw.lower() in ("h", "hr", "hrs", "heure", "heures") else None


def _minutes(line: Line, j: int, *, marked: bool) -> "tuple[int | None, int]":
    if j >= len(line) or line.words[j].breaks:
        return None, j
    less = line.kind(j, "less")
    if less and less[0]:
        return -int(less[0]), less[1]
    if less:
        number = number_at(line, less[1])
        if number and number.whole and number.whole < 60:
            return -number.whole, skip(line, number.end, "unit", 1)
        return None, j
    joiner = line.kind(j, "and")
    at = joiner[1] if joiner and not line.kind(j, "fraction") else j
    linked = joiner is not None or line.linked(at)
    fraction = line.kind(at, "fraction") if linked else None
    if fraction:
        return int(fraction[0]), fraction[1]
    number = number_at(line, at)
    if number and number.whole is not None and number.whole < 60:
        unit = line.kind(number.end, "unit")
        if unit and unit[0] == "minute":
            return number.whole, unit[1]
        if not unit and linked and number.whole % 5 == 0 and number.whole:
            return number.whole, number.end
        if (
            not unit
            and marked
            and not linked
            and number.digits
            and number.whole >= 10
            and line.words[at].shape == "int"
        ):
            return number.whole, number.end
        if not unit and line.words[j - 1].raw.lower().startswith("heure") and number.whole >= 5:  # neuf heures trente
            return number.whole, number.end
    return None, j


def _timed(line: Line, i: int, end: int, hour: int, minute: int, *, sure: bool) -> "Piece | None":
    if not (0 <= hour <= 24 and 0 <= minute < 60):
        return None
    hour %= 24
    j = end if end >= len(line) or line.words[end].breaks else skip(line, end, "filler", 2)
    piece = part_at(line, j) if j < len(line) and not line.words[j].breaks else None
    if piece:
        return Piece("time", i, piece.end, at=in_part(hour, piece.text) * 60 + minute)
    bare = not sure and 1 <= hour <= 12
    return Piece(
        "time", i, end, at=(in_part(hour, "") if bare else hour) * 60 + minute, to=hour * 60 + minute, bare=bare
    )


def hours_of(number: "Number | None") -> "int | None":
    """The number as an hour of the day, or None."""
    return number.whole if number and number.whole is not None and 0 <= number.whole <= 24 else None
