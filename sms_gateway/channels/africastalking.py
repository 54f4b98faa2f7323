"""Africa's Talking: USSD. PURE.

In:   a form on every hop with `text`, all inputs so far joined by `*`; when the session is over, a notice.
Out:  the answer to the hop, plain text beginning with `CON ` (goes on) or `END ` (finished). Nothing can be pushed.

The provider signs nothing: a token in the webhook's query (`?token=…`) or the `x-webhook-token` header stands in for it,
and the number is what the network claims. Field names: developers.africastalking.com, USSD.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from sms_gateway.channel import Capabilities
from sms_gateway.encoding import nfc
from sms_gateway.errors import ForbiddenRequest, MalformedRequest, Misconfigured
from sms_gateway.msisdn import e164
from sms_gateway.reading import MAX_BODY, form, identifier
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
    Urn,
)
from sms_gateway.verify import verify_token

PAGE_GSM7, PAGE_UCS2 = 160, 70
"""Characters of a page. The standard's 160 octets hold 182 and 80; operators often allow less, so this is the budget."""

MIN_TOKEN = 16
"""Characters: the token is the only proof of the sender."""

_TOKEN_HEADER = "x-webhook-token"  # noqa: S105  a header's name


@dataclass(frozen=True, slots=True)
class AfricasTalkingSettings:
    """`webhook_token` is the secret in the callback address given to the provider; `api_key` is kept for look-ups."""

    service: str = field(metadata={"choices": ("ussd",)})
    username: str
    api_key: str = field(repr=False)
    webhook_token: str = field(repr=False)

    def problems(self) -> Iterable[str]:
        if 0 < len(self.webhook_token) < MIN_TOKEN:
            yield f"webhook_token: at least {MIN_TOKEN} characters"


class AfricasTalking:
    """One USSD code, configured by AfricasTalkingSettings."""

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = read_settings(AfricasTalkingSettings, config)
        self.capabilities = Capabilities(
            medium="ussd",
            inline_reply=True,
            max_parts=1,
            max_units=PAGE_GSM7,
            page_gsm7=PAGE_GSM7,
            page_ucs2=PAGE_UCS2,
            tifinagh=False,
        )

    def __repr__(self) -> str:
        return f"AfricasTalking({self.name!r}, {self.settings.service})"

    def verify(self, request: HttpRequest) -> None:
        if request.method != "POST" or len(request.body) > MAX_BODY:
            raise ForbiddenRequest("not a webhook of this channel")
        try:
            in_query = parse_qs(urlsplit(request.url).query).get("token", [""])[0]
        except ValueError:
            raise ForbiddenRequest("the address cannot be read") from None
        verify_token(self.settings.webhook_token, request.headers.get(_TOKEN_HEADER) or in_query)

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (this provider checks nothing)
        return None

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        """One hop, or the notice that the session ended (`session.ended`, no text). Raises MalformedRequest.

        `text` is the last piece of `session.accumulated`, right wherever nobody typed `*`; a caller that remembers the
        text of the hop before asks `sms_gateway.ussd.new_input`. A code dialled with a suffix opens its session with a
        text, so `session.new` is not set then: a session that the caller does not know is new whatever the flag says.
        """
        fields = form(request.body)
        number = e164(fields.get("phoneNumber", ""))
        if number is None:
            raise MalformedRequest("phoneNumber is not a number")
        urn = Urn("tel", number)
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
        digest = hmac.new(self.settings.webhook_token.encode(), f"{session}|{text}".encode(), hashlib.sha256)
        return f"{session}|{digest.hexdigest()[:32]}"
