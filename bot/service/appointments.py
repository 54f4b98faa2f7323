"""Booking, moving, cancelling, confirming: what flows ask for and what an appointment's reminders hang on."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from bot.core.ids import IdSource
from bot.core.slots import Candidate, candidates, nearest, span
from bot.core.turn import Who
from bot.core.wallclock import to_wall
from bot.service.directory import Directory
from bot.service.profiles import person_of
from bot.service.programmes import Planner
from bot.store import appointments as store
from bot.store import reminders
from bot.store.database import Connection
from bot.store.reminders import Enrolment
from flows.types import Json

OFFERED = 3
LOOKED_AT = 400
"""Times examined for room in one offer: two weeks of a busy service."""
PIECE = 48
"""Times examined at once: two days of a busy service."""
PROGRAMME = "appointment"

Answer = dict[str, Json]


def _names(names: Mapping[str, str]) -> dict[str, Json]:
    return dict(names.items())


def _text(params: Mapping[str, Json], name: str) -> str | None:
    value = params.get(name)
    return value if isinstance(value, str) and value else None


class Appointments:
    """The appointment actions. Each runs in the message's own transaction."""

    def __init__(self, new_id: IdSource, planner: Planner, directory: Directory) -> None:
        self._new_id, self._directory = new_id, directory
        self._planner = planner

    def places(self, connection: Connection, params: Mapping[str, Json], who: Who) -> Answer:  # noqa: ARG002 (every action has these)
        """Health centres to choose from; one that was named comes alone."""
        wanted = _text(params, "query")
        every = self._directory.places(connection)
        found = [place for place in every if wanted in {None, place.id}] or every
        items: list[Json] = [{"id": place.id, "name": _names(place.names)} for place in found]
        return {"branch": "some" if items else "none", "value": items}

    def services(self, connection: Connection, params: Mapping[str, Json], who: Who) -> Answer:  # noqa: ARG002 (same)
        """Services of one health centre; with a single one there is nothing to choose."""
        offered = self._directory.services_at(connection, _text(params, "place") or "")
        items: list[Json] = [{"id": id_, "name": _names(names)} for id_, names in offered]
        return {"branch": "some" if len(items) > 1 else "none", "value": items}

    def offer(self, connection: Connection, params: Mapping[str, Json], who: Who) -> Answer:
        """The next free times at a place, on the day that was said if there is room."""
        place = self._directory.place(connection, _text(params, "place") or "")
        if place is None:
            return {"branch": "none", "value": []}
        service = _text(params, "service") or next(
            (id_ for id_, _ in self._directory.services_at(connection, place.id)), ""
        )
        now = to_wall(who.now, place.zone)
        day = _text(params, "day")
        shown = params.get("after")
        if isinstance(shown, list) and shown:
            last = shown[-1]
            start = str(last.get("starts_at")) if isinstance(last, dict) else ""
            after, until = span(None, now)
            after = max(after, datetime.fromisoformat(start) + timedelta(minutes=1)) if start else after
            day = None
        else:
            after, until = span(day, now)
        # without a wish the first free times are the answer: no need to look at two months
        free = self._free(connection, place, service, after, until, None if day else OFFERED)
        if not free and day:
            free, day = self._free(connection, place, service, *span(None, max(now, until))), None
        slots: list[Json] = [
            {
                "id": store.slot_id(place.id, service, one.wall),
                "starts_at": f"{one.wall:%Y-%m-%dT%H:%M}",
                "facility": _names(place.names),
            }
            for one in nearest(free, day, OFFERED)
        ]
        return {"branch": "some" if slots else "none", "value": slots}

    def _free(
        self,
        connection: Connection,
        place: store.Place,
        service: str,
        after: datetime,
        until: datetime,
        enough: int | None = None,
    ) -> Sequence[Candidate]:
        hours = self._directory.hours_of(connection, place.id, service)
        closed = self._directory.closed_days(connection, place.id)
        times = islice(candidates(hours, closed, after, until), LOOKED_AT)
        free: list[Candidate] = []
        while piece := list(islice(times, PIECE)):
            taken = store.full(connection, place.id, service, piece[0].wall, piece[-1].wall)
            free += [one for one in piece if one.wall not in taken]
            if enough is not None and len(free) >= enough:
                break
        return free

    def book(self, connection: Connection, params: Mapping[str, Json], who: Who) -> Answer:
        """Take a slot for the contact and plan its reminders."""
        slot, person = _text(params, "slot") or "", person_of(params)
        if any(one.slot_id == slot for one in store.upcoming(connection, who.contact.id, who.now, person)):
            return {"branch": "already"}
        if not self._take(connection, slot, who):
            return {"branch": "full"}
        self._record(connection, slot, who, person)
        return {"branch": "booked"}

    def _take(self, connection: Connection, slot: str, who: Who) -> bool:
        parts = store.read_slot_id(slot)
        place = self._directory.place(connection, parts[0]) if parts else None
        if parts is None or place is None:
            return False
        _, service, wall = parts
        after, until = span(None, to_wall(who.now, place.zone))
        hours = self._directory.hours_of(connection, place.id, service)
        same_day = candidates(
            hours, self._directory.closed_days(connection, place.id), max(after, wall), min(until, wall)
        )
        candidate = next((one for one in same_day if one.wall == wall), None)
        return candidate is not None and store.take(connection, place, service, candidate)

    def _record(self, connection: Connection, slot: str, who: Who, person: str | None) -> str:
        appointment = self._new_id()
        store.book(connection, appointment, who.contact.id, slot, who.now, person)
        booked = store.by_id(connection, appointment)
        if booked is not None:
            enrolment = Enrolment(
                id=self._new_id(),
                contact_id=who.contact.id,
                address_id=who.address_id,
                channel=who.channel,
                programme=PROGRAMME,
                zone=booked.zone,
                anchor=booked.wall,
                hours=(),
                subject=appointment,
                profile_id=person,
            )
            reminders.enrol(connection, enrolment, who.now)
            self._planner.plan(connection, enrolment, who.now)
        return appointment

    def mine(self, connection: Connection, params: Mapping[str, Json], who: Who) -> Answer:
        """The contact's own visits to come, or those of one person behind the number."""
        found = store.upcoming(connection, who.contact.id, who.now, person_of(params))
        return {"branch": "some" if found else "none", "value": [described(one) for one in found]}

    def move(self, connection: Connection, params: Mapping[str, Json], who: Who) -> Answer:
        """Take the new slot first, then let the old one go: nobody ends with neither."""
        appointment, slot = _text(params, "appointment") or "", _text(params, "slot") or ""
        old = store.by_id(connection, appointment)
        # held before anything is taken: a cancel at the same moment must not give the old place back a second time
        if old is None or not store.hold(connection, appointment, who.contact.id):
            return {"branch": "gone"}
        if old.slot_id == slot:
            return {"branch": "moved"}
        if not self._take(connection, slot, who):
            return {"branch": "full"}
        new = self._record(connection, slot, who, old.profile_id)
        store.change(connection, appointment, who.contact.id, "moved", who.now, new)
        self._let_go(connection, old, "moved", who.now)
        return {"branch": "moved"}

    def cancel(self, connection: Connection, params: Mapping[str, Json], who: Who) -> Answer:
        """Cancel a visit and give its place back."""
        appointment = _text(params, "appointment") or ""
        old = store.by_id(connection, appointment)
        if old is None or not store.change(connection, appointment, who.contact.id, "cancelled", who.now):
            return {"branch": "gone"}
        self._let_go(connection, old, "cancelled", who.now)
        return {"branch": "cancelled"}

    @staticmethod
    def _let_go(connection: Connection, old: store.Booking, reason: str, now: datetime) -> None:
        store.release(connection, old.slot_id)
        enrolments = reminders.by_subject(connection, old.id)
        if enrolments:
            reminders.end(connection, enrolments, reason, now)

    def confirm(self, connection: Connection, params: Mapping[str, Json], who: Who) -> Answer:
        """Record that the contact will come."""
        appointment = _text(params, "appointment") or ""
        kept = store.change(connection, appointment, who.contact.id, "confirmed", who.now)
        return {"branch": "confirmed" if kept else "gone"}


def described(booking: store.Booking) -> dict[str, Json]:
    """A visit as flows read it: id, starts_at (local), facility (names), place and service (ids)."""
    return {
        "id": booking.id,
        "starts_at": f"{booking.wall:%Y-%m-%dT%H:%M}",
        "facility": _names(booking.facility.names),
        "place": booking.facility.id,
        "service": booking.service_id,
    }
