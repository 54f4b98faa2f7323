"""A message that its channel cannot deliver, sent to the same person another way: a row of its own that names the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core import codec
from bot.core.model import Consent, Draft, Kind, Lane, State
from bot.store.hot import PLACE_PART
from bot.store.outbox import WAITS, add
from bot.store.tables.care import reminders
from bot.store.tables.contacts import contacts, conversations
from bot.store.tables.messages import outbox
from bot.store.tables.work import campaign_audience
from bot.store.vault import Vault, VaultError
from sms_gateway.types import Part


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A row that cannot go by its channel, and what is known of its contact."""

    id: str
    contact_id: str
    address_id: str
    channel: str
    kind: Kind
    lane: Lane
    part: Part
    source: str | None
    expires_at: datetime
    consented: bool
    opted_out: bool


def undelivered(connection: Connection, ids: Sequence[str], vault: Vault) -> list[Undelivered]:
    """Those of the rows that may be replaced: readable, and not a replacement themselves."""
    if not ids:
        return []
    rows = connection.execute(
        select(outbox, contacts.c.consent, contacts.c.opted_out)
        .join(contacts, contacts.c.id == outbox.c.contact_id)
        .where(outbox.c.id.in_(ids), outbox.c.instead_of.is_(None))
        .order_by(outbox.c.id)
    )
    found = []
    for row in rows:
        try:
            part = codec.load_part(vault.open(row.part_enc, PLACE_PART))
        except (VaultError, ValueError, KeyError):
            continue
        one = Undelivered(
            id=row.id,
            contact_id=row.contact_id,
            address_id=row.address_id,
            channel=row.channel,
            kind=Kind(row.kind),
            lane=Lane(row.lane),
            part=part,
            source=row.source,
            expires_at=row.expires_at,
            consented=row.consent == Consent.GIVEN.value,
            opted_out=row.opted_out,
        )
        found.append(one)
    return found


def replace(connection: Connection, one: Undelivered, draft: Draft, vault: Vault, *, held: bool = False) -> None:
    """Put `draft` into the outbox instead of a row; what waited for the row's outcome waits for the draft's from now on.

    The contact's open question goes along to the draft's channel, so that an answer there is understood. With `held`,
    the draft waits for the contact's next message.
    """
    add(connection, [draft], vault)
    values = {"instead_of": one.id, "reason": WAITS if held else None, "moved_at": draft.created_at if held else None}
    connection.execute(update(outbox).where(outbox.c.id == draft.id).values(values))
    for table in (campaign_audience, reminders):
        connection.execute(update(table).where(table.c.outbox_id == one.id).values(outbox_id=draft.id))
    if draft.channel != one.channel:
        _take_along(connection, one.contact_id, one.channel, draft.channel)


def _take_along(connection: Connection, contact_id: str, channel: str, other: str) -> None:
    columns = ("contact_id", "channel", "state_enc", "silent_at", "updated_at")
    kept = conversations.c
    theirs = select(kept.contact_id, literal(other), kept.state_enc, kept.silent_at, kept.updated_at).where(
        kept.contact_id == contact_id, kept.channel == channel
    )
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(conversations).from_select(columns, theirs)
    new = row.excluded
    changed = {name: new[name] for name in columns[2:]}
    connection.execute(
        row.on_conflict_do_update(
            index_elements=["contact_id", "channel"], set_=changed, where=conversations.c.updated_at < new.updated_at
        )
    )


def not_needed(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """The rows were delivered after all: what was queued instead of them, and is not yet under way, does not go."""
    connection.execute(
        update(outbox)
        .where(outbox.c.instead_of.in_(ids), outbox.c.state == State.QUEUED.value, outbox.c.lease_until.is_(None))
        .values(state=State.SKIPPED.value, reason="delivered_before", settled_at=now, moved_at=now)
    )
