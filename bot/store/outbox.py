"""The outbox: what the system decided to send, and what became of it. The database is the truth; RQ only wakes us.

A row is claimed with a lease, marked `sending` just before the provider is called, and settled after. A worker that dies
before the mark leaves a claim that runs out and is taken again; one that dies after it leaves `sending`, which nobody
may repeat (P3): the sweeper turns it into `unknown`, and a delivery report settles it.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import Connection, and_, insert, or_, select, text, update

from bot.core import codec
from bot.core.delivery import Outcome
from bot.core.model import Draft, Kind, Lane, State
from bot.store import outbox_sets
from bot.store.columns import from_ms, to_ms
from bot.store.database import driver_connection
from bot.store.hot import PLACE_PART, PLACE_PATH, outbox_row
from bot.store.hot_sqlite import TABLES
from bot.store.hot_sqlite import insert as insert_one
from bot.store.outbox_sets import Claimed
from bot.store.tables.contacts import contacts
from bot.store.tables.messages import outbox
from bot.store.vault import Vault
from sms_gateway.types import Outbound, Urn

__all__ = ["ALL_LANES", "Claimed", "add", "begin", "claim", "opened", "settle", "sweep", "waiting_channels"]

MAY_REPEAT = (Kind.EMERGENCY.value,)
ALL_LANES = (Lane.EMERGENCY, Lane.CAMPAIGN)
WAITS = "waits_for_contact"
"""Why a row is held whose channel takes free text only after the contact's next message."""
COPY_FROM = 50
"""Drafts from which PostgreSQL takes them as one stream."""


def add(connection: Connection, drafts: Iterable[Draft], vault: Vault) -> None:
    """Put drafts into the outbox."""
    rows = [outbox_row(draft, vault) for draft in drafts]
    if not rows:
        return
    raw = driver_connection(connection)
    if connection.dialect.name == "sqlite":
        raw.executemany(insert_one("outbox"), rows)
    elif len(rows) < COPY_FROM:
        columns = TABLES["outbox"]
        values = [dict(zip(columns, row, strict=True)) for row in rows]
        for value in values:
            for column in ("created_at", "due_at", "expires_at"):
                value[column] = from_ms(int(str(value[column])))
        connection.execute(insert(outbox), values)
    else:
        with raw.cursor() as cursor, cursor.copy(f"COPY outbox ({', '.join(TABLES['outbox'])}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def claim(
    connection: Connection,
    channel: str,
    now: datetime,
    *,
    by: str,
    limit: int,
    lease: timedelta,
    lanes: tuple[Lane, Lane] = ALL_LANES,
    window: timedelta | None = None,
) -> list[Claimed]:
    """Take up to `limit` due rows of a channel for `lease`; the earliest of each contact only (P4), best lane first.

    What may go without another question (the contact has not opted out, the text is not too old, with `window` the
    contact wrote within it) is marked `sending` by the same statement: it is `clear`. Of the rest somebody must decide.
    """
    given = {
        "channel": channel,
        "now": to_ms(now),
        "by": by,
        "limit": limit,
        "lease": to_ms(now + lease),
        "first": int(lanes[0]),
        "last": int(lanes[1]),
        "since": to_ms(now - window) if window is not None else None,
    }
    return outbox_sets.claim(connection, given) if limit > 0 else []


def opened(one: Claimed, vault: Vault) -> Outbound:
    """The message of a row. Raises VaultError, ValueError or KeyError where it cannot be read."""
    path = vault.open(one.path_enc, PLACE_PATH)
    return Outbound(one.id, Urn(one.scheme, path), _part(vault.open(one.part_enc, PLACE_PART)))


_part = lru_cache(maxsize=64)(codec.load_part)
"""A campaign says the same to thousands, in a few languages."""


def begin(connection: Connection, ids: Sequence[str], by: str, *, lease_until: datetime) -> set[str]:
    """Mark claimed rows as being sent from now on; returns those still ours and whose contact has not opted out since.

    `lease_until` is when the sweeper may take the sender for dead.
    """
    stopped = select(contacts.c.id).where(contacts.c.opted_out.is_(True))
    allowed = [kind.value for kind in Kind if kind.passes_opt_out]
    mine = and_(outbox.c.id.in_(ids), outbox.c.lease_by == by, outbox.c.state == State.QUEUED.value)
    free = or_(outbox.c.contact_id.not_in(stopped), outbox.c.kind.in_(allowed))
    taken = connection.execute(
        update(outbox)
        .where(mine, free)
        .values(state=State.SENDING.value, attempts=outbox.c.attempts + 1, lease_until=lease_until)
        .returning(outbox.c.id),
    )
    return set(taken.scalars())


