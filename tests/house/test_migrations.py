"""Migrations are numbered, stand in one line, and lead to the tables that the code speaks of."""

import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.store.database import MIGRATIONS, Database
from bot.store.tables.base import metadata

FOLDER = ScriptDirectory(str(MIGRATIONS))
NEWEST_LAST = list(FOLDER.walk_revisions())[::-1]


def test_migrations_are_numbered_without_a_gap() -> None:
    names = sorted(path.stem for path in (MIGRATIONS / "versions").glob("*.py"))
    assert [name.partition("_")[0] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+", name) for name in names)


def test_migrations_stand_in_one_line() -> None:
    assert [migration.revision for migration in NEWEST_LAST] == [
        f"{number:04}" for number in range(1, len(NEWEST_LAST) + 1)
    ]
    assert [migration.down_revision for migration in NEWEST_LAST] == [
        None,
        *(migration.revision for migration in NEWEST_LAST[:-1]),
    ]


def test_current_names_the_newest_so_that_two_branches_collide_in_git() -> None:
    assert (MIGRATIONS / "CURRENT").read_text().strip() == NEWEST_LAST[-1].revision


def test_migrations_lead_to_the_tables_of_the_code(both_databases: Database) -> None:
    with both_databases.read() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    assert found == []


@pytest.mark.parametrize("migration", NEWEST_LAST, ids=lambda migration: migration.revision)
def test_a_migration_says_what_it_does(migration: object) -> None:
    assert (getattr(migration, "doc", "") or "").strip()
