"""Addresses meet at the hub's door: in one batch, from several processes, and with STOP at any of them."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.core.model import Kind, State
from bot.core.turn import Who
from bot.service.demo import seed
from bot.service.inbound import Prepared
from bot.settings import Settings
from bot.store import contacts, identity, outbox
from bot.store.tables import care
from bot.store.tables import contacts as people
from bot.store.tables import messages as said
from locales.catalog import Catalog
from nlu.understand import Understander
from sms_gateway.types import Inbound, Part, Urn
from tests.conftest import Clock
from tests.service.world import NUMBER, Provider, World, at_once, make

WHATSAPP, SMS, USERNAME = Urn("whatsapp", NUMBER.removeprefix("+")), Urn("tel", NUMBER), Urn("bsuid", "MA.77")
STRANGER = Urn("tel", "+212600009872")
ON = {WHATSAPP: "sim-whatsapp", USERNAME: "sim-whatsapp", SMS: "sim-sms", STRANGER: "sim-sms"}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def hubs(
    request: pytest.FixtureRequest,
    var: Path,
    clock: Clock,
    new_id: Callable[[], str],
    catalog: Catalog,
    understander: Understander,
) -> Iterator[list[World]]:
    """Three processes' hubs on one database."""
    settings = Settings(var=var)
    if request.param == "postgresql":
        settings = Settings(var=var, DATABASE_URL=request.getfixturevalue("postgres_url"))
    provider, made = Provider(), []
    for _ in range(3):
        world = make(settings, provider, clock, new_id)
        world.services.catalog, world.services.understander = catalog, understander
        world.new_id = world.services.new_id = made[0].new_id if made else world.new_id
        made.append(world)
    made[0].services.database.migrate()
    with made[0].services.database.write() as connection:
        seed(connection)
    yield made
    for world in made:
        world.services.database.close()


def say(world: World, urn: Urn, text: str, *aliases: Urn) -> None:
    inbound = Inbound(world.new_id(), urn, text, aliases=aliases)
    world.services.hub.receive(world.channels[ON[urn]], [inbound])


def everybody(world: World) -> list[Any]:
    with world.services.database.read() as connection:
        alive = people.contacts.c.merged_into.is_(None)
        return list(connection.execute(select(people.contacts).where(alive)))


def test_first_messages_of_one_phone_at_once_are_one_contact(hubs: list[World]) -> None:
    ways = [
        (SMS, ()),
        (WHATSAPP, ()),
        (WHATSAPP, (USERNAME,)),
        (USERNAME, (WHATSAPP,)),
        (SMS, ()),
        (USERNAME, (WHATSAPP,)),
    ]
    found = at_once([lambda n=n, w=w: say(hubs[n % 3], w[0], "salam", *w[1]) for n, w in enumerate(ways)])  # type: ignore[misc]
    assert found == [None] * len(ways)
    (contact,) = everybody(hubs[0])
    with hubs[0].services.database.read() as connection:
        assert set(connection.scalars(select(people.addresses.c.contact_id))) == {contact.id}
        assert hubs[0].count(people.addresses) == 3
        assert connection.scalars(select(said.inbound.c.contact_id)).all() == [contact.id] * len(ways)


def test_a_username_and_a_number_of_two_contacts_meet_at_once(hubs: list[World]) -> None:
    for urn in (USERNAME, SMS):
        for text in ("salam", "1"):
            say(hubs[0], urn, text)
    assert len(everybody(hubs[0])) == 2
    found = at_once([lambda n=n: say(hubs[n], WHATSAPP, "menu", USERNAME) for n in range(3)])  # type: ignore[misc]
    assert found == [None] * 3
    assert len(everybody(hubs[0])) == 1


def test_a_batch_sees_what_the_same_person_just_said_elsewhere(hubs: list[World]) -> None:
    world = hubs[0]
    for urn in (SMS, WHATSAPP):
        for text in ("salam", "1"):
            say(world, urn, text)
    hub = world.services.hub
    batch: list[Prepared] = [
        hub.prepare(world.channels[ON[urn]], Inbound(world.new_id(), urn, text))
        for urn, text in ((SMS, "stop"), (WHATSAPP, "salam"), (STRANGER, "salam"))
    ]
    first, second, third = hub._handle_batch(batch)  # noqa: SLF001 (which messages meet in a batch is chance)
    assert not isinstance(first, Exception)
    assert not isinstance(second, Exception)
    assert not isinstance(third, Exception)
    opted_out = {row.id: row.opted_out for row in everybody(world)}
    assert sorted(opted_out.values()) == [False, True]
    with world.services.database.read() as connection:
        kinds = connection.scalars(select(said.outbox.c.kind).order_by(said.outbox.c.id)).all()
    assert kinds[-2:] == [
        "confirmation",
        "reply",
    ]  # STOP's, and the stranger's; the second message was met with silence


