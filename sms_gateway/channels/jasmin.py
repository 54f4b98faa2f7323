"""Jasmin: SMS over an operator's SMSC that somebody else's gateway is bound to, by its HTTP API. PURE.

In:   GET or POST `id, from, to, content, binary, coding, origin-connector`; reports `id, message_status, level, id_smsc,
      subdate, donedate, sub, dlvrd, err, text`. Both are answered `ACK/Jasmin`, or they come again.
Out:  GET of `send_url` (…:1401/send) with the account in the query; what is not GSM-7 goes as UTF-16 in `hex-content`.
      Reports come to `<webhook_url>/status` with our reference in the query.
Source: Jasmin's documentation, "HTTP API" (sending MT, receiving MO, receiving DLR); states: SMPP 3.4, 5.2.28 and 5.1.3.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sms_gateway import webhook
from sms_gateway.answers import code_of, refusal
from sms_gateway.channel import Capabilities
from sms_gateway.encoding import GSM7, encoding_of, nfc
from sms_gateway.errors import (
    ChannelError,
    InvalidUrn,
    MalformedRequest,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unreachable,
)
from sms_gateway.msisdn import from_network, takes_sms
from sms_gateway.octets import are_septets, from_hex, from_septets, message_text, utf16_hex
from sms_gateway.reading import MAX_ID, clean
from sms_gateway.settings import read_settings
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
    "DELIVRD": Status.DELIVERED,
    "ACCEPTD": Status.SENT,
    "ENROUTE": Status.SENT,
    "ESME_ROK": Status.SENT,  # the SMSC took it; a report of level 2 may say so of a delivery too
    "EXPIRED": Status.FAILED,
    "DELETED": Status.FAILED,
    "UNDELIV": Status.FAILED,
    "REJECTD": Status.FAILED,
    "UNKNOWN": Status.UNKNOWN,
}

ERRORS: dict[str, type[ChannelError]] = {
    "throughput": Throttled,
    "no-bound-connector": Unreachable,
    "charging": Misconfigured,
    "authentication": Misconfigured,
    "no-route": Misconfigured,
    "filter": Rejected,
    "to": InvalidUrn,
}

SAID = (
    (re.compile(r"throughput exceeded", re.IGNORECASE), "throughput"),
    (re.compile(r"no bound connector", re.IGNORECASE), "no-bound-connector"),
    (re.compile(r"cannot charge|not enough (?:balance|submit_sm)|charging", re.IGNORECASE), "charging"),
    (re.compile(r"authentication failure|authorization failed", re.IGNORECASE), "authentication"),
    (re.compile(r"no route found", re.IGNORECASE), "no-route"),
    (re.compile(r"value filter failed", re.IGNORECASE), "filter"),
    (re.compile(r"argument \[?'?\"?to\b.*invalid value", re.IGNORECASE), "to"),
)
"""What the gateway says inside `Error "…"`: its HTTP status is 403 for a wrong password and for too many a second alike."""

MAX_TEXT = 670
"""Units: ten segments of UCS-2. The gateway cuts after `long_content_max_parts`, five unless it is told otherwise."""

DEFAULT_ALPHABET, UCS2_CODING = "0", "8"
"""SMPP's `data_coding`."""

ACK = b"ACK/Jasmin"

_ANSWER = re.compile(r'\s*Success\s+"([^"\s]{1,200})"')


@dataclass(frozen=True, slots=True)
class JasminSettings:
    """A user of the gateway. `webhook_url` is this channel's own address, without which no report is asked for."""

    username: str
    password: str = field(repr=False)
    send_url: str
    sender: str = ""
    country: str = "MA"
    reference_param: str = webhook.REFERENCE
    webhook_url: str = ""
    webhook_token: str = field(default="", repr=False)

    def problems(self) -> Iterable[str]:
        urls = {"send_url": self.send_url, "webhook_url": self.webhook_url}
        yield from webhook.common_problems(self.country, self.reference_param, urls)


