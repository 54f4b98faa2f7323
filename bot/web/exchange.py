"""One exchange with a provider: verify, parse, receive, acknowledge. It knows no provider and no web framework."""

import time
from collections.abc import Sequence
from http import HTTPStatus

import structlog

from bot.service.batching import Batcher, Overloaded
from bot.service.spool import SpoolFull
from bot.store.database import DatabaseDown
from bot.wiring import Services
from sms_gateway.channel import Channel, answer
from sms_gateway.errors import ForbiddenRequest, MalformedRequest
from sms_gateway.types import DeliveryReport, HttpRequest, HttpResponse, Inbound, Part

MOST_BYTES = 1_000_000
"""Larger requests are refused unread, unless the channel's provider is known to send more."""

TYPES = {"", "application/json", "application/x-www-form-urlencoded"}
"""What providers post: forms and JSON. A request without a type is judged by its body."""

log = structlog.get_logger()


class Exchange:
    """Answers providers' requests. An empty body says nothing about us to whoever knocked at the wrong door."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._reported = Batcher(self._take_reports, lambda _: object())

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
        """Messages from people. 2xx only after they are stored."""
        channel = self._services.channels.get(name)
        if channel is None:
            return HttpResponse(HTTPStatus.NOT_FOUND)
        metrics, began = self._services.metrics, time.monotonic()
        metrics.received.labels(name).inc()
        answer = self._handshake(channel, request) or self._verified(channel, request) or self._taken(channel, request)
        metrics.handled.labels(name).observe(time.monotonic() - began)
        return answer

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

    def _taken(self, channel: Channel, request: HttpRequest) -> HttpResponse:
        """Messages and, where they come to the same address, reports: a request of such a provider may hold both."""
        answer = self._messages(channel, request)
        if answer.status >= HTTPStatus.BAD_REQUEST or not channel.capabilities.one_address:
            return answer
        reported = self._reports(channel, request)
        return reported if reported.status >= HTTPStatus.BAD_REQUEST else answer

    def _messages(self, channel: Channel, request: HttpRequest) -> HttpResponse:
        try:
            messages = channel.parse_inbound(request)
        except MalformedRequest as malformed:
            return _malformed(malformed)
        if self._services.outage.waits_for(messages):  # what its sender wrote earlier comes first (P4)
            return self._without_database(channel, request, messages)
        try:
            answered = self._services.hub.receive(channel, messages)
        except (DatabaseDown, TimeoutError):
            return self._without_database(channel, request, messages)
        except Overloaded:
            if self._services.hub.alarmed(channel, messages):  # danger does not wait for a full hub either (P6)
                return self._without_database(channel, request, messages)
            return HttpResponse(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "5"})
        parts: list[Part] = []
        for one in answered:
            parts.extend(one.parts)
        if any(one.urgent for one in answered):
            self._services.send_urgent(channel.name)
        if any(one.waiting for one in answered):
            self._services.wake(channel.name)
        return answer(channel, request, parts)

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

    def _without_database(self, channel: Channel, request: HttpRequest, messages: list[Inbound]) -> HttpResponse:
        """The database is away: danger signs are answered now, the request is kept on disk and replayed."""
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


def _malformed(malformed: MalformedRequest) -> HttpResponse:
    headers = {"content-type": "text/plain; charset=utf-8"}
    return HttpResponse(HTTPStatus.BAD_REQUEST, headers, f"{malformed}\n".encode())
