"""The processes of the Procfile: web, worker, clock."""

import argparse
import signal
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import structlog
from redis.exceptions import RedisError

from bot.commands.failing import Failed, services, settings
from bot.observing import set_up_logging
from bot.store import contacts
from bot.store.database import DatabaseDown
from bot.waking import QUEUE
from bot.wiring import Services

TICK_SECONDS = 1.0
DELETE_AFTER = timedelta(minutes=5)
"""A wish to be forgotten is carried out after this, when its confirmation has gone out."""

log = structlog.get_logger()


def web(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Run the web process."""
    parser.parse_args(arguments)
    found = settings()
    from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415 (only this process loads the server)
    from granian.server import Server  # noqa: PLC0415

    one = found.database.startswith("sqlite")
    Server(
        "wsgi:front",
        address=found.host,
        port=found.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        workers=1 if one else found.workers,
        backlog=1024,
        log_enabled=False,
        respawn_failed_workers=True,
    ).serve()
    return 0


def worker(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Run the worker: it sends what the outbox holds whenever it is woken."""
    parser.parse_args(arguments)
    made = services()
    set_up_logging(made.settings.log_format)
    from rq import SimpleWorker  # noqa: PLC0415 (only this process loads it)
    from rq.serializers import JSONSerializer  # noqa: PLC0415

    from bot import jobs  # noqa: PLC0415 (same)

    _ = jobs.services().delivery  # made before the first message waits for it
    while not made.waker.alive():
        log.warning("queue_down", process="worker")
        time.sleep(1)
    try:
        running = SimpleWorker([QUEUE], connection=made.waker.connection, serializer=JSONSerializer)
        running.work(logging_level="WARNING")
    except RedisError as lost:
        raise Failed("The queue was lost; the worker starts again.") from lost
    finally:
        jobs.end()
    return 0


def clock(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Run the clock. Two may run: what one does the other passes over."""
    parser.parse_args(arguments)
    made = services()
    set_up_logging(made.settings.log_format)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        began = time.monotonic()
        tick(made)
        stop.wait(max(0.05, TICK_SECONDS - (time.monotonic() - began)))
    return 0


def tick(made: Services) -> None:
    """One second of the clock: each duty by itself, so that one that fails does not stop the others."""
    for name, duty in (
        ("reminders", made.reminders.tick),
        ("campaigns", lambda: made.campaigns.release(made.clock())),
        ("deletions", lambda: forget(made)),
        ("spool", made.replay),
        ("media", lambda: media(made)),
        ("sweep", lambda: sweep(made)),
    ):
        try:
            duty()
        except DatabaseDown:
            log.warning("database_down", process="clock")
            return
        except Exception as failed:  # noqa: BLE001 (the next duty must have its turn)
            made.on_fault(f"clock:{name}", failed)


def sweep(made: Services) -> None:
    """Settle what dead processes left, and wake the worker for what waits."""
    counts, waiting = made.delivery.sweep()
    if any(counts.values()):
        log.info("swept", counts={name: count for name, count in counts.items() if count})
    for channel in waiting:
        made.wake(channel)


def media(made: Services) -> None:
    """Erase old attachments, and have those that wait fetched."""
    if made.attachments.tick():
        made.waker.wake_media()


def forget(made: Services) -> None:
    """Carry out wishes to be forgotten."""
    now = made.clock()
    with made.database.write() as connection:
        for contact in contacts.to_delete(connection, now - DELETE_AFTER):
            contacts.forget(connection, contact, now, made.vault)
            log.info("forgotten", count=1)
