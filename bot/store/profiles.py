"""The people behind a shared phone: a first name or nickname each, sealed, and whose a visit or a plan is."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from bot.core.identity import same_name
from bot.store.tables.care import appointments, enrolments
from bot.store.tables.contacts import contacts, profiles
from bot.store.vault import Vault

PLACE_PROFILE = "profiles.name_enc"
OWNED = (appointments, enrolments)
"""What belongs to one of several people. Without a profile it is the contact's own."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One of the people behind a number, as they wish to be called."""

    id: str
    name: str = field(repr=False)


def of(connection: Connection, contact_id: str, vault: Vault) -> list[Profile]:
    """The people behind a contact, in the order in which they were named."""
    query = select(profiles).where(profiles.c.contact_id == contact_id).order_by(profiles.c.created_at, profiles.c.id)
    return [Profile(row.id, vault.open(row.name_enc, PLACE_PROFILE)) for row in connection.execute(query)]


def get(connection: Connection, contact_id: str, id_: str, vault: Vault) -> Profile | None:
    """One of the contact's own profiles."""
    return next((one for one in of(connection, contact_id, vault) if one.id == id_), None)


def add(connection: Connection, contact_id: str, id_: str, name: str, vault: Vault, now: datetime) -> Profile:
    """Name one more person, or find the one who is already called so. What was booked before is the first one's."""
    already = of(connection, contact_id, vault)
    if found := next((one for one in already if same_name(one.name, name)), None):
        return found
    values = {"id": id_, "contact_id": contact_id, "name_enc": vault.seal(name, PLACE_PROFILE), "created_at": now}
    connection.execute(insert(profiles).values(values))
    if not already:
        for table in OWNED:
            nobodys = (table.c.contact_id == contact_id, table.c.profile_id.is_(None))
            connection.execute(update(table).where(*nobodys).values(profile_id=id_))
    _count(connection, contact_id)
    return Profile(id_, name)


def unite(connection: Connection, contact_id: str, vault: Vault) -> None:
    """After two contacts became one: people of one name are one person."""
    kept: list[Profile] = []
    for one in of(connection, contact_id, vault):
        same = next((other for other in kept if same_name(other.name, one.name)), None)
        if same is None:
            kept.append(one)
            continue
        for table in OWNED:
            connection.execute(update(table).where(table.c.profile_id == one.id).values(profile_id=same.id))
        connection.execute(delete(profiles).where(profiles.c.id == one.id))
    _count(connection, contact_id)


def forget(connection: Connection, contact_id: str) -> None:
    """Delete every name; what was booked is the contact's own again."""
    for table in OWNED:
        connection.execute(update(table).where(table.c.contact_id == contact_id).values(profile_id=None))
    connection.execute(delete(profiles).where(profiles.c.contact_id == contact_id))
    _count(connection, contact_id)


def _count(connection: Connection, contact_id: str) -> None:
    people = connection.scalar(select(func.count()).where(profiles.c.contact_id == contact_id)) or 0
    connection.execute(update(contacts).where(contacts.c.id == contact_id).values(shared=people > 1))
