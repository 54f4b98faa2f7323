"""Kannel: SMS over an operator's SMSC that somebody else's gateway is bound to. PURE.

In:   GET or POST `sender, to, message, ts, id` as the gateway's `get-url` names them; with `charset=%C&coding=%c` a
      message in UTF-16 is read too, as octets or in hexadecimal.
      Reports: GET of the `dlr-url` that we gave with the message; in it our own reference as `id`, and `status`.
Out:  GET of `send_url` with the account in the query; Unicode with `coding=2&charset=UTF-8`. The gateway gives no id.
Source: Kannel user guide 1.4.5, "Sending SMS" and "Delivery reports"; the answers are those of its smsbox.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sms_gateway import webhook
from sms_gateway.answers import refusal
from sms_gateway.channel import Capabilities
from sms_gateway.encoding import UCS2, encoding_of, nfc
from sms_gateway.errors import (
    ChannelError,
    InvalidUrn,
    MalformedRequest,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Unreachable,
)
from sms_gateway.msisdn import from_network, takes_sms
from sms_gateway.octets import message_text
from sms_gateway.reading import MAX_ID, reference
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
    "1": Status.DELIVERED,
    "2": Status.FAILED,  # not delivered to the phone
    "4": Status.QUEUED,  # waits at the SMSC
    "8": Status.SENT,  # the SMSC took it
    "16": Status.FAILED,  # the SMSC refused it
}

DLR_MASK = "27"
"""Which reports we ask for: 1 + 2 + 8 + 16. That a message waits at the SMSC (4) changes nothing here."""

TAKEN = {"0": Status.SENT, "3": Status.QUEUED}
"""`0: Accepted for delivery`, `3: Queued for later delivery`."""

ERRORS: dict[str, type[ChannelError]] = {
    "temporal-failure": Unreachable,
    "not-routable": Rejected,
    "denied": Rejected,  # the number is on a black list of the gateway, or on no white one
    "empty-text": Rejected,
    "missing-receiver": InvalidUrn,
    "authorization-failed": Misconfigured,
    "sender-missing": Misconfigured,
}

SAID = (
    (re.compile(r"temporal failure|try again later", re.IGNORECASE), "temporal-failure"),
    (re.compile(r"not routable", re.IGNORECASE), "not-routable"),
    (re.compile(r"denied by|black-?list|white-?list", re.IGNORECASE), "denied"),
    (re.compile(r"authori[sz]ation failed", re.IGNORECASE), "authorization-failed"),
    (re.compile(r"sender missing", re.IGNORECASE), "sender-missing"),
    (re.compile(r"empty text", re.IGNORECASE), "empty-text"),
    (re.compile(r"missing receiver|receiver number", re.IGNORECASE), "missing-receiver"),
)
"""What the gateway says when it refuses, in words; HTTP's status alone does not tell a bad number from a bad account."""

MAX_TEXT = 670
"""Units: ten segments of UCS-2. The gateway cuts after `max-messages`, which its keeper is asked to set to ten."""

_ANSWER = re.compile(rb"\s*([0-9]{1,3}):")


@dataclass(frozen=True, slots=True)
class KannelSettings:
    """The account of a `sendsms-user`. `webhook_url` is this channel's own address, without which no report is asked for."""

    username: str
    password: str = field(repr=False)
    send_url: str
    sender: str = ""
    country: str = "MA"
    reference_param: str = "id"
    webhook_url: str = ""
    webhook_token: str = field(default="", repr=False)

    def problems(self) -> Iterable[str]:
        urls = {"send_url": self.send_url, "webhook_url": self.webhook_url}
        yield from webhook.common_problems(self.country, self.reference_param, urls)


class Kannel:
    """One account on a gateway, configured by KannelSettings."""

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = read_settings(KannelSettings, config)
        self.capabilities = Capabilities(
            medium="sms", max_units=MAX_TEXT, delivery_reports=bool(self.settings.webhook_url)
        )

    def __repr__(self) -> str:
        return f"Kannel({self.name!r})"

    def verify(self, request: HttpRequest) -> None:
        webhook.check(request, self.settings.webhook_token)

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (this provider checks nothing)
        return None

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        found, raw = webhook.fields(request), webhook.raw_fields(request)
        sender = webhook.first(found, "sender", "from", "phone", "msisdn")
        number = from_network(sender, self.settings.country)
        if number is None:
            raise MalformedRequest("sender is not a number")
        octets = next((raw[name] for name in ("message", "text", "content") if name in raw), None)
        if octets is None:
            raise MalformedRequest("message is missing")
        text = message_text(octets, webhook.first(found, "charset"), unicode=webhook.first(found, "coding") == "2")
        when = webhook.first(found, "ts", "timestamp", "time", "date")
        named = webhook.first(found, "id", "msgid", "smsid", "message_id")
        if not (named.isprintable() and 0 < len(named) <= MAX_ID):
            to = webhook.first(found, "to", "receiver")
            named = webhook.made_id(self.settings.password, number, to, text, when)
        return [Inbound(named, Urn("tel", number), text, webhook.moment(when))]

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        found = webhook.fields(request)
        named = self.settings.reference_param
        ours = webhook.first(found, *(() if named == "id" else (named,)), webhook.REFERENCE, "id")
        theirs = webhook.first(found, "id", named, webhook.REFERENCE)
        word = webhook.first(found, "status", "type", "dlr")
        if not (theirs.isprintable() and 0 < len(theirs) <= MAX_ID):
            raise MalformedRequest("id is missing")
        if not word:
            raise MalformedRequest("status is missing")
        status = STATUS.get(word, Status.UNKNOWN)
        code = word if status in {Status.FAILED, Status.UNKNOWN} and len(word) <= MAX_ID else None
        return [DeliveryReport(theirs, status, code, reference(ours))]

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """200 without a word: whatever stands in the body, the gateway would send back as an SMS. Raises ValueError."""
        webhook.nothing_rides(replies)
        return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"})

    def build_send(self, message: Outbound) -> HttpRequest:
        if message.urn.scheme != "tel" or not takes_sms(message.urn.path):
            raise InvalidUrn
        settings, text = self.settings, nfc(message.part.text)
        query = {"username": settings.username, "password": settings.password}
        query |= {"from": settings.sender} if settings.sender else {}
        query |= {"to": message.urn.path, "text": text}
        if encoding_of(text) == UCS2:
            query |= {"coding": "2", "charset": "UTF-8"}
        if settings.webhook_url:
            query |= {"dlr-mask": DLR_MASK, "dlr-url": self._report_url(message.reference)}
        return HttpRequest("GET", webhook.with_query(settings.send_url, query), {"accept": "text/plain"})

    def read_send(self, response: HttpResponse) -> Accepted:
        """A success that does not say `0:` or `3:` is OutcomeUnknown: something answered, perhaps not the gateway."""
        said = _ANSWER.match(response.body[:40])
        if response.status in {200, 201, 202}:
            taken = TAKEN.get(said[1].decode()) if said else None
            if taken is None:
                raise OutcomeUnknown("a success in words that are not the gateway's", code=str(response.status))
            return Accepted(None, taken)
        words = response.body[:400].decode("utf-8", "replace")
        raise refusal(response, next((code for pattern, code in SAID if pattern.search(words)), None), ERRORS)

    def _report_url(self, ours: str) -> str:
        """The gateway fills in `%d`, the status, so every other percent sign is doubled."""
        settings = self.settings
        address = webhook.status_url(
            settings.webhook_url, settings.webhook_token, {settings.reference_param: ours, "status": "STATUS"}
        )
        return address.replace("%", "%%").replace("status=STATUS", "status=%d")
