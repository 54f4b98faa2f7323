"""Changing the encryption key: every sealed column is sealed anew, in small batches, while the service runs.

What is under the new key is passed over, so that an interrupted run simply goes on. Rows that a message is being written to
are left for the next pass; nobody waits for us.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Column, Table, and_, func, select, tuple_, update

from bot.store.database import Database
from bot.store.tables import care, contacts, media, messages, work
from bot.store.tables.base import metadata
from bot.store.vault import Vault, VaultError

BATCH = 200
"""Values of one transaction: a few milliseconds, in which a message has to wait on SQLite."""
PASSES = 5
BETWEEN_PASSES = 0.5

TABLES = (care, contacts, media, messages, work)
"""The modules whose tables `metadata` holds; named here so that each is loaded."""


@dataclass(slots=True)
class Progress:
    """What a run did: values sealed anew, and values that no key on the ring opens."""

    resealed: int = 0
    unreadable: set[tuple[str, str]] = field(default_factory=set)
    """Where they stand: `table.column` and the row's key (an id, never a value)."""


def sealed_columns() -> Iterator[tuple[Table, Column[bytes]]]:
    """Every column that holds sealed values: those whose names end in `_enc`."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if column.name.endswith("_enc"):
                yield table, column


def place(column: Column[bytes]) -> str:
    """The name under which a column's values are sealed."""
    return f"{column.table.name}.{column.name}"


def census(database: Database) -> dict[int, int]:
    """How many values are sealed under each key, by the key's number."""
    found: dict[int, int] = {}
    for _, column in sealed_columns():
        first = func.substr(column, 1, 1)
        with database.read() as connection:
            for key, count in connection.execute(
                select(first, func.count()).where(column.is_not(None)).group_by(first)
            ):
                number = bytes(key)[0] if key else 0
                found[number] = found.get(number, 0) + count
    return found


def reseal(
    database: Database,
    vault: Vault,
    tell: Callable[[str, int], None] = lambda _column, _count: None,
    *,
    batch: int = BATCH,
) -> Progress:
    """Seal everything that is under another key under `vault.current`. `tell(column, count)` hears of each batch.

    May be stopped at any point and called again. Values that cannot be opened are left as they are and named in the
    progress.
    """
    progress = Progress()
    for number in range(PASSES):
        if number:
            time.sleep(BETWEEN_PASSES)
        before = len(progress.unreadable)
        for table, column in sealed_columns():
            _reseal_column(database, vault, table, column, progress, tell, batch)
        left = sum(count for key, count in census(database).items() if key != vault.current)
        if left <= len(progress.unreadable) and before == len(progress.unreadable):
            break
    return progress


def _reseal_column(
    database: Database,
    vault: Vault,
    table: Table,
    column: Column[bytes],
    progress: Progress,
    tell: Callable[[str, int], None],
    batch: int,
) -> None:
    keys = list(table.primary_key.columns)
    last: tuple[object, ...] | None = None
    while True:
        old = and_(column.is_not(None), func.substr(column, 1, 1) != bytes([vault.current]))
        query = select(*keys, column).where(old).order_by(*keys).limit(batch)
        if last is not None:
            query = query.where(tuple_(*keys) > last)
        done = 0
        with database.write() as connection:
            if connection.dialect.name == "postgresql":
                query = query.with_for_update(skip_locked=True)
            rows = connection.execute(query).all()
            for row in rows:
                *key, sealed = row
                try:
                    text = vault.open(bytes(sealed), place(column))
                except VaultError:
                    progress.unreadable.add((place(column), "/".join(str(part) for part in key)))
                    continue
                mine = and_(*(one == value for one, value in zip(keys, key, strict=True)))
                anew = vault.seal(text, place(column))
                connection.execute(update(table).where(mine, column == sealed).values({column.name: anew}))
                done += 1
        progress.resealed += done
        if done:
            tell(place(column), done)
        if len(rows) < batch:
            return
        last = tuple(rows[-1][:-1])
