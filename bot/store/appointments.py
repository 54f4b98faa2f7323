"""Places, slots, appointments. A slot's row is made when somebody first wants it; its CHECK never lets it overbook."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import Connection, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.slots import Candidate, Hours
from bot.core.wallclock import to_utc
from bot.store.tables.care import appointments, closures, facilities, opening_hours, services, slots

OPEN = ("booked", "confirmed")
WALL = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Place:
    """A health centre. `names` by script (`Latn`, `Arab`, `Tfng`)."""

    id: str
    names: dict[str, str]
    region: str
    zone: str


@dataclass(frozen=True, slots=True)
class Booking:
    """An appointment with what is said about it. `wall` is local time in `zone`."""

    id: str
    contact_id: str
    slot_id: str
    state: str
    wall: datetime
    zone: str
    facility: Place
    service_id: str
    service_names: dict[str, str]
    profile_id: str | None = None


def places(connection: Connection) -> list[Place]:
    """Open health centres, by id."""
    rows = connection.execute(select(facilities).where(facilities.c.state == "open").order_by(facilities.c.id))
    return [Place(row.id, json.loads(row.names), row.region, row.zone) for row in rows]


def place(connection: Connection, facility_id: str) -> Place | None:
    row = connection.execute(select(facilities).where(facilities.c.id == facility_id)).first()
    return Place(row.id, json.loads(row.names), row.region, row.zone) if row else None


def services_at(connection: Connection, facility_id: str) -> list[tuple[str, dict[str, str]]]:
    """Services a health centre offers: id and names by script."""
    offered = select(opening_hours.c.service_id).where(opening_hours.c.facility_id == facility_id)
    rows = connection.execute(select(services).where(services.c.id.in_(offered)).order_by(services.c.id))
    return [(row.id, json.loads(row.names)) for row in rows]


def hours_of(connection: Connection, facility_id: str, service_id: str) -> list[Hours]:
    rows = connection.execute(
        select(opening_hours).where(
            opening_hours.c.facility_id == facility_id, opening_hours.c.service_id == service_id
        ),
    )
    return [
        Hours(row.weekday, time.fromisoformat(row.opens), time.fromisoformat(row.closes), row.minutes, row.capacity)
        for row in rows
    ]


def closed_days(connection: Connection, facility_id: str) -> set[date]:
    rows = connection.scalars(select(closures.c.day).where(closures.c.facility_id == facility_id))
    return {date.fromisoformat(day) for day in rows}


def slot_id(facility_id: str, service_id: str, wall: datetime) -> str:
    """`facility.service.2026-11-24T10:00`."""
    return f"{facility_id}.{service_id}.{wall:%Y-%m-%dT%H:%M}"


def read_slot_id(value: str) -> tuple[str, str, datetime] | None:
    """The parts of a slot's id; None when it is not one."""
    parts = value.split(".")
    try:
        return parts[0], parts[1], datetime.strptime(parts[2], "%Y-%m-%dT%H:%M")  # noqa: DTZ007 (wall time has no zone)
    except (ValueError, IndexError):
        return None


def full(connection: Connection, facility_id: str, service_id: str, first: datetime, last: datetime) -> set[datetime]:
    """The wall times from `first` to `last` at which a service has no room left."""
    found = select(slots.c.wall).where(
        slots.c.facility_id == facility_id,
        slots.c.service_id == service_id,
        slots.c.wall.between(f"{first:{WALL}}", f"{last:{WALL}}"),
        slots.c.taken >= slots.c.capacity,
    )
    return {datetime.fromisoformat(wall) for wall in connection.scalars(found)}


def take(connection: Connection, facility: Place, service_id: str, candidate: Candidate) -> bool:
    """Take one place in a slot; False when it is full. Safe however many try at once."""
    wall = candidate.wall
    values = {
        "id": slot_id(facility.id, service_id, wall),
        "facility_id": facility.id,
        "service_id": service_id,
        "wall": f"{wall:%Y-%m-%dT%H:%M}",
        "zone": facility.zone,
        "starts_at": to_utc(wall, facility.zone),
        "capacity": candidate.capacity,
    }
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(slots).values(values).on_conflict_do_nothing())
    taken = connection.execute(
        update(slots)
        .where(slots.c.id == values["id"], slots.c.taken < slots.c.capacity)
        .values(taken=slots.c.taken + 1),
    )
    return taken.rowcount == 1


