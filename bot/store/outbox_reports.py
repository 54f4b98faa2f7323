"""Delivery reports: they move a message forwards only, and wait where they came before it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Row, exists, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.delivery import after_report
from bot.core.ids import IdSource
from bot.core.model import State
from bot.store.columns import Instant
from bot.store.outbox import opt_out
from bot.store.outbox_instead import not_needed
from bot.store.tables.messages import outbox, reports
from sms_gateway.types import DeliveryReport, Status

OPTED_OUT = "opted_out"
"""How an early report is kept that says the contact wants to be left alone."""


def apply_report(
    connection: Connection,
    channel: str,
    report: DeliveryReport,
    now: datetime,
    new_id: IdSource,
    failed: list[str] | None = None,
) -> bool:
    """Move the message a report speaks of, forwards only. A report for a message not (yet) known is kept; False then.

    The ids of rows that failed by it are added to `failed`.
    """
    row = _found(connection, channel, report)
    if row is None:
        _keep(connection, channel, report, now, new_id)
        return False
    earlier = row.channel != channel  # of an attempt on the channel that another one stands in for by now
    if earlier and report.status not in {Status.DELIVERED, Status.READ}:
        return True
    state = after_report(State(row.state), report.status)
    if state is not None:
        connection.execute(
            update(outbox)
            .where(outbox.c.id == row.id)
            .values(
                state=state.value,
                code=report.code,
                external_id=outbox.c.external_id if earlier else _name(report),
                sent_at=func.coalesce(outbox.c.sent_at, literal(now, Instant)),
                reason=(report.reason or "provider") if state is State.FAILED else None,
                settled_at=now,
                moved_at=now,
                lease_until=None,
                lease_by=None,
            ),
        )
        if state is State.FAILED and failed is not None:
            failed.append(row.id)
        if state in {State.DELIVERED, State.READ} and row.state == State.FAILED.value:
            not_needed(connection, [row.id], now)
    if report.opted_out:
        opt_out(connection, [row.id])
    return True


def reasons(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """Channel and reason of each row."""
    if not ids:
        return {}
    rows = connection.execute(select(outbox.c.id, outbox.c.channel, outbox.c.reason).where(outbox.c.id.in_(ids)))
    return {row.id: (row.channel, row.reason) for row in rows}


def _name(report: DeliveryReport) -> ColumnElement[str]:
    return func.coalesce(outbox.c.external_id, report.external_id)


def _found(connection: Connection, channel: str, report: DeliveryReport) -> Row[str, str, str] | None:
    # two questions, each answered by its own index: the name that the provider gave, then our own
    asked = select(outbox.c.id, outbox.c.state, outbox.c.channel)
    if connection.dialect.name == "postgresql":
        asked = asked.with_for_update()
    named = outbox.c.external_id.is_not(None)
    row = connection.execute(
        asked.where(named, outbox.c.channel == channel, outbox.c.external_id == report.external_id)
    ).first()
    if row is None and report.reference:
        ours = or_(outbox.c.channel == channel, outbox.c.first_channel == channel)
        row = connection.execute(asked.where(outbox.c.id == report.reference, ours)).first()
    return row


def _keep(connection: Connection, channel: str, report: DeliveryReport, now: datetime, new_id: IdSource) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(reports).values(
        id=new_id(),
        channel=channel,
        external_id=report.external_id,
        reference=report.reference,
        status=OPTED_OUT if report.opted_out else report.status.value,
        code=report.code,
        reason=report.reason,
        received_at=now,
    )
    connection.execute(row.on_conflict_do_nothing())


def match_early_reports(
    connection: Connection, now: datetime, *, keep: timedelta, new_id: IdSource, failed: list[str] | None = None
) -> int:
    """Apply reports that came before their message was known; those older than `keep` are dropped. Returns how many."""
    matched = 0
    named = exists().where(
        outbox.c.external_id.is_not(None),
        outbox.c.channel == reports.c.channel,
        outbox.c.external_id == reports.c.external_id,
    )
    ours = exists().where(outbox.c.id == reports.c.reference, outbox.c.channel == reports.c.channel)
    rows = connection.execute(select(reports).where(or_(named, ours)).order_by(reports.c.received_at).limit(1000)).all()
    for row in rows:
        stopped = row.status == OPTED_OUT
        status = Status.FAILED if stopped else Status(row.status)
        report = DeliveryReport(row.external_id, status, row.code, row.reference, opted_out=stopped, reason=row.reason)
        matched += apply_report(connection, row.channel, report, now, new_id, failed)
        connection.execute(reports.delete().where(reports.c.id == row.id))
    connection.execute(reports.delete().where(reports.c.received_at < now - keep))
    return matched
