"""One exchange with a provider: verify, parse, receive, acknowledge. It knows no provider and no web framework."""

import time
from http import HTTPStatus

import structlog

from bot.service.batching import Overloaded
from bot.service.spool import SpoolFull
from bot.store.database import DatabaseDown
from bot.wiring import Services
from sms_gateway.channel import Channel
from sms_gateway.errors import ForbiddenRequest, MalformedRequest
from sms_gateway.types import HttpRequest, HttpResponse, Inbound, Part

MOST_BYTES = 1_000_000
"""Larger requests are refused unread, unless the channel's provider is known to send more."""

TYPES = {"", "application/json", "application/x-www-form-urlencoded"}
"""What providers post: forms and JSON. A request without a type is judged by its body."""

log = structlog.get_logger()


class Exchange:
    """Answers providers' requests. An empty body says nothing about us to whoever knocked at the wrong door."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def refusal(self, name: str, method: str, content_type: str, length: int | None) -> HttpResponse | None:
        """Why a request to the channel `name` is refused unread: 405, 413 or 415; None when it may be read."""
        if method not in {"GET", "POST"}:
            return HttpResponse(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, POST"})
        if length is not None and length > self._most(name):
            return HttpResponse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if content_type.partition(";")[0].strip().lower() not in TYPES:
            return HttpResponse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        return None

    def _most(self, name: str) -> int:
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
        answer = (
            self._handshake(channel, request) or self._verified(channel, request) or self._messages(channel, request)
        )
        metrics.handled.labels(name).observe(time.monotonic() - began)
        return answer

    def status(self, name: str, request: HttpRequest) -> HttpResponse:
        """Delivery reports. Unknown ones are kept; the answer is 2xx all the same."""
        channel = self._services.channels.get(name)
        if channel is None:
            return HttpResponse(HTTPStatus.NOT_FOUND)
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

    def _messages(self, channel: Channel, request: HttpRequest) -> HttpResponse:
        try:
            messages = channel.parse_inbound(request)
        except MalformedRequest as malformed:
            return _malformed(malformed)
        try:
            answered = self._services.hub.receive(channel, messages)
        except DatabaseDown:
            return self._without_database(channel, request, messages)
        except (Overloaded, TimeoutError):
            if self._services.hub.alarmed(channel, messages):  # danger does not wait for a slow database either (P6)
                return self._without_database(channel, request, messages)
            return HttpResponse(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "5"})
        parts: list[Part] = []
        for one in answered:
            parts.extend(one.parts)
        if any(one.urgent for one in answered):
            self._services.send_urgent(channel.name)
        if any(one.waiting for one in answered):
            self._services.wake(channel.name)
        return channel.acknowledge(parts)

    def _reports(self, channel: Channel, request: HttpRequest) -> HttpResponse:
        try:
            reports = channel.parse_status(request)
        except MalformedRequest as malformed:
            return _malformed(malformed)
        try:
            self._services.delivery.report(channel.name, reports)
        except DatabaseDown:
            return self._spooled(channel, "status", request, channel.acknowledge([]))
        return channel.acknowledge([])

    def _without_database(self, channel: Channel, request: HttpRequest, messages: list[Inbound]) -> HttpResponse:
        """The database is down: danger signs are answered now, the request is kept on disk and replayed."""
        parts = self._services.answer_without_database(channel, messages)
        return self._spooled(channel, "inbound", request, channel.acknowledge(parts))

    def _spooled(self, channel: Channel, kind: str, request: HttpRequest, answer: HttpResponse) -> HttpResponse:
        try:
            self._services.spool.keep(channel.name, kind, request)
        except SpoolFull:
            log.error("spool_full", channel=channel.name)  # noqa: TRY400 (no traceback: it could quote the request)
            return HttpResponse(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "30"})
        return answer


def _malformed(malformed: MalformedRequest) -> HttpResponse:
    headers = {"content-type": "text/plain; charset=utf-8"}
    return HttpResponse(HTTPStatus.BAD_REQUEST, headers, f"{malformed}\n".encode())
