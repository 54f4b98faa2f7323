"""Under which of several names a provider's message is known."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from bot.store.tables.messages import outbox


def known_names(connection: Connection, channel: str, names: Collection[str]) -> set[str]:
    """Those of `names` that are the provider's id of a message sent on this channel."""
    wanted = select(outbox.c.external_id).where(outbox.c.channel == channel, outbox.c.external_id.in_(names))
    return {str(name) for name in connection.scalars(wanted)}
