"""Delivery: what pacing, fall-back and dead letters remember, and smaller indexes for the outbox.

The old indexes grew with every message ever sent and were written at each change of state. Code of the release before
finds the same rows without them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

PARTIAL = (
    ("ix_outbox_queue", ("channel", "lane", "due_at", "id"), "state = 'queued'", False),
    ("ix_outbox_expiry", ("expires_at",), "state = 'queued'", False),
    ("ix_outbox_open", ("contact_id",), "state IN ('queued', 'sending')", False),
    ("ix_outbox_unsettled", ("state", "lease_until"), "state IN ('sending', 'unknown')", False),
    ("ix_outbox_named", ("channel", "external_id"), "external_id IS NOT NULL", False),
    ("ix_outbox_asked", ("source",), "source IS NOT NULL", False),
    ("ix_outbox_held", ("address_id",), "state = 'queued' AND reason = 'waits_for_contact'", False),
    ("ix_outbox_moved", ("moved_at",), "moved_at IS NOT NULL", False),
    ("uq_outbox_instead_of", ("instead_of",), "instead_of IS NOT NULL", True),
)
REPLACED = ("channel_external_id", "channel_state_lane_due_at", "contact_id_state", "source")


def upgrade() -> None:
    """Columns first, then the new indexes, then away with those they replace."""
    op.add_column("outbox", sa.Column("moved_at", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("first_channel", sa.String(length=32), nullable=True))
    op.add_column("outbox", sa.Column("instead_of", sa.String(length=32), nullable=True))
    op.add_column("outbox", sa.Column("looked_at", sa.BigInteger(), nullable=True))
    op.add_column("delivery_reports", sa.Column("reason", sa.String(length=40), nullable=True))
    op.create_index("ix_outbox_contact_id_created_at", "outbox", ["contact_id", "created_at"], unique=False)
    for name, columns, where, unique in PARTIAL:
        clause = sa.text(where)
        op.create_index(name, "outbox", list(columns), unique=unique, sqlite_where=clause, postgresql_where=clause)
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_campaign_audience_waiting",
        "campaign_audience",
        ["campaign_id", "contact_id"],
        unique=False,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    for name in REPLACED:
        op.drop_index(f"ix_outbox_{name}", table_name="outbox")
    op.create_table(
        "channel_health",
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="closed", nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("probe_at", sa.BigInteger(), nullable=True),
        sa.Column("pauses", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_channel_health"),
    )
