"""Enrolments, the reminders planned for them, and doses. Rows are unique by enrolment and step: planning twice is harmless."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.schedule import Planned
from bot.store.tables.care import doses, enrolments, lessons, reminders


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A contact in a programme. `hours` are local times; `anchor` a local moment such as a visit's; `subject` what it is for."""

    id: str
    contact_id: str
    address_id: str
    channel: str
    programme: str
    zone: str
    anchor: datetime | None
    hours: tuple[str, ...]
    subject: str | None
    profile_id: str | None = None
    """Whose it is, where several people stand behind the number."""


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder whose time has come."""

    id: str
    step: str
    wall: datetime
    expires_at: datetime
    enrolment: Enrolment


def enrol(connection: Connection, enrolment: Enrolment, now: datetime) -> None:
    """Record an enrolment; its reminders are planned apart."""
    connection.execute(
        insert(enrolments).values(
            id=enrolment.id,
            contact_id=enrolment.contact_id,
            address_id=enrolment.address_id,
            channel=enrolment.channel,
            programme=enrolment.programme,
            zone=enrolment.zone,
            anchor_wall=f"{enrolment.anchor:%Y-%m-%dT%H:%M}" if enrolment.anchor else None,
            hours=",".join(enrolment.hours),
            subject=enrolment.subject,
            profile_id=enrolment.profile_id,
            created_at=now,
        ),
    )


def _enrolment(row: object) -> Enrolment:
    get = row._mapping.__getitem__  # type: ignore[attr-defined] # noqa: SLF001 (SQLAlchemy's row)
    anchor = get("anchor_wall")
    return Enrolment(
        id=get("enrolment_id"),
        contact_id=get("contact_id"),
        address_id=get("address_id"),
        channel=get("channel"),
        programme=get("programme"),
        zone=get("zone"),
        anchor=datetime.fromisoformat(anchor) if anchor else None,
        hours=tuple(hour for hour in get("hours").split(",") if hour),
        subject=get("subject"),
        profile_id=get("profile_id"),
    )


_COLUMNS = (
    enrolments.c.id.label("enrolment_id"),
    enrolments.c.contact_id,
    enrolments.c.address_id,
    enrolments.c.channel,
    enrolments.c.programme,
    enrolments.c.zone,
    enrolments.c.anchor_wall,
    enrolments.c.hours,
    enrolments.c.subject,
    enrolments.c.profile_id,
)


def active(connection: Connection, contact_id: str, programme: str, profile_id: str | None = None) -> list[Enrolment]:
    """A contact's enrolments in force in one programme; with a profile, that person's and nobody's."""
    where = [
        enrolments.c.contact_id == contact_id,
        enrolments.c.programme == programme,
        enrolments.c.state == "active",
    ]
    if profile_id is not None:
        where.append(_of(profile_id))
    return [_enrolment(row) for row in connection.execute(select(*_COLUMNS).where(*where).order_by(enrolments.c.id))]


def to_plan(connection: Connection, until: datetime, limit: int) -> list[Enrolment]:
    """Enrolments in force whose reminders are not planned as far as `until`."""
    behind = or_(enrolments.c.planned_until.is_(None), enrolments.c.planned_until < until)
    rows = connection.execute(select(*_COLUMNS).where(enrolments.c.state == "active", behind).limit(limit))
    return [_enrolment(row) for row in rows]


def plan(
    connection: Connection, enrolment_id: str, planned: Iterable[tuple[str, Planned]], until: datetime | None
) -> None:
    """Write planned reminders (with their ids) that are not there yet, and how far planning has come."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    for id_, one in planned:
        values = {
            "id": id_,
            "enrolment_id": enrolment_id,
            "step": one.step,
            "wall": f"{one.wall:%Y-%m-%dT%H:%M}",
            "zone": one.zone,
            "due_at": one.due_at,
            "expires_at": one.expires_at,
        }
        connection.execute(dialect.insert(reminders).values(values).on_conflict_do_nothing())
    connection.execute(update(enrolments).where(enrolments.c.id == enrolment_id).values(planned_until=until))


def end(connection: Connection, ids: Sequence[str], reason: str, now: datetime) -> None:
    """End enrolments and cancel what was still planned for them, with the reason."""
    connection.execute(update(enrolments).where(enrolments.c.id.in_(ids)).values(state="ended"))
    connection.execute(
        update(reminders)
        .where(reminders.c.enrolment_id.in_(ids), reminders.c.state == "planned")
        .values(state="skipped", reason=reason, settled_at=now),
    )


def by_subject(connection: Connection, subject: str) -> list[str]:
    """Ids of enrolments in force for one appointment (or another subject)."""
    where = (enrolments.c.subject == subject, enrolments.c.state == "active")
    return list(connection.scalars(select(enrolments.c.id).where(*where)))


def claim_due(connection: Connection, now: datetime, limit: int) -> list[Due]:
    """Lock and return planned reminders that are due; another clock's are passed over. Decide within the transaction."""
    query = (
        select(reminders.c.id, reminders.c.step, reminders.c.wall, reminders.c.expires_at, *_COLUMNS)
        .join(enrolments, enrolments.c.id == reminders.c.enrolment_id)
        .where(reminders.c.state == "planned", reminders.c.due_at <= now)
        .order_by(reminders.c.due_at)
        .limit(limit)
    )
    if connection.dialect.name == "postgresql":
        query = query.with_for_update(skip_locked=True, of=reminders)
    return [
        Due(row.id, row.step, datetime.fromisoformat(row.wall), row.expires_at, _enrolment(row))
        for row in connection.execute(query)
    ]


