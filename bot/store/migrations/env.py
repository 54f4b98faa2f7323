"""Alembic's entry: runs on the connection it is handed, inside that connection's transaction."""

from alembic import context

from bot.store.tables import care, contacts, media, messages, work
from bot.store.tables.base import metadata

TABLES = (care, contacts, media, messages, work)

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
