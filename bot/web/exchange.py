"""One exchange with a provider: verify, parse, receive, acknowledge. It knows no provider and no web framework."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus

import structlog

from bot.service.answering import Answered
from bot.service.batching import Batcher, Overloaded
from bot.service.spool import SpoolFull
from bot.store.database import DatabaseDown
from bot.wiring import Services
from sms_gateway.channel import Channel, answer
from sms_gateway.errors import ForbiddenRequest, MalformedRequest
from sms_gateway.types import DeliveryReport, HttpRequest, HttpResponse, Inbound

MOST_BYTES = 1_000_000
"""Larger requests are refused unread, unless the channel's provider is known to send more."""

TYPES = {"", "application/json", "application/x-www-form-urlencoded"}
"""What providers post: forms and JSON. A request without a type is judged by its body."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Opened:
    """A provider's request that holds messages; `began` in seconds of the monotonic clock."""

    channel: Channel
    request: HttpRequest
    messages: Sequence[Inbound]
    began: float


class Exchange:
    """Answers providers' requests. An empty body says nothing about us to whoever knocked at the wrong door."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._reported = Batcher(self._take_reports, lambda _: object())
        metrics = services.metrics
        # a counter's child is looked up under a lock, by a name that seldom changes: that costs more than counting
        self._received, self._handled = cache(metrics.received.labels), cache(metrics.handled.labels)

    def refusal(self, name: str, method: str, content_type: str, length: int | None) -> HttpResponse | None:
        """Why a request to the channel `name` is refused unread: 405, 413 or 415; None when it may be read."""
        if method not in {"GET", "POST"}:
            return HttpResponse(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, POST"})
        if length is not None and length > self.most(name):
            return HttpResponse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if content_type.partition(";")[0].strip().lower() not in TYPES:
            return HttpResponse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        return None

    def most(self, name: str) -> int:
        """Octets of the largest request that the provider of the channel `name` sends."""
        channel = self._services.channels.get(name)
        return channel.capabilities.max_body if channel else MOST_BYTES

    def url(self, path: str, query: str) -> str:
        """The address as the provider signed it: the configured one, never what the peer claims."""
        return self._services.settings.base_url + path + (f"?{query}" if query else "")

    def inbound(self, name: str, request: HttpRequest) -> HttpResponse:
        """Messages from people. 2xx only after they are stored. Waits; the loop goes by the steps below."""
        opened = self.open(name, request)
        return opened if isinstance(opened, HttpResponse) else self.take(opened)

    def open(self, name: str, request: HttpRequest) -> Opened | HttpResponse:
        """The messages of a request that is the provider's; an answer where it is not, or cannot be read."""
        channel = self._services.channels.get(name)
        if channel is None:
            return HttpResponse(HTTPStatus.NOT_FOUND)
        self._received(name).inc()
        refused = self._handshake(channel, request) or self._verified(channel, request)
        if refused is not None:
            return refused
        try:
            return Opened(channel, request, channel.parse_inbound(request), time.monotonic())
        except MalformedRequest as malformed:
            return _malformed(malformed)

    def take(self, opened: Opened) -> HttpResponse:
        """The answer to the messages, stored or kept. Waits for the database, and for whoever must be asked."""
        try:
            self.require_order(opened)
            answered = self._services.hub.receive(opened.channel, opened.messages)
        except Exception as failed:  # noqa: BLE001 (told apart there)
            return self.failed(opened, failed)
        return self.answer(opened, answered)

    async def take_on_loop(self, opened: Opened) -> list[Answered] | None:
        """What is answered to the messages, which are stored; None, with nothing done, where only `take` will do.

        Raises what `failed` has an answer to.
        """
        if opened.channel.capabilities.one_address:
            return None
        self.require_order(opened)
        return await self._services.hub.receive_on_loop(opened.channel, opened.messages)

    def require_order(self, opened: Opened) -> None:
        """Raises DatabaseDown while something earlier of a sender waits on the disk: that comes first (P4)."""
        if self._services.outage.waits_for(opened.messages):
            raise DatabaseDown("an earlier message waits")

    def answer(self, opened: Opened, answered: Sequence[Answered]) -> HttpResponse:
        """What the provider gets for messages that are stored. Talks to providers and the queue unless `is_quiet`."""
        name = opened.channel.name
        if any(one.urgent for one in answered):
            self._services.send_urgent(name)
        if any(one.waiting for one in answered):
            self._services.wake(name)
        self._handled(name).observe(time.monotonic() - opened.began)
        parts = [part for one in answered for part in one.parts]
        return self._with_reports(opened, answer(opened.channel, opened.request, parts))

    def failed(self, opened: Opened, failed: Exception) -> HttpResponse:
        """What the provider gets for messages that could not be stored. Raises what is nobody's fault but ours."""
        if isinstance(failed, DatabaseDown | TimeoutError):
            return self._with_reports(opened, self._without_database(opened))
        if not isinstance(failed, Overloaded):
            raise failed
        if self._services.hub.alarmed(opened.channel, opened.messages):
            return self._without_database(opened)  # danger does not wait for a full hub either (P6)
        return HttpResponse(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "5"})

    def status(self, name: str, request: HttpRequest) -> HttpResponse:
        """Delivery reports. Unknown ones are kept; the answer is 2xx all the same."""
        channel = self._services.channels.get(name)
        if channel is None:
            return HttpResponse(HTTPStatus.NOT_FOUND)
        if channel.capabilities.one_address:
            return self.inbound(name, request)
        return self._handshake(channel, request) or self._verified(channel, request) or self._reports(channel, request)

    def _handshake(self, channel: Channel, request: HttpRequest) -> HttpResponse | None:
        if request.method != "GET":
            return None
        try:
            return channel.handshake(request)
        except ForbiddenRequest:
            self._services.metrics.refused.labels(channel.name).inc()
            return HttpResponse(HTTPStatus.FORBIDDEN)

    def _verified(self, channel: Channel, request: HttpRequest) -> HttpResponse | None:
        if len(request.body) > channel.capabilities.max_body:
            return HttpResponse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            channel.verify(request)
        except ForbiddenRequest:
            self._services.metrics.refused.labels(channel.name).inc()
            return HttpResponse(HTTPStatus.FORBIDDEN)
        return None

    def _with_reports(self, opened: Opened, answer: HttpResponse) -> HttpResponse:
        """Where messages and reports come to one address, a request may hold both."""
        if answer.status >= HTTPStatus.BAD_REQUEST or not opened.channel.capabilities.one_address:
            return answer
        reported = self._reports(opened.channel, opened.request)
        return reported if reported.status >= HTTPStatus.BAD_REQUEST else answer

    def _reports(self, channel: Channel, request: HttpRequest) -> HttpResponse:
        try:
            reports = channel.parse_status(request)
        except MalformedRequest as malformed:
            return _malformed(malformed)
        if not reports:
            return channel.acknowledge([])
        outage = self._services.outage
        if not outage.waits_for_reports(channel.name, reports):
            try:
                self._reported.answer((channel.name, reports))
            except (DatabaseDown, TimeoutError):
                pass
            except Overloaded:
                return HttpResponse(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "5"})
            else:
                return channel.acknowledge([])
        try:
            outage.keep_reports(channel, request, reports)
        except SpoolFull:
            return self._full(channel)
        return channel.acknowledge([])

    def _take_reports(self, batch: Sequence[tuple[str, list[DeliveryReport]]]) -> Sequence[Exception | None]:
        """The reports of several requests in one transaction a channel; one that fails is taken by itself."""
        answers: list[Exception | None] = [None] * len(batch)
        for name in dict.fromkeys(name for name, _ in batch):
            mine = [number for number, (channel, _) in enumerate(batch) if channel == name]
            try:
                self._services.delivery.report(name, [report for number in mine for report in batch[number][1]])
            except Exception as failed:  # noqa: BLE001 (each request is told)
                if len(mine) == 1 or isinstance(failed, DatabaseDown):
                    for number in mine:
                        answers[number] = failed
                else:
                    for number in mine:
                        (answers[number],) = self._take_reports([batch[number]])
        return answers

    def _without_database(self, opened: Opened) -> HttpResponse:
        """The database is away: danger signs are answered now, the request is kept on disk and replayed."""
        channel, request, messages = opened.channel, opened.request, opened.messages
        outage = self._services.outage
        said = outage.answer(channel, messages)
        try:
            outage.keep(channel, request, messages, said)
        except SpoolFull:
            if not (said.answered and said.parts):
                return self._full(channel)
            # only this answer can reach somebody in danger: saying it comes before keeping a record of it
            self._services.metrics.faults.labels("spool", "danger_unrecorded").inc()
            log.error("danger_unrecorded", channel=channel.name)  # noqa: TRY400 (no traceback: it could quote)
        return answer(channel, request, said.parts)

    def _full(self, channel: Channel) -> HttpResponse:
        log.error("spool_full", channel=channel.name)
        return HttpResponse(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "30"})


def is_quiet(answered: Sequence[Answered]) -> bool:
    """Whether answering these only writes: nothing to be sent, nobody to wake."""
    return not any(one.urgent or one.waiting for one in answered)


def _malformed(malformed: MalformedRequest) -> HttpResponse:
    headers = {"content-type": "text/plain; charset=utf-8"}
    return HttpResponse(HTTPStatus.BAD_REQUEST, headers, f"{malformed}\n".encode())
