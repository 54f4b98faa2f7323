"""What a message centre hands over: people's messages, USSD hops, receipts. Answered only once it is kept.

Everything goes through the door that webhooks go through (`bot.web.exchange`): stored, spooled while the database is away,
danger answered all the same. Here is only what SMPP adds: texts in segments, repeats without an id, receipts that name
a message in another way.
"""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

import structlog

from bot.service.link_memory import Held, HeldSegments, Journal
from bot.store.database import DatabaseDown
from bot.store.outbox_names import known_names
from bot.web.exchange import Exchange
from bot.wiring import Services
from sms_gateway.channels.smpp import MESSAGE_ID, METHOD, RECEIVED, SCHEME, Smpp
from sms_gateway.errors import ChannelError, MalformedRequest
from sms_gateway.smpp import concatenation, receipts
from sms_gateway.smpp.pdu import Message, Pdu, Status, read_message, to_lines
from sms_gateway.types import DeliveryReport, HttpRequest, HttpResponse
from sms_gateway.types import Status as Sending

HANDS = 4
"""Threads that take what comes; messages of one sender always meet the same one, so their order is kept (P4)."""
LONGEST_QUEUE = 500
"""Messages that wait for each; then the centre is told to come again."""
SEGMENTS_COME_WITHIN = 60.0
"""Seconds after its newest segment until a text is handed on with what came. Handsets send segments within seconds."""
MOST_TRIES = 20
EARLY = 30.0
"""Seconds in which a receipt may have come before its message was known here, under this or the other form of its id."""

log = structlog.get_logger()


class Answers(Protocol):
    """The link, as far as it is needed here."""

    def answer(self, connection: int, pdu: Pdu, status: int) -> bool: ...
    def send(self, request: HttpRequest) -> HttpResponse: ...


@dataclass(frozen=True, slots=True)
class _Taken:
    """What is answered to a deliver_sm, and what is done when that has left."""

    status: Status
    page: HttpRequest | None = None
    fingerprint: str = ""
    moment: float = 0.0


