"""The outbox: what the system decided to send, and what became of it. The database is the truth; RQ only wakes us.

A row is claimed with a lease, marked `sending` just before the provider is called, and settled after. A worker that dies
before the mark leaves a claim that runs out and is taken again; one that dies after it leaves `sending`, which nobody
may repeat (P3): the sweeper turns it into `unknown`, and a delivery report settles it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, exists, func, insert, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core import codec
from bot.core.delivery import Outcome, after_report
from bot.core.ids import IdSource
from bot.core.model import Draft, Kind, Lane, State
from bot.store.columns import Instant, from_ms
from bot.store.hot import PLACE_PART, PLACE_PATH, outbox_row
from bot.store.hot_sqlite import TABLES
from bot.store.tables.contacts import addresses, contacts
from bot.store.tables.messages import outbox, reports
from bot.store.vault import Vault, VaultError
from sms_gateway.types import DeliveryReport, Outbound, Status, Urn

WAITING = (State.QUEUED.value, State.SENDING.value)
MAY_REPEAT = (Kind.EMERGENCY.value,)
OPTED_OUT = "opted_out"
"""How an early report is kept that says the contact wants to be left alone."""
LEARNED = {State.SENT, State.DELIVERED, State.FAILED}
"""Outcomes that say more than `unknown` does, should the sweeper have been first."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row to send: the message itself and what deciding about it needs."""

    message: Outbound
    contact_id: str
    kind: Kind
    attempts: int
    opted_out: bool
    expires_at: datetime
    last_inbound_at: datetime | None
    source: str | None


def add(connection: Connection, drafts: Iterable[Draft], vault: Vault) -> None:
    """Put drafts into the outbox."""
    rows = [dict(zip(TABLES["outbox"], outbox_row(draft, vault), strict=True)) for draft in drafts]
    for row in rows:
        for column in ("created_at", "due_at", "expires_at"):
            row[column] = from_ms(int(str(row[column])))
    if rows:
        connection.execute(insert(outbox), rows)


def _claimable(channel: str, now: datetime) -> Select[tuple[str]]:
    earlier = outbox.alias("earlier")
    blocked = exists().where(
        earlier.c.contact_id == outbox.c.contact_id,
        earlier.c.channel == outbox.c.channel,
        earlier.c.state.in_(WAITING),
        or_(
            earlier.c.lane < outbox.c.lane,
            and_(earlier.c.lane == outbox.c.lane, earlier.c.id < outbox.c.id),
        ),
        # one that is being tried again still comes first; one planned for later does not hold up the rest
        or_(earlier.c.due_at <= now, earlier.c.attempts > 0),
    )
    free = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until < now)
    return (
        select(outbox.c.id)
        .where(
            outbox.c.channel == channel, outbox.c.state == State.QUEUED.value, outbox.c.due_at <= now, free, ~blocked
        )
        .order_by(outbox.c.lane, outbox.c.due_at, outbox.c.id)
    )


def claim(
    connection: Connection,
    channel: str,
    now: datetime,
    *,
    by: str,
    limit: int,
    lease: timedelta,
    vault: Vault,
    lane: Lane | None = None,
) -> list[Claimed]:
    """Take up to `limit` due rows of a channel for `lease`; the earliest of each contact only (P4), best lane first.

    With `lane`, rows of that lane only.
    """
    wanted = _claimable(channel, now).limit(limit)
    if lane is not None:
        wanted = wanted.where(outbox.c.lane == int(lane))
    if connection.dialect.name == "postgresql":
        wanted = wanted.with_for_update(skip_locked=True, of=outbox)
    ids = list(connection.scalars(wanted))
    if not ids:
        return []
    connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(lease_until=now + lease, lease_by=by))
    rows = connection.execute(
        select(outbox, addresses.c.scheme, addresses.c.path_enc, contacts.c.opted_out, addresses.c.last_inbound_at)
        .join(addresses, addresses.c.id == outbox.c.address_id)
        .join(contacts, contacts.c.id == outbox.c.contact_id)
        .where(outbox.c.id.in_(ids))
        .order_by(outbox.c.lane, outbox.c.due_at, outbox.c.id),
    ).all()
    claimed = []
    for row in rows:
        try:
            claimed.append(_claimed(row, vault))
        except (VaultError, ValueError, KeyError):
            # one row that cannot be read (a damaged value, a lost key) must not stop its channel
            unreadable = Outcome(State.FAILED, reason="unreadable")
            settle(connection, [(row.id, unreadable)], now)
    return claimed


def _claimed(row: Row[Any], vault: Vault) -> Claimed:
    return Claimed(
        message=Outbound(
            reference=row.id,
            urn=Urn(row.scheme, vault.open(row.path_enc, PLACE_PATH)),
            part=codec.load_part(vault.open(row.part_enc, PLACE_PART)),
        ),
        contact_id=row.contact_id,
        kind=Kind(row.kind),
        attempts=row.attempts,
        opted_out=row.opted_out,
        expires_at=row.expires_at,
        last_inbound_at=row.last_inbound_at,
        source=row.source,
    )


def begin(connection: Connection, ids: Sequence[str], by: str, *, lease_until: datetime) -> set[str]:
    """Mark rows as being sent from now on; returns those still ours and whose contact has not opted out since.

    `lease_until` is when the sweeper may take the sender for dead.
    """
    stopped = select(contacts.c.id).where(contacts.c.opted_out.is_(True))
    allowed = [kind.value for kind in Kind if kind.passes_opt_out]
    mine = and_(outbox.c.id.in_(ids), outbox.c.lease_by == by, outbox.c.state == State.QUEUED.value)
    free = or_(outbox.c.contact_id.not_in(stopped), outbox.c.kind.in_(allowed))
    taken = connection.execute(
        update(outbox)
        .where(mine, free)
        .values(state=State.SENDING.value, attempts=outbox.c.attempts + 1, lease_until=lease_until)
        .returning(outbox.c.id),
    )
    return set(taken.scalars())