def test_two_strangers_messages_of_one_phone_in_one_batch(hubs: list[World]) -> None:
    hub = hubs[0].services.hub
    batch = [
        hub.prepare(hubs[0].channels[ON[urn]], Inbound(hubs[0].new_id(), urn, "salam", aliases=others))
        for urn, others in ((SMS, ()), (WHATSAPP, ()), (USERNAME, (WHATSAPP,)))
    ]
    assert not [one for one in hub._handle_batch(batch) if isinstance(one, Exception)]  # noqa: SLF001 (as above)
    assert len(everybody(hubs[0])) == 1


def test_a_message_repeated_after_a_merge_is_still_known(hubs: list[World]) -> None:
    world = hubs[0]
    first = Inbound(world.new_id(), USERNAME, "salam")
    hub, channel = world.services.hub, world.channels["sim-whatsapp"]
    hub.receive(channel, [first])
    say(world, SMS, "salam")
    say(world, WHATSAPP, "salam", USERNAME)
    before = world.count(said.outbox)
    hub.receive(channel, [first, replace(first, aliases=(WHATSAPP,))])
    assert world.count(said.outbox) == before


def test_stop_at_one_address_stops_what_is_queued_for_the_others(hubs: list[World]) -> None:
    world = hubs[0]
    for urn in (SMS, WHATSAPP):
        for text in ("salam", "1"):
            say(world, urn, text)
    made = world.services
    with made.database.write() as connection:
        contact = contacts.by_urn(connection, SMS, made.vault)
        assert contact is not None
        (address,) = (a for a in contacts.addresses_of(connection, contact, made.vault) if a.urn == SMS)
        draft = made.composer.draft(Kind.REMINDER, Part("x"), contact, address.id, "sim-sms", made.clock(), expires_at=made.clock() + (made.clock() - made.clock().replace(hour=1)))  # fmt: skip
        outbox.add(connection, [draft], made.vault)
    say(world, WHATSAPP, "stop")
    made.delivery.run("sim-sms")
    with made.database.read() as connection:
        row = connection.execute(select(said.outbox).where(said.outbox.c.id == draft.id)).one()
    assert (row.state, row.reason) == (State.SKIPPED.value, "opted_out")


def test_another_account_on_the_same_number_is_asked_who_it_is(hubs: list[World]) -> None:
    for text in ("salam", "1"):
        say(hubs[0], WHATSAPP, text, USERNAME)
    (contact,) = everybody(hubs[0])
    assert contact.consent == "given"
    say(hubs[0], WHATSAPP, "menu", Urn("bsuid", "MA.88"))
    (contact,) = everybody(hubs[0])
    assert contact.consent == "again"
    say(hubs[0], WHATSAPP, "2", Urn("bsuid", "MA.88"))
    old, new = sorted(everybody(hubs[0]), key=lambda one: one.id)
    with hubs[0].services.database.read() as connection:
        assert set(connection.scalars(select(people.addresses.c.contact_id))) == {new.id}
    assert (old.consent, new.consent) == ("again", "unknown")


def test_a_first_message_on_another_network_breaks_the_silence(hubs: list[World], clock: Clock) -> None:
    for text in ("salam", "1"):
        say(hubs[0], SMS, text)
    for urn, others in ((WHATSAPP, ()), (WHATSAPP, (USERNAME,))):
        clock.advance(days=100)
        say(hubs[0], urn, "2", *others)
        (contact,) = everybody(hubs[0])
        assert contact.last_inbound_at == clock()
        assert contact.consent == "given"


def test_the_ordinary_message_asks_nothing_about_identity(hubs: list[World], monkeypatch: pytest.MonkeyPatch) -> None:
    for urn in (SMS, WHATSAPP):
        say(hubs[0], urn, "salam")

    def asked(*_: object) -> None:
        raise AssertionError("identity was asked")

    for name in ("known", "lock", "merge", "attach", "hold"):
        monkeypatch.setattr(identity, name, asked)
    for urn in (SMS, WHATSAPP):
        say(hubs[0], urn, "1")


