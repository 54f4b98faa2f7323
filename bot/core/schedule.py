"""When reminders are due. PURE: wall times and zones in, moments out, so that a change of zone rules moves everything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.wallclock import to_utc


@dataclass(frozen=True, slots=True)
class Planned:
    """One reminder to be. `step` is unique within its enrolment; `wall` is the local time it is about."""

    step: str
    wall: datetime
    zone: str
    due_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Before:
    """A reminder a while before the anchor."""

    id: str
    before: timedelta
    expires: timedelta


def before_anchor(steps: Sequence[Before], anchor: datetime, zone: str, now: datetime) -> list[Planned]:
    """Reminders before a visit. One whose time is already past is left out: the booking itself just said it all.

    A reminder never outlives the visit.
    """
    start = to_utc(anchor, zone)
    planned = []
    for step in steps:
        due = to_utc(anchor - step.before, zone)
        if due > now:
            planned.append(Planned(step.id, anchor, zone, due, min(start, due + step.expires)))
    return planned


def daily(hours: Sequence[str], zone: str, first: datetime, until: datetime, expires: timedelta) -> Iterator[Planned]:
    """A reminder at each of the hours (`08:00`) of every day, due after `first` and not after `until` (both aware)."""
    day = (first - timedelta(days=1)).date()
    while day <= (until + timedelta(days=1)).date():
        for hour in sorted(hours):
            wall = datetime.fromisoformat(f"{day.isoformat()}T{hour}")
            due = to_utc(wall, zone)
            if first < due <= until:
                yield Planned(f"{wall:%Y-%m-%dT%H:%M}", wall, zone, due, due + expires)
        day += timedelta(days=1)