def _one(connection: Connection, *where: ColumnElement[bool]) -> Due | None:
    query = (
        select(reminders.c.id, reminders.c.step, reminders.c.wall, reminders.c.expires_at, *_COLUMNS)
        .join(enrolments, enrolments.c.id == reminders.c.enrolment_id)
        .where(*where)
        .order_by(reminders.c.due_at.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return Due(row.id, row.step, datetime.fromisoformat(row.wall), row.expires_at, _enrolment(row)) if row else None


def by_id(connection: Connection, id_: str) -> Due | None:
    """One reminder, whatever became of it."""
    return _one(connection, reminders.c.id == id_)


def _of(profile_id: str) -> ColumnElement[bool]:
    return or_(enrolments.c.profile_id == profile_id, enrolments.c.profile_id.is_(None))


def latest(
    connection: Connection, contact_id: str, programme: str, since: datetime, profile_id: str | None = None
) -> Due | None:
    """The last reminder that went out to a contact in a programme since a moment; with a profile, about that person."""
    return _one(
        connection,
        *([] if profile_id is None else [_of(profile_id)]),
        enrolments.c.contact_id == contact_id,
        enrolments.c.programme == programme,
        reminders.c.state == "queued",
        reminders.c.settled_at >= since,
    )


def settle(
    connection: Connection,
    id_: str,
    state: str,
    now: datetime,
    *,
    reason: str | None = None,
    outbox_id: str | None = None,
) -> None:
    """Write what was decided about a reminder: `queued` with its outbox row, or `skipped` with the reason."""
    values = {"state": state, "reason": reason, "outbox_id": outbox_id, "settled_at": now}
    connection.execute(update(reminders).where(reminders.c.id == id_, reminders.c.state == "planned").values(values))


def postpone(connection: Connection, id_: str, until: datetime, reason: str) -> None:
    """Let a reminder wait (quiet hours)."""
    connection.execute(update(reminders).where(reminders.c.id == id_).values(due_at=until, reason=reason))


def record_dose(
    connection: Connection, id_: str, enrolment: Enrolment, wall: str, answer: str, why: str | None, now: datetime
) -> None:
    """Record what became of a dose; a later answer about the same dose replaces the earlier."""
    same = and_(doses.c.enrolment_id == enrolment.id, doses.c.wall == wall)
    changed = connection.execute(update(doses).where(same).values(answer=answer, why=why, recorded_at=now))
    if not changed.rowcount:
        values = {"id": id_, "contact_id": enrolment.contact_id, "enrolment_id": enrolment.id, "wall": wall}
        connection.execute(insert(doses).values(**values, answer=answer, why=why, recorded_at=now))


def dose_answers(connection: Connection, contact_id: str) -> list[str]:
    """What a contact said of their doses (`taken`, `missed`), by the time of the dose."""
    query = select(doses.c.answer).where(doses.c.contact_id == contact_id).order_by(doses.c.wall)
    return list(connection.scalars(query))


def record_lesson(
    connection: Connection, id_: str, contact_id: str, lesson: tuple[str, str, str], now: datetime
) -> None:
    """Record an answer to a quiz question: topic, question, answer."""
    topic, question, answer = lesson
    values = {"id": id_, "contact_id": contact_id, "topic": topic, "question": question, "answer": answer}
    connection.execute(insert(lessons).values(**values, answered_at=now))
