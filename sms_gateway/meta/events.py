"""WhatsApp's webhooks in Meta's shape, as Meta and those who pass its requests on bring them. PURE.

wrapped  {"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": V}]}]}
bare     V, as the on-premises API posts it
V        metadata {phone_number_id}, contacts [{profile {name}, wa_id, user_id}], messages […], statuses […], errors […]

Field names: developers.facebook.com, WhatsApp Cloud API, "Webhooks: payload components" and "Business-scoped user ids";
on-premises API, "Webhooks: inbound notifications".
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from sms_gateway import webhook
from sms_gateway.answers import code_of
from sms_gateway.errors import ContactOptedOut, ForbiddenRequest, MalformedRequest
from sms_gateway.meta.refusals import ERRORS, error_code
from sms_gateway.reading import clean, identifier, json_object, reference
from sms_gateway.types import DeliveryReport, HttpRequest, Inbound, Media, Status, Urn

T = TypeVar("T")
Json = Mapping[str, Any]

MAX_BODY = 3 * 1024 * 1024
"""Octets of the largest webhook: Meta batches updates in up to 3 MB (same pages)."""

OBJECT = "whatsapp_business_account"
BARE = ("contacts", "messages", "statuses", "errors")

STATUS = {
    "sending": Status.QUEUED,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "played": Status.READ,  # a voice message was listened to
    "failed": Status.FAILED,
}

FILES = frozenset({"audio", "document", "image", "sticker", "video", "voice"})
REPLIES = ("button_reply", "list_reply", "nfm_reply")

_NUMBER = re.compile(r"\+?([0-9]{1,20})")
_BSUID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9._-]{1,128}")
_KIND = re.compile(r"[a-z_]{1,30}")
_HEX = re.compile(r"[0-9A-Fa-f]{64}")
_MILLISECONDS = 10**12
"""A timestamp this large is not in seconds, as it is now and then (seen in the wild)."""


def check(request: HttpRequest, token: str) -> None:
    """Pass a POST of at most MAX_BODY with the token that is expected, if any. Raises ForbiddenRequest."""
    if len(request.body) > MAX_BODY:
        raise ForbiddenRequest("the body is too large")
    webhook.check(replace(request, body=b""), token, ("POST",))  # whose own limit is that of smaller providers


def read(body: bytes, phone_number_id: str = "") -> list[Json]:
    """Every V in the request that concerns this number (any number, when none is given). Raises MalformedRequest.

    A V that names no number is taken: somebody who may post here sent it, and a message lost is worse than one asked.
    """
    said = json_object(body, MAX_BODY)
    if "entry" not in said:
        if not any(key in said for key in BARE):
            raise MalformedRequest("neither entry nor messages")
        return [said]
    if isinstance(said.get("object"), str) and said["object"] != OBJECT:
        return []
    if not isinstance(said["entry"], list):
        raise MalformedRequest("entry is not a list")
    changes = [change for entry in _objects(said["entry"]) for change in _objects(entry.get("changes"))]
    values = [_object(change.get("value")) for change in changes if change.get("field") in ("messages", None)]
    return [value for value in values if not phone_number_id or _number_of(value) in {"", phone_number_id}]


def messages(values: Sequence[Json]) -> list[Inbound]:
    """What people wrote, in order, each id once; nothing for group messages and reactions. Raises MalformedRequest."""
    found: dict[str, Inbound] = {}
    for message in _each(values, "messages", "statuses", _message):
        found.setdefault(message.external_id, message)
    return list(found.values())


def reports(values: Sequence[Json]) -> list[DeliveryReport]:
    """What became of our messages, in order; nothing for deleted ones. Raises MalformedRequest."""
    return _each(values, "statuses", "messages", _report)


def urn_of(address: str) -> Urn | None:
    """The address of a contact as Meta writes it: digits, or a business-scoped id (`MA.123`)."""
    number = _NUMBER.fullmatch(address)
    if number:
        return Urn("whatsapp", number[1])
    return Urn("bsuid", address) if _BSUID.fullmatch(address) else None


def _each(values: Sequence[Json], key: str, other: str, take: Callable[[Json, Json], T | None]) -> list[T]:
    """Everything under `key` that can be read; MalformedRequest only when nothing of the whole request can."""
    good: list[T] = []
    fine, bad = any(value.get(other) for value in values), None
    for value in values:
        items = value.get(key)
        for item in items if isinstance(items, list) else [] if items is None else [items]:
            try:
                if not isinstance(item, dict):
                    raise MalformedRequest(f"{key} holds something other than objects")  # noqa: TRY301  one bad item is told apart from its neighbours just below
                taken = take(item, value)
            except MalformedRequest as error:
                bad = error
                continue
            fine = True
            if taken is not None:
                good.append(taken)
    if bad and not fine:
        raise bad
    return good


def _message(item: Json, value: Json) -> Inbound | None:
    kind = _said(item, "type")
    if item.get("group_id") or kind == "reaction":  # a thumb on what was said says nothing that needs an answer
        return None
    contact = _contact(item, value)
    given = (_said(item, "from"), _said(item, "from_user_id"), _said(contact, "wa_id"), _said(contact, "user_id"))
    urns = [urn for address in given if (urn := urn_of(address))]
    if not urns:
        raise MalformedRequest("from is not an address of this channel")
    text, choice, media = _content(kind, item)
    return Inbound(
        external_id=identifier(item, "id"),
        urn=urns[0],
        text=text,
        sent_at=_instant(item.get("timestamp")),
        name=_said(_object(contact.get("profile")), "name") or None,
        media=media,
        choice=choice,
        aliases=tuple(dict.fromkeys(urn for urn in urns if urn.scheme != urns[0].scheme)),
    )


def _contact(item: Json, value: Json) -> Json:
    """Who wrote, among the contacts of the request; the only one there is where the message names nobody."""
    contacts = _objects(value.get("contacts"))
    ids = {_said(item, "from"), _said(item, "from_user_id")} - {""}
    if not ids:
        return contacts[0] if len(contacts) == 1 else {}
    return next((one for one in contacts if ids & {_said(one, "wa_id"), _said(one, "user_id")}), {})


def _content(kind: str, item: Json) -> tuple[str, str | None, tuple[Media, ...]]:
    """Text, choice and attachments. A kind that nothing here can read is an attachment named for it, so that the
    person is told and not left waiting.
    """
    inner = _object(item.get(kind))
    if kind == "text":
        return _said(inner, "body"), None, ()
    if kind == "button":
        return _said(inner, "text"), _said(inner, "payload") or None, ()
    if kind == "interactive":
        reply = next((found for key in REPLIES if (found := _object(inner.get(key)))), None)
        if reply is not None:
            return _said(reply, "title") or _said(reply, "body"), _said(reply, "id") or None, ()
    if kind in FILES:
        return _said(inner, "caption"), None, (_file(kind, inner),)
    if kind == "location":
        return "", None, (Media("location", url=_geo(inner)),)
    return "", None, (Media(kind if _KIND.fullmatch(kind) else "unknown"),)


def _file(kind: str, inner: Json) -> Media:
    """An attachment, to be fetched by its id. One that the provider could not load itself has none."""
    id_, link = _said(inner, "id") or None, _said(inner, "link")
    url = link if not id_ and link.startswith("https://") else None
    return Media(_said(inner, "mime_type").strip() or kind, url=url, id=id_, sha256=_sha256(_said(inner, "sha256")))


def _sha256(given: str) -> str | None:
    """The hash in hexadecimal; webhooks bring it in that or in base64."""
    if _HEX.fullmatch(given):
        return given.lower()
    try:
        digest = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest.hex() if len(digest) == 32 else None  # noqa: PLR2004  octets of a SHA-256


def _geo(inner: Json) -> str | None:
    latitude, longitude = _degrees(inner.get("latitude"), 90), _degrees(inner.get("longitude"), 180)
    return f"geo:{latitude},{longitude}" if latitude is not None and longitude is not None else None


def _degrees(value: object, most: int) -> str | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= most:
        return None
    written = repr(value)
    return f"{value:.7f}" if "e" in written else written


def _report(item: Json, value: Json) -> DeliveryReport | None:  # noqa: ARG001  read like a message
    word = _said(item, "status")
    if not word:
        raise MalformedRequest("status is missing")
    if word == "deleted":
        return None
    status = STATUS.get(word, Status.UNKNOWN)
    errors = _objects(item.get("errors"))
    code = error_code(errors[0]) if errors else None
    if code is None and status in {Status.UNKNOWN, Status.FAILED}:
        code = code_of(word)
    kind = ERRORS.get(code or "")
    to = (_said(item, "recipient_id"), _said(item, "recipient_user_id"))
    return DeliveryReport(
        external_id=identifier(item, "id"),
        status=status,
        code=code,
        reference=reference(_said(item, "biz_opaque_callback_data")),
        urn=next((urn for address in to if (urn := urn_of(address))), None),
        opted_out=kind is ContactOptedOut,
        reason=kind.name if kind and status is Status.FAILED else None,
    )


def _number_of(value: Json) -> str:
    given = _object(value.get("metadata")).get("phone_number_id")
    return str(given) if isinstance(given, str | int) else ""


def _instant(given: object) -> datetime | None:
    """Unix seconds, in UTC; None for anything else, since a bad time must not lose a message."""
    if isinstance(given, bool) or not re.fullmatch(r"[0-9]{1,15}", str(given)):
        return None
    seconds = int(str(given))
    try:
        return datetime.fromtimestamp(seconds / 1000 if seconds >= _MILLISECONDS else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _said(fields: Json, key: str) -> str:
    """The string under `key`, cleaned; empty for anything else: one odd field does not cost the message."""
    value = fields.get(key)
    return clean(value) if isinstance(value, str) else ""


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Json]:
    items: Iterable[object] = value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, dict)]
