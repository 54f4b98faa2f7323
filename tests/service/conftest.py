"""A hub of the test's own."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import cast

import pytest

from bot.core import numbers
from bot.service.demo import seed
from bot.settings import Settings
from bot.store.database import Database
from locales.catalog import Catalog
from nlu.keywords import Keywords
from nlu.table import Table
from nlu.types import Keyword
from nlu.understand import Understander
from tests.conftest import Clock
from tests.gateway.smsc import Smsc
from tests.service.links import House
from tests.service.world import Provider, Words, World, make


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog.load(defaults=lambda: numbers.in_force(date(2026, 11, 23)))


@pytest.fixture(scope="session")
def understander(catalog: Catalog) -> Understander:
    found = catalog.keywords()
    keywords = {form: {Keyword(word): said for word, said in words.items()} for form, words in found.items()}
    return Understander(Keywords(keywords), cast("Table", Words()))


@pytest.fixture
def world(
    var: Path, database: Database, clock: Clock, new_id: Callable[[], str], catalog: Catalog, understander: Understander
) -> Iterator[World]:
    """A hub on SQLite with the demonstration's places, and a provider that takes everything."""
    made = make(Settings(var=var), Provider(), clock, new_id)
    made.services.catalog, made.services.understander = catalog, understander
    with database.write() as connection:
        seed(connection)
    yield made
    made.services.database.close()


@pytest.fixture
def smsc() -> Iterator[Smsc]:
    with Smsc() as made:
        yield made


@pytest.fixture
def begin(
    smsc: Smsc, var: Path, database: Database, catalog: Catalog, understander: Understander
) -> Iterator[Callable[..., House]]:
    """Begin the process, or begin it again."""
    with database.write() as connection:
        seed(connection)
    begun: list[House] = []

    def make(**changes: str) -> House:
        begun.append(House(smsc, var, catalog, understander, **changes))
        return begun[-1]

    yield make
    for house in begun:
        house.stop()


@pytest.fixture
def house(begin: Callable[..., House]) -> House:
    return begin()
