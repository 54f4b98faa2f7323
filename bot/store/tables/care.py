"""What people come for: places, services, slots, appointments, enrolments, reminders, doses, learning."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.store.columns import Instant, id_type
from bot.store.tables.base import metadata

facilities = Table(
    "facilities",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("region", String(64), nullable=False),
    Column("zone", String(40), nullable=False, server_default="Africa/Casablanca"),
    Column("names", Text, nullable=False),
    Column("state", String(10), nullable=False, server_default="open"),
)

services = Table(
    "services",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("names", Text, nullable=False),
)

opening_hours = Table(
    "opening_hours",
    metadata,
    Column("facility_id", ForeignKey("facilities.id"), primary_key=True),
    Column("service_id", ForeignKey("services.id"), primary_key=True),
    Column("weekday", Integer, primary_key=True),
    Column("opens", String(5), primary_key=True),
    Column("closes", String(5), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("capacity", Integer, nullable=False),
    CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
    CheckConstraint("minutes > 0 AND capacity > 0", name="size"),
)

closures = Table(
    "closures",
    metadata,
    Column("facility_id", ForeignKey("facilities.id"), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("reason", String(64), nullable=False, server_default=""),
)

slots = Table(
    "slots",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("facility_id", ForeignKey("facilities.id"), nullable=False),
    Column("service_id", ForeignKey("services.id"), nullable=False),
    Column("wall", String(16), nullable=False),
    Column("zone", String(40), nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("taken", Integer, nullable=False, server_default="0"),
    CheckConstraint("taken >= 0 AND taken <= capacity", name="never_overbooked"),
    UniqueConstraint("facility_id", "service_id", "wall"),
    Index(None, "starts_at"),
)

appointments = Table(
    "appointments",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False),
    Column("slot_id", ForeignKey("slots.id"), nullable=False),
    Column("state", String(10), nullable=False, server_default="booked"),
    Column("booked_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("moved_to", id_type()),
    Column("profile_id", id_type()),
    Index(None, "contact_id", "state"),
    Index(None, "slot_id"),
)

enrolments = Table(
    "enrolments",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False),
    Column("address_id", ForeignKey("addresses.id"), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("programme", String(40), nullable=False),
    Column("anchor_wall", String(16)),
    Column("zone", String(40), nullable=False),
    Column("hours", String(80), nullable=False, server_default=""),
    Column("subject", String(64)),
    Column("state", String(10), nullable=False, server_default="active"),
    Column("planned_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("profile_id", id_type()),
    Index(None, "contact_id", "programme", "state"),
    Index(None, "state", "planned_until"),
    Index(None, "subject"),
)

reminders = Table(
    "reminders",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("enrolment_id", ForeignKey("enrolments.id"), nullable=False),
    Column("step", String(40), nullable=False),
    Column("wall", String(16), nullable=False),
    Column("zone", String(40), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("state", String(10), nullable=False, server_default="planned"),
    Column("reason", String(40)),
    Column("outbox_id", id_type()),
    Column("settled_at", Instant),
    UniqueConstraint("enrolment_id", "step"),
    Index(None, "state", "due_at"),
)

doses = Table(
    "doses",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False),
    Column("enrolment_id", ForeignKey("enrolments.id"), nullable=False),
    Column("wall", String(16), nullable=False),
    Column("answer", String(10), nullable=False),
    Column("why", String(20)),
    Column("recorded_at", Instant, nullable=False),
    UniqueConstraint("enrolment_id", "wall"),
    Index(None, "contact_id"),
)

lessons = Table(
    "lessons",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False),
    Column("topic", String(40), nullable=False),
    Column("question", String(40), nullable=False),
    Column("answer", String(40), nullable=False),
    Column("answered_at", Instant, nullable=False),
    Index(None, "contact_id"),
)

deletions = Table(
    "deletion_requests",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("done_at", Instant),
)
