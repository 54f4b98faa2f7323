"""Whom a conversation made the hub write to: read from the outbox, sent or not."""

from sqlalchemy import select

from bot.store.contacts import PLACE_PATH
from bot.store.tables.contacts import addresses
from bot.store.tables.messages import outbox
from bot.wiring import Services


def reached(services: Services) -> set[str]:
    """Numbers and ids that rows of the outbox are for."""
    query = select(addresses.c.path_enc).join(outbox, addresses.c.id == outbox.c.address_id)
    with services.database.read() as connection:
        return {services.vault.open(sealed, PLACE_PATH).removeprefix("+") for sealed in connection.scalars(query)}
