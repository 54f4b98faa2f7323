"""High Connexion (hcnx.eu): SMS through a French aggregator. PURE.

In:   a form, `ID, TO, FROM, MESSAGE, RECEPTION_DATE` (UTC, without saying so), to the `ret_mo_url` of the last send or
      the account's; letters are escaped as ISO 8859-1, at times twice. Reports: GET of `ret_url` with `ret_id`, our own
      reference, and `status`. Nothing is signed: a token of ours in both addresses stands in for it.
Out:  POST with everything in the query; `datacoding=8`, which is UCS-2. The answer carries no id that is used.
Source: fields and status numbers as the handlers of RapidPro (temba/channels/handlers.py, which says that the date is
in UTC) and of nyaruka/courier (handlers/highconnection) read and write them; the vendor publishes no reference.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes, urlencode

from sms_gateway import webhook
from sms_gateway.answers import refusal
from sms_gateway.channel import Capabilities
from sms_gateway.encoding import nfc
from sms_gateway.errors import InvalidUrn, MalformedRequest
from sms_gateway.msisdn import from_network, takes_sms
from sms_gateway.objects import identifier
from sms_gateway.reading import reference
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

SEND_URL = "https://highpushfastapi-v2.hcnx.eu/api"

STATUS = {
    "4": Status.SENT,
    "6": Status.DELIVERED,
    **dict.fromkeys(("2", "11", "12", "13", "14", "15", "16"), Status.FAILED),
}

UNICODE = "8"
"""`datacoding` for every text: what of it would have fitted the 7-bit alphabet is the provider's to find out."""

MAX_TEXT = 1500
"""Characters of one send (nyaruka/courier, handlers/highconnection)."""

_ESCAPED = re.compile(r"%[0-9A-F]{2}")
"""Capitals, as encoders write them; `50%de` is no escape."""

_JOINED = re.compile(r"[^\W\d_]\+[^\W\d_]")
"""A plus between two letters, in a text without a single space: a space that is still escaped."""


@dataclass(frozen=True, slots=True)
class HighConnectionSettings:
    """`username` is the provider's `accountid`. The sender is the account's own; `sender` is noted and not sent."""

    username: str
    password: str = field(repr=False)
    sender: str = ""
    country: str = "MA"
    reference_param: str = "ret_id"
    webhook_url: str = ""
    webhook_token: str = field(default="", repr=False)

    def problems(self) -> Iterable[str]:
        return webhook.common_problems(self.country, self.reference_param, {"webhook_url": self.webhook_url})


class HighConnection:
    """One account, configured by HighConnectionSettings."""

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = read_settings(HighConnectionSettings, config)
        self.capabilities = Capabilities(
            medium="sms", max_units=MAX_TEXT, delivery_reports=bool(self.settings.webhook_url), always_ucs2=True
        )

    def __repr__(self) -> str:
        return f"HighConnection({self.name!r})"

    def verify(self, request: HttpRequest) -> None:
        webhook.check(request, self.settings.webhook_token)

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (this provider checks nothing)
        return None

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        found = webhook.fields(request)
        number = from_network(webhook.first(found, "FROM", "from"), self.settings.country)
        if number is None:
            raise MalformedRequest("FROM is not a number")
        written = next((found[name] for name in ("MESSAGE", "message") if name in found), None)
        if written is None:
            raise MalformedRequest("MESSAGE is missing")
        when, text = webhook.first(found, "RECEPTION_DATE", "reception_date"), _unescaped(written)
        named = identifier(webhook.first(found, "ID", "id"))
        if not named.strip("0"):  # 0 stands for none
            named = webhook.made_id(self.settings.password, number, webhook.first(found, "TO", "to"), text, when)
        return [Inbound(named, Urn("tel", number), text, webhook.moment(when))]

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        found = webhook.fields(request)
        named = identifier(webhook.first(found, self.settings.reference_param, "ret_id"))
        word = webhook.first(found, "status", "STATUS")
        if not named:
            raise MalformedRequest("ret_id is missing")
        if not word:
            raise MalformedRequest("status is missing")
        status = STATUS.get(word, Status.UNKNOWN)
        code = identifier(word) if status in {Status.FAILED, Status.UNKNOWN} else None
        return [DeliveryReport(named, status, code or None, reference(named))]

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """An empty 200. Raises ValueError for replies."""
        webhook.nothing_rides(replies)
        return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"})

    def build_send(self, message: Outbound) -> HttpRequest:
        if message.urn.scheme != "tel" or not takes_sms(message.urn.path):
            raise InvalidUrn
        settings = self.settings
        query = {
            "accountid": settings.username,
            "password": settings.password,
            "text": nfc(message.part.text),
            "to": message.urn.path,
            "ret_id": message.reference,
            "datacoding": UNICODE,
        }
        if settings.webhook_url:
            # The provider adds `ret_id` and `status` to the address itself.
            root = settings.webhook_url.rstrip("/")
            token = f"?{urlencode({'token': settings.webhook_token})}" if settings.webhook_token else ""
            query |= {"ret_url": f"{root}/status{token}", "ret_mo_url": f"{root}/inbound{token}"}
        return HttpRequest("POST", webhook.with_query(SEND_URL, query), {"accept": "*/*"})

    def read_send(self, response: HttpResponse) -> Accepted:
        """Taken or not is all that the answer is known to say."""
        if response.status in {200, 201, 202}:
            return Accepted(None, Status.SENT)
        raise refusal(response, None, {})


def _unescaped(text: str) -> str:
    """The text without its second escaping, where it has one: then a percent sign of the person's is escaped too."""
    escapes = len(_ESCAPED.findall(text))
    escaped = text.isascii() and 0 < escapes == text.count("%")
    if " " not in text and (escaped or _JOINED.search(text)):
        text = text.replace("+", " ")
    return webhook.text_of(unquote_to_bytes(text)) if escaped else text
