"""The message path's statements on PostgreSQL: as many for a batch as for one message."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from bot.store.hot_sqlite import TABLES

TYPES = {
    "lookup": "bytea",
    "opted_out": "boolean",
    "urgent": "boolean",
    "lane": "smallint",
}


def _type(column: str) -> str:
    if column.endswith("_enc"):
        return "bytea"
    return "bigint" if column.endswith("_at") else TYPES.get(column, "text")


def _unnest(table: str) -> str:
    columns = TABLES[table]
    arrays = ", ".join(f"%s::{_type(column)}[]" for column in columns)
    return f"unnest({arrays}) AS new({', '.join(columns)})"


def _insert(table: str) -> str:
    columns = ", ".join(TABLES[table])
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {_unnest(table)}"  # noqa: S608 (names of our own)


def _update(table: str, source: str) -> str:
    changes = ", ".join(f"{column} = new.{column}" for column in TABLES[source] if column != "id")
    if table == "contacts":
        moment = "CASE WHEN contacts.consent = new.consent THEN contacts.consent_at ELSE new.last_inbound_at END"
        changes += f", consent_at = {moment}"
    return f"UPDATE {table} SET {changes} FROM {_unnest(source)} WHERE {table}.id = new.id"  # noqa: S608 (names of our own)


STATEMENTS = {
    **{table: _insert(table) for table in TABLES if not table.endswith("_update")},
    "contacts_update": _update("contacts", "contacts_update"),
    "addresses_update": _update("addresses", "addresses_update"),
    "conversations": _insert("conversations") + " ON CONFLICT (contact_id, channel) DO UPDATE SET"
    " state_enc = excluded.state_enc, silent_at = excluded.silent_at, updated_at = excluded.updated_at",
}

# Every look-up here is of a few rows by a unique key. A plan made while the tables were small, and kept prepared, would
# read them whole for ever after; this rules such plans out, within the transaction only.
# Locked by address, in one order everywhere, so that a new contact's first two messages cannot both create it.
LOCK = """
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true), count(pg_advisory_xact_lock(key)::text)
FROM unnest(%s::bigint[]) AS wanted(key)
"""
# In a statement before LOAD: what somebody else wrote while we waited for the lock must be in LOAD's snapshot.
HOLD = """
SELECT 1 FROM contacts
WHERE id IN (SELECT contact_id FROM addresses WHERE lookup = ANY(%s::bytea[]))
ORDER BY id
FOR UPDATE
"""
LOAD = """
SELECT a.lookup, a.id, c.id, c.form, c.consent, c.opted_out, c.name_enc, c.last_inbound_at, c.case_id,
       v.channel, v.state_enc, v.updated_at, a.channel, a.last_inbound_at, length(a.path_enc), c.shared,
       i.channel, i.external_id, i.answer_enc
FROM unnest(%s::bytea[], %s::text[], %s::text[]) AS wanted(lookup, channel, external_id)
LEFT JOIN addresses a ON a.lookup = wanted.lookup
LEFT JOIN contacts c ON c.id = a.contact_id
LEFT JOIN conversations v ON v.contact_id = c.id AND v.channel = wanted.channel
LEFT JOIN inbound i ON i.channel = wanted.channel AND i.external_id = wanted.external_id
"""
REPEAT = 16
"""Where LOAD's columns about an earlier handling of the same message begin."""


def _array(values: Sequence[Any], type_: str) -> str:
    """An array as PostgreSQL writes it (its manual, 8.15.2): five times faster than adapting value by value."""
    if type_ == "bytea":
        return "{" + ",".join("NULL" if v is None else f'"\\\\x{v.hex()}"' for v in values) + "}"
    if type_ == "text":
        return "{" + ",".join("NULL" if v is None else _quoted(v) for v in values) + "}"
    return "{" + ",".join("NULL" if v is None else str(v) for v in values) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def lock_and_load(
    raw: Any,  # noqa: ANN401 (psycopg's connection)
    lookups: Sequence[bytes],
    channels: Sequence[str],
    keys: Sequence[tuple[str, str]],
) -> tuple[list[tuple[object, ...]], list[tuple[str, str, bytes | None]]]:
    """Contact, address and open conversation of each look-up hash that is known, which stay locked till the commit; and
    the messages among `keys` (channel, external id) that were handled before, with their sealed answers.
    """
    locks = sorted({int.from_bytes(lookup[:8], "big", signed=True) for lookup in lookups})
    wanted = _array(lookups, "bytea")
    external_ids = _array([external_id for _, external_id in keys], "text")
    # one journey to the server for all: each statement still sees what was committed before it began
    with raw.pipeline(), raw.cursor() as locking, raw.cursor() as loading:
        locking.execute(LOCK, (_array(locks, "bigint"),))
        locking.execute(HOLD, (wanted,))
        loading.execute(LOAD, (wanted, _array(channels, "text"), external_ids))
        rows = loading.fetchall()
    return [row[:REPEAT] for row in rows if row[0] is not None], [row[REPEAT:] for row in rows if row[REPEAT]]


def write(raw: Any, tables: Mapping[str, Sequence[tuple[object, ...]]]) -> None:  # noqa: ANN401 (psycopg's connection)
    """Insert or update the rows of each table, whose columns stand as in TABLES; all in one statement."""
    named = {table: rows for table, rows in tables.items() if rows}
    if named:
        columns = [
            _array(column, _type(name))
            for table, rows in named.items()
            for name, column in zip(TABLES[table], zip(*rows, strict=True), strict=True)
        ]
        with raw.cursor() as cursor:
            cursor.execute(_all(tuple(named)), columns)


@cache
def _all(tables: tuple[str, ...]) -> str:
    # foreign keys are checked when the whole statement has ended, so the order inside does not matter
    parts = ", ".join(f"{table}_written AS ({STATEMENTS[table]})" for table in tables)
    return f"WITH {parts} SELECT 1"
