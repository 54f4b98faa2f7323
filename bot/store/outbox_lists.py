"""What stands in the outbox, in numbers: for operators and for metrics. Never a number, a name or a text."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, text

from bot.core.model import Lane
from bot.store.columns import to_ms
from bot.store.tables.messages import outbox

RECENT = timedelta(minutes=5)
"""The time over which the rate and the outcomes of a channel are counted."""
BROKEN_BY_US = ("misconfigured", "unreadable")
"""Reasons of failures that are mended on our side: what failed by them may be sent again."""


@dataclass(frozen=True, slots=True)
class Group:
    """So many rows of a channel in one state for one reason; `oldest_at` is when the first of them was written."""

    channel: str
    state: str
    reason: str | None
    code: str | None
    count: int
    oldest_at: datetime


def groups(
    connection: Connection, *, state: str | None = None, reason: str | None = None, channel: str | None = None
) -> list[Group]:
    """All rows by channel, state, reason and the provider's code; the largest group of each channel first."""
    columns = (outbox.c.channel, outbox.c.state, outbox.c.reason, outbox.c.code)
    query = select(*columns, func.count().label("rows"), func.min(outbox.c.created_at).label("oldest"))
    for column, value in ((outbox.c.state, state), (outbox.c.reason, reason), (outbox.c.channel, channel)):
        if value is not None:
            query = query.where(column == value)
    found = connection.execute(query.group_by(*columns).order_by(outbox.c.channel, func.count().desc()))
    return [Group(row.channel, row.state, row.reason, row.code, row.rows, row.oldest) for row in found]


REQUEUE = text("""
UPDATE outbox SET state = 'queued', reason = NULL, code = NULL, attempts = 0, due_at = :now, settled_at = NULL, moved_at = :now
WHERE channel = :channel AND state = 'failed' AND reason = :reason AND expires_at > :now
AND external_id IS NULL AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.instead_of = outbox.id)
""")


def requeue(connection: Connection, channel: str, reason: str, now: datetime) -> int:
    """Queue anew what failed on a channel for a reason of ours, and is still of use. Returns how many.

    Raises ValueError for a reason that is not ours: what a provider refused, or took, is never sent again.
    """
    if reason not in BROKEN_BY_US:
        raise ValueError(f"only what failed as {' or '.join(BROKEN_BY_US)} can be queued again")
    return connection.execute(REQUEUE, {"channel": channel, "reason": reason, "now": to_ms(now)}).rowcount


@dataclass(frozen=True, slots=True)
class Figures:
    """The outbox at one moment. Ages in seconds; `ended` counts what reached a state within RECENT."""

    waiting: dict[tuple[str, Lane], tuple[int, float]]
    """By channel and lane: how many are due and wait, and the age of the oldest."""
    unsettled: dict[tuple[str, str], int]
    """By channel and state: `sending`, `unknown`."""
    ended: dict[tuple[str, str], int]


# Each of these reads a partial index of the rows that it counts, never the whole table.
_WAITING = text("""
SELECT channel, lane, count(*), min(due_at) FROM outbox WHERE state = 'queued' AND due_at <= :now GROUP BY channel, lane
""")
_UNSETTLED = text("""
SELECT channel, state, count(*) FROM outbox WHERE state IN ('sending', 'unknown') GROUP BY channel, state
""")
_ENDED = text("""
SELECT channel, state, count(*) FROM outbox WHERE moved_at IS NOT NULL AND moved_at > :since
AND state NOT IN ('queued', 'sending') GROUP BY channel, state
""")


def figures(connection: Connection, now: datetime) -> Figures:
    """Count."""
    at = to_ms(now)
    waiting = connection.execute(_WAITING, {"now": at})
    unsettled = connection.execute(_UNSETTLED)
    ended = connection.execute(_ENDED, {"since": to_ms(now - RECENT)})
    return Figures(
        {(channel, Lane(lane)): (number, (at - oldest) / 1000) for channel, lane, number, oldest in waiting},
        {(channel, state): number for channel, state, number in unsettled},
        {(channel, state): number for channel, state, number in ended},
    )
