"""Slots never overbook and never lose a place, whoever fights for them. On both databases."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime

import pytest
from sqlalchemy import Connection

from bot.core.model import Contact, Result
from bot.core.slots import Candidate
from bot.core.turn import Who
from bot.service.appointments import Appointments
from bot.service.directory import Directory
from bot.service.programmes import Planner
from bot.settings import ROOT
from bot.store import appointments, reminders
from bot.store.database import Database, may_retry, retrying
from bot.store.hot import HotStore
from flows.programmes import load_programmes
from flows.types import Json
from tests.conftest import Clock
from tests.store.rows import person, place

Ids = Callable[[], str]
CAPACITY = 3
WALL = datetime(2026, 11, 26, 10, 0)  # noqa: DTZ001 (wall time)
SLOT = "agdal.general.2026-11-26T10:00"
OTHER = "agdal.general.2026-11-26T10:30"
THIRD = "agdal.general.2026-11-26T11:00"
Action = Callable[[Connection, Mapping[str, Json], Who], dict[str, Json]]


class Desk:
    def __init__(self, database: Database, hot: HotStore, new_id: Ids, clock: Clock) -> None:
        self.database, self.hot, self.clock = database, hot, clock
        place(database, capacity=CAPACITY)
        lock = threading.Lock()

        def one_at_a_time() -> str:
            with lock:
                return new_id()

        self.new_id = one_at_a_time
        planner = Planner(load_programmes(ROOT / "flows" / "programmes"), self.new_id)
        self.actions = Appointments(self.new_id, planner, Directory())

    def person(self, n: int = 0) -> Who:
        made: Result = person(self.database, self.hot, self.new_id, self.clock(), f"+2126000{n:05}")
        contact = Contact(made.contact.id, form="fr")
        return Who(contact, made.address_id, "sim-sms", self.clock(), "Africa/Casablanca")

    def do(self, action: Action, who: Who, **params: Json) -> str:
        for attempt in retrying(6):
            try:
                with self.database.write() as connection:
                    return str(action(connection, params, who)["branch"])
            except Exception as failed:
                if not may_retry(failed) or attempt == 5:
                    raise
        raise AssertionError

    def seats(self, slot: str = SLOT) -> tuple[int, int]:
        with self.database.read() as connection:
            return appointments.seats(connection, slot)

    def mine(self, who: Who) -> list[appointments.Booking]:
        with self.database.read() as connection:
            return appointments.upcoming(connection, who.contact.id, self.clock())

    def at_once(self, work: list[Callable[[], str]]) -> list[str]:
        """Run everything at once; what each came to."""
        found: list[str] = []
        start = threading.Barrier(len(work), timeout=20)

        def run(one: Callable[[], str]) -> None:
            start.wait()
            found.append(one())

        threads = [threading.Thread(target=run, args=(one,)) for one in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return sorted(found)


@pytest.fixture
def desk(both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock) -> Desk:
    return Desk(both_databases, hot, new_id, clock)


def test_fifty_want_the_last_places_and_exactly_as_many_as_there_are_get_one(desk: Desk) -> None:
    people = [desk.person(n) for n in range(50)]
    found = desk.at_once([lambda who=who: desk.do(desk.actions.book, who, slot=SLOT) for who in people])  # type: ignore[misc]
    assert found == ["booked"] * CAPACITY + ["full"] * (50 - CAPACITY)
    assert desk.seats() == (CAPACITY, CAPACITY)
    with desk.database.read() as connection:
        first, last = (appointments.read_slot_id(slot)[2] for slot in (SLOT, OTHER))  # type: ignore[index]
        assert appointments.full(connection, "agdal", "general", first, last) == {first}
        assert appointments.full(connection, "agdal", "vaccination", first, last) == set()


def test_a_place_that_is_given_back_can_be_taken(desk: Desk) -> None:
    people = [desk.person(n) for n in range(CAPACITY + 1)]
    assert [desk.do(desk.actions.book, who, slot=SLOT) for who in people] == ["booked"] * CAPACITY + ["full"]
    (visit,) = desk.mine(people[0])
    assert desk.do(desk.actions.cancel, people[0], appointment=visit.id) == "cancelled"
    assert desk.do(desk.actions.cancel, people[0], appointment=visit.id) == "gone"
    assert desk.seats() == (CAPACITY - 1, CAPACITY - 1)
    assert desk.do(desk.actions.book, people[-1], slot=SLOT) == "booked"


def test_the_same_visit_is_not_booked_twice(desk: Desk) -> None:
    who = desk.person()
    assert [desk.do(desk.actions.book, who, slot=SLOT) for _ in range(2)] == ["booked", "already"]
    assert desk.seats() == (1, 1)


def test_a_move_takes_the_new_place_and_lets_the_old_one_go(desk: Desk) -> None:
    who = desk.person()
    desk.do(desk.actions.book, who, slot=SLOT)
    (old,) = desk.mine(who)
    assert desk.do(desk.actions.move, who, appointment=old.id, slot=OTHER) == "moved"
    (new,) = desk.mine(who)
    assert new.slot_id == OTHER
    assert (desk.seats(SLOT), desk.seats(OTHER)) == ((0, 0), (1, 1))
    with desk.database.read() as connection:
        assert reminders.by_subject(connection, old.id) == []
        assert len(reminders.by_subject(connection, new.id)) == 1
    assert desk.do(desk.actions.move, who, appointment=old.id, slot=SLOT) == "gone"
    assert desk.do(desk.actions.confirm, who, appointment=old.id) == "gone"
    assert desk.do(desk.actions.confirm, who, appointment=new.id) == "confirmed"


def test_a_move_to_a_full_time_changes_nothing(desk: Desk) -> None:
    people = [desk.person(n) for n in range(CAPACITY + 1)]
    for who in people[:-1]:
        desk.do(desk.actions.book, who, slot=OTHER)
    who = people[-1]
    desk.do(desk.actions.book, who, slot=SLOT)
    (old,) = desk.mine(who)
    assert desk.do(desk.actions.confirm, who, appointment=old.id) == "confirmed"
    assert desk.do(desk.actions.move, who, appointment=old.id, slot=OTHER) == "full"
    (kept,) = desk.mine(who)
    assert (kept.id, kept.state) == (old.id, "confirmed")
    assert desk.seats(SLOT) == (1, 1)


@pytest.mark.parametrize("other", ["cancel", "move"])
def test_a_move_races_another_change_and_only_one_wins(desk: Desk, other: str) -> None:
    """As when somebody moves a visit by USSD while their earlier SMS is still being handled."""
    for n in range(4):
        who, guard = desk.person(10 * n), desk.person(10 * n + 1)
        desk.do(desk.actions.book, guard, slot=SLOT)
        desk.do(desk.actions.book, who, slot=SLOT)
        visit = next(one for one in desk.mine(who) if one.slot_id == SLOT)
        against: Callable[[], str] = (
            (lambda who=who, visit=visit: desk.do(desk.actions.cancel, who, appointment=visit.id))  # type: ignore[misc]
            if other == "cancel"
            else (lambda who=who, visit=visit: desk.do(desk.actions.move, who, appointment=visit.id, slot=OTHER))  # type: ignore[misc]
        )
        found = desk.at_once(
            [lambda who=who, visit=visit: desk.do(desk.actions.move, who, appointment=visit.id, slot=THIRD), against]  # type: ignore[misc]
        )
        assert "gone" in found
        assert len(set(found)) == 2
        for slot in (SLOT, OTHER, THIRD):
            taken, booked = desk.seats(slot)
            assert taken == booked
        for one in desk.mine(who):
            desk.do(desk.actions.cancel, who, appointment=one.id)
        (kept,) = desk.mine(guard)
        desk.do(desk.actions.cancel, guard, appointment=kept.id)


def test_a_cancel_that_was_overtaken_by_a_change_gives_nothing_back(desk: Desk) -> None:
    """The place of a visit is given back once, even when the visit was read before somebody else let it go."""
    who, guard = desk.person(), desk.person(1)
    desk.do(desk.actions.book, guard, slot=SLOT)
    desk.do(desk.actions.book, who, slot=SLOT)
    (visit,) = desk.mine(who)
    real = appointments.by_id

    def overtaken(connection: Connection, id_: str) -> appointments.Booking | None:
        found = real(connection, id_)
        if id_ == visit.id and appointments.change(connection, id_, who.contact.id, "cancelled", desk.clock()):
            appointments.release(connection, visit.slot_id)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(appointments, "by_id", overtaken)
        assert desk.do(desk.actions.move, who, appointment=visit.id, slot=OTHER) == "gone"
    assert desk.seats() == (1, 1)
    assert desk.seats(OTHER) == (0, 0)


def test_other_peoples_visits_cannot_be_touched(desk: Desk) -> None:
    who, stranger = desk.person(), desk.person(1)
    desk.do(desk.actions.book, who, slot=SLOT)
    (visit,) = desk.mine(who)
    assert desk.do(desk.actions.move, stranger, appointment=visit.id, slot=OTHER) == "gone"
    assert desk.do(desk.actions.cancel, stranger, appointment=visit.id) == "gone"
    assert desk.do(desk.actions.confirm, stranger, appointment=visit.id) == "gone"
    assert desk.seats() == (1, 1)


@pytest.mark.parametrize(
    "slot",
    [
        "",
        "agdal.general",
        "nowhere.general.2026-11-26T10:00",
        "agdal.dentist.2026-11-26T10:00",
        "agdal.general.2026-11-26T10:07",  # not a time that is offered
        "agdal.general.2026-11-26T18:00",  # closed by then
        "agdal.general.2026-11-23T11:00",  # past
        "agdal.general.2026-11-23T12:10",  # not even past, but sooner than anybody can come
        "agdal.general.2027-11-26T10:00",  # beyond the horizon
    ],
)
def test_a_time_that_is_not_offered_cannot_be_taken(desk: Desk, slot: str) -> None:
    assert desk.do(desk.actions.book, desk.person(), slot=slot) == "full"


def test_the_row_itself_refuses_to_be_overbooked(desk: Desk) -> None:
    from sqlalchemy import update
    from sqlalchemy.exc import IntegrityError

    from bot.store.tables.care import slots

    desk.do(desk.actions.book, desk.person(), slot=SLOT)
    with pytest.raises(IntegrityError), desk.database.write() as connection:
        connection.execute(update(slots).values(taken=CAPACITY + 1))


def test_a_place_is_released_no_further_than_empty(desk: Desk) -> None:
    with desk.database.write() as connection:
        where = appointments.place(connection, "agdal")
        assert where is not None
        assert appointments.take(connection, where, "general", Candidate(WALL, 1))
        assert not appointments.take(connection, where, "general", Candidate(WALL, 1))
        appointments.release(connection, SLOT)
        appointments.release(connection, SLOT)
        assert appointments.take(connection, where, "general", Candidate(WALL, 1))


def test_visits_that_began_are_not_upcoming(desk: Desk) -> None:
    who = desk.person()
    desk.do(desk.actions.book, who, slot=SLOT)
    assert len(desk.mine(who)) == 1
    desk.clock.advance(days=3)
    assert desk.mine(who) == []
