"""Clickatell: SMS over its platform. PURE.

In:   JSON, a form or a query, whichever the integration is set to: `messageId` (of the message that is answered),
      `replyMessageId`, `fromNumber, toNumber, timestamp` (milliseconds), `text, charset`. A text in UTF-16BE or
      ISO-8859-1 comes as escaped octets. One API integrations send `event.moText` and `event.messageStatusUpdate`.
      Nothing is signed: a token of ours in the addresses stands in for it.
      Reports: `messageId`, `statusCode`, and `clientMessageId`, our own reference.
Out:  GET of /messages/http/send with the key in the query; the answer is JSON, `messages: [{apiMessageId, accepted}]`.
Tables: help.clickatell.com (SMS and One API client callbacks), www.clickatell.com/developers (HTTP API reply callback),
archive.clickatell.com (error codes, REST; message status codes), RapidPro's and nyaruka/courier's handlers (charset).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from sms_gateway import webhook
from sms_gateway.answers import code_of, refusal
from sms_gateway.channel import Capabilities
from sms_gateway.encoding import nfc
from sms_gateway.errors import (
    ChannelError,
    ContactOptedOut,
    InvalidUrn,
    MalformedRequest,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
)
from sms_gateway.msisdn import from_network, takes_sms
from sms_gateway.objects import child, children, each, flat, identifier, looks_like_json, scalar
from sms_gateway.octets import message_text
from sms_gateway.reading import clean, json_object, reference
from sms_gateway.settings import is_http_url, read_settings
from sms_gateway.types import (
    Accepted,
    DeliveryReport,
    HttpRequest,
    HttpResponse,
    Inbound,
    Outbound,
    Part,
    Status,
    Urn,
)

STATUS = {
    "2": Status.QUEUED,  # not delivered yet, tried again
    "3": Status.SENT,  # the network has it
    "4": Status.DELIVERED,  # the phone confirmed it
    "8": Status.QUEUED,
    "11": Status.QUEUED,  # for later delivery
    # 1 unknown id, 5 bad message, 6 terminated, 7 phone, 9 routing, 10 expired, 12 no credit, 14 too long
    **dict.fromkeys(("1", "5", "6", "7", "9", "10", "12", "14"), Status.FAILED),
}

REPORTED: dict[str, type[ChannelError]] = {
    **dict.fromkeys(("5", "14"), Rejected),
    "12": Misconfigured,
}
"""What a failed status stands for, where it says more than that the phone did not get it."""

ERRORS: dict[str, type[ChannelError]] = {
    **dict.fromkeys(("105", "114"), InvalidUrn),  # not a number, no route to it
    **dict.fromkeys(("121", "122", "128"), ContactOptedOut),  # blocked, opted out, taken off the list
    **dict.fromkeys(("100", "101", "102", "107", "113", "116", "130"), Rejected),
    **dict.fromkeys(("1", "7", "106", "108", "123", "301", "302", "607"), Misconfigured),
    "901": OutcomeUnknown,  # an error inside the provider
}
"""Codes of the answer to a send, without leading zeros."""

ESCAPED = frozenset({"UTF-16BE", "ISO-8859-1"})

MAX_TEXT = 640
"""Characters of one send (nyaruka/courier, handlers/clickatell)."""


@dataclass(frozen=True, slots=True)
class ClickatellSettings:
    """`sender` is the two-way number or sender name; without it the integration's own is used."""

    api_key: str = field(repr=False)
    sender: str = ""
    country: str = "MA"
    reference_param: str = "reference"
    webhook_url: str = ""
    webhook_token: str = field(default="", repr=False)
    base_url: str = "https://platform.clickatell.com"

    def problems(self) -> Iterable[str]:
        yield from webhook.common_problems(self.country, self.reference_param, {"webhook_url": self.webhook_url})
        if self.base_url and not is_http_url(self.base_url):
            yield "base_url: must be a whole http(s) address"


