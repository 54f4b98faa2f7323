"""The outbox's statements for many rows at once: as many for five hundred messages as for one.

What is asked for stands in the text of a statement (`state = 'queued'`), because a partial index is used only where its
condition can be seen in it.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from bot.core.model import Kind
from bot.store.database import driver_connection

PASSES = ", ".join(f"'{kind.value}'" for kind in Kind if kind.passes_opt_out)

BY_KEY = (
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),"
    " set_config('enable_mergejoin', 'off', true), set_config('enable_bitmapscan', 'off', true),"
    " set_config('enable_sort', 'off', true)"
)
"""As for the message path: a plan made while the queue was short must not read it whole when it is long. The queue's own
index gives the order; what sorts has read everything first."""


class Claimed(NamedTuple):
    """A row to send, still sealed: what the sender and the decision about it need. Moments are milliseconds."""

    id: str
    contact_id: str
    address_id: str
    kind: str
    lane: int
    attempts: int
    """Counts the coming one."""
    source: str | None
    due_at: int
    expires_at: int
    opted_out: bool
    last_inbound_at: int | None
    scheme: str
    path_enc: bytes
    part_enc: bytes
    first_channel: str | None
    clear: bool
    """Whether it may go without another question and is marked `sending`; otherwise it is claimed and still queued."""


_WAITS = """
o.channel = {channel} AND o.state = 'queued' AND o.lane BETWEEN {first} AND {last} AND o.due_at <= {now}
AND (o.lease_until IS NULL OR o.lease_until < {now})
"""
# One that is being tried again still comes first; one planned for later does not hold up the rest. Asked for each row
# by its contact: no plan may begin with the channel, whose rows are the whole queue (`|| ''`), nor make a join of it
# (PostgreSQL keeps a question with an OFFSET as it stands).
_FIRST = """
NOT EXISTS (
  SELECT 1 FROM outbox e
  WHERE e.contact_id = o.contact_id AND (e.channel || '') = o.channel AND e.state IN ('queued', 'sending')
  AND (e.lane, e.id) < (o.lane, o.id) AND (e.due_at <= {now} OR e.attempts > 0)
  {alone}
)
"""
_CLEAR = f"""
(NOT c.opted_out OR o.kind IN ({PASSES})) AND o.expires_at > {{now}}
AND ({{since}} IS NULL OR a.last_inbound_at > {{since}})
"""
_COLUMNS = """
o.id, o.contact_id, o.address_id, o.kind, o.lane, {attempts}, o.source, o.due_at, o.expires_at, c.opted_out,
a.last_inbound_at, a.scheme, a.path_enc, o.part_enc, o.first_channel, {clear}
"""


def _claim_postgres() -> str:
    names = {name: f"%({name})s" for name in ("channel", "first", "last")}
    names |= {"now": "%(now)s::bigint", "alone": "OFFSET 0"}
    clear = _CLEAR.format(now="%(now)s::bigint", since="%(since)s::bigint")
    columns = _COLUMNS.format(
        attempts="o.attempts + CASE WHEN o.state = 'queued' THEN 1 ELSE 0 END", clear="o.state = 'sending'"
    )
    return f"""
WITH due AS MATERIALIZED (
  SELECT o.id FROM outbox o WHERE {_WAITS.format(**names)} AND {_FIRST.format(**names)}
  ORDER BY o.lane, o.due_at, o.id LIMIT %(limit)s FOR UPDATE OF o SKIP LOCKED
)
UPDATE outbox o SET
  state = CASE WHEN {clear} THEN 'sending' ELSE 'queued' END,
  attempts = o.attempts + CASE WHEN {clear} THEN 1 ELSE 0 END,
  lease_until = %(lease)s, lease_by = %(by)s
FROM due, contacts c, addresses a
WHERE o.id = due.id AND c.id = o.contact_id AND a.id = o.address_id
RETURNING {columns}
"""  # noqa: S608 (our own words; every value is a parameter)


def _claim_sqlite() -> str:
    names = {name: f":{name}" for name in ("channel", "first", "last", "now")} | {"alone": ""}
    clear = _CLEAR.format(now=":now", since=":since")
    columns = _COLUMNS.format(attempts="o.attempts + 1", clear=clear)
    return f"""
SELECT {columns} FROM outbox o CROSS JOIN contacts c CROSS JOIN addresses a
WHERE {_WAITS.format(**names)} AND {_FIRST.format(**names)} AND c.id = o.contact_id AND a.id = o.address_id
ORDER BY o.lane, o.due_at, o.id LIMIT :limit
"""  # noqa: S608 (our own words; every value is a parameter)


CLAIM = {"postgresql": _claim_postgres(), "sqlite": _claim_sqlite()}
TAKE = """
UPDATE outbox SET state = 'sending', attempts = attempts + 1, lease_until = ?, lease_by = ?
WHERE id IN (SELECT value FROM json_each(?))
"""
HOLD = "UPDATE outbox SET lease_until = ?, lease_by = ? WHERE id IN (SELECT value FROM json_each(?))"

_MAY_MOVE = """
((outbox.state = 'sending' AND ({state} <> 'skipped' OR {untried} = 1)) OR outbox.state = 'queued'
 OR (outbox.state = 'unknown' AND {state} IN ('sent', 'delivered', 'failed')))
