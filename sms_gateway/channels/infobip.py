"""Infobip: SMS and WhatsApp. PURE.

In:   JSON batches, `results: [{messageId, from, to, receivedAt, …}]`: an SMS has `text` (an MMS a list `message`), a
      WhatsApp message an object `message` with its `type`. Nothing is signed: a token of ours in the addresses stands in.
      Reports: `results: [{messageId, status, error, callbackData}]`, for WhatsApp also with `seenAt` or `deletedAt`.
Out:  POST with basic authentication or an API key: SMS to /sms/3/messages (the one that the vendor's clients and
      nyaruka/courier use; version 2 is marked deprecated), WhatsApp to /whatsapp/1/message/<kind>. Our reference goes
      as `messageId`, so that a report finds its message even when the answer to the send is lost, and as `callbackData`.
Source: www.infobip.com/docs/api (SMS, WhatsApp) and the models of infobip/infobip-api-java-client.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sms_gateway import webhook
from sms_gateway.answers import code_of, refusal
from sms_gateway.channel import Capabilities
from sms_gateway.channels.infobip_statuses import ERRORS, GROUPS, NAMES
from sms_gateway.encoding import UCS2, length, nfc
from sms_gateway.errors import (
    ContactOptedOut,
    InvalidUrn,
    MalformedRequest,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
)
from sms_gateway.fetching import plain, target
from sms_gateway.msisdn import from_network, takes_sms
from sms_gateway.objects import child, children, each, identifier, scalar
from sms_gateway.reading import json_object, reference
from sms_gateway.settings import is_http_url, read_settings
from sms_gateway.types import (
    Accepted,
    Button,
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

KINDS = {"IMAGE": "image", "VIDEO": "video", "AUDIO": "audio", "VOICE": "audio", "DOCUMENT": "document"}
"""Types of a WhatsApp message that have an address, and what they are here."""

MEDIA_HOSTS = (".infobip.com",)
CAPTIONED = frozenset({"image", "video", "document"})
MAX_SMS = 1530
"""Septets or units: ten segments. The provider takes 25 or 4,000 octets, whichever is less (REJECTED_MESSAGE_TOO_LONG)."""

MAX_TEXT, MAX_RICH = 4096, 1024
MAX_BUTTONS, MAX_ROWS = 3, 10
"""WhatsApp's own limits, in UTF-16 units and choices."""


_BSUID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9._-]{1,128}")
_PLACE = re.compile(r"geo:(-?[0-9]{1,3}(?:\.[0-9]{1,15})?),(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)")


@dataclass(frozen=True, slots=True)
class InfobipSettings:
    """`username` and `password`, or an `api_key`. `base_url` is the account's own address, `https://xxxxx.api.infobip.com`."""

    service: str = field(default="sms", metadata={"choices": ("sms", "whatsapp")})
    username: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    base_url: str = "https://api.infobip.com"
    sender: str = ""
    country: str = "MA"
    reference_param: str = "reference"
    webhook_url: str = ""
    webhook_token: str = field(default="", repr=False)

    def problems(self) -> Iterable[str]:
        urls = {"base_url": self.base_url, "webhook_url": self.webhook_url}
        yield from webhook.common_problems(self.country, self.reference_param, urls)
        if not self.api_key and not (self.username and self.password):
            yield "username and password, or api_key: required"
        if self.base_url and not is_http_url(self.base_url):
            yield "base_url: must be a whole http(s) address"


