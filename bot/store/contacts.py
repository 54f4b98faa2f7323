"""Contacts one by one: for reminders, for staff, and for people who want to be forgotten."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core import codec
from bot.core.model import Consent, Contact, Conversation, NewCase
from bot.store import media as attachments
from bot.store import profiles
from bot.store.hot import PLACE_NAME, PLACE_PATH, PLACE_STATE
from bot.store.tables import care, messages
from bot.store.tables.contacts import addresses, cases, contacts, conversations
from bot.store.tables.work import campaign_audience
from bot.store.vault import Vault
from sms_gateway.types import Urn


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a contact and when it last wrote to us (UTC)."""

    id: str
    urn: Urn
    channel: str
    last_inbound_at: datetime | None


def get(connection: Connection, contact_id: str, vault: Vault, *, lock: bool = False) -> Contact | None:
    """A contact, or the one it was merged into; with `lock`, kept still until the transaction ends."""
    query = select(contacts).where(contacts.c.id == contact_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        return None
    if row.merged_into is not None:
        return get(connection, row.merged_into, vault, lock=lock)
    return Contact(
        id=row.id,
        form=row.form,
        consent=Consent(row.consent),
        opted_out=row.opted_out,
        name=vault.open(row.name_enc, PLACE_NAME) if row.name_enc else None,
        last_inbound_at=row.last_inbound_at,
        case_id=row.case_id,
        shared=row.shared,
    )


def address(connection: Connection, address_id: str, vault: Vault) -> Address | None:
    """One address, opened."""
    row = connection.execute(select(addresses).where(addresses.c.id == address_id)).first()
    return _address(row, vault) if row else None


def addresses_of(connection: Connection, contact_id: str, vault: Vault) -> list[Address]:
    """A contact's addresses, the one that wrote last first."""
    query = select(addresses).where(addresses.c.contact_id == contact_id)
    rows = connection.execute(query.order_by(addresses.c.last_inbound_at.desc().nulls_last()))
    return [_address(row, vault) for row in rows]


def _address(row: object, vault: Vault) -> Address:
    get_ = row._mapping.__getitem__  # type: ignore[attr-defined] # noqa: SLF001 (SQLAlchemy's row)
    urn = Urn(get_("scheme"), vault.open(get_("path_enc"), PLACE_PATH))
    return Address(get_("id"), urn, get_("channel"), get_("last_inbound_at"))


def by_urn(connection: Connection, urn: Urn, vault: Vault) -> str | None:
    """Id of the contact behind an address."""
    lookup = vault.blind(str(urn))
    return connection.scalar(select(addresses.c.contact_id).where(addresses.c.lookup == lookup))


def also_at(
    connection: Connection, contact_id: str, urn: Urn, channel: str, vault: Vault, id_: str, now: datetime
) -> Address | None:
    """The contact's own address at `urn`, noted under `id_` if it is new; None when it is another contact's."""
    known = connection.execute(select(addresses).where(addresses.c.lookup == vault.blind(str(urn)))).first()
    if known is not None:
        return _address(known, vault) if known.contact_id == contact_id else None
    connection.execute(
        insert(addresses).values(
            id=id_,
            contact_id=contact_id,
            scheme=urn.scheme,
            lookup=vault.blind(str(urn)),
            path_enc=vault.seal(urn.path, PLACE_PATH),
            channel=channel,
            created_at=now,
        ),
    )
    return Address(id_, urn, channel, None)


def conversation(connection: Connection, contact_id: str, channel: str, vault: Vault) -> Conversation:
    """What is open between a contact and a channel."""
    where = (conversations.c.contact_id == contact_id, conversations.c.channel == channel)
    row = connection.execute(select(conversations).where(*where)).first()
    if row is None:
        return Conversation()
    return codec.load_conversation(vault.open(row.state_enc, PLACE_STATE), row.updated_at)


def save_conversation(
    connection: Connection, contact_id: str, channel: str, kept: Conversation, vault: Vault, now: datetime
) -> None:
    """Write what is open between a contact and a channel."""
    values = {
        "state_enc": vault.seal(codec.dump_conversation(kept), PLACE_STATE),
        "silent_at": kept.silent_at,
        "updated_at": now,
    }
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(conversations).values(contact_id=contact_id, channel=channel, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["contact_id", "channel"], set_=values))


