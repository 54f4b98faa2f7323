"""What the directory keeps, and for how long."""

import pytest

from bot.service.demo import seed
from bot.service.directory import FRESH_SECONDS, Directory
from bot.store.database import Database
from bot.store.tables.care import closures, facilities


@pytest.fixture
def seconds() -> list[float]:
    return [100.0]


@pytest.fixture
def directory(seconds: list[float]) -> Directory:
    return Directory(lambda: seconds[0])


def test_a_change_is_met_within_seconds(database: Database, directory: Directory, seconds: list[float]) -> None:
    with database.write() as connection:
        seed(connection)
        assert len(directory.places(connection)) == 5
        assert directory.closed_days(connection, "agdal") == set()
        connection.execute(facilities.update().where(facilities.c.id == "nador").values(state="closed"))
        connection.execute(closures.insert().values(facility_id="agdal", day="2026-12-01"))
        assert len(directory.places(connection)) == 5
        seconds[0] += FRESH_SECONDS
        assert len(directory.places(connection)) == 4
        assert len(directory.closed_days(connection, "agdal")) == 1


def test_what_is_not_there_is_looked_for_each_time(database: Database, directory: Directory) -> None:
    with database.write() as connection:
        assert directory.places(connection) == []
        assert directory.place(connection, "agdal") is None
        seed(connection)
        assert len(directory.places(connection)) == 5
        assert directory.place(connection, "agdal") is not None
        assert directory.services_at(connection, "agdal")
        assert directory.hours_of(connection, "agdal", "general")
