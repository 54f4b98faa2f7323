"""The outbox: claims, leases, sends that begin and end, delivery reports, the sweep. On both databases."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.core.delivery import Outcome
from bot.core.model import Kind, Lane, State
from bot.store import outbox
from bot.store.database import Database
from bot.store.hot import HotStore
from bot.store.outbox import Claimed
from bot.store.tables.contacts import contacts
from bot.store.tables.messages import outbox as table
from bot.store.tables.messages import reports
from bot.store.vault import Vault
from sms_gateway.types import DeliveryReport, Status
from tests.conftest import Clock
from tests.store.rows import draft, person, put, state_of

Ids = Callable[[], str]
LEASE = timedelta(seconds=45)


class Desk:
    """The outbox of one test."""

    def __init__(self, database: Database, hot: HotStore, vault: Vault, new_id: Ids, clock: Clock) -> None:
        self.database, self.hot, self.vault, self.new_id, self.clock = database, hot, vault, new_id, clock
        self.people = [person(database, hot, new_id, clock(), f"+21260000{n:04}") for n in range(4)]

    def queue(self, who: int = 0, **given: object) -> str:
        one = draft(self.people[who], self.new_id, self.clock(), **given)  # type: ignore[arg-type]
        put(self.database, self.vault, one)
        return one.id

    def claim(self, by: str = "w1", limit: int = 64) -> list[Claimed]:
        with self.database.write() as connection:
            return outbox.claim(connection, "sim-sms", self.clock(), by=by, limit=limit, lease=LEASE, vault=self.vault)

    def claimed(self, by: str = "w1", limit: int = 64) -> list[str]:
        return [one.message.reference for one in self.claim(by, limit)]

    def begin(self, ids: Sequence[str], by: str = "w1") -> set[str]:
        with self.database.write() as connection:
            return outbox.begin(connection, ids, by, lease_until=self.clock() + LEASE)

    def settle(self, *outcomes: tuple[str, Outcome]) -> None:
        with self.database.write() as connection:
            outbox.settle(connection, outcomes, self.clock())

    def report(self, report: DeliveryReport) -> bool:
        with self.database.write() as connection:
            return outbox.apply_report(connection, "sim-sms", report, self.clock(), self.new_id)

    def sweep(self) -> dict[str, int]:
        with self.database.write() as connection:
            return outbox.sweep(connection, self.clock())

    def sent(self, external_id: str | None = "x1", **given: object) -> str:
        id_ = self.queue(**given)
        self.claimed()
        assert self.begin([id_]) == {id_}
        self.settle((id_, Outcome(State.SENT, external_id=external_id)))
        return id_

    def opt_out(self, who: int = 0) -> None:
        with self.database.write() as connection:
            mine = contacts.c.id == self.people[who].contact.id
            connection.execute(update(contacts).where(mine).values(opted_out=True))

    def state(self, id_: str) -> State:
        return state_of(self.database, id_)[0]


@pytest.fixture
def desk(both_databases: Database, hot: HotStore, vault: Vault, new_id: Ids, clock: Clock) -> Desk:
    return Desk(both_databases, hot, vault, new_id, clock)


def test_the_best_lane_goes_first(desk: Desk) -> None:
    campaign = desk.queue(0, kind=Kind.CAMPAIGN)
    reminder = desk.queue(1, kind=Kind.REMINDER)
    reply = desk.queue(2)
    emergency = desk.queue(3, kind=Kind.EMERGENCY)
    assert desk.claimed(limit=1) == [emergency]
    assert desk.claimed() == [reply, reminder, campaign]


def test_one_contact_has_one_message_under_way_and_in_order(desk: Desk) -> None:
    first, second, other = desk.queue(0), desk.queue(0), desk.queue(1)
    assert desk.claimed() == [first, other]
    assert desk.claimed("w2") == []
    desk.begin([first])
    assert desk.claimed("w2") == []
    desk.settle((first, Outcome(State.SENT, external_id="x")))
    assert desk.claimed("w2") == [second]


def test_what_is_claimed_can_be_read(desk: Desk) -> None:
    id_ = desk.queue(0, text="bonjour", source="case:1")
    (one,) = desk.claim()
    assert (one.message.reference, one.message.part.text, one.message.urn.path) == (id_, "bonjour", "+212600000000")
    assert (one.attempts, one.opted_out, one.source, one.kind) == (0, False, "case:1", Kind.REPLY)
    assert "bonjour" not in repr(one)
    assert "2126" not in repr(one)


def test_nothing_is_claimed_before_it_is_due_or_on_another_channel(desk: Desk) -> None:
    desk.queue(0, due_at=desk.clock() + timedelta(seconds=5))
    desk.queue(1, channel="other")
    assert desk.claimed() == []
    desk.clock.advance(seconds=5)
    assert len(desk.claimed()) == 1


def test_a_reply_does_not_wait_for_a_later_reminder(desk: Desk) -> None:
    desk.queue(0, kind=Kind.REMINDER, due_at=desk.clock() + timedelta(hours=2))
    reply = desk.queue(0)
    assert desk.claimed() == [reply]


def test_a_lease_that_ran_out_is_taken_over(desk: Desk) -> None:
    id_ = desk.queue()
    assert desk.claimed("w1") == [id_]
    assert desk.claimed("w2") == []
    desk.clock.advance(seconds=46)
    assert desk.claimed("w2") == [id_]
    assert desk.begin([id_], "w1") == set()
    assert desk.begin([id_], "w2") == {id_}
    assert desk.begin([id_], "w2") == set()


def test_two_workers_never_claim_the_same_row(desk: Desk) -> None:
    ids = {desk.queue(who) for who in range(4)}
    found: list[str] = []
    threads = [threading.Thread(target=lambda n=n: found.extend(desk.claimed(f"w{n}", limit=2))) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found += desk.claimed("last")
    assert sorted(found) == sorted(ids)


def test_stop_between_claim_and_begin_holds_back_everything_but_safety(desk: Desk) -> None:
    reply, other = desk.queue(0), desk.queue(1)
    confirmation, emergency = desk.queue(2, kind=Kind.CONFIRMATION), desk.queue(3, kind=Kind.EMERGENCY)
    claimed = desk.claimed()
    for who in (0, 2, 3):
        desk.opt_out(who)
    assert desk.begin(claimed) == {other, confirmation, emergency}
    assert desk.state(reply) is State.QUEUED
    desk.clock.advance(minutes=1)
    (again,) = desk.claim("w2")
    assert again.opted_out


def test_a_send_under_way_keeps_its_lease_from_its_beginning(desk: Desk) -> None:
    id_ = desk.queue()
    desk.claimed()
    desk.clock.advance(seconds=40)
    assert desk.begin([id_]) == {id_}
    desk.clock.advance(seconds=15)  # the longest a provider may take
    assert desk.sweep()["unknown"] == 0
    desk.settle((id_, Outcome(State.SENT, external_id="x1")))
    assert desk.state(id_) is State.SENT


def test_an_outcome_learned_late_is_kept(desk: Desk) -> None:
    """A process that was frozen past its lease settles after the sweeper: what it knows is better than not knowing."""
    id_ = desk.queue()
    desk.claimed()
    desk.begin([id_])
    desk.clock.advance(minutes=2)
    assert desk.sweep()["unknown"] == 1
    assert state_of(desk.database, id_) == (State.UNKNOWN, "outcome_unknown")
    desk.settle((id_, Outcome(State.SENT, external_id="x1")))
    assert state_of(desk.database, id_) == (State.SENT, None)
    assert desk.report(DeliveryReport("x1", Status.DELIVERED))
    assert desk.state(id_) is State.DELIVERED


def test_a_dead_worker_leaves_unknown_and_nothing_is_repeated_but_emergencies(desk: Desk) -> None:
    reply, emergency = desk.queue(0), desk.queue(1, kind=Kind.EMERGENCY)
    desk.begin(desk.claimed())
    desk.clock.advance(minutes=1)
    assert desk.sweep() == {"again": 1, "unknown": 1, "too_late": 0}
    assert desk.state(reply) is State.UNKNOWN
    assert desk.claimed("w2") == [emergency]


def test_what_is_too_old_is_skipped_with_a_reason(desk: Desk) -> None:
    id_ = desk.queue()
    left = desk.queue(1)
    assert set(desk.claimed()) == {id_, left}
    never = desk.queue(2)
    desk.clock.advance(hours=1, seconds=1)
    assert desk.sweep()["too_late"] == 3  # also what a dead worker had claimed
    for one in (id_, left, never):
        assert state_of(desk.database, one) == (State.SKIPPED, "too_late")


def test_a_retry_waits_and_counts(desk: Desk) -> None:
    id_ = desk.queue()
    desk.begin(desk.claimed())
    desk.settle((id_, Outcome(State.QUEUED, reason="throttled", again_at=desk.clock() + timedelta(seconds=30))))
    assert desk.claimed() == []
    desk.clock.advance(seconds=30)
    (again,) = desk.claim()
    assert again.attempts == 1


def test_a_provider_that_says_opted_out_is_believed(desk: Desk) -> None:
    id_ = desk.queue()
    desk.begin(desk.claimed())
    desk.settle((id_, Outcome(State.FAILED, reason="opted_out")))
    desk.queue()
    assert desk.claim()[0].opted_out


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([Status.DELIVERED], State.DELIVERED),
        ([Status.DELIVERED, Status.SENT], State.DELIVERED),
        ([Status.READ, Status.DELIVERED], State.READ),
        ([Status.FAILED], State.FAILED),
        ([Status.FAILED, Status.DELIVERED], State.DELIVERED),
        ([Status.DELIVERED, Status.FAILED], State.DELIVERED),
        ([Status.QUEUED, Status.UNKNOWN], State.SENT),
    ],
)
def test_reports_move_forwards_only(desk: Desk, told: list[Status], state: State) -> None:
    id_ = desk.sent()
    for status in told:
        assert desk.report(DeliveryReport("x1", status))
    assert desk.state(id_) is state


def test_a_report_settles_what_was_unknown(desk: Desk) -> None:
    id_ = desk.queue()
    desk.begin(desk.claimed())
    desk.settle((id_, Outcome(State.UNKNOWN, reason="outcome_unknown")))
    assert desk.report(DeliveryReport("x9", Status.DELIVERED, reference=id_))
    assert desk.state(id_) is State.DELIVERED


def test_a_report_during_the_send_is_not_undone_by_its_outcome(desk: Desk) -> None:
    id_ = desk.queue()
    desk.begin(desk.claimed())
    assert desk.report(DeliveryReport("x1", Status.DELIVERED, reference=id_))
    desk.settle((id_, Outcome(State.SENT, external_id="x1")))
    assert desk.state(id_) is State.DELIVERED
    assert desk.report(DeliveryReport("x1", Status.READ))
    assert desk.state(id_) is State.READ


def test_a_report_that_came_first_is_kept_once_and_matched(desk: Desk) -> None:
    early = DeliveryReport("x1", Status.DELIVERED)
    assert [desk.report(early) for _ in range(3)] == [False, False, False]
    with desk.database.read() as connection:
        assert len(connection.execute(reports.select()).all()) == 1
    id_ = desk.sent("x1")
    with desk.database.write() as connection:
        keep = timedelta(days=3)
        assert outbox.match_early_reports(connection, desk.clock(), keep=keep, new_id=desk.new_id) == 1
        assert outbox.match_early_reports(connection, desk.clock(), keep=keep, new_id=desk.new_id) == 0
    assert desk.state(id_) is State.DELIVERED


def test_an_opt_out_in_an_early_report_is_not_lost(desk: Desk) -> None:
    desk.report(DeliveryReport("x1", Status.FAILED, "opted_out", opted_out=True))
    desk.sent("x1")
    with desk.database.write() as connection:
        outbox.match_early_reports(connection, desk.clock(), keep=timedelta(days=3), new_id=desk.new_id)
    desk.queue()
    assert desk.claim()[0].opted_out


def test_reports_of_nothing_are_dropped_after_a_while(desk: Desk) -> None:
    desk.report(DeliveryReport("stray", Status.DELIVERED))
    desk.clock.advance(days=4)
    with desk.database.write() as connection:
        outbox.match_early_reports(connection, desk.clock(), keep=timedelta(days=3), new_id=desk.new_id)
        assert connection.execute(reports.select()).all() == []


def test_the_same_report_from_many_threads_is_harmless(desk: Desk) -> None:
    failures: list[Exception] = []

    def tell() -> None:
        try:
            desk.report(DeliveryReport("x1", Status.DELIVERED))
        except Exception as failed:  # noqa: BLE001 (whatever it is, it must not be)
            failures.append(failed)

    threads = [threading.Thread(target=tell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_one_unreadable_row_does_not_stop_a_channel(desk: Desk) -> None:
    broken, fine = desk.queue(0), desk.queue(1)
    with desk.database.write() as connection:
        connection.execute(update(table).where(table.c.id == broken).values(part_enc=b"\x09damaged" * 5))
    assert desk.claimed() == [fine]
    assert state_of(desk.database, broken) == (State.FAILED, "unreadable")


def test_a_worker_whose_lease_ran_out_cannot_skip_what_another_is_sending(desk: Desk) -> None:
    id_ = desk.queue()
    desk.claimed("w1")
    desk.clock.advance(minutes=1)
    desk.begin(desk.claimed("w2"), "w2")
    desk.settle((id_, Outcome(State.SKIPPED, reason="too_late")))
    assert desk.state(id_) is State.SENDING
    desk.settle((id_, Outcome(State.SENT, external_id="x1")))
    assert desk.state(id_) is State.SENT


def test_channels_with_work(desk: Desk) -> None:
    desk.queue(0)
    desk.queue(1, channel="other", due_at=desk.clock() + timedelta(minutes=1))
    with desk.database.read() as connection:
        assert outbox.waiting_channels(connection, desk.clock()) == ["sim-sms"]
    desk.claimed()
    with desk.database.read() as connection:
        assert outbox.waiting_channels(connection, desk.clock()) == []
        assert set(outbox.waiting_channels(connection, desk.clock() + timedelta(hours=1))) == {"sim-sms", "other"}


def test_lanes_are_in_order_of_need() -> None:
    assert sorted(Lane) == [Lane.EMERGENCY, Lane.REPLY, Lane.REMINDER, Lane.CAMPAIGN]
