"""Identity: contacts that became one, several people behind one number."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Where a contact went that was merged; profiles; whose a visit or an enrolment is."""
    op.add_column("contacts", sa.Column("shared", sa.Boolean(), server_default="0", nullable=False))
    op.add_column("contacts", sa.Column("merged_into", sa.String(length=32), nullable=True))
    op.add_column("contacts", sa.Column("merged_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_contacts_merged_into", "contacts", ["merged_into"], unique=False)
    op.create_table(
        "profiles",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("name_enc", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_profiles_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_profiles"),
    )
    op.create_index("ix_profiles_contact_id", "profiles", ["contact_id"], unique=False)
    op.add_column("appointments", sa.Column("profile_id", sa.String(length=32), nullable=True))
    op.add_column("enrolments", sa.Column("profile_id", sa.String(length=32), nullable=True))
