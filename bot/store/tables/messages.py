"""What was said: messages in, the outbox, delivery reports that came too early."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, Table, UniqueConstraint

from bot.store.columns import Instant, id_type
from bot.store.tables.base import metadata

inbound = Table(
    "inbound",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("external_id", String(255), nullable=False),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False),
    Column("address_id", id_type(), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("text_enc", LargeBinary),
    Column("answer_enc", LargeBinary),
    Column("intent", String(48)),
    Column("understood", String(200), nullable=False, server_default=""),
    UniqueConstraint("channel", "external_id"),
    Index(None, "contact_id", "received_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False),
    Column("address_id", ForeignKey("addresses.id"), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("lane", SmallInteger, nullable=False),
    Column("part_enc", LargeBinary, nullable=False),
    Column("state", String(10), nullable=False, server_default="queued"),
    Column("reason", String(40)),
    Column("code", String(40)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("source", String(64)),
    Column("external_id", String(255)),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("lease_by", id_type()),
    Column("sent_at", Instant),
    Column("settled_at", Instant),
    Index(None, "channel", "state", "lane", "due_at"),
    Index(None, "contact_id", "state"),
    Index(None, "channel", "external_id"),
    Index(None, "source"),
)

reports = Table(
    "delivery_reports",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("external_id", String(255), nullable=False),
    Column("reference", String(64)),
    Column("status", String(10), nullable=False),
    Column("code", String(40)),
    Column("received_at", Instant, nullable=False),
    UniqueConstraint("channel", "external_id", "status"),
)