def release(connection: Connection, id_: str) -> None:
    """Give one place in a slot back."""
    connection.execute(update(slots).where(slots.c.id == id_, slots.c.taken > 0).values(taken=slots.c.taken - 1))


def book(
    connection: Connection, id_: str, contact_id: str, slot: str, now: datetime, profile_id: str | None = None
) -> None:
    """Record an appointment on a slot whose place was taken in the same transaction."""
    values = {"id": id_, "contact_id": contact_id, "slot_id": slot, "booked_at": now, "changed_at": now}
    values["profile_id"] = profile_id
    connection.execute(insert(appointments).values(values))


def change(
    connection: Connection, id_: str, contact_id: str, state: str, now: datetime, moved_to: str | None = None
) -> bool:
    """Change an open appointment of this contact; False when it is no longer open."""
    changed = connection.execute(
        update(appointments)
        .where(appointments.c.id == id_, appointments.c.contact_id == contact_id, appointments.c.state.in_(OPEN))
        .values(state=state, changed_at=now, moved_to=moved_to),
    )
    return changed.rowcount == 1


def hold(connection: Connection, id_: str, contact_id: str) -> bool:
    """Keep an open appointment of this contact still until the transaction ends; False when it is no longer open."""
    mine = (appointments.c.id == id_, appointments.c.contact_id == contact_id, appointments.c.state.in_(OPEN))
    unchanged = {"changed_at": appointments.c.changed_at}
    return connection.execute(update(appointments).where(*mine).values(unchanged)).rowcount == 1


def upcoming(connection: Connection, contact_id: str, now: datetime, profile_id: str | None = None) -> list[Booking]:
    """A contact's open appointments that have not begun, soonest first; with a profile, that person's and nobody's."""
    where = [appointments.c.contact_id == contact_id, slots.c.starts_at > now]
    if profile_id is not None:
        where.append(or_(appointments.c.profile_id == profile_id, appointments.c.profile_id.is_(None)))
    return _bookings(connection, *where)


def by_id(connection: Connection, id_: str) -> Booking | None:
    found = _bookings(connection, appointments.c.id == id_, open_only=False)
    return found[0] if found else None


def _bookings(connection: Connection, *where: object, open_only: bool = True) -> list[Booking]:
    query = (
        select(
            appointments.c.id,
            appointments.c.contact_id,
            appointments.c.slot_id,
            appointments.c.state,
            appointments.c.profile_id,
            slots.c.wall,
            slots.c.zone,
            slots.c.service_id,
            services.c.names.label("service_names"),
            facilities.c.id.label("facility_id"),
            facilities.c.names,
            facilities.c.region,
        )
        .join(slots, slots.c.id == appointments.c.slot_id)
        .join(facilities, facilities.c.id == slots.c.facility_id)
        .join(services, services.c.id == slots.c.service_id)
        .where(*where)  # type: ignore[arg-type] # SQLAlchemy's own conditions
        .order_by(slots.c.starts_at)
    )
    if open_only:
        query = query.where(appointments.c.state.in_(OPEN))
    return [
        Booking(
            row.id,
            row.contact_id,
            row.slot_id,
            row.state,
            datetime.fromisoformat(row.wall),
            row.zone,
            Place(row.facility_id, json.loads(row.names), row.region, row.zone),
            row.service_id,
            json.loads(row.service_names),
            row.profile_id,
        )
        for row in connection.execute(query)
    ]


def seats(connection: Connection, id_: str) -> tuple[int, int]:
    """Places taken in a slot and open appointments on it: always equal."""
    taken = connection.scalar(select(slots.c.taken).where(slots.c.id == id_)) or 0
    where = (appointments.c.slot_id == id_, appointments.c.state.in_(OPEN))
    return taken, connection.scalar(select(func.count()).select_from(appointments).where(*where)) or 0
