"""Where WhatsApp keeps what people sent: an id leads to an address, the address to the content. PURE.

The address lives for five minutes and wants the same credentials. Source: developers.facebook.com, WhatsApp Cloud API,
"Media": "Retrieve media URL", "Download media".
"""

import re
from collections.abc import Mapping

from sms_gateway.errors import MalformedRequest
from sms_gateway.fetching import MediaRefused, target
from sms_gateway.reading import json_object
from sms_gateway.types import HttpRequest, HttpResponse, Media

STORE = "lookaside.fbsbx.com"
"""The host of the addresses that Meta answers with."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def ask(base: str, media: Media, headers: Mapping[str, str]) -> HttpRequest:
    """The request about an attachment's id. Raises MediaRefused where it has none that could be one."""
    if not media.id or not _ID.fullmatch(media.id):
        raise MediaRefused("no_address")
    return HttpRequest("GET", f"{base.rstrip('/')}/{media.id}", headers)


def where(response: HttpResponse) -> str | None:
    """The address in Meta's store that an answer names; None where the answer is the content.

    Raises MediaRefused for any other address: a token is about to be sent there.
    """
    if "json" not in response.headers.get("content-type", "").lower():
        return None
    try:
        url = json_object(response.body).get("url")
    except MalformedRequest:
        url = None
    if not isinstance(url, str):
        raise MediaRefused("no_address")
    target(url, (STORE,))
    return url
