"""What limits and rules held back, counted from the rows themselves: any process can be asked."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.core.model import State
from bot.store.tables.media import media
from bot.store.tables.messages import outbox

REASONS = ("country", "limit_abroad", "limit_all", "limit_number", "limit_prefix")
"""Reasons that `bot.core.abuse.outgoing` gives."""


def texts(connection: Connection, since: datetime) -> dict[str, int]:
    """By reason: how many texts a limit stopped since a moment."""
    recent = (outbox.c.moved_at.is_not(None), outbox.c.moved_at > since)  # its index has only such rows
    mine = (outbox.c.state == State.SKIPPED.value, outbox.c.reason.in_(REASONS))
    rows = connection.execute(select(outbox.c.reason, func.count()).where(*recent, *mine).group_by(outbox.c.reason))
    return {str(reason): int(number) for reason, number in rows}


def attachments(connection: Connection, since: datetime) -> dict[tuple[str, str], int]:
    """By state and reason: attachments that came since a moment."""
    groups = (media.c.state, func.coalesce(media.c.reason, ""))
    rows = connection.execute(select(*groups, func.count()).where(media.c.received_at > since).group_by(*groups))
    return {(str(state), str(reason)): int(number) for state, reason, number in rows}
