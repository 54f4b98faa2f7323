"""Africa's Talking: USSD and SMS. PURE.

USSD  In:   a form on every hop with `text`, all inputs so far joined by `*`; when the session is over, a notice.
      Out:  the answer to the hop, plain text beginning with `CON ` (goes on) or `END ` (finished). Nothing can be pushed.
SMS   In:   a form `id, text, from, to, date, linkId, networkCode`; reports `id, status, phoneNumber, failureReason`.
      Out:  POST of a form to `send_url`, the key in the header `apiKey`; each recipient's outcome stands in the answer.

The provider signs nothing: a token in the webhook's query (`?token=…`) or the `x-webhook-token` header stands in for it,
and the number is what the network claims. Fields and codes: developers.africastalking.com, USSD and SMS.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sms_gateway import webhook
from sms_gateway.answers import code_of, refusal
from sms_gateway.channel import Capabilities, Channel
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
from sms_gateway.reading import MAX_ID, form, identifier, json_object
from sms_gateway.settings import read_settings
from sms_gateway.types import (
    Accepted,
    DeliveryReport,
    DialogSession,
    HttpRequest,
    HttpResponse,
    Inbound,
    Outbound,
    Part,
    Status,
    Urn,
)

PAGE_GSM7, PAGE_UCS2 = 160, 70
"""Characters of a page. The standard's 160 octets hold 182 and 80; operators often allow less, so this is the budget."""

MIN_TOKEN = 16
"""Characters of the token of a USSD code, where it is the only proof that a session is the network's."""

MAX_TEXT = 670
"""Units of an SMS: ten segments of UCS-2. The provider names no limit; this is one that operators do not cut."""

STATUS = {
    "sent": Status.SENT,
    "submitted": Status.SENT,
    "buffered": Status.SENT,  # the operator has it and waits for the handset
    "success": Status.DELIVERED,
    "rejected": Status.FAILED,
    "failed": Status.FAILED,
    "expired": Status.FAILED,
    "absentsubscriber": Status.FAILED,
}

TAKEN = {"100": Status.QUEUED, "101": Status.SENT, "102": Status.QUEUED}
"""Processed, Sent, Queued."""

ERRORS: dict[str, type[ChannelError]] = {
    "401": Rejected,  # RiskHold
    "402": Misconfigured,  # InvalidSenderId
    "403": InvalidUrn,  # InvalidPhoneNumber
    "404": InvalidUrn,  # UnsupportedNumberType
    "405": Misconfigured,  # InsufficientBalance
    "406": ContactOptedOut,  # UserInBlacklist
    "407": Rejected,  # CouldNotRoute
    "409": Rejected,  # DoNotDisturbRejection
    "500": OutcomeUnknown,  # InternalServerError
    "501": OutcomeUnknown,  # GatewayError
    "502": Rejected,  # RejectedByGateway
    "InvalidSenderId": Misconfigured,
    "InsufficientBalance": Misconfigured,
}

BLACKLISTED = "userinblacklist"


@dataclass(frozen=True, slots=True)
class AfricasTalkingSettings:
    """`webhook_token` is the secret in the callback addresses given to the provider; `api_key` sends SMS."""

    service: str = field(metadata={"choices": ("sms", "ussd")})
    username: str = ""
    api_key: str = field(default="", repr=False)
    send_url: str = "https://api.africastalking.com/version1/messaging"
    sender: str = ""
    country: str = "MA"
    reference_param: str = webhook.REFERENCE
    webhook_url: str = ""
    webhook_token: str = field(default="", repr=False)

    def problems(self) -> Iterable[str]:
        if self.service != "ussd":
            yield from (f"{key}: required for service=sms" for key in ("username", "api_key") if not getattr(self, key))
        elif 0 < len(self.webhook_token) < MIN_TOKEN:
            yield f"webhook_token: at least {MIN_TOKEN} characters"
        urls = {"send_url": self.send_url, "webhook_url": self.webhook_url}
        yield from webhook.common_problems(self.country, self.reference_param, urls)


def africas_talking(name: str, config: Mapping[str, str]) -> Channel:
    """A USSD code or an SMS sender, as `service` says. Raises InvalidSettings."""
    settings = read_settings(AfricasTalkingSettings, config)
    return AfricasTalkingSms(name, settings) if settings.service == "sms" else AfricasTalkingUssd(name, settings)


class _AfricasTalking:
    """What both services share: who may knock, and what they are called."""

    def __init__(self, name: str, settings: AfricasTalkingSettings) -> None:
        self.name, self.settings = name, settings

    def __repr__(self) -> str:
        return f"AfricasTalking({self.name!r}, {self.settings.service})"

    def verify(self, request: HttpRequest) -> None:
        webhook.check(request, self.settings.webhook_token, methods=("POST",))

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (this provider checks nothing)
        return None

    def _urn(self, fields: Mapping[str, str], key: str) -> Urn:
        number = from_network(fields.get(key, ""), self.settings.country)
        if number is None:
            raise MalformedRequest(f"{key} is not a number")
        return Urn("tel", number)


