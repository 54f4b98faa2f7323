"""Another way to the same person: by SMS, by the channel that stands in, or not before they write."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.core.model import Draft, Kind, Lane
from bot.service.delivery import Delivery
from bot.store import outbox
from bot.store.tables import contacts as people
from bot.store.tables import messages as said
from sms_gateway.channels.simulator import Simulator
from sms_gateway.errors import Unreachable
from sms_gateway.types import Button, DeliveryReport, HttpResponse, Inbound, Part, Status, Template, Urn
from tests.service.world import NUMBER, World

WHATSAPP = Urn("whatsapp", NUMBER.removeprefix("+"))
OUTSIDE = HttpResponse(400, {}, b'{"error": "outside_window"}')
NOT_THERE = HttpResponse(400, {}, b'{"error": "invalid_urn"}')


def engine(world: World, **fallback: str) -> Delivery:
    """The same delivery with a fallback as a channels file would name it."""
    services = world.services
    network = {"secret": "planted-secret", "network_url": "http://network.test/messages", "service": "sms"}
    world.channels["sim-other"] = services.channels["sim-other"] = Simulator("sim-other", network)
    services.delivery = Delivery(
        database=services.database,
        vault=services.vault,
        channels=services.channels,
        transport=world.provider,
        clock=world.clock,
        new_id=world.new_id,
        zone="Africa/Casablanca",
        fallback={name.replace("_", "-"): other for name, other in fallback.items()},
        wake=lambda channel: world.woken.append(channel),  # type: ignore[attr-defined] # noqa: PLW0108 (set below)
        on_change=lambda channel, state, reason: world.changes.append((channel, state.value, reason)),  # type: ignore[attr-defined] # same
    )
    return services.delivery


@pytest.fixture
def world(world: World) -> World:
    """Somebody who agreed by WhatsApp, from a Moroccan mobile."""
    world.woken, world.changes = [], []  # type: ignore[attr-defined] # what this file's engine says
    engine(world, sim_whatsapp="sim-sms")
    for text in ("salam", "1"):
        world.receive(Inbound(world.new_id(), WHATSAPP, text), channel="sim-whatsapp")
    world.services.delivery.run("sim-whatsapp")
    world.close_conversations()
    world.provider.take()
    return world


def write(world: World, part: Part, *, kind: Kind = Kind.REMINDER, channel: str = "sim-whatsapp") -> str:
    """Queue one message for them."""
    now, id_ = world.clock(), world.new_id()
    with world.services.database.write() as connection:
        scheme = "whatsapp" if channel == "sim-whatsapp" else "tel"
        address = connection.execute(select(people.addresses).where(people.addresses.c.scheme == scheme)).first()
        assert address
        lane = Lane.REMINDER if kind is Kind.REMINDER else Lane.REPLY
        draft = Draft(id_, address.contact_id, address.id, channel, kind, lane, part, now, now, now + timedelta(days=2))
        outbox.add(connection, [draft], world.services.vault)
    return id_


def rows(world: World) -> list[tuple[str, str, str | None]]:
    """Channel, state and reason of the messages since they agreed, the oldest first."""
    table = said.outbox.c
    with world.services.database.read() as connection:
        query = select(table.channel, table.state, table.reason).where(table.kind == Kind.REMINDER.value)
        return [tuple(row) for row in connection.execute(query.order_by(table.id))]


def test_outside_the_window_the_text_goes_by_sms(world: World) -> None:
    world.clock.advance(hours=25)
    write(world, Part("Rappel", buttons=(Button("y", "Oui"), Button("n", "Non"))))
    world.services.delivery.run("sim-whatsapp")
    assert world.provider.sent == []
    assert world.woken == ["sim-sms"]  # type: ignore[attr-defined] # set by the fixture
    world.services.delivery.run("sim-sms")
    (sent,) = world.provider.sent
    assert (sent["to"], sent["text"]) == (NUMBER, "Rappel\n1. Oui\n2. Non")
    assert rows(world) == [("sim-whatsapp", "skipped", "outside_window"), ("sim-sms", "sent", None)]


def test_a_template_needs_no_window(world: World) -> None:
    world.clock.advance(hours=25)
    write(world, Part("Rappel", template=Template("reminder", "fr", ("demain",))))
    world.services.delivery.run("sim-whatsapp")
    assert [one["template"]["name"] for one in world.provider.sent] == ["reminder"]
    assert rows(world) == [("sim-whatsapp", "sent", None)]


@pytest.mark.parametrize("answer", [OUTSIDE, NOT_THERE])
def test_what_whatsapp_refuses_goes_by_sms_once(world: World, answer: HttpResponse) -> None:
    write(world, Part("\u2068Rappel\u2069"))
    world.provider.next = [answer]
    for _ in range(3):
        world.services.delivery.run("sim-whatsapp")
        world.services.delivery.run("sim-sms")
        world.services.delivery.sweep()
        world.clock.advance(minutes=1)
    assert [(one["service"], one["text"]) for one in world.provider.sent] == [("sms", "Rappel")]
    assert [row[1] for row in rows(world)] == ["failed", "sent"]


@pytest.mark.parametrize("reason", ["invalid_urn", "outside_window"])
def test_what_whatsapp_took_and_then_refused_goes_by_sms(world: World, reason: str) -> None:
    id_ = write(world, Part("Rappel"))
    world.services.delivery.run("sim-whatsapp")
    report = DeliveryReport("late", Status.FAILED, "131026", reference=id_, reason=reason)
    for _ in range(3):
        world.services.delivery.report("sim-whatsapp", [report])
    world.services.delivery.run("sim-sms")
    assert [one["service"] for one in world.provider.sent] == ["whatsapp", "sms"]
    assert rows(world) == [("sim-whatsapp", "failed", reason), ("sim-sms", "sent", None)]


def test_what_was_delivered_after_all_does_not_go_by_sms_as_well(world: World) -> None:
    id_ = write(world, Part("Rappel"))
    world.services.delivery.run("sim-whatsapp")
    failed = DeliveryReport("x", Status.FAILED, "131026", reference=id_, reason="invalid_urn")
    delivered = DeliveryReport("x", Status.DELIVERED, reference=id_)
    world.services.delivery.report("sim-whatsapp", [failed])
    world.services.delivery.report("sim-whatsapp", [delivered])
    world.services.delivery.run("sim-sms")
    assert [one["service"] for one in world.provider.sent] == ["whatsapp"]
    assert rows(world) == [("sim-whatsapp", "delivered", None), ("sim-sms", "skipped", "delivered_before")]


def test_an_unknown_outcome_goes_no_other_way(world: World) -> None:
    write(world, Part("Rappel"))
    world.provider.next = [HttpResponse(500, {}, b"")]
    world.services.delivery.run("sim-whatsapp")
    world.clock.advance(minutes=10)
    world.services.delivery.sweep()
    world.services.delivery.run("sim-sms")
    assert rows(world) == [("sim-whatsapp", "unknown", "outcome_unknown")]


def test_without_a_number_it_waits_until_they_write(world: World) -> None:
    with world.services.database.write() as connection:
        connection.execute(people.addresses.delete().where(people.addresses.c.scheme == "tel"))
        changed = {"path_enc": world.services.vault.seal("33612345678", "addresses.path_enc")}
        connection.execute(update(people.addresses).values(changed))  # a foreign number: no SMS to it
    world.clock.advance(hours=25)
    write(world, Part("Rappel"))
    world.services.delivery.run("sim-whatsapp")
    assert rows(world) == [("sim-whatsapp", "queued", "waits_for_contact")]
    world.clock.advance(hours=1)
    world.services.delivery.sweep()
    assert world.services.delivery.run("sim-whatsapp").total == 0
    with world.services.database.write() as connection:
        connection.execute(update(people.addresses).values(last_inbound_at=world.clock()))
    world.services.delivery.sweep()
    world.services.delivery.run("sim-whatsapp")
    assert [one["text"] for one in world.provider.sent] == ["Rappel"]
    assert rows(world) == [("sim-whatsapp", "sent", None)]


def test_without_consent_nothing_goes_by_sms(world: World) -> None:
    with world.services.database.write() as connection:
        connection.execute(update(people.contacts).values(consent="refused"))
    world.clock.advance(hours=25)
    write(world, Part("Rappel"))
    world.services.delivery.run("sim-whatsapp")
    assert world.services.delivery.run("sim-sms").total == 0
    assert rows(world) == [("sim-whatsapp", "queued", "waits_for_contact")]


def test_the_open_question_goes_along(world: World) -> None:
    world.receive(Inbound(world.new_id(), WHATSAPP, "menu"), channel="sim-whatsapp")
    world.provider.next = [NOT_THERE]
    world.services.delivery.run("sim-whatsapp")
    world.services.delivery.run("sim-sms")
    (menu,) = world.provider.take()
    assert "1. " in menu
    (answer,) = world.sms("1")
    assert answer != menu
    assert answer not in menu


def by_sms(world: World, number: int) -> list[str]:
    """So many people with one reminder each on the channel for SMS."""
    for n in range(number):
        world.agree(f"+2126000002{n:02}")
    world.services.delivery.run("sim-sms")
    world.provider.take()
    ids = []
    with world.services.database.write() as connection:
        table = people.addresses.c
        asked = connection.execute(select(people.addresses).where(table.scheme == "tel", table.channel == "sim-sms"))
        now = world.clock()
        for address in asked.all()[:number]:
            ids.append(world.new_id())
            later = now + timedelta(days=2)
            part = Part("Rappel")
            draft = Draft(
                ids[-1], address.contact_id, address.id, "sim-sms", Kind.REMINDER, Lane.REMINDER, part, now, now, later
            )
            outbox.add(connection, [draft], world.services.vault)
    return ids


def test_a_channel_that_does_not_work_is_stood_in_for(world: World) -> None:
    delivery = engine(world, sim_sms="sim-other")
    by_sms(world, 40)
    world.provider.next = [Unreachable()] * 200
    delivery.run("sim-sms")
    assert ("sim-sms", "open", "unreachable") in world.changes  # type: ignore[attr-defined] # set by the fixture
    world.provider.next = []
    for _ in range(3):
        delivery.run("sim-sms")
        delivery.run("sim-other")
    assert len(world.provider.sent) == 40
    assert len({one["reference"] for one in world.provider.sent}) == 40
    assert {channel for channel, _, _ in rows(world)} >= {"sim-other"}
    assert {state for _, state, _ in rows(world)} == {"sent"}


def test_reports_of_the_first_channel_still_count_as_far_as_they_can(world: World) -> None:
    delivery = engine(world, sim_sms="sim-other")
    first, *_ = by_sms(world, 1)
    with world.services.database.write() as connection:
        row = said.outbox.c.id == first
        connection.execute(update(said.outbox).where(row).values(channel="sim-other", first_channel="sim-sms"))
    delivery.report("sim-sms", [DeliveryReport("old", Status.FAILED, reference=first)])
    assert rows(world) == [("sim-other", "queued", None)]
    delivery.report("sim-sms", [DeliveryReport("old", Status.DELIVERED, reference=first)])
    assert rows(world) == [("sim-other", "delivered", None)]
    assert delivery.run("sim-other").total == 0


def test_a_wrong_password_stops_the_channel_and_costs_few_messages(world: World) -> None:
    delivery = engine(world)
    delivery._at_once = 4  # noqa: SLF001 (few under way, so that the first answers come before the rest is sent)
    by_sms(world, 40)
    world.provider.next = [HttpResponse(401, {}, b'{"error": "misconfigured"}')] * 500
    delivery.run("sim-sms")
    assert world.changes == [("sim-sms", "stopped", "misconfigured")]  # type: ignore[attr-defined] # set by the fixture
    failed = [row for row in rows(world) if row[1] == "failed"]
    assert 5 <= len(failed) <= 12
    waiting = len(rows(world)) - len(failed)
    for _ in range(3):
        world.clock.advance(seconds=31)
        delivery.run("sim-sms")  # one tries whether it works now, and waits
    assert len([row for row in rows(world) if row[1] == "queued"]) == waiting
    world.provider.next = []
    for _ in range(3):
        world.clock.advance(seconds=61)
        delivery.run("sim-sms")
    assert len(world.provider.sent) == waiting
    assert world.changes[-1][:2] == ("sim-sms", "closed")  # type: ignore[attr-defined] # same


def test_an_emergency_is_tried_whatever_the_channel_is_like(world: World) -> None:
    delivery = engine(world)
    by_sms(world, 20)
    world.provider.next = [Unreachable()] * 100
    delivery.run("sim-sms")
    world.provider.next = []
    write(world, Part("Appelez le 15"), kind=Kind.EMERGENCY, channel="sim-sms")
    with world.services.database.write() as connection:
        lane = {"lane": int(Lane.EMERGENCY)}
        connection.execute(update(said.outbox).where(said.outbox.c.kind == "emergency").values(lane))
    delivery.run("sim-sms")
    assert "Appelez le 15" in [one["text"] for one in world.provider.sent]


def test_a_channel_that_takes_and_does_not_deliver_is_stood_in_for(world: World) -> None:
    delivery = engine(world, sim_sms="sim-other")
    ids = by_sms(world, 25)
    delivery.run("sim-sms")
    delivery.report("sim-sms", [DeliveryReport(f"r{id_}", Status.FAILED, "30008", reference=id_) for id_ in ids])
    world.clock.advance(seconds=31)
    delivery.sweep()
    assert world.changes == [("sim-sms", "poor", "not_delivered")]  # type: ignore[attr-defined] # set by the fixture
    world.clock.advance(seconds=2)
    world.provider.take()
    write(world, Part("Rappel"), channel="sim-sms")
    delivery.run("sim-sms")
    assert world.provider.sent == []
    delivery.run("sim-other")
    assert len(world.provider.sent) == 1
    world.clock.advance(minutes=11)
    delivery.sweep()
    write(world, Part("Rappel"), channel="sim-sms")
    delivery.run("sim-sms")
    assert len(world.provider.sent) == 2
