"""Vonage (formerly Nexmo): SMS over its SMS API. PURE.

In:   query, form or flat JSON, whichever the account is set to: `msisdn, to, messageId, text, type, message-timestamp`
      (UTC); a long message comes in pieces with `concat-ref, concat-total, concat-part`. With a signature secret the
      account signs every parameter (`sig`); without one a token of ours in the addresses stands in for it.
      Reports: the same, `messageId, status, err-code`, and `client-ref`, our own reference.
Out:  POST of a form to /sms/json. HTTP's status is 200 whatever happens; `messages[0].status` says what did.
Tables: developer.vonage.com, SMS API: Inbound SMS, Delivery receipts, Troubleshooting, Signing messages; codes as
nyaruka/courier (handlers/nexmo) lists them.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sms_gateway import webhook
from sms_gateway.answers import code_of, refusal
from sms_gateway.channel import Capabilities
from sms_gateway.encoding import GSM7, encoding_of, nfc
from sms_gateway.errors import (
    ChannelError,
    ContactOptedOut,
    ForbiddenRequest,
    InvalidUrn,
    MalformedRequest,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unreachable,
)
from sms_gateway.msisdn import from_network, takes_sms
from sms_gateway.objects import children, flat, identifier, scalar
from sms_gateway.reading import json_object, reference
from sms_gateway.settings import is_http_url, read_settings
from sms_gateway.types import (
    Accepted,
    DeliveryReport,
    HttpRequest,
    HttpResponse,
    Inbound,
    Media,
    Outbound,
    Part,
    Status,
    Urn,
)
from sms_gateway.verify import same

STATUS = {
    "accepted": Status.SENT,  # by the network, not by the phone
    "buffered": Status.SENT,  # the network tries again later
    "delivered": Status.DELIVERED,
    "expired": Status.FAILED,
    "failed": Status.FAILED,
    "rejected": Status.FAILED,
}

ERRORS: dict[str, type[ChannelError]] = {
    "1": Throttled,
    "10": Throttled,  # too many connections of this account at once
    "5": OutcomeUnknown,  # "an error occurred whilst processing": it may have gone
    "33": InvalidUrn,  # the number is no longer in use
    **dict.fromkeys(("3", "6", "7", "12", "22"), Rejected),
    **dict.fromkeys(("2", "4", "8", "9", "11", "14", "15", "23", "29", "32"), Misconfigured),
}
"""`messages[].status` of the answer to a send."""

REPORTED: dict[str, type[ChannelError]] = {
    **dict.fromkeys(("2", "7", "8", "12"), Unreachable),  # absent for now, busy, network error
    **dict.fromkeys(("3", "9"), InvalidUrn),  # absent for good, no such number
    **dict.fromkeys(("4", "53"), ContactOptedOut),  # barred by the person, no consent on the network's list
    **dict.fromkeys(("6", "10", "11", "13", "14", "50", "51", "52", "54"), Rejected),
    **dict.fromkeys(("15", "16"), Misconfigured),  # no credit, quota
}
"""`err-code` of a delivery report, which counts otherwise than the answers to a send."""

METHODS = ("md5hash", "md5", "sha1", "sha256", "sha512")
"""How the account signs: a plain MD5 of parameters and secret, or an HMAC."""

MAX_TEXT = 1600
"""Characters (nyaruka/courier, handlers/nexmo); the provider's own limit of 3200 is above what anyone should pay for."""

PER_SECOND = 30.0
"""Requests a second of an ordinary account (vendor's Troubleshooting page: throttling)."""

_WAIT = re.compile(r"please wait \[ ?([0-9]{1,6}) ?\]")
"""Milliseconds, in `error-text` of code 1."""


@dataclass(frozen=True, slots=True)
class VonageSettings:
    """`sender` is required to send. With `signature_secret` every webhook must carry a right `sig`."""

    api_key: str
    api_secret: str = field(repr=False)
    sender: str = ""
    country: str = "MA"
    reference_param: str = "reference"
    webhook_url: str = ""
    webhook_token: str = field(default="", repr=False)
    signature_secret: str = field(default="", repr=False)
    signature_method: str = field(default="md5hash", metadata={"choices": METHODS})
    base_url: str = "https://rest.nexmo.com"

    def problems(self) -> Iterable[str]:
        yield from webhook.common_problems(self.country, self.reference_param, {"webhook_url": self.webhook_url})
        if self.base_url and not is_http_url(self.base_url):
            yield "base_url: must be a whole http(s) address"


