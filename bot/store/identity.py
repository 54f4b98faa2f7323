"""Addresses that join contacts and leave them. Whoever calls holds one write transaction.

On PostgreSQL addresses are locked by the same keys as in `hot_postgres`, so that no message of theirs is being handled
meanwhile; on SQLite the one writer is the lock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, and_, delete, insert, null, or_, select, text, update

from bot.core import identity
from bot.core.identity import Merged, Side
from bot.core.ids import IdSource
from bot.core.model import Consent, Kind, State
from bot.store import profiles, reminders, staff
from bot.store.hot import PLACE_PATH
from bot.store.rotation import TABLES
from bot.store.tables import care
from bot.store.tables.base import metadata
from bot.store.tables.contacts import addresses, cases, contacts, conversations
from bot.store.tables.messages import outbox
from bot.store.tables.work import campaign_audience, campaigns
from bot.store.vault import Vault
from sms_gateway.types import Urn

APART = {conversations.name, campaign_audience.name}
"""Tables in which two contacts may both have a row for the same thing: these are merged row by row."""
_LOADED = TABLES
"""Every module of tables, so that `metadata` below knows them all."""

NUMBER_LEFT, MERGED, ASKED_AGAIN = "number_left", "merged", "asked_again"
"""Reasons that messages and reminders carry which were not sent because of whose they were."""
OURS = tuple(kind.value for kind in (Kind.REMINDER, Kind.CAMPAIGN, Kind.STAFF))
"""What speaks of a person's own affairs unasked."""
GONE = ("invalid_urn", "rejected", "provider")
"""How a number shows that is nobody's any more: refused at once, or reported as failed."""


@dataclass(frozen=True, slots=True)
class Known:
    """An address that is in the database, by its look-up hash."""

    id: str
    contact_id: str
    last_inbound_at: datetime | None


def tables() -> Iterable[Table]:
    """Every table whose rows belong to a contact."""
    return [table for table in metadata.sorted_tables if "contact_id" in table.columns]


def lock(connection: Connection, lookups: Iterable[bytes]) -> None:
    """Wait until no other transaction handles a message of these addresses, and keep it so until ours ends."""
    if connection.dialect.name == "postgresql":
        keys = sorted({int.from_bytes(lookup[:8], "big", signed=True) for lookup in lookups})
        wanted = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS wanted(key)")
        connection.execute(wanted, {"keys": keys})


def known(connection: Connection, lookups: Sequence[bytes]) -> dict[bytes, Known]:
    """Those of the addresses that are in the database."""
    query = select(addresses.c.lookup, addresses.c.id, addresses.c.contact_id, addresses.c.last_inbound_at)
    rows = connection.execute(query.where(addresses.c.lookup.in_(lookups)))
    return {bytes(row.lookup): Known(row.id, row.contact_id, row.last_inbound_at) for row in rows}


def create(connection: Connection, contact_id: str, now: datetime, form: str | None = None) -> None:
    """A contact of whom nothing is known."""
    connection.execute(insert(contacts).values(id=contact_id, form=form, created_at=now))


def attach(
    connection: Connection,
    contact_id: str,
    urn: Urn,
    channel: str,
    vault: Vault,
    id_: str,
    now: datetime,
    *,
    wrote: bool,
) -> None:
    """Give a contact an address that nobody has.

    With `wrote`, the message that is being handled came from there, and its own commit says when.
    """
    values = {
        "id": id_,
        "contact_id": contact_id,
        "scheme": urn.scheme,
        "lookup": vault.blind(str(urn)),
        "path_enc": vault.seal(urn.path, PLACE_PATH),
        "channel": channel,
        "created_at": now,
        "last_inbound_at": None if wrote else now,
    }
    connection.execute(insert(addresses).values(values))


