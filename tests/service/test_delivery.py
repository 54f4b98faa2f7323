"""Sending: what a provider does to us, and that nothing goes out twice or is lost."""

import pytest

from bot.store import contacts
from bot.store.tables import messages as said
from sms_gateway.errors import OutcomeUnknown, Unreachable
from sms_gateway.types import DeliveryReport, HttpResponse, Status
from tests.service.world import World, at_once


class TookIt(OutcomeUnknown):
    """The message arrived, the answer did not."""

    took_it = True


@pytest.fixture
def world(world: World) -> World:
    """Somebody who agreed and gets one reply."""
    world.agree()
    world.receive(world.inbound("salam"))
    return world


def last(world: World) -> tuple[str, str | None]:
    _, state, reason = world.outbox()[-1]
    return state.value, reason


def test_a_throttled_message_goes_out_once_and_when_it_may(world: World) -> None:
    world.provider.next = [HttpResponse(429, {"retry-after": "30"}, b'{"error": "throttled"}')]
    world.services.delivery.run("sim-sms")
    assert last(world) == ("queued", "throttled")
    world.clock.advance(seconds=29)
    assert world.services.delivery.run("sim-sms").total == 0
    world.clock.advance(seconds=2)
    world.services.delivery.run("sim-sms")
    assert last(world) == ("sent", None)
    assert len(world.provider.take()) == 1


def test_a_time_out_after_sending_is_unknown_and_never_repeated(world: World) -> None:
    world.provider.next = [TookIt()]
    world.services.delivery.run("sim-sms")
    assert last(world) == ("unknown", "outcome_unknown")
    for _ in range(3):
        world.clock.advance(minutes=10)
        world.services.delivery.sweep()
        world.services.delivery.run("sim-sms")
    (sent,) = world.provider.sent
    world.services.delivery.report(
        "sim-sms", [DeliveryReport("late", Status.DELIVERED, reference=str(sent["reference"]))]
    )
    assert last(world) == ("delivered", None)


def test_an_emergency_of_unknown_outcome_is_repeated(world: World) -> None:
    world.services.delivery.run("sim-sms")
    world.provider.take()
    world.receive(world.inbound("kanzef bzaf daba"))
    world.provider.next = [TookIt()]
    world.services.delivery.send_emergencies("sim-sms")
    world.clock.advance(seconds=3)
    world.services.delivery.run("sim-sms")
    assert len(world.provider.take()) == 2
    assert last(world) == ("sent", None)


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (HttpResponse(503, {}, b"{}"), None),
        (HttpResponse(500, {}, b"{}"), None),
        (HttpResponse(200, {}, b"no id"), ("unknown", "outcome_unknown")),
        (HttpResponse(400, {}, b'{"error": "rejected"}'), ("failed", "rejected")),
        (HttpResponse(400, {}, b'{"error": "invalid_urn"}'), ("failed", "invalid_urn")),
        (HttpResponse(401, {}, b'{"error": "misconfigured"}'), ("failed", "misconfigured")),
        (Unreachable(), ("queued", "unreachable")),
        (ValueError("a mistake of the channel's own"), ("failed", "misconfigured")),
    ],
)
def test_every_answer_leads_to_a_state_with_a_reason(
    world: World, answer: HttpResponse | Exception, after: tuple[str, str] | None
) -> None:
    world.provider.next = [answer]
    world.services.delivery.run("sim-sms")
    state, reason = last(world)
    assert reason
    assert state in {"queued", "unknown", "failed"}
    assert after in {None, (state, reason)}
    world.clock.advance(minutes=1)
    world.services.delivery.run("sim-sms")
    assert len(world.provider.take()) == (1 if state == "queued" else 0)


def test_a_provider_that_stays_away_leads_to_an_end_with_a_reason(world: World) -> None:
    world.provider.next = [Unreachable()] * 100
    for _ in range(30):
        world.services.delivery.run("sim-sms")
        world.services.delivery.sweep()
        world.clock.advance(minutes=5)
    assert last(world) in {("failed", "unreachable"), ("skipped", "too_late")}
    assert world.provider.take() == []


def test_what_a_provider_knows_of_an_opt_out_holds(world: World) -> None:
    world.provider.next = [HttpResponse(400, {}, b'{"error": "opted_out"}')]
    world.services.delivery.run("sim-sms")
    assert last(world) == ("failed", "opted_out")
    with world.services.database.read() as connection:
        contact_id = connection.scalars(said.outbox.select().with_only_columns(said.outbox.c.contact_id)).first()
        assert contact_id
        contact = contacts.get(connection, contact_id, world.services.vault)
    assert contact
    assert contact.opted_out


def test_stop_between_the_claim_and_the_send(world: World) -> None:
    """STOP is stored while the worker holds the claim of two people's messages and sends the first."""
    other = "+212600000002"
    world.services.delivery.run("sim-sms")
    world.agree(other)
    world.provider.take()
    world.receive(world.inbound("menu"))
    world.receive(world.inbound("menu", number=other))
    world.services.delivery._at_once = 1  # noqa: SLF001 (one after another)

    def stop(_message: object) -> None:
        world.provider.before = lambda _next: None
        world.receive(world.inbound("STOP", number=other))

    world.provider.before = stop
    world.services.delivery.run("sim-sms")
    world.clock.advance(minutes=1)
    world.services.delivery.run("sim-sms")
    to = [(message["to"], message["text"]) for message in world.provider.sent]
    assert [text for number, text in to if number == other] == [world.text("stop.confirmed")]
    assert len(to) == 2


def test_many_workers_send_each_message_once_and_in_order(world: World) -> None:
    numbers = [f"+2126000001{n:02}" for n in range(12)]
    for number in numbers:
        world.agree(number)
    world.services.delivery.run("sim-sms")
    world.provider.take()
    for number in numbers:
        world.receive(*(world.inbound(text, number=number) for text in ("menu", "STOP", "START")))
    at_once([lambda: world.services.delivery.run("sim-sms")] * 4)
    for _ in range(3):
        world.services.delivery.run("sim-sms")
    references = [message["reference"] for message in world.provider.sent]
    assert len(references) == len(set(references))
    for number in numbers:
        mine = [message["text"] for message in world.provider.sent if message["to"] == number]
        order = [world.text("menu.main"), world.text("stop.confirmed"), world.text("start.confirmed")]
        assert [text for one in mine for text in order if text in one] == order


def test_a_message_whose_channel_was_taken_away_ends_with_a_reason(world: World) -> None:
    world.services.delivery._channels = {}  # noqa: SLF001
    assert world.services.delivery.run("sim-sms").total == 0
    world.clock.advance(hours=2)
    world.services.delivery.sweep()
    assert last(world) == ("skipped", "too_late")


def test_reports_are_taken_through_the_door_of_the_service(world: World) -> None:
    world.services.delivery.report("sim-sms", [DeliveryReport("p1000", Status.DELIVERED)])  # before we know its name
    world.services.delivery.run("sim-sms")
    name = f"p{world.provider.number}"
    world.services.delivery.report(
        "sim-sms", [DeliveryReport(name, Status.DELIVERED), DeliveryReport(name, Status.SENT)]
    )
    assert last(world) == ("delivered", None)
    counts, waiting = world.services.delivery.sweep()
    assert waiting == []
    assert counts["too_late"] == 0
