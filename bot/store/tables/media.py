"""What people sent that the bot cannot read: photos, voice notes, documents, places. Sealed, by the piece."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, Table

from bot.store.columns import Instant, id_type
from bot.store.tables.base import metadata

media = Table(
    "media",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False),
    Column("inbound_id", id_type(), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("type", String(80), nullable=False),
    Column("reference_enc", LargeBinary),
    Column("state", String(10), nullable=False, server_default="waiting"),
    Column("reason", String(40)),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("size", Integer, nullable=False, server_default="0"),
    Column("received_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("lease_by", id_type()),
    Column("settled_at", Instant),
    Index(None, "contact_id", "received_at"),
    Index(None, "state", "due_at"),
    Index(None, "received_at"),
)

media_pieces = Table(
    "media_pieces",
    metadata,
    # with the row goes its content: one statement erases both, also while another process is writing pieces
    Column("media_id", ForeignKey("media.id", ondelete="CASCADE"), primary_key=True),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("piece_enc", LargeBinary, nullable=False),
)
