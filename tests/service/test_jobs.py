"""What the worker's job says of its sends."""

import pytest
from structlog.testing import capture_logs

from bot import jobs
from sms_gateway.types import HttpResponse
from tests.service.world import World


@pytest.fixture
def world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Somebody who agreed and gets one reply, which the job sends; no queue stands behind it."""
    world.agree()
    world.receive(world.inbound("salam"))
    monkeypatch.setattr(jobs, "services", lambda: world.services)
    monkeypatch.setattr(world.services.waker, "begun", lambda _channel: None)
    return world


def test_a_send_that_is_refused_for_good_is_counted_in_the_log(world: World) -> None:
    world.provider.next = [HttpResponse(400, {}, b'{"error": "rejected"}')]
    with capture_logs() as said:
        assert jobs.dispatch("sim-sms") == 1
    assert said == [{"event": "not_sent", "log_level": "warning", "channel": "sim-sms", "counts": {"failed": 1}}]


def test_a_send_that_goes_well_is_not_worth_a_line(world: World) -> None:
    with capture_logs() as said:
        assert jobs.dispatch("sim-sms") == 1
    assert said == []
    assert len(world.provider.take()) == 1