def heard(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """The same person wrote by another of these addresses: WhatsApp's window is open for all of them."""
    connection.execute(update(addresses).where(addresses.c.id.in_(ids)).values(last_inbound_at=now))


def merge(connection: Connection, one: str, other: str, vault: Vault, now: datetime, new_id: IdSource) -> str:
    """Make two contacts one and return its id. Nothing is lost but what contradicts; a second time changes nothing.

    The id that goes keeps leading to the contact that stays, and is never written to.
    """
    both = addresses.c.contact_id.in_((one, other))
    lock(connection, [bytes(lookup) for lookup in connection.scalars(select(addresses.c.lookup).where(both))])
    sides = _sides(connection, one, other)
    if len(sides) == 1:
        return sides[0].id
    left = identity.merged(sides[0], sides[1], now)
    _move(connection, left)
    _one_plan(connection, left.id, now)
    _write(connection, left, now)
    if left.consent is Consent.AGAIN:
        hold(connection, left.id, now)
    profiles.unite(connection, left.id, vault)
    staff.note(connection, new_id(), None, "contact.merged", f"{left.gone}:{left.id}", now)
    return left.id


def _sides(connection: Connection, *ids: str) -> list[Side]:
    """The contacts that these ids now lead to, kept still."""
    wanted = set(ids)
    while True:
        query = select(contacts).where(contacts.c.id.in_(wanted)).order_by(contacts.c.id).with_for_update()
        rows = connection.execute(query).all()
        gone = {row.id: row.merged_into for row in rows if row.merged_into}
        if not gone:
            break
        wanted = {gone.get(id_, id_) for id_ in wanted}
    return [
        Side(
            id=row.id,
            form=row.form,
            consent=Consent(row.consent),
            consent_at=row.consent_at,
            opted_out=row.opted_out,
            named=row.name_enc is not None,
            case_id=row.case_id,
            created_at=row.created_at,
            last_inbound_at=row.last_inbound_at,
        )
        for row in rows
    ]


def _move(connection: Connection, left: Merged) -> None:
    for table in tables():
        if table.name not in APART:
            connection.execute(update(table).where(table.c.contact_id == left.gone).values(contact_id=left.id))
    query = select(conversations).where(conversations.c.contact_id.in_((left.id, left.gone)))
    rows = connection.execute(query.order_by(conversations.c.updated_at, conversations.c.contact_id)).all()
    connection.execute(delete(conversations).where(conversations.c.contact_id.in_((left.id, left.gone))))
    kept = {row.channel: row for row in rows}  # of two that are open on one channel the later is talked about
    for row in kept.values():
        connection.execute(insert(conversations).values({**row._mapping, "contact_id": left.id}))  # noqa: SLF001 (SQLAlchemy's row)
    _move_audience(connection, left)


def _move_audience(connection: Connection, left: Merged) -> None:
    """A campaign that chose both writes to the person once; what was already decided stays as it was decided."""
    both = campaign_audience.c.contact_id.in_((left.id, left.gone))
    chosen: dict[str, dict[str, str]] = {}
    # by campaign: an audience of a million is found by its key only
    every = list(connection.scalars(select(campaigns.c.id)))
    for row in connection.execute(select(campaign_audience).where(campaign_audience.c.campaign_id.in_(every), both)):
        chosen.setdefault(row.campaign_id, {})[row.contact_id] = row.state
    for campaign, states in chosen.items():
        mine = campaign_audience.c.campaign_id == campaign
        if len(states) == 1:
            connection.execute(update(campaign_audience).where(mine, both).values(contact_id=left.id))
        elif "waiting" in states.values():
            second = left.gone if states[left.gone] == "waiting" else left.id
            one = (mine, campaign_audience.c.contact_id == second)
            connection.execute(update(campaign_audience).where(*one).values(state="skipped", reason=MERGED))


def _one_plan(connection: Connection, contact_id: str, now: datetime) -> None:
    """Of two plans of daily reminders for one person the later counts, as when somebody chooses hours anew."""
    mine = (care.enrolments.c.contact_id == contact_id, care.enrolments.c.state == "active")
    query = select(care.enrolments).where(*mine, care.enrolments.c.subject.is_(None))
    later: dict[tuple[str, str | None], str] = {}
    ended: list[str] = []
    for row in connection.execute(query.order_by(care.enrolments.c.created_at, care.enrolments.c.id)):
        whose = (row.programme, row.profile_id)
        if whose in later:
            ended.append(later[whose])
        later[whose] = row.id
    if ended:
        reminders.end(connection, ended, "replaced", now)


def _write(connection: Connection, left: Merged, now: datetime) -> None:
    name = (
        select(contacts.c.name_enc).where(contacts.c.id == left.name_of).scalar_subquery() if left.name_of else null()
    )
    values = {
        "form": left.form,
        "consent": left.consent.value,
        "consent_at": left.consent_at,
        "opted_out": left.opted_out,
        "name_enc": name,
        "case_id": left.case_id,
        "last_inbound_at": left.last_inbound_at,
    }
    connection.execute(update(contacts).where(contacts.c.id == left.id).values(values))
    nobody = {"name_enc": None, "case_id": None, "shared": False, "consent": Consent.UNKNOWN.value, "opted_out": True}
    where = or_(contacts.c.id == left.gone, contacts.c.merged_into == left.gone)
    connection.execute(update(contacts).where(where).values(merged_into=left.id))
    connection.execute(update(contacts).where(contacts.c.id == left.gone).values(merged_at=now, **nobody))


def has_username(connection: Connection, contact_id: str, channel: str) -> bool:
    """Whether the contact is already known by an id without a number on a channel."""
    mine = (addresses.c.contact_id == contact_id, addresses.c.scheme == "bsuid", addresses.c.channel == channel)
    return connection.scalar(select(addresses.c.id).where(*mine).limit(1)) is not None


def doubt(connection: Connection, contact_id: str, now: datetime) -> None:
    """Have whoever writes next asked whether they are still the same person; until then nothing is shown or sent."""
    given = (contacts.c.id == contact_id, contacts.c.consent == Consent.GIVEN.value)
    values = {"consent": Consent.AGAIN.value, "consent_at": now}
    if connection.execute(update(contacts).where(*given).values(values)).rowcount:
        hold(connection, contact_id, now)


def hold(connection: Connection, contact_id: str, now: datetime) -> None:
    """What waits to be sent to a contact of its own affairs is not sent: somebody else may hold the phone."""
    mine = (outbox.c.contact_id == contact_id, outbox.c.state == State.QUEUED.value, outbox.c.kind.in_(OURS))
    values = {"state": State.SKIPPED.value, "reason": ASKED_AGAIN, "settled_at": now}
    connection.execute(update(outbox).where(*mine).values(values))


def leave(
    connection: Connection,
    contact_id: str,
    address_id: str,
    vault: Vault,
    now: datetime,
    new_id: IdSource,
    form: str | None,
) -> str:
    """Give the phone at an address to a new contact, and return its id. The old one keeps everything but the phone."""
    theirs = select(addresses).where(addresses.c.contact_id == contact_id)
    lock(connection, [bytes(row.lookup) for row in connection.execute(theirs)])
    rows = connection.execute(theirs).all()
    urns = {row.id: Urn(row.scheme, vault.open(row.path_enc, PLACE_PATH)) for row in rows}
    gone = set(map(str, identity.leaving(urns.values(), urns[address_id])))
    ids = [id_ for id_, urn in urns.items() if str(urn) in gone]
    new = new_id()
    create(connection, new, now, form)
    connection.execute(update(addresses).where(addresses.c.id.in_(ids)).values(contact_id=new))
    connection.execute(delete(conversations).where(conversations.c.contact_id == contact_id))
    plans = (care.enrolments.c.contact_id == contact_id, care.enrolments.c.address_id.in_(ids))
    active = list(connection.scalars(select(care.enrolments.c.id).where(*plans, care.enrolments.c.state == "active")))
    if active:
        reminders.end(connection, active, NUMBER_LEFT, now)
    to_them = (outbox.c.contact_id == contact_id, outbox.c.address_id.in_(ids), outbox.c.state == State.QUEUED.value)
    unsent = {"state": State.SKIPPED.value, "reason": NUMBER_LEFT, "settled_at": now}
    connection.execute(update(outbox).where(*to_them).values(unsent))
    every = list(connection.scalars(select(campaigns.c.id).where(campaigns.c.state.in_(("running", "paused")))))
    mine = and_(campaign_audience.c.campaign_id.in_(every), campaign_audience.c.contact_id == contact_id)
    chosen = (mine, campaign_audience.c.state == "waiting")
    connection.execute(update(campaign_audience).where(*chosen).values(state="skipped", reason=NUMBER_LEFT))
    # an answer of the staff must not reach whoever has the number now
    connection.execute(
        update(cases).where(cases.c.contact_id == contact_id, cases.c.address_id.in_(ids)).values(address_id=None)
    )
    staff.note(connection, new_id(), None, "contact.number_left", f"{contact_id}:{new}", now)
    return new


def unreachable(connection: Connection, ids: Sequence[str], now: datetime) -> set[str]:
    """Those of the contacts who have been silent for six months and whose number did not take what was sent since."""
    query = (
        select(outbox.c.contact_id)
        .join(contacts, contacts.c.id == outbox.c.contact_id)
        .where(
            outbox.c.contact_id.in_(ids),
            outbox.c.state == State.FAILED.value,
            outbox.c.reason.in_(GONE),
            contacts.c.last_inbound_at < now - identity.SILENT,
            outbox.c.created_at > contacts.c.last_inbound_at,
        )
        .distinct()
    )
    return set(connection.scalars(query))