class Clickatell:
    """One integration, configured by ClickatellSettings."""

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = read_settings(ClickatellSettings, config)
        self.capabilities = Capabilities(medium="sms", max_units=MAX_TEXT, delivery_reports=True)

    def __repr__(self) -> str:
        return f"Clickatell({self.name!r})"

    def verify(self, request: HttpRequest) -> None:
        webhook.check(request, self.settings.webhook_token)

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (this provider checks nothing)
        return None

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        event = _event(request)
        if event is None:
            return [self._message(flat(request), _raw_text(request))]
        return each(event, "moText", self._one_api_message) if "moText" in event else []

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        event = _event(request)
        ours = webhook.echoed(request, self.settings.reference_param)
        if event is None:
            return [self._report(flat(request), ours)]
        key = "messageStatusUpdate"
        return each(event, key, lambda item: self._report(item, ours)) if key in event else []

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """An empty 200; anything else is repeated. Raises ValueError for replies."""
        webhook.nothing_rides(replies)
        return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"})

    def build_send(self, message: Outbound) -> HttpRequest:
        if message.urn.scheme != "tel" or not takes_sms(message.urn.path):
            raise InvalidUrn
        settings = self.settings
        query = {"apiKey": settings.api_key}
        query |= {"from": settings.sender.removeprefix("+")} if settings.sender else {}
        query |= {
            "to": message.urn.path.removeprefix("+"),
            "content": nfc(message.part.text),
            "clientMessageId": message.reference,
        }
        url = f"{settings.base_url.rstrip('/')}/messages/http/send"
        return HttpRequest("GET", webhook.with_query(url, query), {"accept": "application/json"})

    def read_send(self, response: HttpResponse) -> Accepted:
        """A success that cannot be read is OutcomeUnknown: something took the message, and gave no id."""
        try:
            answer = json_object(response.body)
        except MalformedRequest:
            answer = {}
        first = next(iter(children(answer, "messages")), {})
        error = child(first, "error") or child(answer, "error")
        said = next(
            (
                found
                for place in (first, error, answer)
                for key in ("errorCode", "code")
                if (found := scalar(place, key))
            ),
            "",
        )
        code = code_of(said.lstrip("0"))
        if response.status not in {200, 201, 202, 207}:
            raise refusal(response, code, ERRORS)
        named = identifier(scalar(first, "apiMessageId"))
        if named and first.get("accepted") is not False:
            return Accepted(named, Status.SENT)
        if code is not None:
            raise ERRORS.get(code, Rejected)(code=code)
        if first.get("accepted") is False:
            raise Rejected
        raise OutcomeUnknown("success without a message id")

    def _message(self, found: Mapping[str, str], raw: bytes | str | None) -> Inbound:
        urn = self._urn(found, "fromNumber", "from")
        if raw is None:
            raise MalformedRequest("text is missing")
        text = _decoded(raw, found.get("charset", ""))
        return self._inbound(found, ("replyMessageId", "messageId", "moMsgId"), urn, text, ("toNumber", "to"))

    def _one_api_message(self, item: Mapping[str, Any]) -> Inbound | None:
        if scalar(item, "channel").strip().lower() not in {"", "sms"}:
            return None
        found = {key: scalar(item, key) for key in ("messageId", "from", "to", "timestamp", "charset")}
        content = item.get("content")
        if not isinstance(content, str):
            raise MalformedRequest("content is missing")
        text = _decoded(content, found["charset"])
        return self._inbound(found, ("messageId",), self._urn(found, "from"), text, ("to",))

    def _inbound(self, found: Mapping[str, str], ids: Sequence[str], urn: Urn, text: str, to: Sequence[str]) -> Inbound:
        when = webhook.first(found, "timestamp")
        named = identifier(webhook.first(found, *ids))
        if not named:
            named = webhook.made_id(self.settings.api_key, urn.path, webhook.first(found, *to), text, when)
        return Inbound(named, urn, text, webhook.moment(when))

    def _report(self, found: Mapping[str, Any], ours: str | None) -> DeliveryReport:
        named = identifier(scalar(found, "messageId") or scalar(found, "apiMsgId"))
        if not named:
            raise MalformedRequest("messageId is missing")
        number = scalar(found, "statusCode").strip()
        word = number.lstrip("0") or scalar(found, "status").strip()
        if not word:
            raise MalformedRequest("statusCode is missing")
        status = STATUS.get(word, Status.UNKNOWN)
        person = from_network(scalar(found, "to"), self.settings.country)
        kind = REPORTED.get(word)
        return DeliveryReport(
            external_id=named,
            status=status,
            code=code_of(word) if status in {Status.FAILED, Status.UNKNOWN} else None,
            reference=reference(scalar(found, "clientMessageId")) or ours,
            urn=Urn("tel", person) if person else None,
            reason=kind.name if kind else None,
        )

    def _urn(self, found: Mapping[str, str], *keys: str) -> Urn:
        number = from_network(webhook.first(found, *keys), self.settings.country)
        if number is None:
            raise MalformedRequest(f"{keys[0]} is not a number")
        return Urn("tel", number)


def _event(request: HttpRequest) -> Mapping[str, Any] | None:
    """The `event` of a One API callback; None for a callback of an SMS integration."""
    if request.method == "GET" or not looks_like_json(request):
        return None
    said = json_object(request.body)
    return child(said, "event") if isinstance(said.get("event"), dict) else None


def _raw_text(request: HttpRequest) -> bytes | str | None:
    """The text before anything is cleaned out of it, since half of the octets of UTF-16 are NUL; None without one."""
    if request.method != "GET" and looks_like_json(request):
        value = json_object(request.body).get("text")
        return value if isinstance(value, str) else None
    return webhook.raw_fields(request).get("text")


def _decoded(text: bytes | str, charset: str) -> str:
    """The text, cleaned; with a charset of `ESCAPED` it is octets that came escaped, in a form for the second time."""
    if charset.strip().upper() not in ESCAPED:
        return clean(text) if isinstance(text, str) else webhook.text_of(text)
    try:
        octets = text.encode("latin-1") if isinstance(text, str) else text
    except UnicodeEncodeError:
        return clean(str(text))  # whole letters, whatever the label says
    if b" " not in octets and b"\0" not in octets:
        octets = octets.replace(b"+", b" ")
    return message_text(unquote_to_bytes(octets), charset, unicode=False)