class Infobip:
    """One sender, configured by InfobipSettings."""

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = settings = read_settings(InfobipSettings, config)
        self._whatsapp = settings.service == "whatsapp"
        reports = bool(settings.webhook_url)
        self.capabilities = (
            Capabilities(
                medium="whatsapp",
                max_units=MAX_TEXT,
                rich_units=MAX_RICH,
                buttons=MAX_BUTTONS,
                list_rows=MAX_ROWS,
                templates=True,
                media=1,
                media_hosts=MEDIA_HOSTS,
                caption_units=MAX_RICH,
                window_hours=24,
                delivery_reports=reports,
            )
            if self._whatsapp
            else Capabilities(medium="sms", max_units=MAX_SMS, delivery_reports=reports)
        )

    def __repr__(self) -> str:
        return f"Infobip({self.name!r}, {self.settings.service})"

    def verify(self, request: HttpRequest) -> None:
        webhook.check(request, self.settings.webhook_token, ("POST",))

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (this provider checks nothing)
        return None

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        return each(json_object(request.body), "results", self._message)

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        body = json_object(request.body)
        # An address stands for one message, so what it echoes is not believed for a batch.
        results = body.get("results")
        alone = isinstance(results, list) and len(results) == 1
        ours = webhook.echoed(request, self.settings.reference_param) if alone else None
        return each(body, "results", lambda item: self._report(item, ours))

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """An empty 200. Raises ValueError for replies."""
        webhook.nothing_rides(replies)
        return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"})

    def build_send(self, message: Outbound) -> HttpRequest:
        path, body = self._whatsapp_send(message) if self._whatsapp else self._sms_send(message)
        json_both_ways = dict.fromkeys(("content-type", "accept"), "application/json")
        return HttpRequest(
            "POST",
            f"{self.settings.base_url.rstrip('/')}{path}",
            {"authorization": self._credentials()} | json_both_ways,
            json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"),
        )

    def build_media(self, media: Media) -> HttpRequest:
        """An attachment is kept for a week and given to the account only. Raises MediaRefused."""
        request = plain(media)
        target(request.url, MEDIA_HOSTS)
        return HttpRequest("GET", request.url, {"authorization": self._credentials()})

    def read_media(self, response: HttpResponse, media: Media) -> None:
        """The first answer is the content."""

    def read_send(self, response: HttpResponse) -> Accepted:
        """A success that cannot be read is OutcomeUnknown: something took the message, and gave no id."""
        try:
            answer = json_object(response.body)
        except MalformedRequest:
            answer = {}
        if response.status not in {200, 201, 202}:
            fault = child(child(answer, "requestError"), "serviceException")
            raise refusal(response, code_of(scalar(fault, "messageId") or scalar(answer, "errorCode")), ERRORS)
        first = next(iter(children(answer, "messages")), answer)
        said = child(first, "status")
        group, name = scalar(said, "groupName"), code_of(scalar(said, "name"))
        named = identifier(scalar(first, "messageId"))
        if GROUPS.get(group) is Status.FAILED:
            raise ERRORS.get(name or "", Rejected)(code=name or code_of(group))
        if not named:
            raise OutcomeUnknown("success without a message id")
        return Accepted(named, NAMES.get(name or "", Status.SENT))

    def _message(self, item: Mapping[str, Any]) -> Inbound | None:
        if not isinstance(item.get("message"), dict | list) and {"status", "seenAt", "deletedAt"} & item.keys():
            return None  # a report that was configured to come here
        if scalar(item, "groupId"):
            return None
        when = scalar(item, "receivedAt")
        urn = self._urn(scalar(item, "from"))
        if urn is None:
            raise MalformedRequest("from is not an address of this channel")
        text, media, choice = _whatsapp_content(item) if self._whatsapp else _sms_content(item)
        if not text and not media and choice is None:
            return None
        named = identifier(scalar(item, "messageId"))
        secret = self.settings.password or self.settings.api_key
        return Inbound(
            external_id=named or webhook.made_id(secret, urn.path, scalar(item, "to"), text, when),
            urn=urn,
            text=text,
            sent_at=webhook.moment(when),
            name=scalar(child(item, "contact"), "name") or None,
            media=media,
            choice=choice,
        )

    def _report(self, item: Mapping[str, Any], ours: str | None) -> DeliveryReport | None:
        said, fault = child(item, "status"), child(item, "error")
        seen, group = scalar(item, "seenAt"), scalar(said, "groupName").upper()
        if not seen and (scalar(item, "deletedAt") or isinstance(item.get("message"), dict)):
            return None  # the person deleted it, or a message that was configured to come here
        named = identifier(scalar(item, "messageId"))
        if not named or not (seen or group):
            raise MalformedRequest("messageId or status is missing")
        name, error = scalar(said, "name"), scalar(fault, "name")
        status = Status.READ if seen else NAMES.get(name, GROUPS.get(group, Status.UNKNOWN))
        code = None
        if status in {Status.FAILED, Status.UNKNOWN}:
            code = code_of(error if error not in {"", "NO_ERROR"} else name or group) or code_of(scalar(fault, "id"))
        kind = ERRORS.get(code or "")
        return DeliveryReport(
            external_id=named,
            status=status,
            code=code,
            reference=reference(scalar(item, "callbackData")) or ours,
            urn=None if seen else self._urn(scalar(item, "to")),  # a seen report has its two numbers in either order
            opted_out=kind is ContactOptedOut,
            reason=kind.name if kind and status is Status.FAILED else None,
        )

    def _urn(self, address: str) -> Urn | None:
        address = address.strip()
        if not self._whatsapp:
            number = from_network(address, self.settings.country)
            return Urn("tel", number) if number else None
        digits = address.removeprefix("+")
        if digits.isascii() and digits.isdigit() and len(digits) <= 20:  # noqa: PLR2004  a number has at most 15
            return Urn("whatsapp", digits)
        return Urn("bsuid", address) if _BSUID.fullmatch(address) else None

    def _sms_send(self, message: Outbound) -> tuple[str, dict[str, Any]]:
        if message.urn.scheme != "tel" or not takes_sms(message.urn.path):
            raise InvalidUrn
        if message.part.media:
            raise Rejected("this service sends no attachments")
        said: dict[str, Any] = {"sender": self._sender()}
        said["destinations"] = [{"to": message.urn.path.removeprefix("+"), "messageId": message.reference}]
        said["content"] = {"text": nfc(message.part.text)}
        hooks: dict[str, Any] = {"callbackData": message.reference}
        if self.settings.webhook_url:
            delivery = {"url": self._notify(message), "intermediateReport": True}
            hooks = {"delivery": delivery, "contentType": "application/json"} | hooks
        return "/sms/3/messages", {"messages": [said | {"webhooks": hooks}]}

    def _whatsapp_send(self, message: Outbound) -> tuple[str, dict[str, Any]]:
        to = message.urn
        known = to.scheme == "whatsapp" and to.path.isascii() and to.path.isdigit()
        if not known and not (to.scheme == "bsuid" and _BSUID.fullmatch(to.path)):
            raise InvalidUrn
        kind, content = _whatsapp_body(message.part)
        said: dict[str, Any] = {
            "from": self._sender(),
            "to": to.path,
            "messageId": message.reference,
            "content": content,
            "callbackData": message.reference,
        }
        if self.settings.webhook_url:
            said["notifyUrl"] = self._notify(message)
        # A template may go to several people, so this path alone takes a list.
        return f"/whatsapp/1/message/{kind}", {"messages": [said]} if kind == "template" else said

    def _sender(self) -> str:
        if not self.settings.sender:
            raise Misconfigured("sender is needed to send")
        return self.settings.sender.removeprefix("+")

    def _credentials(self) -> str:
        settings = self.settings
        pair = base64.b64encode(f"{settings.username}:{settings.password}".encode()).decode("ascii")
        return f"App {settings.api_key}" if settings.api_key else f"Basic {pair}"

    def _notify(self, message: Outbound) -> str:
        settings, ours = self.settings, {self.settings.reference_param: message.reference}
        return webhook.status_url(settings.webhook_url, settings.webhook_token, ours)


