"""WhatsApp through 360dialog, which passes Meta's requests and answers on. PURE.

In:   JSON in Meta's shape, unsigned: a token in the webhook's query (`?token=…`) or the `x-webhook-token` header, which
      360dialog sends when it is set with the webhook's address, stands in for a signature.
Out:  the Cloud API's body with the header `d360-api-key`, to `<base_url>/messages`.

Source: docs.360dialog.com, "Messaging API", "Webhook reference" and "Error code reference".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from sms_gateway import webhook
from sms_gateway.answers import retry_after
from sms_gateway.errors import MalformedRequest, Misconfigured, Throttled
from sms_gateway.fetching import host_of
from sms_gateway.meta import events, files, refusals, sends
from sms_gateway.reading import json_object
from sms_gateway.settings import read_settings
from sms_gateway.types import Accepted, DeliveryReport, HttpRequest, HttpResponse, Inbound, Media, Outbound, Part

BASE_URL = "https://waba-v2.360dialog.io"
"""Of the Cloud API accounts (docs.360dialog.com, "Messaging API")."""

TOO_FAST = ("rate limit", "exceeded the limit")
SHUT = ("has been disabled", "lack of payment")
"""What 360dialog says in `developer_message` under a mere 400 (docs.360dialog.com, "Error code reference")."""


@dataclass(frozen=True, slots=True)
class Dialog360Settings:
    """`phone_number_id`, where given, lets only that number's events in; `webhook_token` keeps strangers out."""

    api_key: str = field(repr=False)
    phone_number_id: str = ""
    base_url: str = BASE_URL
    webhook_token: str = field(default="", repr=False)
    webhook_url: str = ""
    sender: str = ""
    country: str = "MA"
    reference_param: str = "reference"

    def problems(self) -> Iterable[str]:
        urls = {"base_url": self.base_url, "webhook_url": self.webhook_url}
        return webhook.common_problems(self.country, self.reference_param, urls)


class Dialog360:
    """One WhatsApp number at 360dialog, configured by Dialog360Settings."""

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = read_settings(Dialog360Settings, config)
        self.capabilities = replace(sends.CAPABILITIES, media_hosts=host_of(self.settings.base_url))

    def __repr__(self) -> str:
        return f"Dialog360({self.name!r})"

    def verify(self, request: HttpRequest) -> None:
        events.check(request, self.settings.webhook_token)

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (this provider checks nothing)
        return None

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        return events.messages(events.read(request.body, self.settings.phone_number_id))

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        return events.reports(events.read(request.body, self.settings.phone_number_id))

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """An empty 200. Raises ValueError for any reply: none can go this way."""
        webhook.nothing_rides(replies)
        return HttpResponse(200)

    def build_send(self, message: Outbound) -> HttpRequest:
        return HttpRequest(
            "POST",
            f"{self.settings.base_url.rstrip('/')}/messages",
            {
                "d360-api-key": self.settings.api_key,
                "content-type": "application/json",
                "accept": "application/json",
            },
            sends.cloud_body(message),
        )

    def read_send(self, response: HttpResponse) -> Accepted:
        """As Meta's answer, except where 360dialog itself speaks: a 400 that says why only in words."""
        if response.status == 400:  # noqa: PLR2004  Bad Request
            said = _own_words(response)
            if any(words in said for words in TOO_FAST):
                raise Throttled(code="400", wait=retry_after(response))
            if any(words in said for words in SHUT):
                raise Misconfigured(code="400")
        return refusals.read_answer(response)

    def build_media(self, media: Media) -> HttpRequest:
        return files.ask(self.settings.base_url, media, self._key)

    def read_media(self, response: HttpResponse, media: Media) -> HttpRequest | None:  # noqa: ARG002 (as declared)
        """Meta's address, asked of 360dialog's host, which has Meta's token ("Upload, retrieve or delete media")."""
        url = files.where(response)
        if url is None:
            return None
        parts = urlsplit(url)
        base = self.settings.base_url.rstrip("/")
        return HttpRequest("GET", f"{base}{parts.path}?{parts.query}", self._key)

    @property
    def _key(self) -> Mapping[str, str]:
        return {"d360-api-key": self.settings.api_key}


def _own_words(response: HttpResponse) -> str:
    try:
        meta = json_object(response.body).get("meta")
    except MalformedRequest:
        return ""
    found = [meta.get(key) for key in ("developer_message", "developerMessage")] if isinstance(meta, dict) else []
    return " ".join(words for words in found if isinstance(words, str)).lower()
