"""The simulated provider: SMS, USSD and WhatsApp in plain JSON, through the same door as the real ones. PURE.

In:   one object, or several under `messages` (on the status route: `reports`), signed over the raw body:
      `x-sahti-signature: sha256=<hex HMAC-SHA256>`.
      message: id, from, text; sent_at (ISO with offset), name, choice, media [{type, url}], session {id, new, ended,
      accumulated}. `from` is a number, or for WhatsApp also a business-scoped id (`MA.123`), which may come
      beside a number as `user_id`.
      report: id, status (queued, sent, delivered, read, failed), code, reference.
Out:  POST of the message to `network_url`, signed the same way; a USSD page is the answer to the hop.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sms_gateway.answers import code_of, refusal
from sms_gateway.channel import Capabilities
from sms_gateway.encoding import nfc
from sms_gateway.errors import (
    ChannelError,
    ContactOptedOut,
    ForbiddenRequest,
    InvalidUrn,
    MalformedRequest,
    Misconfigured,
    OutcomeUnknown,
    OutsideWindow,
    Rejected,
    Throttled,
    Unreachable,
)
from sms_gateway.fetching import origin_of
from sms_gateway.msisdn import e164, may_sms
from sms_gateway.reading import identifier, instant, json_object, reference, string
from sms_gateway.settings import is_http_url, read_settings
from sms_gateway.types import (
    Accepted,
    Button,
    DeliveryReport,
    DialogSession,
    HttpRequest,
    HttpResponse,
    Inbound,
    Media,
    Outbound,
    Part,
    Status,
    Urn,
)
from sms_gateway.verify import body_signature, verify_body

T = TypeVar("T")

STATUS = {status.value: status for status in Status}

ERRORS: dict[str, type[ChannelError]] = {
    "misconfigured": Misconfigured,
    "invalid_urn": InvalidUrn,
    "rejected": Rejected,
    "outside_window": OutsideWindow,
    "opted_out": ContactOptedOut,
    "unreachable": Unreachable,
    "throttled": Throttled,
}

CAPABILITIES = {
    "sms": Capabilities(medium="sms", max_units=1600, delivery_reports=True),
    "ussd": Capabilities(
        medium="ussd",
        inline_reply=True,
        max_parts=1,
        max_units=160,
        page_gsm7=160,
        page_ucs2=70,
        tifinagh=False,
    ),
    # The limits of WhatsApp: a body with buttons or a list holds 1024 characters, so every text keeps to that.
    "whatsapp": Capabilities(
        medium="whatsapp",
        max_units=1024,
        buttons=3,
        list_rows=10,
        templates=True,
        window_hours=24,
        delivery_reports=True,
    ),
}

SIGNATURE = "x-sahti-signature"
MAX_EVENTS = 500
MAX_MEDIA = 10

_BSUID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9._-]{1,128}")


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """`secret` signs both ways; `network_url` takes what is sent (not needed for USSD, which only answers)."""

    service: str = field(metadata={"choices": ("sms", "ussd", "whatsapp")})
    secret: str = field(repr=False)
    network_url: str = ""

    def problems(self) -> Iterable[str]:
        if self.network_url and not is_http_url(self.network_url):
            yield "network_url: must be a whole http(s) address"


class Simulator:
    """One simulated number or code, configured by SimulatorSettings."""

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = read_settings(SimulatorSettings, config)
        hosts = origin_of(self.settings.network_url)
        self.capabilities = replace(CAPABILITIES[self.settings.service], media_hosts=hosts)

    def __repr__(self) -> str:
        return f"Simulator({self.name!r}, {self.settings.service})"

    def verify(self, request: HttpRequest) -> None:
        if request.method != "POST":
            raise ForbiddenRequest("only POST is signed")
        verify_body(self.settings.secret, request.body, request.headers.get(SIGNATURE, ""))

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (this provider checks nothing)
        return None

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        return _each(json_object(request.body), "messages", self._message)

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        return _each(json_object(request.body), "reports", self._report)

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """JSON `{"replies": […]}`. Raises ValueError for more replies than the service answers with."""
        if len(replies) > (self.capabilities.max_parts if self.capabilities.inline_reply else 0):
            raise ValueError("more replies than this answer can carry")
        return HttpResponse(200, {"content-type": "application/json"}, _json({"replies": [_part(p) for p in replies]}))

    def build_send(self, message: Outbound) -> HttpRequest:
        if not self.settings.network_url or self.settings.service == "ussd":
            raise Misconfigured("network_url is needed to send, and USSD only answers")
        to = {"reference": message.reference, "service": self.settings.service, "to": self._to(message.urn)}
        body = _json(to | _part(message.part))
        signature = body_signature(self.settings.secret, body)
        headers = {"content-type": "application/json", SIGNATURE: signature}
        return HttpRequest("POST", self.settings.network_url, headers, body)

    def read_send(self, response: HttpResponse) -> Accepted:
        """A success whose body cannot be read is OutcomeUnknown: something took the message, and gave no name."""
        try:
            answer = json_object(response.body)
        except MalformedRequest:
            answer = {}
        if response.status not in {200, 201, 202}:
            raise refusal(response, code_of(answer.get("error")), ERRORS)
        try:
            return Accepted(identifier(answer, "id"), Status.SENT)
        except MalformedRequest:
            raise OutcomeUnknown("success without a message id") from None

    def _message(self, item: Mapping[str, Any]) -> Inbound:
        urn = self._urn(string(item, "from"))
        alias = Urn("bsuid", string(item, "user_id"))
        known_by = self.settings.service == "whatsapp" and _BSUID.fullmatch(alias.path) and alias != urn
        return Inbound(
            external_id=identifier(item, "id"),
            urn=urn,
            text=string(item, "text"),
            sent_at=instant(string(item, "sent_at")),
            name=string(item, "name") or None,
            media=_media(item.get("media")),
            choice=string(item, "choice") or None,
            session=_session(item.get("session")),
            aliases=(alias,) if known_by else (),
        )

    def _report(self, item: Mapping[str, Any]) -> DeliveryReport:
        word = string(item, "status")
        status = STATUS.get(word, Status.UNKNOWN)
        code = code_of(string(item, "code") or (word if status is Status.UNKNOWN else None))
        return DeliveryReport(
            external_id=identifier(item, "id"),
            status=status,
            code=code,
            reference=reference(string(item, "reference")),
            opted_out=code == "opted_out",
            reason=ERRORS[code].name if status is Status.FAILED and code in ERRORS else None,
        )

    def _urn(self, address: str) -> Urn:
        whatsapp = self.settings.service == "whatsapp"
        if whatsapp and _BSUID.fullmatch(address):
            return Urn("bsuid", address)
        digits = address.isascii() and address.isdigit() and not address.startswith("0")
        number = e164(f"+{address}" if whatsapp and digits else address)
        if number is None:
            raise MalformedRequest("from is not an address of this channel")
        return Urn("whatsapp", number.removeprefix("+")) if whatsapp else Urn("tel", number)

    def _to(self, urn: Urn) -> str:
        if self.settings.service == "sms":
            good = urn.scheme == "tel" and may_sms(urn.path)
        else:
            digits = urn.scheme == "whatsapp" and urn.path.isascii() and urn.path.isdigit()
            good = digits or (urn.scheme == "bsuid" and _BSUID.fullmatch(urn.path) is not None)
        if not good:
            raise InvalidUrn
        return urn.path


def _each(body: Mapping[str, Any], key: str, read: Callable[[Mapping[str, Any]], T]) -> list[T]:
    """Everything in the batch that can be read; MalformedRequest only when nothing of it can."""
    items = body.get(key, [body])
    if not isinstance(items, list) or len(items) > MAX_EVENTS:
        raise MalformedRequest(f"{key} is not a list of at most {MAX_EVENTS}")
    good: list[T] = []
    bad: MalformedRequest | None = None
    for item in items:
        try:
            if not isinstance(item, dict):
                raise MalformedRequest(f"{key} holds something other than objects")  # noqa: TRY301  one bad item is told apart from its neighbours just below
            good.append(read(item))
        except MalformedRequest as error:
            bad = error
    if bad and not good:
        raise bad
    return good


def _media(items: object) -> tuple[Media, ...]:
    found = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return tuple(Media(string(item, "type") or "file", url=string(item, "url") or None) for item in found[:MAX_MEDIA])


def _session(item: object) -> DialogSession | None:
    if not isinstance(item, dict):
        return None
    return DialogSession(
        identifier(item, "id"),
        new=item.get("new") is True,
        ended=item.get("ended") is True,
        accumulated=string(item, "accumulated") if "accumulated" in item else None,
    )


def _part(part: Part) -> dict[str, Any]:
    said: dict[str, Any] = {"text": nfc(part.text), "end": part.end}
    if part.buttons:
        said["buttons"] = [_choice(button) for button in part.buttons]
    if part.menu:
        said["menu"] = {"button": part.menu.button, "rows": [_choice(row) for row in part.menu.rows]}
    if part.template:
        named = part.template
        said["template"] = {"name": named.name, "language": named.language, "variables": list(named.variables)}
    return said


def _choice(button: Button) -> dict[str, str]:
    said = {"id": button.id, "title": button.title}
    return said | {"description": button.description} if button.description else said


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
