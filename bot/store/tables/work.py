"""What staff do: accounts, campaigns, published flows, the audit trail."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.store.columns import Instant, id_type
from bot.store.tables.base import metadata

staff = Table(
    "staff",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("login", String(64), nullable=False, unique=True),
    Column("password", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("language", String(8), nullable=False, server_default="fr"),
    Column("must_change", Boolean, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("locked_until", Instant),
    Column("active", Boolean, nullable=False, server_default="1"),
    Column("created_at", Instant, nullable=False),
    Column("last_login_at", Instant),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("staff_id", id_type()),
    Column("action", String(40), nullable=False),
    Column("subject", String(80)),
    Column("at", Instant, nullable=False),
    Index(None, "at"),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("name_enc", LargeBinary, nullable=False),
    Column("audience", Text, nullable=False),
    Column("texts_enc", LargeBinary, nullable=False),
    Column("channel", String(32), nullable=False),
    Column("state", String(12), nullable=False, server_default="draft"),
    Column("reason", String(40)),
    Column("per_minute", Integer, nullable=False, server_default="600"),
    Column("created_by", id_type(), nullable=False),
    Column("approved_by", id_type()),
    Column("tested_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("approved_at", Instant),
    Column("finished_at", Instant),
)

campaign_audience = Table(
    "campaign_audience",
    metadata,
    Column("campaign_id", ForeignKey("campaigns.id"), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), primary_key=True),
    Column("address_id", id_type(), nullable=False),
    Column("form", String(8), nullable=False),
    Column("state", String(10), nullable=False, server_default="waiting"),
    Column("reason", String(40)),
    Column("outbox_id", id_type()),
    Index(None, "campaign_id", "state"),
    Index(
        "ix_campaign_audience_waiting",
        "campaign_id",
        "contact_id",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)

flow_versions = Table(
    "flow_versions",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("flow", String(48), nullable=False),
    Column("version", Integer, nullable=False),
    Column("yaml", Text, nullable=False),
    Column("texts", Text, nullable=False, server_default="{}"),
    Column("state", String(10), nullable=False),
    Column("note", String(200)),
    Column("created_by", id_type()),
    Column("created_at", Instant, nullable=False),
    Column("published_at", Instant),
    UniqueConstraint("flow", "version"),
)

switches = Table(
    "switches",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
)