def fallen_silent(connection: Connection, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Contacts and channels whose open question has waited long enough; other clocks' are passed over."""
    query = (
        select(conversations.c.contact_id, conversations.c.channel)
        .where(conversations.c.silent_at <= now)
        .order_by(conversations.c.silent_at)
        .limit(limit)
    )
    if connection.dialect.name == "postgresql":
        query = query.with_for_update(skip_locked=True)
    return [(row.contact_id, row.channel) for row in connection.execute(query)]


def put_off_silence(connection: Connection, contact_id: str, channel: str, until: datetime | None) -> None:
    """Ask about silence later, or not at all."""
    where = (conversations.c.contact_id == contact_id, conversations.c.channel == channel)
    connection.execute(update(conversations).where(*where).values(silent_at=until))


def last_address(connection: Connection, contact_id: str, channel: str) -> str | None:
    """Id of the contact's address that came by this channel, else of the one that wrote last."""
    query = select(addresses.c.id).where(addresses.c.contact_id == contact_id)
    best = (case((addresses.c.channel == channel, 0), else_=1), addresses.c.last_inbound_at.desc().nulls_last())
    return connection.scalar(query.order_by(*best).limit(1))


def open_case(connection: Connection, case: NewCase, address_id: str, channel: str) -> None:
    """Open a hand-over and let the contact's messages wait for a person."""
    connection.execute(
        insert(cases).values(
            id=case.id,
            contact_id=case.contact_id,
            address_id=address_id,
            channel=channel,
            reason=case.reason,
            urgent=case.urgent,
            opened_at=case.opened_at,
        ),
    )
    connection.execute(update(contacts).where(contacts.c.id == case.contact_id).values(case_id=case.id))


def ask_deletion(connection: Connection, id_: str, contact_id: str, now: datetime) -> None:
    """Note that a contact wants to be forgotten."""
    connection.execute(insert(care.deletions).values(id=id_, contact_id=contact_id, asked_at=now))


def to_delete(connection: Connection, before: datetime, limit: int = 100) -> list[str]:
    """Contacts whose wish to be forgotten was noted before a moment and is not yet carried out."""
    where = (care.deletions.c.done_at.is_(None), care.deletions.c.asked_at <= before)
    return list(connection.scalars(select(care.deletions.c.contact_id).where(*where).distinct().limit(limit)))


def forget(connection: Connection, contact_id: str, now: datetime, vault: Vault) -> None:
    """Delete all that a contact said and was sent, their name and number, the names of others behind it, enrolments and
    what is open; cancel nothing booked.

    The row itself, the keyed hash of the address and the opt-out stay: they are what keeps us from writing again.
    Appointments stay as numbers of the health centre, without anything said.
    """
    enrolled = select(care.enrolments.c.id).where(care.enrolments.c.contact_id == contact_id)
    connection.execute(delete(care.doses).where(care.doses.c.contact_id == contact_id))
    connection.execute(delete(care.lessons).where(care.lessons.c.contact_id == contact_id))
    connection.execute(delete(care.reminders).where(care.reminders.c.enrolment_id.in_(enrolled)))
    connection.execute(delete(care.enrolments).where(care.enrolments.c.contact_id == contact_id))
    connection.execute(delete(messages.outbox).where(messages.outbox.c.contact_id == contact_id))
    attachments.erase_of(connection, contact_id)
    connection.execute(delete(conversations).where(conversations.c.contact_id == contact_id))
    connection.execute(delete(cases).where(cases.c.contact_id == contact_id))
    connection.execute(delete(campaign_audience).where(campaign_audience.c.contact_id == contact_id))
    profiles.forget(connection, contact_id)
    connection.execute(
        update(messages.inbound)
        .where(messages.inbound.c.contact_id == contact_id)
        .values(text_enc=None, answer_enc=None, intent=None, understood=""),
    )
    connection.execute(
        update(contacts)
        .where(contacts.c.id == contact_id)
        .values(name_enc=None, case_id=None, consent=Consent.UNKNOWN.value, consent_at=None),
    )
    connection.execute(
        update(addresses).where(addresses.c.contact_id == contact_id).values(path_enc=vault.seal("", PLACE_PATH))
    )
    done = care.deletions.c.contact_id == contact_id
    connection.execute(update(care.deletions).where(done, care.deletions.c.done_at.is_(None)).values(done_at=now))
