"""One view for all channels: verify, parse, receive, acknowledge. It knows no provider."""

import structlog
from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import Forbidden, MethodNotAllowed, NotFound, RequestEntityTooLarge, UnsupportedMediaType

from bot.service.batching import Overloaded
from bot.service.spool import SpoolFull
from bot.store.database import DatabaseDown
from bot.web.access import open_to
from bot.wiring import Services
from sms_gateway.channel import Channel
from sms_gateway.errors import ForbiddenRequest, MalformedRequest
from sms_gateway.types import HttpRequest, HttpResponse, Inbound, Part

MOST_BYTES = 1_000_000
"""Larger requests are refused unread; no provider that is spoken here sends more (Meta's 3 MB come with its channel)."""

TYPES = {"", "application/json", "application/x-www-form-urlencoded"}
"""What providers post: forms and JSON. A request without a type is judged by its body."""

webhooks = Blueprint("webhooks", __name__)
log = structlog.get_logger()


def services() -> Services:
    """What the application was built with."""
    made: Services = current_app.extensions["sahti"]
    return made


@webhooks.route("/channels/<channel>/inbound", methods=["GET", "POST"])
@open_to("provider")
def inbound(channel: str) -> Response:
    """Messages from people. 2xx only after they are stored."""
    found, received = _channel(channel), _request()
    _verify(found, received)
    hub = services().hub
    try:
        messages = found.parse_inbound(received)
    except MalformedRequest as malformed:
        return _malformed(malformed)
    try:
        answered = hub.receive(found, messages)
    except DatabaseDown:
        return _without_database(found, received, messages)
    except (Overloaded, TimeoutError):
        return Response(status=503, headers={"Retry-After": "5"})
    parts: list[Part] = []
    for one in answered:
        parts.extend(one.parts)
    if any(one.urgent for one in answered):
        services().send_urgent(found.name)
    if any(one.waiting for one in answered):
        services().wake(found.name)
    return _response(found.acknowledge(parts))


@webhooks.route("/channels/<channel>/status", methods=["GET", "POST"])
@open_to("provider")
def status(channel: str) -> Response:
    """Delivery reports. Unknown ones are kept; the answer is 2xx all the same."""
    found, received = _channel(channel), _request()
    _verify(found, received)
    try:
        reports = found.parse_status(received)
    except MalformedRequest as malformed:
        return _malformed(malformed)
    try:
        services().delivery.report(found.name, reports)
    except DatabaseDown:
        return _spooled(found, "status", received, found.acknowledge([]))
    return _response(found.acknowledge([]))


def _channel(name: str) -> Channel:
    found = services().channels.get(name)
    if found is None:
        raise NotFound
    return found


def _request() -> HttpRequest:
    """The request with the address the provider signed: the configured one, never what the peer claims."""
    if request.method not in {"GET", "POST"}:
        raise MethodNotAllowed
    if request.content_length is not None and request.content_length > MOST_BYTES:
        raise RequestEntityTooLarge
    if request.mimetype not in TYPES:
        raise UnsupportedMediaType
    body = request.get_data(cache=False)
    if len(body) > MOST_BYTES:
        raise RequestEntityTooLarge
    query = request.query_string.decode("latin-1")
    url = services().settings.base_url + request.environ.get("PATH_INFO", "") + (f"?{query}" if query else "")
    return HttpRequest(request.method, url, {name.lower(): value for name, value in request.headers}, body)


def _verify(channel: Channel, received: HttpRequest) -> None:
    try:
        channel.verify(received)
    except ForbiddenRequest as forbidden:
        services().metrics.refused.labels(channel.name).inc()
        raise Forbidden from forbidden


def _malformed(malformed: MalformedRequest) -> Response:
    return Response(f"{malformed}\n", 400, content_type="text/plain; charset=utf-8")


def _without_database(channel: Channel, received: HttpRequest, messages: list[Inbound]) -> Response:
    """The database is down: danger signs are answered now, the request is kept on disk and replayed."""
    parts = services().answer_without_database(channel, messages)
    return _spooled(channel, "inbound", received, channel.acknowledge(parts))


def _spooled(channel: Channel, kind: str, received: HttpRequest, answer: HttpResponse) -> Response:
    try:
        services().spool.keep(channel.name, kind, received)
    except SpoolFull:
        log.error("spool_full", channel=channel.name)  # noqa: TRY400 (no traceback: it could quote the request)
        return Response(status=503, headers={"Retry-After": "30"})
    return _response(answer)


def _response(answer: HttpResponse) -> Response:
    return Response(answer.body, answer.status, headers=dict(answer.headers))
