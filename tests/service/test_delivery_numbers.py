"""What an operator sees of sending: the metrics, and `sahti outbox`."""

import json

import pytest

from bot.cli import main
from bot.store.tables import messages as said
from bot.web.app import create_app
from sms_gateway.types import HttpResponse
from tests.service.world import NUMBER, World

REFUSED = HttpResponse(401, {}, b'{"error": "misconfigured"}')


@pytest.fixture
def world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Two people who agreed; one message of theirs failed by a mistake of ours, and one waits."""
    for number in (NUMBER, "+212600000002"):
        world.agree(number)
    world.receive(world.inbound("salam"))
    world.provider.next = [REFUSED]
    world.services.delivery.run("sim-sms")
    world.receive(world.inbound("salam", number="+212600000002"))
    monkeypatch.setenv("SAHTI_VAR", str(world.services.settings.var))
    monkeypatch.setenv("SAHTI_DEMO", "true")
    return world


def test_metrics_come_from_the_database(world: World) -> None:
    world.clock.advance(seconds=30)
    text = create_app(world.services).test_client().get("/metrics").get_data(as_text=True)
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("sahti_"))
    assert float(lines['sahti_outbox_waiting{channel="sim-sms",lane="reply"}']) == 1
    assert float(lines['sahti_outbox_oldest_seconds{channel="sim-sms",lane="reply"}']) == 30
    assert float(lines['sahti_outbox_recent{channel="sim-sms",state="failed"}']) == 1
    sent = float(lines['sahti_outbox_recent{channel="sim-sms",state="sent"}'])
    assert float(lines['sahti_outbox_per_second{channel="sim-sms"}']) == pytest.approx(sent / 300)
    world.services.delivery.run("sim-sms")
    text = create_app(world.services).test_client().get("/metrics").get_data(as_text=True)
    assert 'sahti_outbox_waiting{channel="sim-sms"' not in text


def test_a_circuit_is_in_the_metrics(world: World) -> None:
    world.provider.next = [REFUSED] * 50
    for n in range(6):
        world.receive(world.inbound("salam", number=f"+21260000001{n}"))
    world.services.delivery.run("sim-sms")
    text = create_app(world.services).test_client().get("/metrics").get_data(as_text=True)
    assert 'sahti_channel_state{channel="sim-sms",state="stopped"} 1.0' in text
    assert 'sahti_channel_state{channel="sim-sms",state="closed"} 0.0' in text


def test_the_list_has_numbers_and_reasons_and_nothing_of_people(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["outbox", "list", "--jsonl"]) == 0
    printed = capsys.readouterr().out
    found = [json.loads(line) for line in printed.splitlines()]
    (failed,) = [one for one in found if one["state"] == "failed"]
    assert (failed["channel"], failed["reason"], failed["count"]) == ("sim-sms", "misconfigured", 1)
    assert NUMBER.removeprefix("+") not in printed
    assert main(["outbox", "list", "--state", "failed"]) == 0
    assert "misconfigured" in capsys.readouterr().out
    assert main(["outbox", "list", "--state", "unknown"]) == 0
    assert capsys.readouterr().out == "Nothing.\n"


def test_what_failed_by_our_mistake_is_queued_again_once(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.services.delivery.run("sim-sms")
    world.provider.take()
    now = world.clock()
    with world.services.database.write() as connection:  # the command reads the real clock
        later = now.replace(year=now.year + 5)
        connection.execute(said.outbox.update().values(expires_at=later))
    for count in (1, 0):
        assert main(["outbox", "requeue", "sim-sms"]) == 0
        assert capsys.readouterr().out == f"{count} messages are queued again.\n"
    with world.services.database.write() as connection:
        connection.execute(said.outbox.update().where(said.outbox.c.state == "queued").values(due_at=now))
    world.services.delivery.run("sim-sms")
    assert len(world.provider.take()) == 1
    assert main(["outbox", "requeue", "nowhere"]) == 1
    assert "There is no channel called nowhere" in capsys.readouterr().err


def test_a_stopped_channel_is_listed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outbox", "channels"]) == 0
    assert capsys.readouterr().out == "Nothing.\n"
    world.provider.next = [REFUSED] * 50
    for n in range(6):
        world.receive(world.inbound("salam", number=f"+21260000001{n}"))
    world.services.delivery.run("sim-sms")
    assert main(["outbox", "channels", "--jsonl"]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["channel"], row["state"], row["reason"]) == ("sim-sms", "stopped", "misconfigured")
