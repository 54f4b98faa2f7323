"""What the worker's job says of its sends."""

import threading

import pytest
from structlog.testing import capture_logs

from bot import jobs
from bot.store.database import DatabaseDown
from sms_gateway.types import HttpResponse
from tests.service.world import World


@pytest.fixture
def world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Somebody who agreed and gets one reply, which the job sends; no queue stands behind it."""
    world.agree()
    world.receive(world.inbound("salam"))
    monkeypatch.setattr(jobs, "services", lambda: world.services)
    return world


def test_a_send_that_is_refused_for_good_is_counted_in_the_log(world: World) -> None:
    world.provider.next = [HttpResponse(400, {}, b'{"error": "rejected"}')]
    with capture_logs() as said:
        assert jobs.send("sim-sms") == 1
    assert said == [{"event": "not_sent", "log_level": "warning", "channel": "sim-sms", "counts": {"failed": 1}}]


def test_a_send_that_goes_well_is_not_worth_a_line(world: World) -> None:
    with capture_logs() as said:
        assert jobs.send("sim-sms") == 1
    assert said == []
    assert len(world.provider.take()) == 1


def test_a_channel_that_is_woken_while_it_is_at_work_is_looked_at_again() -> None:
    began, go, seen = threading.Event(), threading.Event(), []

    def work(channel: str) -> None:
        seen.append(channel)
        began.set()
        assert go.wait(5)

    lines = jobs.Lines(work)
    lines.begin("a")
    assert began.wait(5)
    for _ in range(3):
        lines.begin("a")
    lines.begin("b")
    go.set()
    lines.wait()
    lines.wait()
    assert sorted(seen) == ["a", "a", "b"]


def test_a_channel_whose_work_fails_can_be_woken_again(world: World) -> None:
    seen: list[str] = []

    def work(channel: str) -> None:
        seen.append(channel)
        raise DatabaseDown("gone") if len(seen) == 1 else ValueError("a mistake")

    lines = jobs.Lines(work)
    with capture_logs() as said:
        for _ in range(2):
            lines.begin("a")
            lines.wait()
    assert [line["event"] for line in said] == ["database_down", "fault"]
    assert len(seen) == 2
