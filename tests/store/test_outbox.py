"""The outbox: claims, leases, sends that begin and end, the sweep. On both databases."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.core.delivery import Outcome
from bot.core.model import Kind, Lane, State
from bot.store import outbox
from bot.store.columns import from_ms
from bot.store.database import Database
from bot.store.hot import HotStore
from bot.store.tables.messages import outbox as table
from bot.store.vault import Vault, VaultError
from sms_gateway.types import DeliveryReport, Status
from tests.conftest import Clock
from tests.store.desk import Desk, Ids
from tests.store.rows import arrival, state_of, write_in


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
    assert desk.state(first) is State.SENDING
    desk.settle((first, Outcome(State.SENT, external_id="x")))
    assert desk.claimed("w2") == [second]


def test_what_is_claimed_can_be_read(desk: Desk) -> None:
    id_ = desk.queue(0, text="bonjour", source="case:1")
    (one,) = desk.claim()
    message = outbox.opened(one, desk.vault)
    assert (message.reference, message.part.text, message.urn.path) == (id_, "bonjour", "+212600000000")
    assert (one.attempts, one.opted_out, one.source, one.kind) == (1, False, "case:1", "reply")
    assert one.clear
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
    desk.in_doubt()
    id_ = desk.queue()
    assert desk.claimed("w1") == [id_]
    assert desk.state(id_) is State.QUEUED
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
    desk.in_doubt()
    claimed = desk.claimed()
    for who in (0, 2, 3):
        desk.opt_out(who)
    assert desk.begin(claimed) == {other, confirmation, emergency}
    assert desk.state(reply) is State.QUEUED
    desk.clock.advance(minutes=1)
    (again,) = desk.claim("w2")
    assert again.opted_out


def test_stop_before_the_claim_holds_back_everything_but_safety(desk: Desk) -> None:
    kinds = (Kind.REPLY, Kind.CONFIRMATION, Kind.EMERGENCY)
    for who, kind in enumerate(kinds):
        desk.queue(who, kind=kind)
        desk.opt_out(who)
    assert {one.kind: one.clear for one in desk.claim()} == {"reply": False, "confirmation": True, "emergency": True}


def test_what_is_too_late_or_outside_the_window_is_not_clear(desk: Desk) -> None:
    desk.queue(0, expires_at=desk.clock())
    desk.queue(1)
    assert [one.clear for one in desk.claim()] == [False, True]
    desk.window = timedelta(hours=24)
    desk.queue(2)
    (one,) = desk.claim()
    assert one.clear
    desk.clock.advance(hours=24)
    desk.queue(3)
    assert {one.clear for one in desk.claim()} == {False}


def test_a_send_under_way_keeps_its_lease_from_its_beginning(desk: Desk) -> None:
    desk.in_doubt()
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
    desk.clock.advance(minutes=2)
    assert desk.sweep()["unknown"] == 1
    assert state_of(desk.database, id_) == (State.UNKNOWN, "outcome_unknown")
    desk.settle((id_, Outcome(State.SENT, external_id="x1")))
    assert state_of(desk.database, id_) == (State.SENT, None)
    assert desk.report(DeliveryReport("x1", Status.DELIVERED))
    assert desk.state(id_) is State.DELIVERED


def test_a_dead_worker_leaves_unknown_and_nothing_is_repeated_but_emergencies(desk: Desk) -> None:
    reply, emergency = desk.queue(0), desk.queue(1, kind=Kind.EMERGENCY)
    desk.claimed()
    desk.clock.advance(minutes=1)
    assert desk.sweep() == {"again": 1, "unknown": 1, "too_late": 0, "let_go": 0}
    assert desk.state(reply) is State.UNKNOWN
    assert desk.claimed("w2") == [emergency]


def test_what_is_too_old_is_skipped_with_a_reason(desk: Desk) -> None:
    id_ = desk.queue()
    left = desk.queue(1)
    desk.in_doubt()
    assert set(desk.claimed()) == {id_, left}
    never = desk.queue(2)
    desk.clock.advance(hours=1, seconds=1)
    assert desk.sweep()["too_late"] == 3  # also what a dead worker had claimed
    for one in (id_, left, never):
        assert state_of(desk.database, one) == (State.SKIPPED, "too_late")


def test_a_retry_waits_and_counts(desk: Desk) -> None:
    id_ = desk.queue()
    desk.claimed()
    desk.settle((id_, Outcome(State.QUEUED, reason="throttled", again_at=desk.clock() + timedelta(seconds=30))))
    assert desk.claimed() == []
    desk.clock.advance(seconds=30)
    (again,) = desk.claim()
    assert again.attempts == 2


def test_a_provider_that_says_opted_out_is_believed(desk: Desk) -> None:
    id_ = desk.queue()
    desk.claimed()
    desk.settle((id_, Outcome(State.FAILED, reason="opted_out")))
    desk.queue()
    assert desk.claim()[0].opted_out


def test_one_unreadable_row_does_not_stop_the_claim(desk: Desk) -> None:
    broken, fine = desk.queue(0), desk.queue(1)
    with desk.database.write() as connection:
        connection.execute(update(table).where(table.c.id == broken).values(part_enc=b"\x09damaged" * 5))
    good, bad = sorted(desk.claim(), key=lambda one: one.id == broken)
    assert outbox.opened(good, desk.vault).reference == fine
    with pytest.raises(VaultError):
        outbox.opened(bad, desk.vault)


def test_a_worker_whose_lease_ran_out_undoes_nothing_that_another_does(desk: Desk) -> None:
    desk.in_doubt()
    id_ = desk.queue()
    desk.claimed("w1")
    desk.clock.advance(minutes=1)
    desk.begin(desk.claimed("w2"), "w2")
    for undone in (State.SKIPPED, State.QUEUED):
        desk.settle((id_, Outcome(undone, reason="too_late")), by="w1")
        assert desk.state(id_) is State.SENDING
    desk.settle((id_, Outcome(State.SENT, external_id="x1")), by="w2")
    assert desk.state(id_) is State.SENT


def test_what_was_handed_back_untried_does_not_count_as_an_attempt(desk: Desk) -> None:
    id_ = desk.queue()
    assert [one.attempts for one in desk.claim()] == [1]
    desk.settle((id_, Outcome(State.QUEUED, again_at=desk.clock(), untried=True)), by="w1")
    assert [one.attempts for one in desk.claim()] == [1]


def test_what_waits_for_its_contact_goes_when_they_write(desk: Desk) -> None:
    desk.clock.advance(days=2)
    desk.in_doubt()
    id_ = desk.queue()
    (one,) = desk.claim()
    held = Outcome(State.QUEUED, reason=outbox.WAITS, again_at=from_ms(one.expires_at))
    desk.settle((id_, held), by="w1")
    desk.clock.advance(minutes=1)
    assert desk.sweep()["let_go"] == 0
    assert desk.claim() == []
    write_in(desk.database, desk.hot, desk.new_id, arrival("+212600000000", "back", desk.clock()))
    assert desk.sweep()["let_go"] == 1
    assert state_of(desk.database, id_) == (State.QUEUED, None)
    assert desk.claimed() == [id_]


def test_what_waited_for_its_contact_in_vain_says_so(desk: Desk) -> None:
    desk.in_doubt()
    id_ = desk.queue()
    (one,) = desk.claim()
    desk.settle((id_, Outcome(State.QUEUED, reason=outbox.WAITS, again_at=from_ms(one.expires_at))))
    desk.clock.advance(hours=1, seconds=1)
    desk.sweep()
    assert state_of(desk.database, id_) == (State.SKIPPED, "outside_window")


def test_channels_with_work(desk: Desk) -> None:
    desk.queue(0)
    desk.queue(1, channel="other", due_at=desk.clock() + timedelta(minutes=1))
    with desk.database.read() as connection:
        assert outbox.waiting_channels(connection, desk.clock()) == ["sim-sms"]
    desk.in_doubt()
    desk.claimed()
    with desk.database.read() as connection:
        assert outbox.waiting_channels(connection, desk.clock()) == []
        assert set(outbox.waiting_channels(connection, desk.clock() + timedelta(hours=1))) == {"sim-sms", "other"}


def test_lanes_are_in_order_of_need() -> None:
    assert sorted(Lane) == [Lane.EMERGENCY, Lane.REPLY, Lane.REMINDER, Lane.CAMPAIGN]
