"""RQ's thin entry points. Jobs carry names and ids only; what they mean stands in the database."""

from functools import cache

import structlog

from bot.core.model import State
from bot.settings import load
from bot.wiring import Services

NOT_SENT = {State.FAILED.value, State.UNKNOWN.value}
"""Outcomes that an operator must hear of; the worker has no page for its counts, so they go to the log."""

log = structlog.get_logger()


@cache
def services() -> Services:
    """What this worker process works with."""
    return Services(load())


def fetch_media() -> None:
    """Fetch the attachments that wait, on a thread of this process: messages go on being sent meanwhile."""
    services().attachments.in_background()


def dispatch(channel: str) -> int:
    """Send what waits on a channel; returns how many rows were settled."""
    made = services()
    made.waker.begun(channel)
    tally = made.delivery.run(channel)
    if not_sent := {outcome: count for outcome, count in tally.counts.items() if outcome in NOT_SENT}:
        log.warning("not_sent", channel=channel, counts=not_sent)
    return tally.total
