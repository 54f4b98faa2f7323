"""What was said: messages in, the outbox, delivery reports that came too early."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    TextClause,
    UniqueConstraint,
    text,
)

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


def _only(name: str, where: str, *columns: str, unique: bool = False) -> Index:
    # an index of the few rows that are asked for: a sent message leaves it, and costs nothing from then on
    clause: TextClause = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=clause, postgresql_where=clause)


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
    Column("moved_at", Instant),
    Column("first_channel", String(32)),
    Column("instead_of", id_type()),
    Column("looked_at", Instant),
    Index(None, "contact_id", "created_at"),
    _only("ix_outbox_queue", "state = 'queued'", "channel", "lane", "due_at", "id"),
    _only("ix_outbox_expiry", "state = 'queued'", "expires_at"),
    _only("ix_outbox_open", "state IN ('queued', 'sending')", "contact_id"),
    _only("ix_outbox_unsettled", "state IN ('sending', 'unknown')", "state", "lease_until"),
    _only("ix_outbox_named", "external_id IS NOT NULL", "channel", "external_id"),
    _only("ix_outbox_asked", "source IS NOT NULL", "source"),
    _only("ix_outbox_held", "state = 'queued' AND reason = 'waits_for_contact'", "address_id"),
    _only("ix_outbox_moved", "moved_at IS NOT NULL", "moved_at"),
    _only("uq_outbox_instead_of", "instead_of IS NOT NULL", "instead_of", unique=True),
)
"""`moved_at`: when a send or a report last changed the state. `first_channel`: where a row was queued that goes by its
channel's stand-in. `instead_of`: the row that this one replaces on another channel. `looked_at`: when the provider was last asked what became
of a send of unknown outcome."""

channel_health = Table(
    "channel_health",
    metadata,
    Column("channel", String(32), primary_key=True),
    Column("state", String(10), nullable=False, server_default="closed"),
    Column("reason", String(40)),
    Column("since", Instant, nullable=False),
    Column("probe_at", Instant),
    Column("pauses", Integer, nullable=False, server_default="0"),
)
"""Whether a channel's circuit is `closed` (works), `open` (pauses), `stopped` (somebody must act) or `poor` (takes what it
does not deliver)."""

reports = Table(
    "delivery_reports",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("external_id", String(255), nullable=False),
    Column("reference", String(64)),
    Column("status", String(10), nullable=False),
    Column("code", String(40)),
    Column("reason", String(40)),
    Column("received_at", Instant, nullable=False),
    UniqueConstraint("channel", "external_id", "status"),
)
