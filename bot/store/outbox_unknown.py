"""Sends of unknown outcome whose provider can be asked."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, TextClause, or_, select, text, update

from bot.core import codec
from bot.store.hot import PLACE_PART, PLACE_PATH
from bot.store.tables.contacts import addresses
from bot.store.tables.messages import outbox
from bot.store.vault import Vault, VaultError
from sms_gateway.types import Outbound, Urn

FIRST_AFTER = timedelta(minutes=1)
"""Time that the report has to settle it, and the provider's list to catch up."""
AGAIN_AFTER = timedelta(minutes=10)
GIVEN_UP_AFTER = timedelta(hours=1)
_UNKNOWN = text("outbox.state = 'unknown'")  # written out: so that its partial index is used


class Asked(NamedTuple):
    """A message to ask about, and when its outcome was given up."""

    message: Outbound
    given_up_at: datetime


def channels(connection: Connection, among: Iterable[str], now: datetime) -> list[str]:
    """Those of the channels that have something to ask about now."""
    names = list(among)
    if not names:
        return []
    return list(connection.scalars(select(outbox.c.channel).where(outbox.c.channel.in_(names), *_due(now)).distinct()))


def take(connection: Connection, channel: str, now: datetime, vault: Vault, limit: int) -> list[Asked]:
    """Messages of a channel to ask about now; nobody else asks about them for AGAIN_AFTER."""
    query = (
        select(outbox.c.id, outbox.c.part_enc, outbox.c.moved_at, addresses.c.scheme, addresses.c.path_enc)
        .join(addresses, addresses.c.id == outbox.c.address_id)
        .where(outbox.c.channel == channel, *_due(now))
        .order_by(outbox.c.id)
        .limit(limit)
    )
    if connection.dialect.name == "postgresql":
        query = query.with_for_update(skip_locked=True, of=outbox)
    rows = connection.execute(query).all()
    ids = [row.id for row in rows]
    connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(looked_at=now))
    found = []
    for row in rows:
        try:
            part = codec.load_part(vault.open(row.part_enc, PLACE_PART))
            urn = Urn(row.scheme, vault.open(row.path_enc, PLACE_PATH))
        except (VaultError, ValueError, KeyError):
            continue
        found.append(Asked(Outbound(row.id, urn, part), row.moved_at))
    return found


def _due(now: datetime) -> tuple[ColumnElement[bool] | TextClause, ...]:
    moved, looked = outbox.c.moved_at, outbox.c.looked_at
    return (
        _UNKNOWN,
        moved <= now - FIRST_AFTER,
        moved > now - GIVEN_UP_AFTER,
        or_(looked.is_(None), looked <= now - AGAIN_AFTER),
    )
