"""Which times a health centre offers, from its opening hours. PURE; all times are local wall times without a zone."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours of one service on one weekday (0 = Monday): a slot every `minutes` for `capacity` people each."""

    weekday: int
    opens: time
    closes: time
    minutes: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A time that could be booked if it has room."""

    wall: datetime
    capacity: int


LEAD = timedelta(minutes=30)
"""Nobody can book a visit that begins sooner than this."""
HORIZON = timedelta(days=60)


def candidates(
    hours: Sequence[Hours], closed: Collection[date], after: datetime, until: datetime
) -> Iterator[Candidate]:
    """Times from `after` to `until` in order, none on a day that is closed."""
    day = after.date()
    while day <= until.date():
        if day not in closed:
            for spell in sorted((h for h in hours if h.weekday == day.weekday()), key=lambda h: h.opens):
                wall, length = datetime.combine(day, spell.opens), timedelta(minutes=spell.minutes)
                last = datetime.combine(day, spell.closes) - length
                while wall <= last:
                    if after <= wall <= until:
                        yield Candidate(wall, spell.capacity)
                    wall += length
        day += timedelta(days=1)


def span(day: str | None, now: datetime) -> tuple[datetime, datetime]:
    """From when and until when to look: a day, a time, an interval as the patient said it, or as soon as possible.

    A day that is past or cannot be read counts as "as soon as possible".
    """
    earliest, latest = now + LEAD, now + HORIZON
    if not day:
        return earliest, latest
    first, _, last = day.removeprefix("after:").partition("/")
    try:
        start = datetime.fromisoformat(first)
        end = datetime.fromisoformat(last) if last else start
    except ValueError:
        return earliest, latest
    start, end = start.replace(tzinfo=None), end.replace(tzinfo=None)
    if day.startswith("after:"):
        return max(earliest, start + timedelta(days=1)), latest
    if start.time() == time.min and "T" not in (last or first):
        end = datetime.combine(end.date(), time.max)
    else:
        # an hour was said: that day, nearest times first, is the caller's business
        start, end = datetime.combine(start.date(), time.min), datetime.combine(end.date(), time.max)
    if end < earliest or start > latest:
        return earliest, latest
    return max(earliest, start), min(latest, end)


def nearest(found: Sequence[Candidate], day: str | None, limit: int) -> list[Candidate]:
    """The first `limit` times of the day or part of the day that was said; where an hour was said, that time alone.

    Where it is not free, or the part of the day is full, the times nearest to it, in order.
    """
    first, _, last = (day or "").partition("/")
    if "T" in first:
        wanted = datetime.fromisoformat(first).replace(tzinfo=None)
        if "T" in last:
            end = datetime.fromisoformat(last).replace(tzinfo=None)
            if within := [candidate for candidate in found if wanted <= candidate.wall < end]:
                return within[:limit]
        if not last and (same := [candidate for candidate in found if candidate.wall == wanted]):
            return same[:1]
        closest = sorted(found, key=lambda c: abs(c.wall - wanted))[:limit]
        return sorted(closest, key=lambda c: c.wall)
    return list(found[:limit])
