"""One of our messages as WhatsApp's API takes it: text, buttons, list, template or attachment. PURE.

Field names and limits: developers.facebook.com, WhatsApp Cloud API, "Messages" reference. Lengths are in UTF-16 units,
the strictest way of counting what the reference calls characters.
"""

import json
import re
from collections.abc import Mapping, Sequence
from posixpath import basename
from typing import Any
from urllib.parse import unquote, urlsplit

from sms_gateway.channel import Capabilities
from sms_gateway.encoding import nfc
from sms_gateway.errors import InvalidUrn, Rejected
from sms_gateway.meta.events import MAX_BODY, urn_of
from sms_gateway.reading import clean
from sms_gateway.settings import is_http_url
from sms_gateway.types import Button, Media, Menu, Outbound, Part, Template

MAX_TEXT = 4096
MAX_RICH = 1024
"""A body with buttons or a list, and a caption."""
MAX_BUTTONS, BUTTON_TITLE, BUTTON_ID = 3, 20, 256
MAX_ROWS, ROW_TITLE, ROW_DESCRIPTION, ROW_ID, OPENER = 10, 24, 72, 200, 20

CAPABILITIES = Capabilities(
    medium="whatsapp",
    max_units=MAX_TEXT,
    rich_units=MAX_RICH,
    buttons=MAX_BUTTONS,
    button_title=BUTTON_TITLE,
    list_rows=MAX_ROWS,
    row_title=ROW_TITLE,
    templates=True,
    window_hours=24,
    delivery_reports=True,
    media=1,
    caption_units=MAX_RICH,
    per_second=80.0,  # a number's default throughput (same pages, "Throughput")
    max_body=MAX_BODY,
    one_address=True,
)

KINDS = frozenset({"audio", "image", "video"})
"""What a MIME type may begin with; everything else is a document."""

_TAG = re.compile(r"([a-z]{2,3})-([A-Z]{2})")


def cloud_body(message: Outbound) -> bytes:
    """The request body of the Cloud API. Raises InvalidUrn, or Rejected for what no request of WhatsApp can carry."""
    address = "recipient" if message.urn.scheme == "bsuid" else "to"
    return as_json(
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            address: path_of(message, {"whatsapp", "bsuid"}),
            **content(message.part),
            "biz_opaque_callback_data": message.reference,
        }
    )


def path_of(message: Outbound, schemes: set[str]) -> str:
    """The contact's id as WhatsApp knows it. Raises InvalidUrn."""
    if message.urn.scheme not in schemes or urn_of(message.urn.path) != message.urn:
        raise InvalidUrn
    return message.urn.path


def content(part: Part) -> dict[str, Any]:
    """`type` and what belongs to it. Raises Rejected for too much of something: nothing is cut."""
    if part.template:
        return {"type": "template", "template": _template(part.template)}
    if len(part.media) > 1:
        raise Rejected("one message carries one attachment")
    if part.buttons or part.menu:
        return {"type": "interactive", "interactive": _interactive(part)}
    if part.media:
        return _attachment(part.media[0], part.text)
    return {"type": "text", "text": {"body": _fit(part.text, MAX_TEXT, "text"), "preview_url": False}}


def as_json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _template(template: Template) -> dict[str, Any]:
    """Language codes are written `ar_MA`; our tags write the same as `ar-MA`."""
    language = _TAG.sub(r"\1_\2", template.language)
    said: dict[str, Any] = {"name": template.name, "language": {"policy": "deterministic", "code": language}}
    if template.variables:
        values = [{"type": "text", "text": _plain(value)} for value in template.variables]
        said["components"] = [{"type": "body", "parameters": values}]
    return said


def _interactive(part: Part) -> dict[str, Any]:
    said: dict[str, Any] = {"type": "list" if part.menu else "button"}
    if part.media:
        kind, file = _file(part.media[0])
        if part.menu or kind == "audio":
            raise Rejected("this attachment cannot stand above choices")
        said["header"] = {"type": kind, kind: file}
    said["body"] = {"text": _fit(part.text, MAX_RICH, "text")}
    said["action"] = _list(part.menu) if part.menu else {"buttons": _buttons(part.buttons)}
    return said


def _buttons(buttons: Sequence[Button]) -> list[dict[str, Any]]:
    if len(buttons) > MAX_BUTTONS:
        raise Rejected("too many buttons")
    return [
        {
            "type": "reply",
            "reply": {"id": _fit(one.id, BUTTON_ID, "id"), "title": _fit(one.title, BUTTON_TITLE, "title")},
        }
        for one in buttons
    ]


def _list(menu: Menu) -> dict[str, Any]:
    if not 0 < len(menu.rows) <= MAX_ROWS:
        raise Rejected("a list has one to ten rows")
    rows = []
    for row in menu.rows:
        said = {"id": _fit(row.id, ROW_ID, "id"), "title": _fit(row.title, ROW_TITLE, "title")}
        if row.description:
            said["description"] = _fit(row.description, ROW_DESCRIPTION, "description")
        rows.append(said)
    return {"button": _fit(menu.button, OPENER, "button"), "sections": [{"rows": rows}]}


def _attachment(media: Media, text: str) -> dict[str, Any]:
    kind, file = _file(media)
    if text:
        if kind == "audio":
            raise Rejected("a voice message carries no text")
        file["caption"] = _fit(text, MAX_RICH, "caption")
    return {"type": kind, kind: file}


def _file(media: Media) -> tuple[str, dict[str, str]]:
    if not media.url or not is_http_url(media.url):
        raise Rejected("an attachment is sent by its address")
    first = media.type.partition("/")[0].lower()
    kind, file = first if first in KINDS else "document", {"link": media.url}
    name = clean(unquote(basename(urlsplit(media.url).path)))
    if kind == "document" and name:
        file["filename"] = name
    return kind, file


def _fit(text: str, most: int, what: str) -> str:
    plain = _plain(text)
    if not plain.strip():
        raise Rejected(f"{what}: empty")
    if len(plain.encode("utf-16-le")) // 2 > most:
        raise Rejected(f"{what}: too long")
    return plain


def _plain(text: str) -> str:
    return nfc(clean(text))
