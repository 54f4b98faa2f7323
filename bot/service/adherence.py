"""Medicine check-ins: the hours a contact chose, what became of each dose, lessons learned, data to delete."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.core.flowing import LATEST_DOSE
from bot.core.ids import IdSource
from bot.core.turn import Who
from bot.service.profiles import person_of
from bot.service.programmes import Planner
from bot.store import contacts as contact_store
from bot.store import reminders
from bot.store.database import Connection
from bot.store.reminders import Enrolment
from flows.types import Json

PROGRAMME = "medication"
MOST_HOURS = 8
STILL_MEANT = timedelta(hours=12)
"""How long after its reminder "I took it" still means that dose."""

Answer = dict[str, Json]


def clock_hours(value: Json) -> tuple[str, ...]:
    """Hours such as `08:00` from what a flow saved (one or a list), without repeats; unreadable ones are left out."""
    given = value if isinstance(value, list) else [value]
    hours: list[str] = []
    for one in given:
        text = str(one).rpartition("T")[2][:5]
        try:
            hour = datetime.strptime(text, "%H:%M").strftime("%H:%M")  # noqa: DTZ007 (an hour has no zone)
        except ValueError:
            continue
        if hour not in hours:
            hours.append(hour)
    return tuple(sorted(hours)[:MOST_HOURS])


class Adherence:
    """The actions of the medicine, education and privacy flows."""

    def __init__(self, new_id: IdSource, planner: Planner) -> None:
        self._new_id = new_id
        self._planner = planner

    def enrol(self, connection: Connection, params: Mapping[str, Json], who: Who) -> Answer:
        """Remind daily at these hours from now on; hours chosen earlier are replaced."""
        person = person_of(params)
        self._end(connection, who, "replaced", person)
        enrolment = Enrolment(
            id=self._new_id(),
            contact_id=who.contact.id,
            address_id=who.address_id,
            channel=who.channel,
            programme=PROGRAMME,
            zone=who.zone,
            anchor=None,
            hours=clock_hours(params.get("hours")),
            subject=None,
            profile_id=person,
        )
        reminders.enrol(connection, enrolment, who.now)
        self._planner.plan(connection, enrolment, who.now)
        return {"branch": "enrolled"}

    def stop(self, connection: Connection, params: Mapping[str, Json], who: Who) -> Answer:
        """End the contact's medicine reminders, or those of one person behind the number."""
        return {"branch": "stopped" if self._end(connection, who, "stopped", person_of(params)) else "none"}

    @staticmethod
    def _end(connection: Connection, who: Who, reason: str, person: str | None) -> bool:
        ids = [one.id for one in reminders.active(connection, who.contact.id, PROGRAMME, person)]
        if ids:
            reminders.end(connection, ids, reason, who.now)
        return bool(ids)

    def record(self, connection: Connection, params: Mapping[str, Json], who: Who) -> Answer:
        """Record whether a dose was taken, and why not."""
        dose = str(params.get("dose") or "")
        if dose == LATEST_DOSE:
            since = who.now - STILL_MEANT
            due = reminders.latest(connection, who.contact.id, PROGRAMME, since, person_of(params))
        else:
            due = reminders.by_id(connection, dose)
        if due is None or due.enrolment.contact_id != who.contact.id:
            return {"branch": "gone"}
        answer = "taken" if params.get("taken") is True else "missed"
        why = params.get("why")
        wall = f"{due.wall:%Y-%m-%dT%H:%M}"
        reason = why[:20] if isinstance(why, str) and answer == "missed" else None
        reminders.record_dose(connection, self._new_id(), due.enrolment, wall, answer, reason, who.now)
        return {"branch": "recorded"}

    def lesson(self, connection: Connection, params: Mapping[str, Json], who: Who) -> Answer:
        """Record an answer to a quiz question."""
        lesson = (str(params.get("topic"))[:40], str(params.get("question"))[:40], str(params.get("answer"))[:40])
        reminders.record_lesson(connection, self._new_id(), who.contact.id, lesson, who.now)
        return {"branch": "recorded"}

    def delete(self, connection: Connection, params: Mapping[str, Json], who: Who) -> Answer:  # noqa: ARG002 (every action has these)
        """Ask for everything about the contact to be deleted; the clock's sweep carries it out."""
        contact_store.ask_deletion(connection, self._new_id(), who.contact.id, who.now)
        return {"branch": "requested"}
