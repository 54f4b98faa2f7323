"""What is done for people while the database is away, and what is made good when it is back.

Danger signs are answered at once; every request is kept on disk, also a later one of a sender of whom something still
waits there (docs/adr/0018-spool-order.md). Kept requests are taken in order as soon as the database answers.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.core.ids import IdSource
from bot.service.delivery import Delivery
from bot.service.inbound import Hub
from bot.service.spool import CorruptRequest, Kept, Spool
from sms_gateway.channel import Channel
from sms_gateway.dispatch import dispatch
from sms_gateway.errors import ChannelError
from sms_gateway.http import Transport
from sms_gateway.types import DeliveryReport, HttpRequest, Inbound, Outbound, Part

PAUSE = 0.5
"""Seconds between two tries of a web process to empty the spool."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said without the database: the parts of the request's own answer, and who was certainly answered."""

    parts: tuple[Part, ...] = ()
    answered: frozenset[str] = frozenset()


class Outage:
    """Keeps, answers and replays. Made once a process."""

    def __init__(  # noqa: PLR0913 (everything that is left to work with, made once in bot.wiring)
        self,
        *,
        spool: Spool,
        hub: Callable[[], Hub],
        delivery: Callable[[], Delivery],
        transport: Callable[[], Transport],
        channels: Mapping[str, Channel],
        wake: Callable[[str], None],
        send_urgent: Callable[[str], None],
        new_id: IdSource,
        on_fault: Callable[[str, Exception], None],
    ) -> None:
        self._spool, self._hub, self._delivery, self._transport = spool, hub, delivery, transport
        self._channels, self._wake, self._send_urgent = channels, wake, send_urgent
        self._new_id, self._on_fault = new_id, on_fault
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def waits_for(self, messages: Iterable[Inbound]) -> bool:
        """Whether something earlier of one of the senders waits on the disk: these must not overtake it (P4)."""
        return self._spool.holds(self._senders(messages))

    def waits_for_reports(self, channel: str, reports: Iterable[DeliveryReport]) -> bool:
        """The same for delivery reports, by the message they speak of."""
        return self._spool.holds({self._subject(channel, report) for report in reports})

    def answer(self, channel: Channel, messages: Sequence[Inbound]) -> Said:
        """Answer danger signs now, in the request's own answer or, where a channel has none, by a send of its own.

        Such a send is not recorded and may be repeated at the replay unless the provider certainly took it: better
        twice than never (P3, P6).
        """
        parts: list[Part] = []
        answered: set[str] = set()
        for message, part, alarm in self._hub().emergency_only(channel, messages):
            if channel.capabilities.inline_reply:
                parts.append(part)
            elif not self._sent(channel, message, part):
                continue
            if alarm:
                answered.add(message.external_id)
        return Said(tuple(parts), frozenset(answered))

    def _sent(self, channel: Channel, message: Inbound, part: Part) -> bool:
        try:
            dispatch(channel, Outbound(self._new_id(), message.urn, part), self._transport())
        except ChannelError:
            return False
        return True

    def keep(self, channel: Channel, request: HttpRequest, messages: Sequence[Inbound], said: Said) -> None:
        """Keep a request with messages. Raises SpoolFull."""
        self._spool.keep(channel.name, "inbound", request, self._senders(messages), said.answered)
        self.resume()

    def keep_reports(self, channel: Channel, request: HttpRequest, reports: Sequence[DeliveryReport]) -> None:
        """Keep a request with delivery reports. Raises SpoolFull."""
        self._spool.keep(channel.name, "status", request, {self._subject(channel.name, report) for report in reports})
        self.resume()

    def _senders(self, messages: Iterable[Inbound]) -> set[str]:
        # one number by whatever channel: `tel:+212…` and `whatsapp:212…` are the same person's
        urns = {urn for message in messages for urn in (message.urn, *message.aliases)}
        return {self._spool.key(urn.path.removeprefix("+")) for urn in urns}

    def _subject(self, channel: str, report: DeliveryReport) -> str:
        return self._spool.key(f"report:{channel}:{report.reference or report.external_id}")

    def replay(self) -> int:
        """Take what waits; how many requests were taken. Raises the first failure that was the request's own."""
        done = self._spool.replay(self._take)
        for _ in range(done.corrupt):
            self._on_fault("spool", CorruptRequest())
        for failed in done.failures[1:]:
            self._on_fault("spool", failed)
        if done.failures:
            raise done.failures[0]
        return done.taken

    def _take(self, kept: Kept) -> None:
        channel = self._channels[kept.channel]
        if kept.kind == "status":
            reports = channel.parse_status(kept.request)
            mine = [one for one in reports if kept.key in {"", self._subject(channel.name, one)}]
            self._delivery().report(channel.name, mine)
            return
        messages = channel.parse_inbound(kept.request)
        late = [one for one in messages if kept.key in {"", *self._senders([one])}]
        answers = self._hub().receive(channel, late, kept=kept)
        if any(one.urgent for one in answers):
            self._send_urgent(channel.name)
        if any(one.waiting for one in answers):
            self._wake(channel.name)

    def resume(self) -> None:
        """Have a thread of this process empty the spool, if something waits there. Returns at once.

        The clock does it too; but the clock may run on another machine, and the spool is this one's.
        """
        with self._starting:
            if self._thread is not None or self._spool.empty():
                return
            self._thread = threading.Thread(target=self._drain, name="replay", daemon=True)
            self._thread.start()

    def _drain(self) -> None:
        while True:
            try:
                self.replay()
            except Exception as failed:  # noqa: BLE001 (counted; the rest must still be taken)
                self._on_fault("spool", failed)
            with self._starting:  # what is kept from here on finds no thread and starts one
                if self._spool.empty():
                    self._thread = None
                    return
            time.sleep(PAUSE)