class Inbox:
    """Takes what one link brings."""

    def __init__(
        self,
        services: Services,
        exchange: Exchange,
        channel: Smpp,
        *,
        wake: Callable[[], None],
        wait: float = SEGMENTS_COME_WITHIN,
    ) -> None:
        """`wake` is called when an answer to what came in may wait in the outbox."""
        self._services, self._exchange, self._channel = services, exchange, channel
        self._wake, self.wait = wake, wait
        folder = services.settings.var / "links" / channel.name
        self._held = HeldSegments(folder / "segments", services.vault)
        self._journal = Journal(folder / "came")
        self._sent, self._other_form = receipts.Sent(), False
        self._early: list[tuple[float, receipts.Receipt, bytes]] = []
        self._memory, self._whole_texts = threading.Lock(), threading.Lock()
        self._queues: list[queue.Queue[tuple[Answers, int, Pdu] | None]] = [
            queue.Queue(LONGEST_QUEUE) for _ in range(HANDS)
        ]
        self._threads = [
            threading.Thread(target=self._work, args=(one,), name=f"{channel.name}-in", daemon=True)
            for one in self._queues
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Finish what was taken; what the link brings after that is not."""
        for one in self._queues:
            one.put(None)
        for thread in self._threads:
            thread.join(10)
        self._journal.close()

    def hear(self, link: Answers, connection: int, pdu: Pdu) -> None:
        """Take a deliver_sm from the thread that reads; never waits."""
        try:
            sender = read_message(pdu.body).source.value
        except MalformedRequest:
            sender = ""
        try:
            self._queues[hash(sender) % HANDS].put_nowait((link, connection, pdu))
        except queue.Full:
            link.answer(connection, pdu, Status.COME_AGAIN)

    def lost(self, connection: int) -> None:
        """A connection ended."""
        with self._memory:
            self._journal.repeats.ended(connection, self._now())

    def accepted(self, ids: list[str]) -> None:
        """A message of ours went out under these ids."""
        with self._memory:
            said = self._sent.accepted(ids)
        if said is not None:
            self._told(DeliveryReport(said.id, said.status, said.code))

    def late(self, reference: str, id_: str) -> None:
        """A message of ours that was given up on was accepted after all: `unknown` is settled."""
        self._told(DeliveryReport(id_, Sending.SENT, reference=reference))

    def tick(self, *, bound: bool) -> None:
        """Hand on texts whose missing segments did not come, and receipts whose message is known by now."""
        now = self._now()
        with self._memory:
            if bound:
                self._journal.alive()
            groups = list(self._held.groups.items())
            early, self._early = self._early, []
        for key, held in groups:
            if held.tries or now - held.latest > self.wait:
                self._hand_on(key, held)
        for since, receipt, body in early:
            name = self._known_as(receipt.id)
            if name is not None:
                self._reported(name, body)
            elif now - since < EARLY:
                with self._memory:
                    self._early.append((since, receipt, body))

    def _work(self, waiting: "queue.Queue[tuple[Answers, int, Pdu] | None]") -> None:
        while (one := waiting.get()) is not None:
            link, connection, pdu = one
            taken = self._safely(connection, pdu)
            answered = link.answer(connection, pdu, taken.status)
            if answered and taken.fingerprint and taken.status == Status.OK:
                with self._memory:
                    self._journal.answered(taken.fingerprint, taken.moment, self._now())
            if taken.page is not None:
                self._show(link, taken.page)

    def _safely(self, connection: int, pdu: Pdu) -> _Taken:
        try:
            return self._take(connection, pdu)
        except MalformedRequest:
            log.warning("unreadable", channel=self._channel.name)
            return _Taken(Status.NEVER_AGAIN)
        except Exception as failed:  # noqa: BLE001 (the centre is told to come again; the thread lives on)
            self._services.on_fault("smpp:inbound", failed)
            return _Taken(Status.COME_AGAIN)

    def _take(self, connection: int, pdu: Pdu) -> _Taken:
        message, body = read_message(pdu.body), to_lines([pdu])
        if receipts.is_receipt(message):
            return self._receipt(message, body)
        now = self._now()
        fingerprint = self._channel.fingerprint(self._request("inbound", body))
        with self._memory:
            moment = self._journal.moment(fingerprint, connection, now)
        texts = concatenation.group(message)
        if texts is not None and not self._channel.on_ussd:
            self._segment(texts, message, body, moment, again=moment < now)
            return _Taken(Status.OK, None, fingerprint, moment)
        request = self._request("inbound", body, {RECEIVED: f"{moment:.3f}"})
        answer = self._exchange.inbound(self._channel.name, request)
        self._wake()
        page = self._channel.page(request, answer) if answer.status == HTTPStatus.OK else None
        return _Taken(_status_of(answer), page, fingerprint, moment)

    def _segment(self, texts: tuple[object, ...], message: Message, body: bytes, moment: float, *, again: bool) -> None:
        place = concatenation.piece(message).place
        number = place.number if place else 1
        with self._memory:
            key = self._held.key(texts)
            if again and key not in self._held.groups:
                return  # its text was handed on; only our answer was lost
            held = self._held.keep(key, number, body.decode("ascii"), moment)
            whole = place is not None and len(held.lines) == place.total
        if whole:
            self._hand_on(key, held)

    def _hand_on(self, key: str, held: Held) -> None:
        """Give a text to the hub; it stays held until it is stored."""
        with self._whole_texts:  # two threads must not hand on one text
            if self._held.groups.get(key) is not held:
                return
            lines = "\n".join(held.lines[number] for number in sorted(held.lines))
            request = self._request("inbound", lines.encode(), {RECEIVED: f"{held.moment:.3f}"})
            held.tries += 1
            try:
                answer = self._exchange.inbound(self._channel.name, request)
            except Exception as failed:  # noqa: BLE001 (tried again at the next tick, and set apart in the end)
                self._services.on_fault("smpp:text", failed)
                answer = HttpResponse(HTTPStatus.INTERNAL_SERVER_ERROR)
            self._wake()
            with self._memory:
                if answer.status in {HTTPStatus.OK, HTTPStatus.BAD_REQUEST}:
                    self._held.drop(key)
                elif answer.status != HTTPStatus.SERVICE_UNAVAILABLE and held.tries >= MOST_TRIES:
                    self._held.set_apart(key)

    def _receipt(self, message: Message, body: bytes) -> _Taken:
        receipt = receipts.read_receipt(message)
        if receipt is None:
            raise MalformedRequest("the receipt names no message")
        with self._memory:
            whole = self._sent.whole(receipt, other_form=self._other_form)
        if whole is None:
            return _Taken(Status.OK)
        return _Taken(self._report(whole, body))

    def _report(self, receipt: receipts.Receipt, body: bytes) -> Status:
        name = self._known_as(receipt.id)
        if name is None:
            with self._memory:
                self._early.append((self._now(), receipt, body))
        return self._reported(name or receipt.id, body)

    def _reported(self, name: str, body: bytes) -> Status:
        return _status_of(self._exchange.status(self._channel.name, self._request("status", body, {MESSAGE_ID: name})))

    def _told(self, report: DeliveryReport) -> None:
        try:
            self._services.delivery.report(self._channel.name, [report])
        except Exception as failed:  # noqa: BLE001 (no centre waits for an answer, and the thread must live on)
            self._services.on_fault("smpp:report", failed)

    def _known_as(self, id_: str) -> str | None:
        """The id under which the outbox knows the message, in whichever form; None where it does not (yet)."""
        likely = receipts.names(id_, other_form=self._other_form)
        try:
            with self._services.database.read() as connection:
                found = known_names(connection, self._channel.name, likely)
        except DatabaseDown:
            return None
        name = next((name for name in likely if name in found), None)
        if name is not None:
            self._other_form = name != id_  # a centre writes all its receipts in one way
        return name

    def _show(self, link: Answers, page: HttpRequest) -> None:
        try:
            self._channel.read_send(link.send(page))
        except ChannelError as failed:  # the session dies and the person dials again: nothing is stored as sent
            log.warning("page_not_shown", channel=self._channel.name, reason=failed.name)

    def _request(self, kind: str, body: bytes, headers: dict[str, str] | None = None) -> HttpRequest:
        return HttpRequest(METHOD, f"{SCHEME}://{self._channel.name}/{kind}", headers or {}, body)

    @staticmethod
    def _now() -> float:
        return time.time()


def _status_of(answer: HttpResponse) -> Status:
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return Status.OK
    return Status.NEVER_AGAIN if answer.status == HTTPStatus.BAD_REQUEST else Status.COME_AGAIN
