"""One view for all channels, and the short way to it.

The view is Flask's like any other. `Door` stands before Flask and takes the one request that comes by the thousand,
POST of a message, without the third of its time that a framework's request would cost (docs/adr/0013-short-way.md).
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, request

from bot.web.access import open_to
from bot.web.exchange import Exchange
from bot.wiring import Services
from sms_gateway.types import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KEY = "sahti_exchange"
FRONT, BACK = "/channels/", "/inbound"

webhooks = Blueprint("webhooks", __name__)


def services() -> Services:
    """What the application was built with."""
    made: Services = current_app.extensions["sahti"]
    return made


@webhooks.route("/channels/<channel>/inbound", methods=["GET", "POST"])
@open_to("provider")
def inbound(channel: str) -> Response:
    """Messages from people."""
    return _answered(channel, Exchange.inbound)


@webhooks.route("/channels/<channel>/status", methods=["GET", "POST"])
@open_to("provider")
def status(channel: str) -> Response:
    """Delivery reports."""
    return _answered(channel, Exchange.status)


def _answered(channel: str, take: Callable[[Exchange, str, HttpRequest], HttpResponse]) -> Response:
    exchange: Exchange = current_app.extensions[KEY]
    answer = exchange.refusal(channel, request.method, request.content_type or "", request.content_length)
    if answer is None:
        request.max_content_length = exchange.most(channel)
        url = exchange.url(request.environ.get("PATH_INFO", ""), request.query_string.decode("latin-1"))
        headers = {name.lower(): value for name, value in request.headers}
        answer = take(exchange, channel, HttpRequest(request.method, url, headers, request.get_data(cache=False)))
    return Response(answer.body, answer.status, headers=dict(answer.headers))


class Door:
    """WSGI before the application: POST of a message goes the short way, everything else goes on to Flask."""

    def __init__(
        self, inside: "WSGIApplication", exchange: Exchange, on_fault: Callable[[str, Exception], None]
    ) -> None:
        self._inside, self._exchange, self._on_fault = inside, exchange, on_fault

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        name = path[len(FRONT) : -len(BACK)]
        mine = path.startswith(FRONT) and path.endswith(BACK) and name and "/" not in name
        length = environ.get("CONTENT_LENGTH") or ""
        if not mine or environ.get("REQUEST_METHOD") != "POST" or not (length.isascii() and length.isdigit()):
            return self._inside(environ, start_response)
        try:
            answer = self._take(name, path, int(length), environ)
        except Exception as failed:  # noqa: BLE001 (the provider gets an answer whatever went wrong, and repeats)
            self._on_fault("web:door", failed)
            answer = HttpResponse(HTTPStatus.INTERNAL_SERVER_ERROR)
        headers = [(key, value) for key, value in answer.headers.items()]
        headers += [("Content-Length", str(len(answer.body))), ("X-Content-Type-Options", "nosniff")]
        start_response(f"{int(answer.status)} {HTTPStatus(answer.status).phrase}", headers)
        return [answer.body]

    def _take(self, name: str, path: str, length: int, environ: "WSGIEnvironment") -> HttpResponse:
        kind = environ.get("CONTENT_TYPE", "")
        refused = self._exchange.refusal(name, "POST", kind, length)
        if refused is not None:
            return refused
        headers = {
            key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")
        }
        headers["content-type"] = kind
        body = environ["wsgi.input"].read(length)
        url = self._exchange.url(path, environ.get("QUERY_STRING", ""))
        return self._exchange.inbound(name, HttpRequest("POST", url, headers, body))
