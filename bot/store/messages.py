"""One person's conversation on all channels, opened for the staff."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, exists, select

from bot.core import codec
from bot.store.hot import PLACE_PART, PLACE_TEXT
from bot.store.tables.messages import inbound, outbox
from bot.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Said:
    """One message. `ours` are those that went out; `text` is None where what was said may not be kept. Times are UTC."""

    id: str
    at: datetime
    ours: bool
    channel: str
    text: str | None = field(repr=False)
    choices: tuple[str, ...] = field(default=(), repr=False)
    kind: str | None = None
    state: str | None = None
    reason: str | None = None
    code: str | None = None
    instead: bool = False
    """Whether it went out in place of a message that another channel could not deliver."""


def is_in_outbox(connection: Connection, id_: str) -> bool:
    """Whether a message of this id was written before."""
    return bool(connection.scalar(select(exists().where(outbox.c.id == id_))))


def outcome(connection: Connection, id_: str) -> tuple[str, str | None, str | None]:
    """State, reason and provider's code of a message in the outbox. Raises NoResultFound when there is none."""
    row = connection.execute(select(outbox.c.state, outbox.c.reason, outbox.c.code).where(outbox.c.id == id_)).one()
    return row.state, row.reason, row.code


def conversation(connection: Connection, contact_id: str, vault: Vault, *, limit: int = 100) -> list[Said]:
    """The last messages with a contact, the oldest first."""
    theirs = connection.execute(
        select(inbound)
        .where(inbound.c.contact_id == contact_id)
        .order_by(inbound.c.received_at.desc(), inbound.c.id.desc())
        .limit(limit),
    )
    said = [
        Said(
            id=row.id,
            at=row.received_at,
            ours=False,
            channel=row.channel,
            text=vault.open(row.text_enc, PLACE_TEXT) if row.text_enc else None,
        )
        for row in theirs
    ]
    ours = connection.execute(
        select(outbox)
        .where(outbox.c.contact_id == contact_id)
        .order_by(outbox.c.created_at.desc(), outbox.c.id.desc())
        .limit(limit),
    )
    for row in ours:
        part = codec.load_part(vault.open(row.part_enc, PLACE_PART))
        offered = part.buttons or (part.menu.rows if part.menu else ())
        said.append(
            Said(
                id=row.id,
                at=row.sent_at or row.created_at,
                ours=True,
                channel=row.channel,
                text=part.text,
                choices=tuple(button.title for button in offered),
                kind=row.kind,
                state=row.state,
                reason=row.reason,
                code=row.code,
                instead=row.instead_of is not None,
            ),
        )
    said.sort(key=lambda one: (one.at, one.ours, one.id))
    return said[-limit:]
