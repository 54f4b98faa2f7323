"""`sahti smpp`: the process that holds the links to message centres. It sends for their channels, and takes what they bring.

One link a channel of the type, each with its threads: one reads, some take what comes in, one looks into the outbox, one
keeps what waits for more. No other process can send for such a channel: it has no connection (docs/adr/0014-smpp.md).
"""

import argparse
import secrets
import signal
import threading
from collections.abc import Callable, Sequence

import structlog

from bot.commands.failing import Failed, settings
from bot.commands.smpp_inbox import Inbox
from bot.jobs import NOT_SENT
from bot.observing import set_up_logging
from bot.store import outbox
from bot.store.database import DatabaseDown
from bot.web.exchange import Exchange
from bot.wiring import Services
from sms_gateway.channels.smpp import SCHEME, Smpp
from sms_gateway.errors import Unreachable
from sms_gateway.http import HttpTransport, Transport
from sms_gateway.smpp.link import Link, Timing
from sms_gateway.smpp.pdu import Pdu
from sms_gateway.types import HttpRequest, HttpResponse

LOOK_EVERY = 0.3
"""Seconds between two looks into the outbox; what this process itself writes is seen at once."""
RUN_SECONDS = 5.0
ENDS_WITHIN = 10.0
"""Seconds for messages in hand to be answered when the process ends; the supervisor waits 12."""

log = structlog.get_logger()


def smpp(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Run the links. Ends with a failure where no channel of the type is configured."""
    parser.parse_args(arguments)
    links = Links(HttpTransport())
    made = Services(settings(), transport=links)
    set_up_logging(made.settings.log_format)
    links.open(made)
    if not links.stations:
        raise Failed("No channel of type smpp is configured; see docs/howto/channels/smpp.md.")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    links.start()
    stop.wait()
    links.stop()
    return 0


class Links:
    """All links of this process, and the Transport to them: what is not for a link goes where it always went."""

    def __init__(self, otherwise: Transport) -> None:
        self._otherwise = otherwise
        self._made: Services | None = None
        self.stations: dict[str, Station] = {}

    def open(self, made: Services, timing: Timing | None = None) -> None:
        """Make a station for each channel of the type; nothing is connected yet."""
        self._made = made
        exchange = Exchange(made)
        for channel in made.channels.values():
            if isinstance(channel, Smpp):
                self.stations[channel.name] = Station(made, exchange, channel, timing)

    def send(self, request: HttpRequest) -> HttpResponse:
        scheme, _, rest = request.url.partition("://")
        if scheme != SCHEME:
            return self._otherwise.send(request)
        station = self.stations.get(rest.partition("/")[0])
        if station is None:
            raise Unreachable("this process has no such link")
        return station.link.send(request)

    def start(self) -> None:
        for station in self.stations.values():
            station.start()

    def stop(self) -> None:
        """Stop taking from the outbox, let what is under way be answered, then unbind."""
        if self._made is not None:
            self._made.delivery.stop()
        for station in self.stations.values():
            station.stop()


class Station:
    """One link with its inbox and its sender."""

    def __init__(self, made: Services, exchange: Exchange, channel: Smpp, timing: Timing | None) -> None:
        self._services, self.channel = made, channel
        self._woken = threading.Event()
        self.inbox = Inbox(made, exchange, channel, wake=self._woken.set)
        self.link = Link(
            channel,
            on_deliver=self._deliver,
            on_accepted=self.inbox.accepted,
            on_late=self.inbox.late,
            say=self._say,
            chance=lambda: secrets.randbelow(1000) / 1000,
            timing=timing,
        )
        self.link.on_lost(self.inbox.lost)
        self._stopping, self._stop_link = threading.Event(), threading.Event()
        self._sender = threading.Thread(target=self._send, name=f"{channel.name}-out", daemon=True)
        self._keeper = threading.Thread(target=self._keep, name=f"{channel.name}-keep", daemon=True)
        self._reader = threading.Thread(
            target=self.link.run, args=(self._stop_link,), name=f"{channel.name}-link", daemon=True
        )

    def start(self) -> None:
        self.inbox.start()
        for thread in (self._reader, self._sender, self._keeper):
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()
        for thread in (self._sender, self._keeper):
            thread.join(ENDS_WITHIN)
        self._stop_link.set()
        self._reader.join(ENDS_WITHIN)
        self.inbox.close()

    def _deliver(self, connection: int, pdu: Pdu) -> None:
        self.inbox.hear(self.link, connection, pdu)

    def _send(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(LOOK_EVERY)
            self._woken.clear()
            if self.link.bound.is_set() and self.link.quiet() < LOOK_EVERY:
                self._safely(self._send_what_waits)

    def _send_what_waits(self) -> None:
        if not self._waits():
            return
        tally = self._services.delivery.run(self.channel.name, seconds=RUN_SECONDS)
        if not_sent := {outcome: count for outcome, count in tally.counts.items() if outcome in NOT_SENT}:
            log.warning("not_sent", channel=self.channel.name, counts=not_sent)

    def _keep(self) -> None:
        while not self._stopping.wait(LOOK_EVERY):
            self._safely(lambda: self.inbox.tick(bound=self.link.bound.is_set()))

    def _safely(self, duty: Callable[[], None]) -> None:
        try:
            duty()
        except DatabaseDown:
            log.warning("database_down", process="smpp")
            self._stopping.wait(1.0)
        except Exception as failed:  # noqa: BLE001 (the next round must have its turn)
            self._services.on_fault("smpp:duty", failed)
            self._stopping.wait(1.0)

    def _waits(self) -> bool:
        with self._services.database.read() as connection:
            return self.channel.name in outbox.waiting_channels(connection, self._services.clock())

    def _say(self, event: str, code: str) -> None:
        log.info("link", channel=self.channel.name, state=event, reason=code)