def settle(connection: Connection, outcomes: Sequence[tuple[str, Outcome]], now: datetime) -> None:
    """Write what became of each row. A row that a report has moved on meanwhile is not moved back."""
    for id_, outcome in outcomes:
        final = outcome.state not in {State.QUEUED, State.SENT, State.UNKNOWN}
        from_states: tuple[str, ...] = WAITING
        if outcome.state in LEARNED:
            from_states = (*WAITING, State.UNKNOWN.value)
        elif outcome.state is State.SKIPPED:
            from_states = (State.QUEUED.value,)  # never what another worker is sending since our lease ran out
        connection.execute(
            update(outbox)
            .where(outbox.c.id == id_, outbox.c.state.in_(from_states))
            .values(
                state=outcome.state.value,
                reason=outcome.reason,
                code=outcome.code,
                external_id=outcome.external_id,
                due_at=outcome.again_at or outbox.c.due_at,
                lease_until=None,
                lease_by=None,
                sent_at=now if outcome.state is State.SENT else outbox.c.sent_at,
                settled_at=now if final else None,
            ),
        )
        if outcome.reason == "opted_out" and outcome.state is State.FAILED:
            _opt_out(connection, id_)


def apply_report(connection: Connection, channel: str, report: DeliveryReport, now: datetime, new_id: IdSource) -> bool:
    """Move the message a report speaks of, forwards only. A report for a message not (yet) known is kept; False then."""
    found = select(outbox.c.id, outbox.c.state).where(outbox.c.channel == channel)
    by = outbox.c.external_id == report.external_id
    if report.reference:
        by = or_(outbox.c.id == report.reference, by)
    wanted = found.where(by)
    if connection.dialect.name == "postgresql":
        wanted = wanted.with_for_update()
    row = connection.execute(wanted).first()
    if row is None:
        _keep(connection, channel, report, now, new_id)
        return False
    state = after_report(State(row.state), report.status)
    if state is not None:
        connection.execute(
            update(outbox)
            .where(outbox.c.id == row.id)
            .values(
                state=state.value,
                code=report.code,
                external_id=func.coalesce(outbox.c.external_id, report.external_id),
                sent_at=func.coalesce(outbox.c.sent_at, literal(now, Instant)),
                reason="provider" if state is State.FAILED else None,
                settled_at=now,
                lease_until=None,
                lease_by=None,
            ),
        )
    if report.opted_out:
        _opt_out(connection, row.id)
    return True


def _opt_out(connection: Connection, outbox_id: str) -> None:
    whose = select(outbox.c.contact_id).where(outbox.c.id == outbox_id).scalar_subquery()
    connection.execute(update(contacts).where(contacts.c.id == whose).values(opted_out=True))


def _keep(connection: Connection, channel: str, report: DeliveryReport, now: datetime, new_id: IdSource) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(reports).values(
        id=new_id(),
        channel=channel,
        external_id=report.external_id,
        reference=report.reference,
        status=OPTED_OUT if report.opted_out else report.status.value,
        code=report.code,
        received_at=now,
    )
    connection.execute(row.on_conflict_do_nothing())


def match_early_reports(connection: Connection, now: datetime, *, keep: timedelta, new_id: IdSource) -> int:
    """Apply reports that came before their message was known; those older than `keep` are dropped. Returns how many."""
    matched = 0
    known = exists().where(
        outbox.c.channel == reports.c.channel,
        or_(outbox.c.external_id == reports.c.external_id, outbox.c.id == reports.c.reference),
    )
    rows = connection.execute(select(reports).where(known).order_by(reports.c.received_at).limit(1000)).all()
    for row in rows:
        stopped = row.status == OPTED_OUT
        status = Status.FAILED if stopped else Status(row.status)
        report = DeliveryReport(row.external_id, status, row.code, row.reference, opted_out=stopped)
        matched += apply_report(connection, row.channel, report, now, new_id)
        connection.execute(reports.delete().where(reports.c.id == row.id))
    connection.execute(reports.delete().where(reports.c.received_at < now - keep))
    return matched


def sweep(connection: Connection, now: datetime) -> dict[str, int]:
    """Settle what a dead worker left: sends of unknown outcome, texts that are too old. Returns counts by outcome."""
    stuck = and_(outbox.c.state == State.SENDING.value, outbox.c.lease_until < now)
    again = connection.execute(
        update(outbox)
        .where(stuck, outbox.c.kind.in_(MAY_REPEAT))
        .values(state=State.QUEUED.value, lease_until=None, lease_by=None),
    ).rowcount
    unknown = connection.execute(
        update(outbox)
        .where(stuck, outbox.c.kind.not_in(MAY_REPEAT))
        .values(state=State.UNKNOWN.value, reason="outcome_unknown", lease_until=None, lease_by=None),
    ).rowcount
    free = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until < now)
    late = connection.execute(
        update(outbox)
        .where(outbox.c.state == State.QUEUED.value, outbox.c.expires_at < now, free)
        .values(state=State.SKIPPED.value, reason="too_late", settled_at=now),
    ).rowcount
    return {"again": again, "unknown": unknown, "too_late": late}


def waiting_channels(connection: Connection, now: datetime) -> list[str]:
    """Channels with due rows that nobody holds."""
    free = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until < now)
    due = and_(outbox.c.state == State.QUEUED.value, outbox.c.due_at <= now, free)
    return list(connection.scalars(select(outbox.c.channel).where(due).distinct()))