def settle(
    connection: Connection, outcomes: Sequence[tuple[str, Outcome]], now: datetime, *, by: str | None = None
) -> None:
    """Write what became of each row. A row that a report has moved on meanwhile is not moved back.

    With `by`, a row that another worker holds by now is neither queued anew nor skipped.
    """
    if not outcomes:
        return
    rows = [
        (
            id_,
            one.state.value,
            one.reason,
            one.code,
            one.external_id,
            to_ms(one.again_at) if one.again_at else None,
            int(one.untried),
        )
        for id_, one in outcomes
    ]
    outbox_sets.settle(connection, rows, to_ms(now), by)
    if gone := [id_ for id_, one in outcomes if one.reason == "opted_out" and one.state is State.FAILED]:
        opt_out(connection, gone)


def opt_out(connection: Connection, ids: Sequence[str]) -> None:
    """The contacts of these rows want to be left alone, says their provider."""
    whose = select(outbox.c.contact_id).where(outbox.c.id.in_(ids))
    connection.execute(update(contacts).where(contacts.c.id.in_(whose)).values(opted_out=True))


def sweep(connection: Connection, now: datetime) -> dict[str, int]:
    """Settle what a dead worker left (sends of unknown outcome), what is too old, and let go what waited for its contact.

    Returns counts by outcome.
    """
    return {name: connection.execute(statement, {"now": to_ms(now)}).rowcount for name, statement in SWEEPS.items()}


def give_back(connection: Connection, by: str, begun: Collection[str], now: datetime) -> int:
    """Queue anew what the dead run `by` had claimed and certainly not `begun` to send. Returns how many rows."""
    unsent = and_(outbox.c.lease_by == by, outbox.c.id.not_in(begun))
    return connection.execute(
        update(outbox)
        .where(unsent, outbox.c.state == State.SENDING.value)
        .values(state=State.QUEUED.value, lease_until=None, lease_by=None, moved_at=now, attempts=outbox.c.attempts - 1)
    ).rowcount


def waiting_channels(connection: Connection, now: datetime) -> list[str]:
    """Channels with due rows that nobody holds."""
    return list(connection.scalars(WAITING_CHANNELS, {"now": to_ms(now)}))


_REPEATS = ", ".join(f"'{kind}'" for kind in MAY_REPEAT)
_GIVE_UP = "UPDATE outbox SET lease_until = NULL, lease_by = NULL, moved_at = :now"
_STUCK = "WHERE state = 'sending' AND lease_until < :now AND kind"
SWEEPS = {
    "again": text(f"{_GIVE_UP}, state = 'queued' {_STUCK} IN ({_REPEATS})"),
    "unknown": text(f"{_GIVE_UP}, state = 'unknown', reason = 'outcome_unknown' {_STUCK} NOT IN ({_REPEATS})"),
    "too_late": text(
        f"{_GIVE_UP}, settled_at = :now, state = 'skipped',"
        f" reason = CASE WHEN reason = '{WAITS}' THEN 'outside_window' ELSE 'too_late' END"
        " WHERE state = 'queued' AND expires_at < :now AND (lease_until IS NULL OR lease_until < :now)"
    ),
    "let_go": text(
        f"UPDATE outbox SET due_at = :now, reason = NULL WHERE state = 'queued' AND reason = '{WAITS}' AND EXISTS ("  # noqa: S608 (our own words)
        "SELECT 1 FROM addresses WHERE addresses.id = outbox.address_id AND addresses.last_inbound_at > outbox.moved_at)"
    ),
}
# From one channel's rows to the next one's by the index: reading the whole queue each second would be felt.
WAITING_CHANNELS = text("""
WITH RECURSIVE known(channel) AS (
  SELECT min(channel) FROM outbox WHERE state = 'queued'
  UNION ALL
  SELECT (SELECT min(o.channel) FROM outbox o WHERE o.state = 'queued' AND o.channel > known.channel) FROM known
  WHERE known.channel IS NOT NULL
)
SELECT channel FROM known WHERE channel IS NOT NULL AND EXISTS (
  SELECT 1 FROM outbox o WHERE o.channel = known.channel AND o.state = 'queued' AND o.due_at <= :now
  AND (o.lease_until IS NULL OR o.lease_until < :now)
)
""")