AND ({by} IS NULL OR {state} NOT IN ('queued', 'skipped') OR outbox.lease_by = {by})
"""
"""A row that a report has moved on meanwhile is not moved back. What another worker holds since our lease ran out is
neither queued anew nor skipped by us; what we learned of a send that the sweeper gave up is better than not knowing."""

_SETTLE_POSTGRES = f"""
UPDATE outbox SET
  state = new.state, reason = new.reason, code = new.code,
  external_id = coalesce(new.external_id, outbox.external_id), due_at = coalesce(new.due_at, outbox.due_at),
  attempts = outbox.attempts - new.untried, lease_until = NULL, lease_by = NULL, moved_at = %s,
  sent_at = CASE WHEN new.state IN ('sent', 'delivered') THEN %s::bigint ELSE outbox.sent_at END,
  settled_at = CASE WHEN new.state IN ('queued', 'sent', 'unknown') THEN NULL ELSE %s::bigint END
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::int[])
  AS new(id, state, reason, code, external_id, due_at, untried)
WHERE outbox.id = new.id AND {_MAY_MOVE.format(state="new.state", by="%s::text", untried="new.untried")}
"""  # noqa: S608 (our own words)
_SETTLE_SQLITE = f"""
UPDATE outbox SET
  state = ?2, reason = ?3, code = ?4, external_id = coalesce(?5, external_id), due_at = coalesce(?6, due_at),
  attempts = attempts - ?7, lease_until = NULL, lease_by = NULL, moved_at = ?8,
  sent_at = CASE WHEN ?2 IN ('sent', 'delivered') THEN ?8 ELSE sent_at END,
  settled_at = CASE WHEN ?2 IN ('queued', 'sent', 'unknown') THEN NULL ELSE ?8 END
WHERE id = ?1 AND {_MAY_MOVE.format(state="?2", by="?9", untried="?7")}
"""  # noqa: S608 (our own words)

Settled = tuple[str, str, str | None, str | None, str | None, int | None, int]
"""id, state, reason, code, external id, when to try again, 1 where the send was not tried after all."""


def claim(connection: Connection, given: dict[str, Any]) -> list[Claimed]:
    """Rows of `channel` due `now` in lanes `first` to `last`, at most `limit`, best first, leased `by` until `lease`.

    With `since`, only those go without a question whose contact wrote after that moment.
    """
    raw = driver_connection(connection)
    if connection.dialect.name == "postgresql":
        with raw.pipeline(), raw.cursor() as planning, raw.cursor(binary=True) as cursor:
            planning.execute(BY_KEY)
            cursor.execute(CLAIM["postgresql"], given, prepare=True)
            rows = [Claimed._make(row) for row in cursor.fetchall()]
        rows.sort(key=lambda row: (row.lane, row.due_at, row.id))
        return rows
    rows = [Claimed._make(row) for row in raw.execute(CLAIM["sqlite"], given)]
    for statement, ids in (
        (TAKE, [row.id for row in rows if row.clear]),
        (HOLD, [row.id for row in rows if not row.clear]),
    ):
        if ids:
            raw.execute(statement, (given["lease"], given["by"], json.dumps(ids)))
    return rows


def settle(connection: Connection, rows: Sequence[Settled], now: int, by: str | None) -> None:
    """Write what became of each row."""
    raw = driver_connection(connection)
    if connection.dialect.name == "postgresql":
        ids, states, reasons, codes, names, dues, untried = zip(*rows, strict=True)
        arrays = (
            *(_texts(column) for column in (ids, states, reasons, codes, names)),
            _numbers(dues),
            _numbers(untried),
        )
        with raw.pipeline(), raw.cursor() as cursor:
            cursor.execute(BY_KEY)
            cursor.execute(_SETTLE_POSTGRES, (now, now, now, *arrays, by, by), prepare=True)
        return
    raw.executemany(_SETTLE_SQLITE, [(*row, now, by) for row in rows])


def _texts(values: Iterable[str | None]) -> str:
    """An array as PostgreSQL writes it (its manual, 8.15.2): several times faster than adapting value by value."""
    return "{" + ",".join("NULL" if v is None else _quoted(v) for v in values) + "}"


def _quoted(value: str) -> str:
    if value.isalnum() and value.isascii() and value.lower() != "null":
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _numbers(values: Iterable[int | None]) -> str:
    return "{" + ",".join("NULL" if v is None else str(v) for v in values) + "}"
