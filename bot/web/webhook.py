"""One view for all channels. In service most messages come by the short way (bot.web.front) to the same exchange."""

from collections.abc import Callable

from flask import Blueprint, Response, current_app, request

from bot.web.access import open_to
from bot.web.exchange import Exchange
from bot.wiring import Services
from sms_gateway.types import HttpRequest, HttpResponse

KEY = "sahti_exchange"

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
