"""Hand-overs: people who wait for an answer from a member of the staff."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Select, func, literal, select, update

from bot.store.columns import Instant
from bot.store.hot import PLACE_NAME
from bot.store.tables.contacts import cases, contacts
from bot.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Case:
    """A hand-over with what a list shows of it. Times are UTC."""

    id: str
    contact_id: str
    address_id: str | None
    channel: str | None
    reason: str
    urgent: bool
    state: str
    opened_at: datetime
    answered_at: datetime | None
    form: str | None
    name: str | None = field(default=None, repr=False)


def _query() -> Select[tuple[object, ...]]:
    return select(cases, contacts.c.form, contacts.c.name_enc).join(contacts, contacts.c.id == cases.c.contact_id)


def _case(row: object, vault: Vault) -> Case:
    get_ = row._mapping.__getitem__  # type: ignore[attr-defined] # noqa: SLF001 (SQLAlchemy's row)
    name = get_("name_enc")
    return Case(
        id=get_("id"),
        contact_id=get_("contact_id"),
        address_id=get_("address_id"),
        channel=get_("channel"),
        reason=get_("reason"),
        urgent=get_("urgent"),
        state=get_("state"),
        opened_at=get_("opened_at"),
        answered_at=get_("answered_at"),
        form=get_("form"),
        name=vault.open(name, PLACE_NAME) if name else None,
    )


def waiting(connection: Connection, vault: Vault, limit: int = 200) -> list[Case]:
    """Open hand-overs: urgent ones first, then those that waited longest."""
    query = _query().where(cases.c.state == "open").order_by(cases.c.urgent.desc(), cases.c.opened_at).limit(limit)
    return [_case(row, vault) for row in connection.execute(query)]


def get(connection: Connection, id_: str, vault: Vault) -> Case | None:
    row = connection.execute(_query().where(cases.c.id == id_)).first()
    return _case(row, vault) if row else None


def answered(connection: Connection, id_: str, staff_id: str, now: datetime) -> None:
    """Note that a member of the staff answered."""
    values = {"answered_at": func.coalesce(cases.c.answered_at, literal(now, Instant)), "assigned_to": staff_id}
    connection.execute(update(cases).where(cases.c.id == id_).values(values))


def close(connection: Connection, id_: str, staff_id: str, now: datetime) -> bool:
    """Close a hand-over and give the contact back to the bot, unless another is open; False when it was closed before."""
    where = (cases.c.id == id_, cases.c.state == "open")
    values = {"state": "closed", "closed_at": now, "assigned_to": staff_id}
    contact_id = connection.scalar(update(cases).where(*where).values(values).returning(cases.c.contact_id))
    if contact_id is None:
        return False
    other = connection.scalar(
        select(cases.c.id)
        .where(cases.c.contact_id == contact_id, cases.c.state == "open")
        .order_by(cases.c.opened_at.desc())
        .limit(1)
    )
    connection.execute(update(contacts).where(contacts.c.id == contact_id).values(case_id=other))
    return True
