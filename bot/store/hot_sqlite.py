"""The message path's statements on SQLite: one writer, rows one by one in its own process.

`BEGIN IMMEDIATE` (see `database.write`) is the lock of all contacts at once.
"""

import sqlite3
from collections.abc import Mapping, Sequence

TABLES: dict[str, tuple[str, ...]] = {
    "contacts": ("id", "form", "consent", "opted_out", "name_enc", "case_id", "created_at", "last_inbound_at"),
    "contacts_update": ("id", "form", "consent", "opted_out", "name_enc", "case_id", "last_inbound_at"),
    "addresses": ("id", "contact_id", "scheme", "lookup", "path_enc", "channel", "created_at", "last_inbound_at"),
    "addresses_update": ("id", "channel", "path_enc", "last_inbound_at"),
    "conversations": ("contact_id", "channel", "state_enc", "silent_at", "updated_at"),
    "inbound": (
        "id", "channel", "external_id", "contact_id", "address_id",
        "received_at", "text_enc", "answer_enc", "intent", "understood",
    ),
    "cases": ("id", "contact_id", "address_id", "channel", "reason", "urgent", "opened_at"),
    "outbox": (
        "id", "contact_id", "address_id", "channel", "kind", "lane",
        "part_enc", "state", "source", "created_at", "due_at", "expires_at",
    ),
}  # fmt: skip
"""What the message path writes, in the order in which foreign keys allow it."""


def insert(table: str) -> str:
    """`INSERT` with a question mark for each column of TABLES."""
    columns = TABLES[table]
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 (names of our own)


STATEMENTS = {
    "contacts_update": (
        "UPDATE contacts SET form = ?2, consent = ?3, opted_out = ?4, name_enc = ?5, case_id = ?6, last_inbound_at = ?7,"
        " consent_at = CASE WHEN consent = ?3 THEN consent_at ELSE ?7 END"
        " WHERE id = ?1"
    ),
    "addresses_update": "UPDATE addresses SET channel = ?2, path_enc = ?3, last_inbound_at = ?4 WHERE id = ?1",
    "conversations": insert("conversations") + " ON CONFLICT (contact_id, channel) DO UPDATE SET"
    " state_enc = excluded.state_enc, silent_at = excluded.silent_at, updated_at = excluded.updated_at",
}

LOAD = """
SELECT a.lookup, a.id, c.id, c.form, c.consent, c.opted_out, c.name_enc, c.last_inbound_at, c.case_id,
       v.channel, v.state_enc, v.updated_at, a.channel, a.last_inbound_at, length(a.path_enc), c.shared
FROM addresses a JOIN contacts c ON c.id = a.contact_id
LEFT JOIN conversations v ON v.contact_id = c.id AND v.channel = ?2
WHERE a.lookup = ?1
"""
REPEATS = "SELECT channel, external_id, answer_enc FROM inbound WHERE channel = ? AND external_id = ?"


def lock_and_load(
    raw: sqlite3.Connection, lookups: Sequence[bytes], channels: Sequence[str], keys: Sequence[tuple[str, str]]
) -> tuple[list[tuple[object, ...]], list[tuple[str, str, bytes | None]]]:
    """Contact, address and open conversation of each look-up hash that is known; and the messages among `keys` (channel,
    external id) that were handled before, with their sealed answers.
    """
    found: list[tuple[object, ...]] = []
    for lookup, channel in zip(lookups, channels, strict=True):
        found.extend(raw.execute(LOAD, (lookup, channel)))
    return found, [row for key in keys for row in raw.execute(REPEATS, key)]


def write(raw: sqlite3.Connection, tables: Mapping[str, Sequence[tuple[object, ...]]]) -> None:
    """Insert or update the rows of each table, whose columns stand as in TABLES."""
    for table, rows in tables.items():
        if rows:
            raw.executemany(STATEMENTS.get(table) or insert(table), rows)
