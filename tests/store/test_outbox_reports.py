"""Delivery reports: early, late, reversed, repeated. On both databases."""

import threading
from datetime import timedelta

import pytest

from bot.core.delivery import Outcome
from bot.core.model import State
from bot.store import outbox_reports
from bot.store.database import Database
from bot.store.hot import HotStore
from bot.store.tables.messages import reports
from bot.store.vault import Vault
from sms_gateway.types import DeliveryReport, Status
from tests.conftest import Clock
from tests.store.desk import Desk, Ids


@pytest.fixture
def desk(both_databases: Database, hot: HotStore, vault: Vault, new_id: Ids, clock: Clock) -> Desk:
    return Desk(both_databases, hot, vault, new_id, clock)


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
    desk.claimed()
    desk.settle((id_, Outcome(State.UNKNOWN, reason="outcome_unknown")))
    assert desk.report(DeliveryReport("x9", Status.DELIVERED, reference=id_))
    assert desk.state(id_) is State.DELIVERED


def test_a_report_during_the_send_is_not_undone_by_its_outcome(desk: Desk) -> None:
    id_ = desk.queue()
    desk.claimed()
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
        assert outbox_reports.match_early_reports(connection, desk.clock(), keep=keep, new_id=desk.new_id) == 1
        assert outbox_reports.match_early_reports(connection, desk.clock(), keep=keep, new_id=desk.new_id) == 0
    assert desk.state(id_) is State.DELIVERED


def test_an_opt_out_in_an_early_report_is_not_lost(desk: Desk) -> None:
    desk.report(DeliveryReport("x1", Status.FAILED, "opted_out", opted_out=True))
    desk.sent("x1")
    with desk.database.write() as connection:
        outbox_reports.match_early_reports(connection, desk.clock(), keep=timedelta(days=3), new_id=desk.new_id)
    desk.queue()
    assert desk.claim()[0].opted_out


def test_reports_of_nothing_are_dropped_after_a_while(desk: Desk) -> None:
    desk.report(DeliveryReport("stray", Status.DELIVERED))
    desk.clock.advance(days=4)
    with desk.database.write() as connection:
        outbox_reports.match_early_reports(connection, desk.clock(), keep=timedelta(days=3), new_id=desk.new_id)
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
