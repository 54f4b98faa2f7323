"""People as the staff see them: the list, one person's enrolments."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from bot.store.hot import PLACE_NAME, PLACE_PATH
from bot.store.tables.care import enrolments, reminders
from bot.store.tables.contacts import addresses, contacts
from bot.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Person:
    """A contact in a list. `last_inbound_at` is UTC; `address` the one that wrote last."""

    id: str
    form: str | None
    consent: str
    opted_out: bool
    case_id: str | None
    last_inbound_at: datetime | None
    name: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A reminder that was not sent, and why. `wall` is local time."""

    wall: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A contact's place in a programme: when the next reminder comes (UTC), and what was skipped, newest first."""

    id: str
    programme: str
    state: str
    hours: tuple[str, ...]
    next_at: datetime | None
    skipped: tuple[Skipped, ...]
    profile_id: str | None = None
    """Whose it is, where several people stand behind the number."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A contact that became part of another: its old id, and when (UTC)."""

    id: str
    at: datetime | None


def latest(connection: Connection, vault: Vault, *, limit: int = 50, offset: int = 0) -> list[Person]:
    """People by their last message, the newest first."""
    newest = contacts.c.last_inbound_at.desc().nulls_last()
    return _people(
        connection,
        vault,
        select(contacts.c.id)
        .where(contacts.c.merged_into.is_(None))
        .order_by(newest, contacts.c.id)
        .limit(limit)
        .offset(offset),
    )


def some(connection: Connection, vault: Vault, ids: list[str]) -> list[Person]:
    """These people, those who wrote last first."""
    return _people(connection, vault, select(contacts.c.id).where(contacts.c.id.in_(ids)))


def _people(connection: Connection, vault: Vault, wanted: object) -> list[Person]:
    chosen = wanted.subquery()  # type: ignore[attr-defined] # a select of ids
    newest = contacts.c.last_inbound_at.desc().nulls_last()
    rows = connection.execute(
        select(contacts).join(chosen, chosen.c.id == contacts.c.id).order_by(newest, contacts.c.id)
    ).all()
    paths: dict[str, str] = {}
    query = select(addresses.c.contact_id, addresses.c.path_enc).where(addresses.c.contact_id.in_([r.id for r in rows]))
    for row in connection.execute(query.order_by(addresses.c.last_inbound_at)):
        paths[row.contact_id] = vault.open(row.path_enc, PLACE_PATH)
    return [
        Person(
            id=row.id,
            form=row.form,
            consent=row.consent,
            opted_out=row.opted_out,
            case_id=row.case_id,
            last_inbound_at=row.last_inbound_at,
            name=vault.open(row.name_enc, PLACE_NAME) if row.name_enc else None,
            address=paths.get(row.id),
        )
        for row in rows
    ]


def enrolled(connection: Connection, contact_id: str, *, skips: int = 10) -> list[Enrolled]:
    """A contact's enrolments, those in force first."""
    rows = connection.execute(
        select(enrolments)
        .where(enrolments.c.contact_id == contact_id)
        .order_by(enrolments.c.state, enrolments.c.created_at.desc())
        .limit(20),
    ).all()
    found = []
    for row in rows:
        mine = reminders.c.enrolment_id == row.id
        next_at = connection.scalar(
            select(reminders.c.due_at).where(mine, reminders.c.state == "planned").order_by(reminders.c.due_at).limit(1)
        )
        skipped = connection.execute(
            select(reminders.c.wall, reminders.c.reason)
            .where(mine, reminders.c.state == "skipped")
            .order_by(reminders.c.wall.desc())
            .limit(skips),
        )
        found.append(
            Enrolled(
                id=row.id,
                programme=row.programme,
                state=row.state,
                hours=tuple(hour for hour in row.hours.split(",") if hour),
                next_at=next_at,
                skipped=tuple(Skipped(datetime.fromisoformat(s.wall), s.reason or "unknown") for s in skipped),
                profile_id=row.profile_id,
            ),
        )
    return found


def joined(connection: Connection, contact_id: str) -> list[Joined]:
    """The contacts that turned out to be this one, the latest first."""
    query = select(contacts.c.id, contacts.c.merged_at).where(contacts.c.merged_into == contact_id)
    return [Joined(row.id, row.merged_at) for row in connection.execute(query.order_by(contacts.c.merged_at.desc()))]
