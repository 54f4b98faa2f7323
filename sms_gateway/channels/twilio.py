"""Twilio: SMS and WhatsApp through its Programmable Messaging. PURE.

In:   signed forms on the webhook; the answer is TwiML and may carry the reply.
Out:  POST Accounts/{sid}/Messages.json with basic authentication; the status comes back to `<webhook_url>/status`
      with our reference in the query, so a report finds its message even when it overtakes the answer to the send.
Tables: twilio.com/docs/api/errors and /docs/messaging/api/message-resource, message status values.

In Morocco a Twilio SMS sender is alphanumeric and one-way; people answer by WhatsApp or through another channel.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode
from xml.sax.saxutils import escape

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
from sms_gateway.fetching import MediaRefused, host_of, plain, target
from sms_gateway.looking_up import only_one
from sms_gateway.msisdn import from_network, takes_sms
from sms_gateway.reading import form, identifier, json_object
from sms_gateway.settings import read_settings
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
from sms_gateway.verify import Algorithm, verify_form
from sms_gateway.webhook import REFERENCE, common_problems, echoed

STATUS = {
    "accepted": Status.QUEUED,
    "scheduled": Status.QUEUED,
    "queued": Status.QUEUED,
    "sending": Status.QUEUED,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "undelivered": Status.FAILED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}

INBOUND_STATUS = frozenset({"receiving", "received"})

ERRORS: dict[str, type[ChannelError]] = {
    "21610": ContactOptedOut,
    **dict.fromkeys(("21211", "21614", "30005", "30006", "63003", "63024"), InvalidUrn),
    **dict.fromkeys(("21612", "21604", "21602", "21617", "21408", "30004", "30007"), Rejected),
    **dict.fromkeys(("63005", "63013", "63014", "63032", "63033"), Rejected),
    **dict.fromkeys(("20429", "21611", "30001", "63018"), Throttled),
    **dict.fromkeys(("30003", "30410"), Unreachable),
    "30008": OutcomeUnknown,  # "unknown error": the handset may have it
    "63016": OutsideWindow,
    **dict.fromkeys(("20003", "20404", "21212", "21606", "21608", "21703", "21704", "30002", "63007"), Misconfigured),
}

MAX_TEXT = 1600
"""Characters of a body; one more is error 21617."""

MAX_MEDIA = 10
LOOKED_AT = 50
"""Messages to one number that a look-up asks for: the newest, far more than one person gets within a minute."""
MAX_BUTTONS, MAX_ROWS = 3, 10
"""WhatsApp's reply buttons and list rows."""

SIGNATURE = "x-twilio-signature"
SIGNATURE_SETTINGS = "x-twilio-webhooks-signature-settings"
FORM = "application/x-www-form-urlencoded"
STORE = "mms.twiliocdn.com"
"""Where the address of an attachment leads ("Protect media access with HTTP basic authentication")."""

_WA_ID = re.compile(r"[0-9]{5,20}")
_BSUID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9._-]{1,128}")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BASE64_FROM = 60
"""Characters. Shorter texts are never taken for base64: whole words look like it."""


@dataclass(frozen=True, slots=True)
class TwilioSettings:
    """`webhook_url` is this channel's public address, `https://…/channels/<name>`; without it no reports are asked for.

    `content_sids` (WhatsApp): `key=HX…` pairs joined by commas. Keys: `buttons1`…`buttons3`, `list1`…`list10` for
    content with that many choices (variables: 1 the text; then for a list the name of its opener; then title and id of
    each choice, for a list also its description), and `<template>.<language>` for approved templates.
    `signing_key` is the shared key of accounts that sign with one; otherwise the auth token signs.
    """

    service: str = field(metadata={"choices": ("sms", "whatsapp")})
    account_sid: str
    auth_token: str = field(repr=False)
    sender: str = ""
    messaging_service_sid: str = ""
    base_url: str = "https://api.twilio.com"
    algorithm: str = field(default="sha1", metadata={"choices": ("sha1", "sha256")})
    signing_key: str = field(default="", repr=False)
    content_sids: str = ""
    webhook_url: str = ""
    country: str = "MA"
    reference_param: str = REFERENCE

    def problems(self) -> Iterable[str]:
        if not self.sender and not self.messaging_service_sid:
            yield "sender or messaging_service_sid: one is required"
        urls = {"base_url": self.base_url, "webhook_url": self.webhook_url}
        yield from common_problems(self.country, self.reference_param, urls)
        if self.content_sids and self.service == "sms":
            yield "content_sids: only for service=whatsapp"
        if any(not key.strip() or not sid.strip() for key, sid in self.content_pairs()):
            yield "content_sids: must be key=HX… pairs joined by commas"

    def content_pairs(self) -> list[tuple[str, str]]:
        pairs = (item.partition("=") for item in self.content_sids.split(",") if item.strip())
        return [(key.strip(), sid.strip()) for key, _, sid in pairs]