Content = tuple[str, tuple[Media, ...], str | None]
"""Text, attachments and the id of what was pressed."""


def _sms_content(item: Mapping[str, Any]) -> Content:
    pieces = children(item, "message")
    if not pieces:
        return scalar(item, "text"), (), None
    texts = [scalar(piece, "value") for piece in pieces if scalar(piece, "contentType").startswith("text/plain")]
    files = [(scalar(piece, "contentType") or "file", scalar(piece, "url")) for piece in pieces]
    return "\n".join(filter(None, texts)), tuple(Media(kind, url=url) for kind, url in files if url), None


def _whatsapp_content(item: Mapping[str, Any]) -> Content:
    said = child(item, "message")
    kind, url = scalar(said, "type").upper(), scalar(said, "url")
    if kind == "TEXT" or (not kind and scalar(said, "text")):
        return scalar(said, "text"), (), None
    if kind == "BUTTON":
        return scalar(said, "text"), (), scalar(said, "payload") or None
    if kind in {"INTERACTIVE_BUTTON_REPLY", "INTERACTIVE_LIST_REPLY"}:
        return scalar(said, "title"), (), scalar(said, "id") or None
    if kind == "LOCATION":
        place = f"geo:{scalar(said, 'latitude')},{scalar(said, 'longitude')}"
        if not _PLACE.fullmatch(place):
            raise MalformedRequest("a place without its two numbers")
        return "", (Media("location", url=place),), None
    if not kind:
        raise MalformedRequest("message is missing")
    # What has no address (a contact card, an order, what WhatsApp itself cannot show) still came from somebody.
    return scalar(said, "caption"), (Media(KINDS.get(kind, kind.lower()), url=url or None),), None