class Vonage:
    """One account, configured by VonageSettings."""

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = read_settings(VonageSettings, config)
        self.capabilities = Capabilities(medium="sms", max_units=MAX_TEXT, delivery_reports=True, per_second=PER_SECOND)

    def __repr__(self) -> str:
        return f"Vonage({self.name!r})"

    def verify(self, request: HttpRequest) -> None:
        webhook.check(request, self.settings.webhook_token)
        if not self.settings.signature_secret:
            return
        try:
            found = flat(request)
        except MalformedRequest:
            raise ForbiddenRequest("the request cannot have been signed") from None
        given = found.pop("sig", "")
        # Our own token in the address is not the provider's to sign.
        found.pop("token", None)
        expected = signature(self.settings.signature_secret, self.settings.signature_method, found)
        if not given or not same(given.lower(), expected):
            raise ForbiddenRequest("wrong signature")

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (this provider checks nothing)
        return None

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        """One message, or one piece of a long one, each with an id of its own. Raises MalformedRequest.

        Empty for the request without parameters by which the provider tries an address out.
        """
        found = flat(request)
        if not webhook.first(found, "to") or ("status" in found and "text" not in found):
            return []  # the address is tried out, or a report was configured to come here
        number = from_network(webhook.first(found, "msisdn"), self.settings.country)
        if number is None:
            raise MalformedRequest("msisdn is not a number")
        text, when = found.get("text", ""), webhook.first(found, "message-timestamp", "timestamp")
        named = identifier(webhook.first(found, "messageId", "message-id"))
        if not named:
            part = webhook.first(found, "concat-ref") + webhook.first(found, "concat-part")
            named = webhook.made_id(self.settings.api_secret, number, found.get("to", ""), text, when, part)
        binary = found.get("type") == "binary" and not text
        media = (Media("application/octet-stream"),) if binary else ()
        return [Inbound(named, Urn("tel", number), text, webhook.moment(when), media=media)]

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        found = flat(request)
        word, named = webhook.first(found, "status"), identifier(webhook.first(found, "messageId", "message-id"))
        if not named:
            return []  # the provider tries the address out
        if not word:
            raise MalformedRequest("status is missing")
        status = STATUS.get(word.lower(), Status.UNKNOWN)
        code: str | None = webhook.first(found, "err-code", "err_code")
        if not code or not code.strip("0"):
            code = word if status in {Status.FAILED, Status.UNKNOWN} else None
        number = from_network(webhook.first(found, "msisdn"), self.settings.country)
        kind = REPORTED.get(code or "") if status is Status.FAILED else None
        return [
            DeliveryReport(
                external_id=named,
                status=status,
                code=code_of(code),
                reference=reference(webhook.first(found, "client-ref"))
                or webhook.echoed(request, self.settings.reference_param),
                urn=Urn("tel", number) if number else None,
                opted_out=kind is ContactOptedOut,
                reason=kind.name if kind else None,
            ),
        ]

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """An empty 200; anything else is repeated for 24 hours. Raises ValueError for replies."""
        webhook.nothing_rides(replies)
        return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"})

    def build_send(self, message: Outbound) -> HttpRequest:
        if message.urn.scheme != "tel" or not takes_sms(message.urn.path):
            raise InvalidUrn
        settings, text = self.settings, nfc(message.part.text)
        if not settings.sender:
            raise Misconfigured("sender is needed to send")
        fields = {
            "api_key": settings.api_key,
            "api_secret": settings.api_secret,
            "from": settings.sender.removeprefix("+"),
            "to": message.urn.path.removeprefix("+"),
            "text": text,
            "type": "text" if encoding_of(text) == GSM7 else "unicode",
            "status-report-req": "1",
            "client-ref": message.reference,
        }
        if settings.webhook_url:
            ours = {settings.reference_param: message.reference}
            fields["callback"] = webhook.status_url(settings.webhook_url, settings.webhook_token, ours)
        return HttpRequest(
            "POST",
            f"{settings.base_url.rstrip('/')}/sms/json",
            {"content-type": webhook.FORM, "accept": "application/json"},
            webhook.form_body(fields),
        )

    def read_send(self, response: HttpResponse) -> Accepted:
        """A success that cannot be read is OutcomeUnknown: something took the message, and gave no id.

        A long text is answered with one entry a segment; the first one stands for all.
        """
        try:
            answer = json_object(response.body)
        except MalformedRequest:
            answer = {}
        first = next(iter(children(answer, "messages")), {})
        code = code_of(scalar(first, "status"))
        if response.status not in {200, 201, 202}:
            raise refusal(response, code if code != "0" else None, ERRORS)
        if code is None:
            raise OutcomeUnknown("a success that cannot be read")
        if code != "0":
            kind = ERRORS.get(code, Rejected)
            wait = _WAIT.search(scalar(first, "error-text")) if kind is Throttled else None
            raise Throttled(code=code, wait=int(wait[1]) / 1000) if wait else kind(code=code)
        named = identifier(scalar(first, "message-id"))
        if not named:
            raise OutcomeUnknown("success without a message id")
        return Accepted(named, Status.SENT)


def signature(secret: str, method: str, params: Mapping[str, str]) -> str:
    """The lower-case hexadecimal `sig` of these parameters: each `&name=value` by name, `&` and `=` in a value as `_`."""
    joined = "".join(f"&{name}={re.sub('[&=]', '_', params[name])}" for name in sorted(params))
    octets = joined.encode("utf-8", "replace")
    if method == "md5hash":
        return hashlib.md5(octets + secret.encode(), usedforsecurity=False).hexdigest()
    return hmac.new(secret.encode(), octets, method).hexdigest()
