"""The same door on PostgreSQL, where messages of different people are handled side by side."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.service.demo import seed
from bot.settings import Settings
from bot.store.database import DatabaseDown
from bot.store.tables import contacts as people
from bot.store.tables import messages as said
from bot.store.tables.care import appointments
from locales.catalog import Catalog
from nlu.understand import Understander
from tests.conftest import Clock
from tests.service.world import Provider, World, at_once, make

pytestmark = pytest.mark.postgres


@pytest.fixture
def hubs(
    var: Path,
    postgres_url: str,
    clock: Clock,
    new_id: Callable[[], str],
    catalog: Catalog,
    understander: Understander,
) -> Iterator[list[World]]:
    """Three processes' hubs on one database, and one provider."""
    provider, made = Provider(), []
    for _ in range(3):
        world = make(Settings(var=var, DATABASE_URL=postgres_url), provider, clock, new_id)
        world.services.catalog, world.services.understander = catalog, understander
        world.new_id = world.services.new_id = made[0].new_id if made else world.new_id
        made.append(world)
    with made[0].services.database.write() as connection:
        seed(connection)
    yield made
    for world in made:
        world.services.database.close()


def test_the_same_message_to_three_processes_has_one_effect(hubs: list[World]) -> None:
    first = hubs[0]
    first.agree()
    same = first.inbound("salam", external_id="the-same")
    found = at_once([lambda hub=hub: hub.receive(same) for hub in hubs * 3])  # type: ignore[misc]
    assert not [one for one in found if isinstance(one, Exception)]
    at_once([lambda hub=hub: hub.services.delivery.run("sim-sms") for hub in hubs])  # type: ignore[misc]
    assert len(first.provider.take()) == 1


def test_many_people_book_the_same_times_through_three_processes(hubs: list[World]) -> None:
    """Whole conversations side by side: contacts, slots and reminders are locked, and nobody is lost to a deadlock."""
    numbers = [f"+2126000000{n:02}" for n in range(12)]

    def talk(hub: World, number: str) -> None:
        for words in ("salam", "1", "bghit rendez-vous", "1", "1", "1", "1", "1"):
            hub.receive(hub.inbound(words, number=number))

    found = at_once([lambda n=n: talk(hubs[n % 3], numbers[n]) for n in range(12)])  # type: ignore[misc]
    assert [one for one in found if one is not None] == []
    first = hubs[0]
    assert (first.count(people.contacts), first.count(said.inbound)) == (12, 96)
    assert first.count(appointments) > 0
    with first.services.database.read() as connection:
        wrong = connection.execute(
            text(
                "SELECT s.id FROM slots s WHERE s.taken <> (SELECT count(*) FROM appointments a WHERE a.slot_id = s.id"
                " AND a.state IN ('booked', 'confirmed')) OR s.taken > s.capacity"
            )
        ).all()
    assert wrong == []


def test_messages_of_one_person_to_three_processes_wait_for_each_other(hubs: list[World]) -> None:
    first = hubs[0]
    first.agree()
    ones = [(hubs[n % 3], first.inbound(f"mot {n}")) for n in range(9)]
    found = at_once([lambda hub=hub, one=one: hub.receive(one) for hub, one in ones])  # type: ignore[misc]
    assert not [one for one in found if isinstance(one, Exception)]
    assert first.count(people.contacts) == 1
    assert first.count(said.inbound) == 2 + 9


def test_connections_that_the_server_ends_are_made_anew(hubs: list[World]) -> None:
    first, other = hubs[0], hubs[1]
    first.agree()
    for _ in range(3):
        with other.services.database.write() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                    " AND datname = current_database()"
                )
            )
        try:
            assert len(first.receive(first.inbound("menu"))) == 1
        except DatabaseDown:
            assert first.receive(first.inbound("menu"))
    first.services.delivery.run("sim-sms")
    assert len(first.provider.take()) == 3


def test_reminders_of_three_clocks_do_not_double(hubs: list[World]) -> None:
    from datetime import UTC, datetime

    first = hubs[0]
    for n in range(6):
        number = f"+2126000000{n:02}"
        for words in ("salam", "1", "bghit rendez-vous", "1", "1", "1", "1", "1"):
            first.receive(first.inbound(words, number=number))
    first.services.delivery.run("sim-sms")
    first.provider.take()
    first.clock.now = datetime(2026, 11, 23, 13, 1, tzinfo=UTC)  # two hours before 14:30 and 15:00 are past
    for _ in range(2):
        found = at_once([hub.services.reminders.tick for hub in hubs])
        assert not [one for one in found if isinstance(one, Exception)]
    at_once([lambda hub=hub: hub.services.delivery.run("sim-sms") for hub in hubs])  # type: ignore[misc]
    with first.services.database.read() as connection:
        sources = connection.scalars(text("SELECT source FROM outbox WHERE kind = 'reminder'")).all()
    assert len(sources) == len(set(sources)) == 4
    assert len(first.provider.take()) == 4
