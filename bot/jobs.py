"""RQ's thin entry points. Jobs carry names and ids only; what they mean stands in the database."""

import threading
from collections.abc import Callable
from functools import cache

import structlog

from bot.core.model import State
from bot.settings import load
from bot.store.database import DatabaseDown
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


def dispatch(channel: str) -> None:
    """Have what waits on a channel sent, on a thread of its own: a campaign on one channel holds up no other."""
    _lines.begin(channel)


def send(channel: str) -> int:
    """Send what waits on a channel; returns how many rows were settled."""
    made = services()
    made.waker.begun(channel)  # not before: messages that come while the channel is at work wake it once more, not each
    tally = made.delivery.run(channel)
    if not_sent := {outcome: count for outcome, count in tally.counts.items() if outcome in NOT_SENT}:
        log.warning("not_sent", channel=channel, counts=not_sent)
    return tally.total


def end() -> None:
    """Begin nothing more, and wait until what was begun has ended: at most as long as a provider may take."""
    services().delivery.stop()
    _lines.wait()


class Lines:
    """One thread for each channel that has work. A channel that is woken while its thread is at work is looked at again."""

    def __init__(self, work: Callable[[str], object]) -> None:
        self._work = work
        self._at_work: dict[str, threading.Thread] = {}
        self._again: set[str] = set()
        self._lock = threading.Lock()

    def begin(self, channel: str) -> None:
        with self._lock:
            if channel in self._at_work:
                self._again.add(channel)
                return
            thread = threading.Thread(target=self._run, args=(channel,), name=f"channel-{channel}")
            self._at_work[channel] = thread
            thread.start()

    def wait(self) -> None:
        with self._lock:
            threads = list(self._at_work.values())
        for thread in threads:
            thread.join()

    def _run(self, channel: str) -> None:
        while True:
            try:
                self._work(channel)
            except DatabaseDown:
                log.warning("database_down", process="worker", channel=channel)
            except Exception as failed:  # noqa: BLE001 (the sweeper wakes the channel again)
                services().on_fault("worker:send", failed)
            with self._lock:
                if channel not in self._again:
                    del self._at_work[channel]
                    return
                self._again.discard(channel)


_lines = Lines(lambda channel: send(channel))  # noqa: PLW0108 (found anew at each call: a test may replace it)
