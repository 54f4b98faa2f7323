"""What people sent that the bot cannot read: noted with the message, fetched later, sealed by the piece, erased in time.

A row says what was sent and what became of it; the content stands apart in pieces, so that changing keys and sending it
out never hold much in memory. States: `waiting` (to be fetched), `kept`, `place` (a location: the reference is all there
is), `refused` (by a rule, with the reason), `failed` (could not be had).
"""

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from bot.core.model import Consent
from bot.store.tables.contacts import contacts
from bot.store.tables.media import media, media_pieces
from bot.store.vault import Vault, VaultError
from sms_gateway.types import Media

PLACE_REFERENCE, PLACE_PIECE = "media.reference_enc", "media_pieces.piece_enc"
PIECE = 48 * 1024
"""Bytes of a piece: 64 KiB as base64, a hundred of them for the largest file."""

WAITING, KEPT, PLACE, REFUSED, FAILED = "waiting", "kept", "place", "refused", "failed"


@dataclass(frozen=True, slots=True)
class NewMedia:
    """One attachment to note, with the message it came in."""

    id: str
    contact_id: str
    inbound_id: str
    channel: str
    media: Media
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """An attachment to fetch. `attempts` counts those before."""

    id: str
    channel: str
    media: Media
    attempts: int


@dataclass(frozen=True, slots=True)
class Attachment:
    """What the staff see of an attachment. `where` is a location's `latitude,longitude`; times are UTC."""

    id: str
    contact_id: str
    type: str
    state: str
    reason: str | None
    size: int
    received_at: datetime
    where: str | None = field(default=None, repr=False)


def note(connection: Connection, found: Iterable[NewMedia], vault: Vault) -> None:
    """Note attachments. A location is complete with that; everything else waits to be fetched."""
    rows = [
        {
            "id": one.id,
            "contact_id": one.contact_id,
            "inbound_id": one.inbound_id,
            "channel": one.channel,
            "type": one.media.type[:80],
            "reference_enc": vault.seal(_written(one.media), PLACE_REFERENCE),
            "state": PLACE if is_place(one.media) else WAITING,
            "received_at": one.received_at,
            "due_at": one.received_at,
        }
        for one in found
    ]
    if rows:
        connection.execute(insert(media), rows)


def is_place(found: Media) -> bool:
    """Whether an attachment is a location, which needs no fetching."""
    return found.type == "location"


def _written(found: Media) -> str:
    return json.dumps([found.type, found.url, found.id, found.sha256])


def _read(sealed: bytes, vault: Vault) -> Media:
    type_, url, id_, sha256 = json.loads(vault.open(sealed, PLACE_REFERENCE))
    return Media(type_, url, id_, sha256)


def since(connection: Connection, contact_id: str, moment: datetime) -> int:
    """How many attachments of a contact were noted since a moment."""
    mine = and_(media.c.contact_id == contact_id, media.c.received_at > moment)
    return connection.scalar(select(func.count()).select_from(media).where(mine)) or 0


def claim(
    connection: Connection, now: datetime, *, by: str, limit: int, lease_until: datetime, vault: Vault
) -> list[Wanted]:
    """Take up to `limit` due attachments. Those of contacts who have taken their consent back are refused instead."""
    due = and_(media.c.state == WAITING, media.c.due_at <= now)
    free = or_(media.c.lease_until.is_(None), media.c.lease_until < now)
    query = (
        select(media, contacts.c.consent)
        .join(contacts, contacts.c.id == media.c.contact_id)
        .where(due, free)
        .order_by(media.c.due_at, media.c.id)
        .limit(limit)
    )
    if connection.dialect.name == "postgresql":
        query = query.with_for_update(skip_locked=True, of=media)
    wanted = []
    for row in connection.execute(query).all():
        mine = update(media).where(media.c.id == row.id)
        if row.consent != Consent.GIVEN.value:
            _settle(connection, row.id, REFUSED, "no_consent", now)
            continue
        try:
            found = _read(row.reference_enc, vault)
        except VaultError:
            _settle(connection, row.id, FAILED, "unreadable", now)
            continue
        connection.execute(mine.values(lease_by=by, lease_until=lease_until, attempts=media.c.attempts + 1))
        wanted.append(Wanted(row.id, row.channel, found, row.attempts))
    return wanted


