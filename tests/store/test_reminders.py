"""Enrolments and planned reminders: planning twice, two clocks at once, answers about doses. On both databases."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select

from bot.core.model import Result
from bot.core.schedule import Planned
from bot.store import reminders
from bot.store.database import Database
from bot.store.hot import HotStore
from bot.store.reminders import Enrolment
from bot.store.tables.care import doses
from bot.store.tables.care import reminders as table
from tests.conftest import Clock
from tests.store.rows import person

Ids = Callable[[], str]
ZONE = "Africa/Casablanca"


@pytest.fixture
def who(both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock) -> Result:
    return person(both_databases, hot, new_id, clock())


def enrolled(who: Result, database: Database, new_id: Ids, clock: Clock, **changed: object) -> Enrolment:
    given: dict[str, object] = {
        "id": new_id(),
        "contact_id": who.contact.id,
        "address_id": who.address_id,
        "channel": "sim-sms",
        "programme": "medication",
        "zone": ZONE,
        "anchor": None,
        "hours": ("08:00", "20:00"),
        "subject": None,
    }
    made = Enrolment(**(given | changed))  # type: ignore[arg-type]
    with database.write() as connection:
        reminders.enrol(connection, made, clock())
    return made


def planned(clock: Clock, count: int = 3, first: timedelta = timedelta()) -> list[Planned]:
    moments = [clock() + first + timedelta(hours=n) for n in range(count)]
    return [Planned(f"{m:%Y-%m-%dT%H:%M}", m.replace(tzinfo=None), ZONE, m, m + timedelta(hours=2)) for m in moments]


def count(database: Database, state: str = "planned") -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table).where(table.c.state == state)) or 0


def test_an_enrolment_comes_back_as_it_was(both_databases: Database, who: Result, new_id: Ids, clock: Clock) -> None:
    anchor = datetime(2026, 11, 26, 10, 0)  # noqa: DTZ001 (wall time)
    one = enrolled(who, both_databases, new_id, clock, anchor=anchor, subject="visit-1", hours=())
    two = enrolled(who, both_databases, new_id, clock)
    with both_databases.read() as connection:
        assert reminders.active(connection, who.contact.id, "medication") == [one, two]
        assert reminders.by_subject(connection, "visit-1") == [one.id]
        assert reminders.active(connection, who.contact.id, "appointment") == []


def test_planning_twice_changes_nothing(both_databases: Database, who: Result, new_id: Ids, clock: Clock) -> None:
    one = enrolled(who, both_databases, new_id, clock)
    until = clock() + timedelta(hours=48)
    for _ in range(2):
        with both_databases.write() as connection:
            reminders.plan(connection, one.id, [(new_id(), step) for step in planned(clock)], until)
    assert count(both_databases) == 3
    with both_databases.read() as connection:
        assert reminders.to_plan(connection, until, 10) == []
        assert reminders.to_plan(connection, until + timedelta(seconds=1), 10) == [one]


def test_a_wiped_plan_is_made_anew(both_databases: Database, who: Result, new_id: Ids, clock: Clock) -> None:
    one = enrolled(who, both_databases, new_id, clock)
    for _ in range(2):
        with both_databases.write() as connection:
            reminders.plan(connection, one.id, [(new_id(), step) for step in planned(clock)], None)
            assert reminders.to_plan(connection, clock(), 10) == [one]
        assert count(both_databases) == 3
        with both_databases.write() as connection:
            connection.execute(delete(table))


def test_only_what_is_due_is_claimed_the_oldest_first(
    both_databases: Database, who: Result, new_id: Ids, clock: Clock
) -> None:
    one = enrolled(who, both_databases, new_id, clock)
    steps = planned(clock)
    with both_databases.write() as connection:
        reminders.plan(connection, one.id, [(new_id(), step) for step in reversed(steps)], None)
        assert [due.step for due in reminders.claim_due(connection, clock(), 10)] == [steps[0].step]
        later = clock() + timedelta(hours=1)
        found = reminders.claim_due(connection, later, 10)
        assert [due.step for due in found] == [step.step for step in steps[:2]]
        assert (found[0].wall, found[0].enrolment) == (steps[0].wall, one)
        assert len(reminders.claim_due(connection, later, 1)) == 1


def test_two_clocks_settle_each_reminder_once(both_databases: Database, who: Result, new_id: Ids, clock: Clock) -> None:
    one = enrolled(who, both_databases, new_id, clock)
    with both_databases.write() as connection:
        steps = planned(clock, 40, first=timedelta(hours=-40))
        reminders.plan(connection, one.id, [(new_id(), step) for step in steps], None)
    settled: list[str] = []

    def tick() -> None:
        while True:
            with both_databases.write() as connection:
                due = reminders.claim_due(connection, clock(), 5)
                for each in due:
                    reminders.settle(connection, each.id, "queued", clock())
                settled.extend(each.id for each in due)
            if not due:
                return

    threads = [threading.Thread(target=tick) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(settled) == len(set(settled)) == 40
    assert count(both_databases, "queued") == 40


def test_what_was_decided_stays_decided(both_databases: Database, who: Result, new_id: Ids, clock: Clock) -> None:
    one = enrolled(who, both_databases, new_id, clock)
    (first, *_), ids = planned(clock), [new_id()]
    with both_databases.write() as connection:
        reminders.plan(connection, one.id, [(ids[0], first)], None)
        reminders.postpone(connection, ids[0], clock() + timedelta(hours=3), "quiet_hours")
        assert reminders.claim_due(connection, clock(), 10) == []
        reminders.settle(connection, ids[0], "skipped", clock(), reason="opted_out")
        reminders.settle(connection, ids[0], "queued", clock(), outbox_id="x")
        row = connection.execute(table.select()).one()
    assert (row.state, row.reason, row.outbox_id) == ("skipped", "opted_out", None)


def test_the_end_of_an_enrolment_cancels_what_was_planned(
    both_databases: Database, who: Result, new_id: Ids, clock: Clock
) -> None:
    one, other = (enrolled(who, both_databases, new_id, clock) for _ in range(2))
    with both_databases.write() as connection:
        for each in (one, other):
            reminders.plan(connection, each.id, [(new_id(), step) for step in planned(clock)], None)
        reminders.end(connection, [one.id], "moved", clock())
        reasons = set(connection.scalars(select(table.c.reason).where(table.c.enrolment_id == one.id)))
        assert reminders.to_plan(connection, clock(), 10) == [other]
    assert reasons == {"moved"}
    assert (count(both_databases), count(both_databases, "skipped")) == (3, 3)


def test_the_latest_dose_is_the_last_that_went_out(
    both_databases: Database, who: Result, new_id: Ids, clock: Clock
) -> None:
    one = enrolled(who, both_databases, new_id, clock)
    ids = [new_id() for _ in range(3)]
    since = clock() - timedelta(hours=12)
    with both_databases.write() as connection:
        reminders.plan(connection, one.id, zip(ids, planned(clock), strict=True), None)
        assert reminders.latest(connection, who.contact.id, "medication", since) is None
        reminders.settle(connection, ids[0], "queued", clock())
        reminders.settle(connection, ids[1], "queued", clock() + timedelta(hours=1))
        found = reminders.latest(connection, who.contact.id, "medication", since)
        assert found is not None
        assert found.id == ids[1]
        assert reminders.latest(connection, who.contact.id, "medication", clock() + timedelta(hours=2)) is None
        assert reminders.latest(connection, "somebody else", "medication", since) is None


def test_a_later_answer_about_a_dose_replaces_the_earlier(
    both_databases: Database, who: Result, new_id: Ids, clock: Clock
) -> None:
    one = enrolled(who, both_databases, new_id, clock)
    with both_databases.write() as connection:
        reminders.record_dose(connection, new_id(), one, "2026-11-23T08:00", "missed", "forgot", clock())
        reminders.record_dose(connection, new_id(), one, "2026-11-23T08:00", "taken", None, clock())
        reminders.record_dose(connection, new_id(), one, "2026-11-23T20:00", "missed", "cost", clock())
        rows = connection.execute(select(doses.c.wall, doses.c.answer, doses.c.why).order_by(doses.c.wall)).all()
    assert [tuple(row) for row in rows] == [
        ("2026-11-23T08:00", "taken", None),
        ("2026-11-23T20:00", "missed", "cost"),
    ]
