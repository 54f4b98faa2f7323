"""Who writes to us: contacts, their addresses, what is open with them."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, String, Table

from bot.store.columns import Instant, id_type
from bot.store.tables.base import metadata

contacts = Table(
    "contacts",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("form", String(8)),
    Column("consent", String(8), nullable=False, server_default="unknown"),
    Column("consent_at", Instant),
    Column("opted_out", Boolean, nullable=False, server_default="0"),
    Column("name_enc", LargeBinary),
    Column("case_id", id_type()),
    Column("created_at", Instant, nullable=False),
    Column("last_inbound_at", Instant),
    Column("shared", Boolean, nullable=False, server_default="0"),
    Column("merged_into", id_type()),
    Column("merged_at", Instant),
    Index(None, "merged_into"),
)
"""`shared`: several profiles stand behind the number. `merged_into`: the contact that this one became part of; its id still
leads there, and nothing is ever sent by it."""

profiles = Table(
    "profiles",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False),
    Column("name_enc", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index(None, "contact_id"),
)

addresses = Table(
    "addresses",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False),
    Column("scheme", String(16), nullable=False),
    Column("lookup", LargeBinary(16), nullable=False, unique=True),
    Column("path_enc", LargeBinary, nullable=False),
    Column("channel", String(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_inbound_at", Instant),
    Index(None, "contact_id"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("contact_id", ForeignKey("contacts.id"), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("state_enc", LargeBinary, nullable=False),
    Column("silent_at", Instant),
    Column("updated_at", Instant, nullable=False),
    Index(None, "silent_at"),
)

cases = Table(
    "cases",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False),
    Column("address_id", id_type()),
    Column("channel", String(32)),
    Column("reason", String(40), nullable=False),
    Column("urgent", Boolean, nullable=False, server_default="0"),
    Column("state", String(10), nullable=False, server_default="open"),
    Column("opened_at", Instant, nullable=False),
    Column("answered_at", Instant),
    Column("closed_at", Instant),
    Column("assigned_to", id_type()),
    Index(None, "state", "urgent", "opened_at"),
    Index(None, "contact_id"),
)