def _whatsapp_body(part: Part) -> tuple[str, dict[str, Any]]:
    """The kind of message, which is the end of its path, and its content. Raises Rejected for what WhatsApp does not take."""
    text = nfc(part.text)
    if part.template:
        values = [nfc(value) for value in part.template.variables]
        data = {"body": {"placeholders": values}}
        name, language = part.template.external_id or part.template.name, part.template.language
        return "template", {"templateName": name, "templateData": data, "language": language}
    rich = part.buttons or part.menu or part.media
    if length(text, UCS2) > (MAX_RICH if rich else MAX_TEXT):
        raise Rejected("too long")
    if part.media:
        return _attachment(part.media[0], text, len(part.media))
    if part.menu:
        if not 0 < len(part.menu.rows) <= MAX_ROWS:
            raise Rejected("a list has one to ten rows")
        sections = [{"rows": [_choice(row) for row in part.menu.rows]}]
        return "interactive/list", {
            "body": {"text": text},
            "action": {"title": nfc(part.menu.button), "sections": sections},
        }
    if part.buttons:
        if len(part.buttons) > MAX_BUTTONS:
            raise Rejected("a message has at most three buttons")
        buttons = [{"type": "REPLY"} | _choice(button, described=False) for button in part.buttons]
        return "interactive/buttons", {"body": {"text": text}, "action": {"buttons": buttons}}
    return "text", {"text": text}


def _attachment(media: Media, text: str, count: int) -> tuple[str, dict[str, Any]]:
    if count > 1 or not media.url:
        raise Rejected("a message has one attachment, with its address")
    if place := _PLACE.fullmatch(media.url):
        named = {"name": text} if text else {}
        return "location", {"latitude": float(place[1]), "longitude": float(place[2])} | named
    kind = media.type.partition("/")[0].lower()
    kind = kind if kind in {"image", "video", "audio"} else "document"
    if text and kind not in CAPTIONED:
        raise Rejected("a recording has no text beside it")
    return kind, {"mediaUrl": media.url} | ({"caption": text} if text else {})


def _choice(button: Button, *, described: bool = True) -> dict[str, str]:
    said = {"id": button.id, "title": nfc(button.title)}
    return said | {"description": nfc(button.description)} if described and button.description else said
