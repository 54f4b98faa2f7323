"""Mtarget: SMS through a French aggregator, also to Africa. PURE.

In:   a form on the address given to the provider: `Msisdn, Content, Keyword, MsgId`; a long message comes in pieces, each
      with `msglong.id, msglong.msgcount, msglong.msgref`. `Keyword=Stop` is an opt-out that the provider has recorded.
      Reports: a form, `MsgId` (the ticket of the send) and `Status`. Nothing is signed: a token of ours in the addresses
      stands in for it.
Out:  POST with everything in the query; the answer is JSON, `results: [{code, reason, ticket}]`, code 0 for accepted.
Source: developers.mtarget.fr (API SMS; API Pulling: status 5 is an incoming message, code -12 wrong credentials), the
rest as nyaruka/courier (handlers/mtarget) reads and writes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sms_gateway import webhook
from sms_gateway.answers import code_of, refusal
from sms_gateway.channel import Capabilities
from sms_gateway.encoding import nfc
from sms_gateway.errors import (
    ChannelError,
    InvalidUrn,
    MalformedRequest,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
)
from sms_gateway.msisdn import from_network, takes_sms
from sms_gateway.objects import children, flat, identifier, scalar
from sms_gateway.reading import json_object
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

SEND_URL = "https://api-public.mtarget.fr/api-sms.json"

STATUS = {
    "0": Status.QUEUED,
    "1": Status.QUEUED,
    "2": Status.SENT,
    "3": Status.DELIVERED,
    "4": Status.FAILED,
    "6": Status.FAILED,
}

INCOMING = "5"
"""The `Status` of a message from a person, where messages and reports share an address."""

ERRORS: dict[str, type[ChannelError]] = {"-12": Misconfigured}

STOP = "STOP"
MAX_TEXT = 765
"""Five segments of 153 (nyaruka/courier, handlers/mtarget)."""

MAX_PIECES = 255


@dataclass(frozen=True, slots=True)
class MtargetSettings:
    """`sender`: digits are the `serviceid` (a short code or an offer), anything with a letter is the sender's name."""

    username: str
    password: str = field(repr=False)
    sender: str = ""
    country: str = "MA"
    reference_param: str = "reference"
    webhook_url: str = ""
    webhook_token: str = field(default="", repr=False)

    def problems(self) -> Iterable[str]:
        return webhook.common_problems(self.country, self.reference_param, {"webhook_url": self.webhook_url})


class Mtarget:
    """One account, configured by MtargetSettings."""

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = read_settings(MtargetSettings, config)
        self.capabilities = Capabilities(medium="sms", max_units=MAX_TEXT, delivery_reports=True)

    def __repr__(self) -> str:
        return f"Mtarget({self.name!r})"

    def verify(self, request: HttpRequest) -> None:
        webhook.check(request, self.settings.webhook_token)

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (this provider checks nothing)
        return None

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        """One message, or one piece of a long one: its id is then the long one's, a bar, and `part/parts`.

        Raises MalformedRequest.
        """
        found = flat(request)
        if webhook.first(found, "Status") not in {"", INCOMING}:
            return []  # a report that was configured to come here
        number = from_network(webhook.first(found, "Msisdn"), self.settings.country)
        if number is None:
            raise MalformedRequest("Msisdn is not a number")
        stopped = webhook.first(found, "Keyword").upper() == STOP
        text = found.get("Content", "") or (STOP if stopped else "")
        if not text and "Content" not in found:
            raise MalformedRequest("Content is missing")
        piece = _piece(found)
        named = identifier(webhook.first(found, "MsgId"))
        if piece:
            named = webhook.made_id(self.settings.password, number, piece[0]) + f"|{piece[1]}/{piece[2]}"
        elif not named:
            when, to = webhook.first(found, "Date", "ReceivedDate"), webhook.first(found, "Service", "ServiceId")
            named = webhook.made_id(self.settings.password, number, to, text, when)
        return [Inbound(named, Urn("tel", number), text)]

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        found = flat(request)
        word = webhook.first(found, "Status")
        if word == INCOMING:
            return []
        named = identifier(webhook.first(found, "MsgId"))
        if not named:
            raise MalformedRequest("MsgId is missing")
        if not word:
            raise MalformedRequest("Status is missing")
        status = STATUS.get(word, Status.UNKNOWN)
        number = from_network(webhook.first(found, "Msisdn"), self.settings.country)
        return [
            DeliveryReport(
                external_id=named,
                status=status,
                code=(identifier(word) or None) if status in {Status.FAILED, Status.UNKNOWN} else None,
                reference=webhook.echoed(request, self.settings.reference_param),
                urn=Urn("tel", number) if number else None,
            ),
        ]

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """An empty 200. Raises ValueError for replies."""
        webhook.nothing_rides(replies)
        return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"})

    def build_send(self, message: Outbound) -> HttpRequest:
        if message.urn.scheme != "tel" or not takes_sms(message.urn.path):
            raise InvalidUrn
        settings = self.settings
        query = {
            "username": settings.username,
            "password": settings.password,
            "msisdn": message.urn.path,
            "msg": nfc(message.part.text),
        }
        if settings.sender:
            code = settings.sender.removeprefix("+").isdigit()
            query["serviceid" if code else "sender"] = settings.sender
        query["allowunicode"] = "true"
        return HttpRequest("POST", webhook.with_query(SEND_URL, query), {"accept": "application/json"})

    def read_send(self, response: HttpResponse) -> Accepted:
        """A success that cannot be read is OutcomeUnknown: something took the message, and gave no ticket."""
        try:
            answer = json_object(response.body)
        except MalformedRequest:
            answer = {}
        result = next(iter(children(answer, "results")), {})
        code = code_of(scalar(result, "code"))
        if response.status not in {200, 201, 202}:
            raise refusal(response, code, ERRORS)
        if code is None:
            raise OutcomeUnknown("a success that cannot be read")
        if code != "0":
            raise ERRORS.get(code, Rejected)(code=code)
        ticket = identifier(scalar(result, "ticket"))
        if not ticket:
            raise OutcomeUnknown("success without a ticket")
        return Accepted(ticket, Status.SENT)


def _piece(found: Mapping[str, str]) -> tuple[str, int, int] | None:
    """Id of the long message, number of this piece and their count; None for a whole message. Raises MalformedRequest."""
    long_id = identifier(found.get("msglong.id", ""))
    if not long_id:
        return None
    part, parts = found.get("msglong.msgref", ""), found.get("msglong.msgcount", "")
    if not all(one.isascii() and one.isdigit() and len(one) < 4 for one in (part, parts)):  # noqa: PLR2004  an SMS has at most 255 pieces
        raise MalformedRequest("msglong.msgref and msglong.msgcount are not numbers")
    if not 1 <= int(part) <= int(parts) <= MAX_PIECES:
        raise MalformedRequest("msglong.msgref is not one of msglong.msgcount")
    return long_id, int(part), int(parts)