def test_what_waits_goes_nowhere_once_it_may_be_somebody_elses(hubs: list[World], clock: Clock) -> None:
    world, made = hubs[0], hubs[0].services
    world.agree()
    with made.database.write() as connection:
        id_ = contacts.by_urn(connection, SMS, made.vault)
        contact = contacts.get(connection, id_ or "", made.vault)
        assert contact is not None
        (address,) = contacts.addresses_of(connection, contact.id, made.vault)
        who = Who(contact, address.id, "sim-sms", clock(), "Africa/Casablanca")
        made.actions.table["adherence.enrol"](connection, {"hours": ["13:00"]}, who)
        draft = made.composer.draft(Kind.STAFF, Part("x"), contact.id, address.id, "sim-sms", clock())
        outbox.add(connection, [draft], made.vault)
    say(world, SMS, "machi ana")
    with made.database.read() as connection:
        row = connection.execute(select(said.outbox).where(said.outbox.c.id == draft.id)).one()
        assert (row.state, row.reason) == (State.SKIPPED.value, "asked_again")
    clock.advance(hours=1)
    made.reminders.tick()
    with made.database.read() as connection:
        assert connection.scalars(select(care.reminders.c.reason).where(care.reminders.c.state == "skipped")).all() == [
            "no_consent"
        ]
    say(world, SMS, "1")
    clock.advance(days=1)
    made.reminders.tick()
    with made.database.read() as connection:  # and goes on where the person said that they are the same
        assert connection.scalars(select(care.reminders.c.state).where(care.reminders.c.state == "queued")).all() == [
            "queued"
        ]


def test_reminders_stop_for_a_silent_number_that_takes_nothing(hubs: list[World], clock: Clock) -> None:
    world, made = hubs[0], hubs[0].services
    world.agree()
    with made.database.write() as connection:
        id_ = contacts.by_urn(connection, SMS, made.vault)
        contact = contacts.get(connection, id_ or "", made.vault)
        assert contact is not None
        (address,) = contacts.addresses_of(connection, contact.id, made.vault)
        who = Who(contact, address.id, "sim-sms", clock(), "Africa/Casablanca")
        made.actions.table["adherence.enrol"](connection, {"hours": ["13:00"]}, who)
    clock.advance(days=190)
    made.reminders.tick()
    clock.advance(hours=1)
    made.reminders.tick()
    with made.database.write() as connection:
        sent = connection.execute(select(care.reminders).where(care.reminders.c.state == "queued")).all()
        assert len(sent) == 1
        connection.execute(
            update(said.outbox).where(said.outbox.c.kind == "reminder").values(state="failed", reason="rejected")
        )
    clock.advance(days=1)
    made.reminders.tick()
    with made.database.read() as connection:
        query = select(care.reminders.c.reason).where(care.reminders.c.reason == identity.NUMBER_LEFT)
        assert connection.scalars(query).all() == [identity.NUMBER_LEFT]


def owners(world: World) -> dict[str, set[str]]:
    """The contacts of each phone's addresses; a user name of these tests ends with its phone's digits."""
    found: dict[str, set[str]] = {}
    with world.services.database.read() as connection:
        for row in connection.execute(select(people.addresses)):
            path = world.services.vault.open(row.path_enc, "addresses.path_enc")
            found.setdefault(path.removeprefix("+").removeprefix("MA."), set()).add(row.contact_id)
    return found


def test_a_storm_over_all_addresses_loses_no_message_and_ends_with_one_contact_a_phone(hubs: list[World]) -> None:
    chance, phones = random.Random(5), [f"21261000000{number}" for number in range(4)]
    words = ("salam", "1", "2", "menu", "machi ana", "bghit rendez-vous", "stop", "start")

    def one() -> tuple[str, Inbound]:
        phone = chance.choice(phones)
        sms, whatsapp, name = Urn("tel", f"+{phone}"), Urn("whatsapp", phone), Urn("bsuid", f"MA.{phone}")
        ways = ((sms,), (whatsapp,), (name,), (whatsapp, name), (name, whatsapp))
        urn, *others = chance.choice(ways)
        said_by = Inbound(hubs[0].new_id(), urn, chance.choice(words), aliases=tuple(others))
        return "sim-sms" if urn == sms else "sim-whatsapp", said_by

    def talk(hub: World, jobs: list[tuple[str, Inbound]]) -> None:
        for channel, inbound in jobs:
            hub.services.hub.receive(hub.channels[channel], [inbound])

    work = [(hubs[number % 3], [one() for _ in range(15)]) for number in range(6)]
    assert at_once([lambda w=w: talk(*w) for w in work]) == [None] * 6  # type: ignore[misc]
    assert hubs[0].count(said.inbound) == 90
    for phone in phones:
        named = Inbound(hubs[0].new_id(), Urn("whatsapp", phone), "salam", aliases=(Urn("bsuid", f"MA.{phone}"),))
        hubs[0].services.hub.receive(hubs[0].channels["sim-whatsapp"], [named])
    alive = {row.id for row in everybody(hubs[0])}
    assert all(len(whose) == 1 and whose <= alive for whose in owners(hubs[0]).values())