def keep(connection: Connection, id_: str, by: str, content: bytes, type_: str, vault: Vault, now: datetime) -> bool:
    """Store what was fetched under the lease `by`; False when it was erased, or taken by somebody else, meanwhile."""
    held = and_(media.c.id == id_, media.c.lease_by == by, media.c.state == WAITING)
    values = {"state": KEPT, "type": type_[:80], "size": len(content), "settled_at": now, "reason": None}
    done = connection.execute(
        update(media).where(held).values(**values, reference_enc=None, lease_by=None, lease_until=None)
    )
    if not done.rowcount:
        return False
    pieces = range(0, max(len(content), 1), PIECE)
    rows = [
        {
            "media_id": id_,
            "number": number,
            "piece_enc": vault.seal(_marked(id_, number, content[start : start + PIECE]), PLACE_PIECE),
        }
        for number, start in enumerate(pieces)
    ]
    connection.execute(insert(media_pieces), rows)
    return True


def _marked(id_: str, number: int, piece: bytes) -> str:
    # the mark is sealed with the content: pieces cannot be exchanged, within a file or between two
    return f"{id_}:{number}:{base64.b64encode(piece).decode('ascii')}"


def give_up(connection: Connection, id_: str, by: str, state: str, reason: str, now: datetime) -> None:
    """Settle an attachment held under the lease `by` without content: `refused` or `failed`."""
    held = connection.scalar(select(media.c.id).where(media.c.id == id_, media.c.lease_by == by))
    if held:
        _settle(connection, id_, state, reason, now)


def again(connection: Connection, id_: str, by: str, reason: str, due_at: datetime) -> None:
    """Try an attachment held under the lease `by` another time."""
    held = and_(media.c.id == id_, media.c.lease_by == by, media.c.state == WAITING)
    values = {"reason": reason, "due_at": due_at, "lease_by": None, "lease_until": None}
    connection.execute(update(media).where(held).values(values))


def _settle(connection: Connection, id_: str, state: str, reason: str, now: datetime) -> None:
    # the address is of no use any more, and may open something
    values = {"state": state, "reason": reason, "settled_at": now, "reference_enc": None}
    waiting = and_(media.c.id == id_, media.c.state == WAITING)
    connection.execute(update(media).where(waiting).values(**values, lease_by=None, lease_until=None))


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether something waits to be fetched and nobody holds it."""
    free = or_(media.c.lease_until.is_(None), media.c.lease_until < now)
    due = and_(media.c.state == WAITING, media.c.due_at <= now, free)
    return connection.scalar(select(media.c.id).where(due).limit(1)) is not None


def of_contact(connection: Connection, contact_id: str, vault: Vault, *, limit: int = 50) -> list[Attachment]:
    """A contact's attachments, the newest first."""
    query = select(media).where(media.c.contact_id == contact_id)
    rows = connection.execute(query.order_by(media.c.received_at.desc(), media.c.id.desc()).limit(limit))
    return [_attachment(row, vault) for row in rows]


def get(connection: Connection, id_: str, vault: Vault) -> Attachment | None:
    row = connection.execute(select(media).where(media.c.id == id_)).first()
    return _attachment(row, vault) if row else None


def _attachment(row: object, vault: Vault) -> Attachment:
    get_ = row._mapping.__getitem__  # type: ignore[attr-defined] # noqa: SLF001 (SQLAlchemy's row)
    where = None
    if get_("state") == PLACE and get_("reference_enc"):
        where = (_read(get_("reference_enc"), vault).url or "").removeprefix("geo:")
    return Attachment(
        id=get_("id"),
        contact_id=get_("contact_id"),
        type=get_("type"),
        state=get_("state"),
        reason=get_("reason"),
        size=get_("size"),
        received_at=get_("received_at"),
        where=where,
    )


def content(connection: Connection, id_: str, vault: Vault) -> bytes | None:
    """What is kept of an attachment; None where nothing is. Raises VaultError where a piece was changed or moved."""
    query = select(media_pieces.c.number, media_pieces.c.piece_enc).where(media_pieces.c.media_id == id_)
    rows = connection.execute(query.order_by(media_pieces.c.number)).all()
    if not rows:
        return None
    found = bytearray()
    for expected, row in enumerate(rows):
        mark, _, piece = vault.open(row.piece_enc, PLACE_PIECE).rpartition(":")
        if mark != f"{id_}:{expected}":
            raise VaultError(f"{PLACE_PIECE}: the value was moved")
        found += base64.b64decode(piece)
    size = connection.scalar(select(media.c.size).where(media.c.id == id_))
    if size != len(found):
        raise VaultError(f"{PLACE_PIECE}: a piece is missing")
    return bytes(found)


def erase_of(connection: Connection, contact_id: str) -> None:
    """Erase everything that a contact sent."""
    connection.execute(delete(media).where(media.c.contact_id == contact_id))


def erase_before(connection: Connection, moment: datetime, limit: int = 200) -> int:
    """Erase what came before a moment, `limit` at a time. Returns how many."""
    old = select(media.c.id).where(media.c.received_at < moment).order_by(media.c.received_at).limit(limit)
    return connection.execute(delete(media).where(media.c.id.in_(old))).rowcount
