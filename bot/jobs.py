"""RQ's thin entry points. Jobs carry names and ids only; what they mean stands in the database."""

from functools import cache

from bot.settings import load
from bot.wiring import Services


@cache
def services() -> Services:
    """What this worker process works with."""
    return Services(load())


def dispatch(channel: str) -> int:
    """Send what waits on a channel; returns how many rows were settled."""
    made = services()
    made.waker.begun(channel)
    tally = made.delivery.run(channel)
    for outcome, count in tally.counts.items():
        made.metrics.sent.labels(channel, outcome).inc(count)
    return tally.total
