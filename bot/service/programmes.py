"""Plans an enrolment's reminders as its programme says. Planning again changes nothing: rows are unique by step."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.core.ids import IdSource
from bot.core.schedule import Before, Planned, before_anchor, daily
from bot.store import reminders
from bot.store.database import Connection
from bot.store.reminders import Enrolment
from flows.programmes import Programme

AHEAD = timedelta(hours=48)
"""How far daily reminders are planned; the clock plans on long before it is reached."""


class Planner:
    """Plans reminders. `hasten` (demonstrations only) makes them come that many times sooner."""

    def __init__(self, programmes: Mapping[str, Programme], new_id: IdSource, *, hasten: float = 1.0) -> None:
        self._programmes = programmes
        self._new_id = new_id
        self._hasten = hasten

    def plan(self, connection: Connection, enrolment: Enrolment, now: datetime) -> int:
        """Plan what is due until the horizon; returns how many reminders were computed."""
        programme = self._programmes.get(enrolment.programme)
        if programme is None:
            return 0
        until = now + AHEAD
        planned: list[Planned] = []
        for step in programme.steps:
            if step.offset is not None and enrolment.anchor is not None:
                before = Before(step.id, -step.offset, step.expires)
                planned.extend(before_anchor([before], enrolment.anchor, enrolment.zone, now))
            elif step.offset is None and enrolment.hours:
                planned.extend(daily(enrolment.hours, enrolment.zone, now, until, step.expires))
        sooner = [self._sooner(one, now) for one in planned]
        forever = datetime.max.replace(tzinfo=now.tzinfo, microsecond=0) - timedelta(days=2)
        ends = forever if enrolment.anchor is not None else until
        reminders.plan(connection, enrolment.id, [(self._new_id(), one) for one in sooner], ends)
        return len(planned)

    def _sooner(self, planned: Planned, now: datetime) -> Planned:
        if self._hasten == 1.0:
            return planned
        due = now + (planned.due_at - now) / self._hasten
        return Planned(
            planned.step, planned.wall, planned.zone, due, max(planned.expires_at, due + timedelta(minutes=5))
        )
