"""The first schema: contacts, messages, care, work.

Moments are whole milliseconds since 1970 UTC; columns named *_enc are sealed by the vault.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table of the first schema."""
    op.create_table(
        "audit",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name_enc", sa.LargeBinary(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("texts_enc", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="draft", nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("per_minute", sa.Integer(), server_default="600", nullable=False),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("approved_by", sa.String(length=32), nullable=True),
        sa.Column("tested_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=True),
        sa.Column("consent", sa.String(length=8), server_default="unknown", nullable=False),
        sa.Column("consent_at", sa.BigInteger(), nullable=True),
        sa.Column("opted_out", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("name_enc", sa.LargeBinary(), nullable=True),
        sa.Column("case_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_inbound_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
    )
    op.create_table(
        "delivery_reports",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_delivery_reports"),
        sa.UniqueConstraint("channel", "external_id", "status", name="uq_delivery_reports_channel_external_id_status"),
    )
    op.create_table(
        "facilities",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("zone", sa.String(length=40), server_default="Africa/Casablanca", nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="open", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_facilities"),
    )
    op.create_table(
        "flow_versions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("flow", sa.String(length=48), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("yaml", sa.Text(), nullable=False),
        sa.Column("texts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("created_by", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_flow_versions"),
        sa.UniqueConstraint("flow", "version", name="uq_flow_versions_flow_version"),
    )
    op.create_table(
        "services",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_services"),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), server_default="fr", nullable=False),
        sa.Column("must_change", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_login_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("login", name="uq_staff_login"),
    )
    op.create_table(
        "switches",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_switches"),
    )
    op.create_table(
        "addresses",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("scheme", sa.String(length=16), nullable=False),
        sa.Column("lookup", sa.LargeBinary(length=16), nullable=False),
        sa.Column("path_enc", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_inbound_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_addresses_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_addresses"),
        sa.UniqueConstraint("lookup", name="uq_addresses_lookup"),
    )
    op.create_index("ix_addresses_contact_id", "addresses", ["contact_id"], unique=False)
    op.create_table(
        "campaign_audience",
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("address_id", sa.String(length=32), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="waiting", nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("outbox_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_campaign_audience_campaign_id"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_campaign_audience_contact_id"),
        sa.PrimaryKeyConstraint("campaign_id", "contact_id", name="pk_campaign_audience"),
    )
    op.create_index(
        "ix_campaign_audience_campaign_id_state", "campaign_audience", ["campaign_id", "state"], unique=False
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("address_id", sa.String(length=32), nullable=True),
        sa.Column("channel", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("urgent", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=10), server_default="open", nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("assigned_to", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_cases_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_index("ix_cases_contact_id", "cases", ["contact_id"], unique=False)
    op.create_index("ix_cases_state_urgent_opened_at", "cases", ["state", "urgent", "opened_at"], unique=False)
    op.create_table(
        "closures",
        sa.Column("facility_id", sa.String(length=32), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=64), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facilities.id"], name="fk_closures_facility_id"),
        sa.PrimaryKeyConstraint("facility_id", "day", name="pk_closures"),
    )
    op.create_table(
        "conversations",
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("state_enc", sa.LargeBinary(), nullable=False),
        sa.Column("silent_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_conversations_contact_id"),
        sa.PrimaryKeyConstraint("contact_id", "channel", name="pk_conversations"),
    )
    op.create_index("ix_conversations_silent_at", "conversations", ["silent_at"], unique=False)
    op.create_table(
        "deletion_requests",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_deletion_requests_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deletion_requests"),
    )
    op.create_table(
        "inbound",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("address_id", sa.String(length=32), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("text_enc", sa.LargeBinary(), nullable=True),
        sa.Column("answer_enc", sa.LargeBinary(), nullable=True),
        sa.Column("intent", sa.String(length=48), nullable=True),
        sa.Column("understood", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_inbound_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_inbound"),
        sa.UniqueConstraint("channel", "external_id", name="uq_inbound_channel_external_id"),
    )
    op.create_index("ix_inbound_contact_id_received_at", "inbound", ["contact_id", "received_at"], unique=False)
    op.create_table(
        "lessons",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("question", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.String(length=40), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_lessons_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_lessons"),
    )
    op.create_index("ix_lessons_contact_id", "lessons", ["contact_id"], unique=False)
    op.create_table(
        "opening_hours",
        sa.Column("facility_id", sa.String(length=32), nullable=False),
        sa.Column("service_id", sa.String(length=32), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.String(length=5), nullable=False),
        sa.Column("closes", sa.String(length=5), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.CheckConstraint("minutes > 0 AND capacity > 0", name="ck_opening_hours_size"),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="ck_opening_hours_weekday"),
        sa.ForeignKeyConstraint(["facility_id"], ["facilities.id"], name="fk_opening_hours_facility_id"),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name="fk_opening_hours_service_id"),
        sa.PrimaryKeyConstraint("facility_id", "service_id", "weekday", "opens", name="pk_opening_hours"),
    )
    op.create_table(
        "slots",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("facility_id", sa.String(length=32), nullable=False),
        sa.Column("service_id", sa.String(length=32), nullable=False),
        sa.Column("wall", sa.String(length=16), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("taken >= 0 AND taken <= capacity", name="ck_slots_never_overbooked"),
        sa.ForeignKeyConstraint(["facility_id"], ["facilities.id"], name="fk_slots_facility_id"),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name="fk_slots_service_id"),
        sa.PrimaryKeyConstraint("id", name="pk_slots"),
        sa.UniqueConstraint("facility_id", "service_id", "wall", name="uq_slots_facility_id_service_id_wall"),
    )
    op.create_index("ix_slots_starts_at", "slots", ["starts_at"], unique=False)
    op.create_table(
        "staff_sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_sessions_staff_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_staff_sessions"),
    )
    op.create_table(
        "appointments",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("slot_id", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="booked", nullable=False),
        sa.Column("booked_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("moved_to", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_appointments_contact_id"),
        sa.ForeignKeyConstraint(["slot_id"], ["slots.id"], name="fk_appointments_slot_id"),
        sa.PrimaryKeyConstraint("id", name="pk_appointments"),
    )
    op.create_index("ix_appointments_contact_id_state", "appointments", ["contact_id", "state"], unique=False)
    op.create_index("ix_appointments_slot_id", "appointments", ["slot_id"], unique=False)
    op.create_table(
        "enrolments",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("address_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("programme", sa.String(length=40), nullable=False),
        sa.Column("anchor_wall", sa.String(length=16), nullable=True),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("hours", sa.String(length=80), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=10), server_default="active", nullable=False),
        sa.Column("planned_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["address_id"], ["addresses.id"], name="fk_enrolments_address_id"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_enrolments_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_enrolments"),
    )
    op.create_index(
        "ix_enrolments_contact_id_programme_state", "enrolments", ["contact_id", "programme", "state"], unique=False
    )
    op.create_index("ix_enrolments_state_planned_until", "enrolments", ["state", "planned_until"], unique=False)
    op.create_index("ix_enrolments_subject", "enrolments", ["subject"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("address_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("part_enc", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="queued", nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("external_id", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("lease_by", sa.String(length=32), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["address_id"], ["addresses.id"], name="fk_outbox_address_id"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_outbox_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_channel_external_id", "outbox", ["channel", "external_id"], unique=False)
    op.create_index(
        "ix_outbox_channel_state_lane_due_at", "outbox", ["channel", "state", "lane", "due_at"], unique=False
    )
    op.create_index("ix_outbox_contact_id_state", "outbox", ["contact_id", "state"], unique=False)
    op.create_index("ix_outbox_source", "outbox", ["source"], unique=False)
    op.create_table(
        "doses",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("enrolment_id", sa.String(length=32), nullable=False),
        sa.Column("wall", sa.String(length=16), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_doses_contact_id"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name="fk_doses_enrolment_id"),
        sa.PrimaryKeyConstraint("id", name="pk_doses"),
        sa.UniqueConstraint("enrolment_id", "wall", name="uq_doses_enrolment_id_wall"),
    )
    op.create_index("ix_doses_contact_id", "doses", ["contact_id"], unique=False)
    op.create_table(
        "reminders",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("enrolment_id", sa.String(length=32), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("wall", sa.String(length=16), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="planned", nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("outbox_id", sa.String(length=32), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name="fk_reminders_enrolment_id"),
        sa.PrimaryKeyConstraint("id", name="pk_reminders"),
        sa.UniqueConstraint("enrolment_id", "step", name="uq_reminders_enrolment_id_step"),
    )
    op.create_index("ix_reminders_state_due_at", "reminders", ["state", "due_at"], unique=False)