class Jasmin:
    """One user of a gateway, configured by JasminSettings."""

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = read_settings(JasminSettings, config)
        self.capabilities = Capabilities(
            medium="sms", max_units=MAX_TEXT, delivery_reports=bool(self.settings.webhook_url)
        )

    def __repr__(self) -> str:
        return f"Jasmin({self.name!r})"

    def verify(self, request: HttpRequest) -> None:
        webhook.check(request, self.settings.webhook_token)

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (this provider checks nothing)
        return None

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        found, raw = webhook.fields(request), webhook.raw_fields(request)
        number = from_network(webhook.first(found, "from"), self.settings.country)
        if number is None:
            raise MalformedRequest("from is not a number")
        if "content" not in raw and not found.get("binary"):
            raise MalformedRequest("content is missing")
        text = _text(found, raw.get("content", b""))
        named = webhook.first(found, "id")
        if not (named.isprintable() and 0 < len(named) <= MAX_ID):
            named = webhook.made_id(self.settings.password, number, webhook.first(found, "to"), text)
        return [Inbound(named, Urn("tel", number), text)]

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        found = webhook.fields(request)
        named = webhook.first(found, "id")
        if not (named.isprintable() and 0 < len(named) <= MAX_ID):
            raise MalformedRequest("id is missing")
        status, code = _outcome(found)
        return [DeliveryReport(named, status, code, webhook.echoed(request, self.settings.reference_param))]

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """The words without which the gateway sends the same again. Raises ValueError for any reply."""
        webhook.nothing_rides(replies)
        return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"}, ACK)

    def build_send(self, message: Outbound) -> HttpRequest:
        if message.urn.scheme != "tel" or not takes_sms(message.urn.path):
            raise InvalidUrn
        settings, text = self.settings, nfc(message.part.text)
        # The gateway hands the address to the SMSC as it is, and there a plus is no digit.
        query = {"username": settings.username, "password": settings.password, "to": message.urn.path.removeprefix("+")}
        query |= {"from": settings.sender} if settings.sender else {}
        if encoding_of(text) == GSM7:
            query |= {"coding": DEFAULT_ALPHABET, "content": text}
        else:
            query |= {"coding": UCS2_CODING, "hex-content": utf16_hex(text)}
        if settings.webhook_url:
            echo = {settings.reference_param: message.reference}
            address = webhook.status_url(settings.webhook_url, settings.webhook_token, echo)
            query |= {"dlr": "yes", "dlr-url": address, "dlr-level": "2", "dlr-method": "POST"}
        return HttpRequest("GET", webhook.with_query(settings.send_url, query), {"accept": "text/plain"})

    def read_send(self, response: HttpResponse) -> Accepted:
        """A success without an id is OutcomeUnknown: something answered, perhaps not the gateway."""
        words = clean(response.body[:500].decode("utf-8", "replace"))
        if response.status in {200, 201, 202}:
            said = _ANSWER.match(words)
            if said is None:
                raise OutcomeUnknown("success without a message id", code=str(response.status))
            return Accepted(said[1], Status.QUEUED)
        raise refusal(response, next((code for pattern, code in SAID if pattern.search(words)), None), ERRORS)


def _text(found: Mapping[str, str], content: bytes) -> str:
    """What the person wrote. `binary` are the octets of the SMSC; `content` may be those or the text made of them."""
    octets = from_hex(found.get("binary", "").strip())
    if found.get("coding", "").strip() == UCS2_CODING:
        return message_text(octets, "utf-16-be") if octets else message_text(content, unicode=True)
    for raw in filter(None, (octets, content)):
        if are_septets(raw):
            return clean(from_septets(raw))
    return message_text(content or octets or b"")


def _outcome(found: Mapping[str, str]) -> tuple[Status, str | None]:
    """What became of a message, and the code of the SMSC or the state's own name where it did not arrive."""
    word = webhook.first(found, "message_status").upper()
    delivered, error = _number(found, "dlvrd"), webhook.first(found, "err")
    failed = bool(error.strip("0"))
    if word in STATUS:
        status = STATUS[word]
    elif word.startswith("ESME_R"):
        status = Status.FAILED
    elif word or not (delivered or failed):
        status = Status.UNKNOWN
    else:
        status = Status.DELIVERED if delivered else Status.FAILED
    if word == "ESME_ROK" and delivered and not failed:
        status = Status.DELIVERED
    told = status in {Status.FAILED, Status.UNKNOWN}
    return status, code_of(error if failed else word) if told else None


def _number(found: Mapping[str, str], key: str) -> int:
    written = found.get(key, "").strip()
    return int(written) if written.isascii() and written.isdigit() and len(written) < MAX_ID else 0
