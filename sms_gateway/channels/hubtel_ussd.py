"""Hubtel: USSD as JSON, one input a hop. PURE.

In:   POST `{Type: Initiation|Response|Timeout|Release, Mobile, SessionId, ServiceCode, Message, Operator, Sequence,
      ClientState, Platform}`. `Message` is what was typed on this hop; on the first, the code as it was dialled.
Out:  the answer to the hop, `{SessionId, Type: response|release, Message, Label, ClientState, DataType, FieldType}`.

Nothing can be pushed. The provider signs nothing: a token in the webhook's query (`?token=…`) or the `x-webhook-token`
header stands in for it. Fields: developers.hubtel.com, "API Reference - Prog Services".
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sms_gateway import webhook
from sms_gateway.channel import Capabilities
from sms_gateway.encoding import nfc
from sms_gateway.errors import MalformedRequest, Misconfigured
from sms_gateway.msisdn import from_network
from sms_gateway.reading import MAX_ID, clean, json_object
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

GOES_ON = frozenset({"initiation", "response"})
ENDED = frozenset({"timeout", "release"})

PAGE_GSM7, PAGE_UCS2 = 160, 70
"""Characters of a page. The standard's 160 octets hold 182 and 80; operators often allow less, so this is the budget."""

MAX_STATE = 1000
"""Characters of a ClientState that is echoed: we give none, so a longer one is not ours."""


@dataclass(frozen=True, slots=True)
class HubtelUssdSettings:
    """`webhook_token` is the secret in the callback address given to the provider; `sender` is the code people dial."""

    sender: str = ""
    country: str = "MA"
    reference_param: str = webhook.REFERENCE
    webhook_url: str = ""
    webhook_token: str = field(default="", repr=False)

    def problems(self) -> Iterable[str]:
        yield from webhook.common_problems(self.country, self.reference_param, {"webhook_url": self.webhook_url})


class HubtelUssd:
    """One USSD code, configured by HubtelUssdSettings."""

    capabilities = Capabilities(
        medium="ussd",
        inline_reply=True,
        max_parts=1,
        max_units=PAGE_GSM7,
        page_gsm7=PAGE_GSM7,
        page_ucs2=PAGE_UCS2,
        tifinagh=False,
    )

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = read_settings(HubtelUssdSettings, config)

    def __repr__(self) -> str:
        return f"HubtelUssd({self.name!r})"

    def verify(self, request: HttpRequest) -> None:
        webhook.check(request, self.settings.webhook_token, methods=("POST",))

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (this provider checks nothing)
        return None

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        """One hop, or the notice that the session ended (`session.ended`, no text). Raises MalformedRequest.

        The first hop's text is what was dialled after the code (`7*2` of `*713*7*2#`), mostly nothing.
        """
        hop = json_object(request.body)
        number = from_network(_word(hop, "Mobile"), self.settings.country)
        if number is None:
            raise MalformedRequest("Mobile is not a number")
        kind, session, urn = _word(hop, "Type").strip().lower(), _session(hop), Urn("tel", number)
        if kind in ENDED:
            return [Inbound(f"{session}|end", urn, "", session=DialogSession(session, ended=True))]
        if kind not in GOES_ON:
            raise MalformedRequest("Type is none that a person can cause")
        new, said = kind == "initiation", _word(hop, "Message")
        sequence = _beside(hop, "Sequence").strip()
        if not (sequence.isalnum() and sequence.isascii()):
            sequence = webhook.made_id(self.settings.webhook_token, session, kind, said)
        text = _dialled(said, _beside(hop, "ServiceCode")) if new else said
        return [Inbound(f"{session}|{sequence[:32]}", urn, text, session=DialogSession(session, new=new))]

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        """Always empty: a page has no delivery report. Raises MalformedRequest for a body that is no JSON object."""
        json_object(request.body)
        return []

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """The page for a hop of which nothing is known; the provider gets its session back from `answer_to`."""
        return _page(replies, {})

    def answer_to(self, request: HttpRequest, replies: Sequence[Part]) -> HttpResponse:
        """The page with the session and the state of the hop it answers. Raises ValueError for more than one page."""
        try:
            hop = json_object(request.body)
            state = _beside(hop, "ClientState")
            return _page(replies, {"SessionId": _session(hop), "ClientState": state if len(state) <= MAX_STATE else ""})
        except MalformedRequest:
            return _page(replies, {})

    def build_send(self, message: Outbound) -> HttpRequest:  # noqa: ARG002  the protocol's
        raise Misconfigured("USSD answers; it cannot begin")

    def read_send(self, response: HttpResponse) -> Accepted:  # noqa: ARG002  the protocol's
        raise Misconfigured("USSD answers; it cannot begin")


def _page(replies: Sequence[Part], echoed: Mapping[str, str]) -> HttpResponse:
    if len(replies) > HubtelUssd.capabilities.max_parts:
        raise ValueError("a hop has one page")
    text = nfc(replies[0].text) if replies else ""
    ends = not replies or replies[0].end
    said = {
        **echoed,
        "Type": "release" if ends else "response",
        "Message": text,
        "Label": text.partition("\n")[0],  # the heading, where the page is shown by an app
        "DataType": "display" if ends else "input",
        "FieldType": "text",
    }
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return HttpResponse(200, {"content-type": "application/json; charset=utf-8"}, body)


def _word(hop: Mapping[str, Any], key: str) -> str:
    """A string, or a number as a string; empty where the field is missing or null. Raises MalformedRequest."""
    value = hop.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise MalformedRequest(f"{key} is not a string")
    return "" if value is None else clean(str(value))


def _beside(hop: Mapping[str, Any], key: str) -> str:
    """The same for what a hop can do without: whatever is no word is nothing."""
    try:
        return _word(hop, key)
    except MalformedRequest:
        return ""


def _session(hop: Mapping[str, Any]) -> str:
    session = _word(hop, "SessionId").strip()
    if not (session.isprintable() and 0 < len(session) <= MAX_ID):
        raise MalformedRequest("SessionId is missing or is no id")
    return session


def _dialled(message: str, code: str) -> str:
    """What stands behind the service's own code in what was dialled; words that were not dialled are kept whole."""
    dialled, own = message.strip().strip("*#"), code.strip().strip("*#")
    if own and (dialled == own or dialled.startswith(f"{own}*")):
        return dialled.removeprefix(own).strip("*")
    return "" if message.strip().startswith("*") or message.strip().endswith("#") else message