class Twilio:
    """One Twilio sender, configured by TwilioSettings."""

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = settings = read_settings(TwilioSettings, config)
        self._algorithm: Algorithm = "sha256" if settings.algorithm == "sha256" else "sha1"
        self._content = dict(settings.content_pairs())
        whatsapp = settings.service == "whatsapp"
        self.capabilities = Capabilities(
            medium=settings.service,
            inline_reply=not self._content,
            max_parts=10,
            max_units=MAX_TEXT,
            buttons=self._choices("buttons", MAX_BUTTONS),
            list_rows=self._choices("list", MAX_ROWS),
            templates=whatsapp,
            window_hours=24 if whatsapp else None,
            delivery_reports=bool(settings.webhook_url),
            media_hosts=(*host_of(settings.base_url), STORE),
            media=MAX_MEDIA,
            caption_units=MAX_TEXT,
        )

    def __repr__(self) -> str:
        return f"Twilio({self.name!r}, {self.settings.service})"

    def verify(self, request: HttpRequest) -> None:
        if request.method != "POST":
            raise ForbiddenRequest("only POST is signed")
        # The header is not signed itself, so it may only confirm the algorithm that is pinned here, never choose it.
        named = re.search(r"algorithm=\s*HMAC_(\w+)", request.headers.get(SIGNATURE_SETTINGS, ""), re.IGNORECASE)
        if named and named[1].lower() != self._algorithm:
            raise ForbiddenRequest("wrong algorithm")
        key = self.settings.signing_key or self.settings.auth_token
        verify_form(key, request, request.headers.get(SIGNATURE, ""), self._algorithm)

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (this provider checks nothing)
        return None

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        fields = form(request.body)
        if fields.get("MessageStatus", "received") not in INBOUND_STATUS:
            return []  # a status report that was configured to come here
        urn = self._urn(fields.get("From", ""))
        if urn is None:
            raise MalformedRequest("From is not an address of this channel")
        business_id = fields.get("ExternalUserId", "").removeprefix("whatsapp:")
        alias = Urn("bsuid", business_id)
        return [
            Inbound(
                external_id=identifier(fields, "MessageSid", "SmsMessageSid", "SmsSid"),
                urn=urn,
                text=_text(fields),
                name=fields.get("ProfileName") or None,
                media=_media(fields),
                choice=fields.get("ButtonPayload") or fields.get("ListId") or None,
                aliases=(alias,) if _BSUID.fullmatch(business_id) and alias != urn else (),
            ),
        ]

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        fields = form(request.body)
        word = fields.get("MessageStatus") or fields.get("SmsStatus", "")
        if word in INBOUND_STATUS:
            return []
        if not word:
            raise MalformedRequest("MessageStatus is missing")
        status = STATUS.get(word, Status.UNKNOWN)
        code = code_of(fields.get("ErrorCode") or (word if status in {Status.UNKNOWN, Status.FAILED} else None))
        return [
            DeliveryReport(
                external_id=identifier(fields, "MessageSid", "SmsSid"),
                status=status,
                code=code,
                reference=echoed(request, self.settings.reference_param),
                urn=self._urn(fields.get("To", "")),
                opted_out=ERRORS.get(code or "") is ContactOptedOut,
                reason=ERRORS[code].name if status is Status.FAILED and code in ERRORS else None,
            ),
        ]

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """TwiML with up to ten messages. Raises ValueError for more, or for any where replies are not inline."""
        if len(replies) > (self.capabilities.max_parts if self.capabilities.inline_reply else 0):
            raise ValueError("more replies than this answer can carry")
        messages = "".join(f"<Message>{escape(_NOT_XML.sub('', nfc(part.text)))}</Message>" for part in replies)
        body = f"<Response>{messages}</Response>" if messages else "<Response/>"
        document = f'<?xml version="1.0" encoding="UTF-8"?>{body}'
        return HttpResponse(200, {"content-type": "text/xml; charset=utf-8"}, document.encode())

    def build_send(self, message: Outbound) -> HttpRequest:
        fields: dict[str, str | list[str]] = {"To": self._to(message.urn)}
        if self.settings.messaging_service_sid:
            fields["MessagingServiceSid"] = self.settings.messaging_service_sid
        if self.settings.sender:
            fields["From"] = ("whatsapp:" if self._whatsapp else "") + self.settings.sender.removeprefix("whatsapp:")
        fields.update(self._content_fields(message.part))
        if message.part.media:
            fields["MediaUrl"] = [one.url for one in message.part.media if one.url]
        if self.settings.webhook_url:
            query = urlencode({self.settings.reference_param: message.reference})
            fields["StatusCallback"] = f"{self.settings.webhook_url.rstrip('/')}/status?{query}"
        return HttpRequest(
            "POST",
            f"{self.settings.base_url.rstrip('/')}/2010-04-01/Accounts/{self.settings.account_sid}/Messages.json",
            {**self._credentials, "content-type": FORM, "accept": "application/json"},
            urlencode(fields, doseq=True, errors="replace").encode("ascii"),
        )

    def read_send(self, response: HttpResponse) -> Accepted:
        """A success whose body cannot be read is OutcomeUnknown: something took the message, and gave no name."""
        try:
            answer = json_object(response.body)
        except MalformedRequest:
            answer = {}
        taken = response.status in {200, 201, 202}
        code = code_of(answer.get("error_code") if taken else answer.get("code"))
        if not taken:
            raise refusal(response, code, ERRORS)
        status = STATUS.get(str(answer.get("status")), Status.QUEUED)
        if status is Status.FAILED:
            raise ERRORS.get(code or "", Rejected)(code=code)
        sid = answer.get("sid")
        if not isinstance(sid, str) or not sid:
            raise OutcomeUnknown("success without a message id")
        return Accepted(sid, status)

    def build_media(self, media: Media) -> HttpRequest:
        """GET of the attachment, with the account's credentials where the host is the provider's interface."""
        asked = plain(media)
        try:
            target(asked.url, host_of(self.settings.base_url))
        except MediaRefused:
            return asked
        return HttpRequest("GET", asked.url, self._credentials)

    def read_media(self, response: HttpResponse, media: Media) -> HttpRequest | None:  # noqa: ARG002 (one step)
        return None

    @property
    def _credentials(self) -> dict[str, str]:
        pair = f"{self.settings.account_sid}:{self.settings.auth_token}"
        return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode("ascii")}

    def build_lookup(self, message: Outbound) -> HttpRequest | None:
        """GET Messages.json?To=…, the newest first (docs/api/messaging, "Read multiple Message resources")."""
        if "Body" not in self._content_fields(message.part):
            return None  # the provider writes a content's words itself
        sent = self.build_send(message)
        query = urlencode({"To": self._to(message.urn), "PageSize": LOOKED_AT})
        headers = {name: value for name, value in sent.headers.items() if name != "content-type"}
        return HttpRequest("GET", f"{sent.url}?{query}", headers)

    def read_lookup(
        self, response: HttpResponse, message: Outbound, since: datetime, until: datetime
    ) -> DeliveryReport | None:
        try:
            answer = json_object(response.body)
        except MalformedRequest:
            answer = {}
        if response.status != 200:  # noqa: PLR2004  OK
            raise refusal(response, code_of(answer.get("code")), ERRORS)
        ours = {"to": self._to(message.urn), "body": nfc(message.part.text)}
        found = only_one(answer.get("messages"), ours, "date_created", since, until)
        sid = found.get("sid") if found else None
        if not found or not isinstance(sid, str):
            return None
        status = STATUS.get(str(found.get("status")), Status.QUEUED)
        code = code_of(found.get("error_code"))
        return DeliveryReport(
            external_id=sid,
            status=Status.SENT if status is Status.QUEUED else status,
            code=code,
            reference=message.reference,
            opted_out=ERRORS.get(code or "") is ContactOptedOut,
            reason=ERRORS[code].name if status is Status.FAILED and code in ERRORS else None,
        )

    @property
    def _whatsapp(self) -> bool:
        return self.settings.service == "whatsapp"

    def _choices(self, kind: str, most: int) -> int:
        """How many choices every count up to which has its content."""
        return next((n for n in range(most) if f"{kind}{n + 1}" not in self._content), most)

    def _urn(self, address: str) -> Urn | None:
        if not self._whatsapp:
            number = from_network(address, self.settings.country)
            return Urn("tel", number) if number else None
        path = address.removeprefix("whatsapp:")
        if path == address:
            return None
        if _BSUID.fullmatch(path):
            return Urn("bsuid", path)
        digits = path.removeprefix("+")  # the network's own id of an account: not for us to check
        return Urn("whatsapp", digits) if _WA_ID.fullmatch(digits) else None

    def _to(self, urn: Urn) -> str:
        if not self._whatsapp and urn.scheme == "tel" and takes_sms(urn.path):
            return urn.path
        if self._whatsapp and urn.scheme == "whatsapp" and urn.path.isascii() and urn.path.isdigit():
            return f"whatsapp:+{urn.path}"
        if self._whatsapp and urn.scheme == "bsuid" and _BSUID.fullmatch(urn.path):
            return f"whatsapp:{urn.path}"
        raise InvalidUrn

    def _content_fields(self, part: Part) -> dict[str, str]:
        if not part.template and not (self._whatsapp and (part.buttons or part.menu)):
            return {"Body": nfc(part.text)} if part.text or not part.media else {}
        if part.template:
            key = f"{part.template.name}.{part.template.language}"
            variables: tuple[str, ...] = part.template.variables
            sid = part.template.external_id or self._content.get(key)
        elif part.menu:
            key = f"list{len(part.menu.rows)}"
            rows = ((row.title, row.id, row.description or "") for row in part.menu.rows)
            variables = (part.text, part.menu.button, *(value for row in rows for value in row))
            sid = self._content.get(key)
        else:
            key = f"buttons{len(part.buttons)}"
            variables = (part.text, *(value for button in part.buttons for value in (button.title, button.id)))
            sid = self._content.get(key)
        if not sid:
            raise Misconfigured(f"content_sids has no {key}")
        numbered = {str(number): nfc(value) for number, value in enumerate(variables, start=1)}
        return {"ContentSid": sid, "ContentVariables": json.dumps(numbered, ensure_ascii=False)}


def _text(fields: Mapping[str, str]) -> str:
    body = fields.get("Body", "")
    if len(body) >= _BASE64_FROM and len(body) % 4 == 0:
        # Some carriers' long SMS reach the webhook as base64 of their text.
        try:
            decoded = base64.b64decode(body, validate=True).decode()
        except (binascii.Error, ValueError):
            return body
        return decoded if all(c.isprintable() or c.isspace() for c in decoded) else body
    return body or fields.get("ButtonText") or fields.get("ListTitle", "")


def _media(fields: Mapping[str, str]) -> tuple[Media, ...]:
    if fields.get("Latitude") and fields.get("Longitude"):
        return (Media("location", url=f"geo:{fields['Latitude']},{fields['Longitude']}"),)
    number = fields.get("NumMedia", "0")
    said = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0  # noqa: PLR2004  no message has a thousand
    items = ((fields.get(f"MediaContentType{i}", ""), fields.get(f"MediaUrl{i}")) for i in range(min(said, MAX_MEDIA)))
    return tuple(Media(kind or "application/octet-stream", url=url) for kind, url in items if url)
