"""What the store's tests start from besides the fixtures of all tests."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import text

from bot.core.wallclock import require_current_zones
from bot.store.database import Database
from bot.store.hot import HotStore
from bot.store.tables.base import metadata
from bot.store.vault import Vault


@pytest.fixture(scope="session", autouse=True)
def _current_zones() -> None:
    require_current_zones()


@pytest.fixture(scope="session")
def _one_postgres(postgres_server: str) -> Iterator[Database]:
    # one database for all tests of the store, wiped before each: making one takes longer than most of these tests
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE store_tests TEMPLATE migrated")
    made = Database(postgres_server.replace("/postgres?", "/store_tests?", 1), pool_size=20)
    yield made
    made.close()


@pytest.fixture
def postgres(_one_postgres: Database) -> Database:
    """An empty PostgreSQL database with the newest schema."""
    with _one_postgres.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(text(f"DELETE FROM {table.name}"))
    return _one_postgres


@pytest.fixture
def hot(both_databases: Database, vault: Vault, new_id: Callable[[], str]) -> HotStore:
    return HotStore(both_databases.dialect, vault, new_id)