class AfricasTalkingUssd(_AfricasTalking):
    """One USSD code."""

    capabilities = Capabilities(
        medium="ussd",
        inline_reply=True,
        max_parts=1,
        max_units=PAGE_GSM7,
        page_gsm7=PAGE_GSM7,
        page_ucs2=PAGE_UCS2,
        tifinagh=False,
    )

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        """One hop, or the notice that the session ended (`session.ended`, no text). Raises MalformedRequest.

        `text` is the last piece of `session.accumulated`, right wherever nobody typed `*`; a caller that remembers the
        text of the hop before asks `sms_gateway.ussd.new_input`. A code dialled with a suffix opens its session with a
        text, so `session.new` is not set then: a session that the caller does not know is new whatever the flag says.
        """
        fields = form(request.body)
        urn = self._urn(fields, "phoneNumber")
        session = identifier(fields, "sessionId")
        if "text" in fields:
            text = fields["text"]
            hop = DialogSession(session, new=not text, accumulated=text)
            return [Inbound(self._hop_id(session, text), urn, text.rpartition("*")[2], session=hop)]
        if "status" in fields:
            return [Inbound(f"{session}|end", urn, "", session=DialogSession(session, ended=True))]
        raise MalformedRequest("text is missing")

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        """Always empty: a page has no delivery report. Raises MalformedRequest for a body that is not a form."""
        form(request.body)
        return []

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """The page; without one the session is closed. Raises ValueError for more than one."""
        if len(replies) > self.capabilities.max_parts:
            raise ValueError("a hop has one page")
        page = "".join(f"{'END' if part.end else 'CON'} {nfc(part.text)}" for part in replies) or "END"
        return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"}, page.encode("utf-8", "replace"))

    def build_send(self, message: Outbound) -> HttpRequest:  # noqa: ARG002  the protocol's
        raise Misconfigured("USSD answers; it cannot begin")

    def read_send(self, response: HttpResponse) -> Accepted:  # noqa: ARG002  the protocol's
        raise Misconfigured("USSD answers; it cannot begin")

    def _hop_id(self, session: str, text: str) -> str:
        """The same for a repeated hop; what was typed is not readable in it, since ids reach logs and indexes."""
        key = (self.settings.webhook_token or self.settings.api_key).encode()
        return f"{session}|{hmac.new(key, f'{session}|{text}'.encode(), hashlib.sha256).hexdigest()[:32]}"


class AfricasTalkingSms(_AfricasTalking):
    """One short code or sender name."""

    capabilities = Capabilities(medium="sms", max_units=MAX_TEXT, delivery_reports=True)

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        fields = form(request.body)
        urn = self._urn(fields, "from")
        if "text" not in fields:
            raise MalformedRequest("text is missing")
        text, when = fields["text"], fields.get("date", "")
        named = webhook.first(fields, "id")
        if not (named.isprintable() and 0 < len(named) <= MAX_ID):
            named = webhook.made_id(self.settings.api_key, urn.path, fields.get("to", ""), text, when)
        return [Inbound(named, urn, text, webhook.moment(when))]

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        fields = form(request.body)
        word, reason = webhook.first(fields, "status"), webhook.first(fields, "failureReason")
        if not word:
            raise MalformedRequest("status is missing")
        status = STATUS.get(word.lower(), Status.UNKNOWN)
        told = status in {Status.FAILED, Status.UNKNOWN}
        number = from_network(fields.get("phoneNumber", ""), self.settings.country)
        return [
            DeliveryReport(
                external_id=identifier(fields, "id"),
                status=status,
                code=code_of(reason or word) if told else None,
                reference=webhook.echoed(request, self.settings.reference_param),
                urn=Urn("tel", number) if number else None,
                opted_out=reason.lower() == BLACKLISTED,
            ),
        ]

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """200 without a word. Raises ValueError for any reply: what is said here goes nowhere."""
        webhook.nothing_rides(replies)
        return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"})

    def build_send(self, message: Outbound) -> HttpRequest:
        if message.urn.scheme != "tel" or not takes_sms(message.urn.path):
            raise InvalidUrn
        settings = self.settings
        fields = {"username": settings.username, "to": message.urn.path, "message": nfc(message.part.text)}
        fields |= {"from": settings.sender} if settings.sender else {}
        headers = {"apikey": settings.api_key, "accept": "application/json", "content-type": webhook.FORM}
        return HttpRequest("POST", settings.send_url, headers, webhook.form_body(fields))

    def read_send(self, response: HttpResponse) -> Accepted:
        """The outcome of the one recipient; a success that names none and no reason is OutcomeUnknown."""
        if response.status not in {200, 201, 202}:
            raise refusal(response, _code(response), ERRORS)
        one, code = _recipient(response), _code(response)
        if code in TAKEN:
            named = one.get("messageId")
            if isinstance(named, str) and named not in {"", "None"}:
                return Accepted(named, TAKEN[code])
            raise OutcomeUnknown("success without a message id")
        if code is None:
            raise OutcomeUnknown("a success that names no recipient")
        raise ERRORS.get(code, Rejected)(code=code)


def _data(response: HttpResponse) -> Mapping[str, Any]:
    try:
        data = json_object(response.body).get("SMSMessageData")
    except MalformedRequest:
        return {}
    return data if isinstance(data, dict) else {}


def _recipient(response: HttpResponse) -> Mapping[str, Any]:
    recipients = _data(response).get("Recipients")
    one = recipients[0] if isinstance(recipients, list) and recipients else None
    return one if isinstance(one, dict) else {}


def _code(response: HttpResponse) -> str | None:
    """The code of the recipient; where there is none, the one word that the answer may consist of (`InvalidSenderId`)."""
    one = _recipient(response)
    return code_of(one.get("statusCode")) or code_of(one.get("status")) or code_of(_data(response).get("Message"))
