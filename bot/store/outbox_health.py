"""The circuits of the channels, shared by all workers and shown to the staff; what was measured of their delivery."""

from datetime import datetime

from sqlalchemy import Connection, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.pacing import Circuit, Health
from bot.store.columns import to_ms
from bot.store.tables.messages import channel_health


def all_of(connection: Connection) -> dict[str, Circuit]:
    """The circuit of each channel that ever had one that was not closed."""
    rows = connection.execute(select(channel_health).order_by(channel_health.c.channel))
    return {
        row.channel: Circuit(
            since=row.since, state=Health(row.state), reason=row.reason, probe_at=row.probe_at, pauses=row.pauses
        )
        for row in rows
    }


def write(connection: Connection, channel: str, circuit: Circuit) -> None:
    """Tell all workers."""
    values = {
        "state": circuit.state.value,
        "reason": circuit.reason,
        "since": circuit.since,
        "probe_at": circuit.probe_at,
        "pauses": circuit.pauses,
    }
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(channel_health).values(channel=channel, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["channel"], set_=values))


def win_probe(connection: Connection, channel: str, circuit: Circuit, now: datetime) -> Circuit | None:
    """The circuit with its next probe put off, for the one worker that may try a message now; None for the others."""
    after = circuit.probed(now)
    due = or_(channel_health.c.probe_at.is_(None), channel_health.c.probe_at <= now)
    paused = channel_health.c.state.in_((Health.OPEN.value, Health.STOPPED.value))
    won = connection.execute(
        update(channel_health)
        .where(channel_health.c.channel == channel, paused, due)
        .values(probe_at=after.probe_at, pauses=after.pauses),
    ).rowcount
    return after if won else None


MEASURED = text("""
SELECT state, count(*) FROM outbox
WHERE moved_at IS NOT NULL AND moved_at > :since AND sent_at > :since AND channel = :channel
AND state IN ('delivered', 'read', 'failed')
AND (state <> 'failed' OR reason NOT IN ('invalid_urn', 'opted_out', 'outside_window'))
GROUP BY state
""")


def measured(connection: Connection, channel: str, since: datetime) -> tuple[int, int]:
    """(delivered, failed) of the messages that a channel's provider took after `since`.

    A number that nobody could reach says nothing about the channel.
    """
    rows = connection.execute(MEASURED, {"channel": channel, "since": to_ms(since)})
    counts: dict[str, int] = {state: number for state, number in rows}  # noqa: C416 (rows are not pairs to the types)
    failed = counts.pop("failed", 0)
    return sum(counts.values()), failed


MOVE = text("""
UPDATE outbox SET channel = :other, first_channel = coalesce(first_channel, :channel), due_at = :now
WHERE id IN (
  SELECT o.id FROM outbox o
  WHERE o.channel = :channel AND o.state = 'queued' AND o.first_channel IS NULL
  AND (o.attempts > 0 OR (o.due_at <= :now AND o.lane > 0))
  AND (o.lease_until IS NULL OR o.lease_until < :now) AND (o.reason IS NULL OR o.reason <> 'waits_for_contact')
  AND NOT EXISTS (
    SELECT 1 FROM outbox e WHERE e.contact_id = o.contact_id AND (e.channel || '') = o.channel AND e.state IN ('queued', 'sending')
    AND e.state = 'sending')
  ORDER BY o.lane, o.due_at, o.id LIMIT :limit
) AND state = 'queued' AND (lease_until IS NULL OR lease_until < :now)
""")


def move(connection: Connection, channel: str, other: str, now: datetime, *, limit: int) -> int:
    """Let rows of a channel that are due, or to be tried again, go by another one. Returns how many.

    Only what is queued and held by nobody: of those the outcome is certain, no provider has them. A row moves once. An
    emergency is tried on its own channel first, whatever that is like.
    """
    values = {"channel": channel, "other": other, "now": to_ms(now), "limit": limit}
    return connection.execute(MOVE, values).rowcount
