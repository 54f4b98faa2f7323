"""WhatsApp through Meta's own Cloud API. PURE.

In:   a GET that checks our address, then JSON signed over its raw octets: `x-hub-signature-256: sha256=<hex HMAC-SHA256>`
      under the app's secret. Messages and delivery reports come to one address.
Out:  JSON with a bearer token; our reference rides in `biz_opaque_callback_data`.

Source: developers.facebook.com, WhatsApp Cloud API, "Webhooks" and "Messages"; the payload is read in `sms_gateway.meta`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, quote, urlsplit

from sms_gateway import webhook
from sms_gateway.errors import ForbiddenRequest
from sms_gateway.fetching import host_of
from sms_gateway.meta import events, files, refusals, sends
from sms_gateway.settings import read_settings
from sms_gateway.types import Accepted, DeliveryReport, HttpRequest, HttpResponse, Inbound, Media, Outbound, Part
from sms_gateway.verify import verify_body, verify_token

GRAPH = "https://graph.facebook.com/v23.0"
"""The Graph API of May 2025 (developers.facebook.com, Graph API, "Changelog"); a version lives for about two years."""

SIGNATURE = "x-hub-signature-256"


@dataclass(frozen=True, slots=True)
class WhatsAppCloudSettings:
    """`app_secret` checks the signature and `verify_token` the handshake; without an app secret nothing is signed.

    `base_url` holds the version of the Graph API. `webhook_token` is checked beside the signature where it is given.
    """

    phone_number_id: str
    access_token: str = field(repr=False)
    app_secret: str = field(default="", repr=False)
    verify_token: str = field(default="", repr=False)
    base_url: str = GRAPH
    webhook_token: str = field(default="", repr=False)
    webhook_url: str = ""
    sender: str = ""
    country: str = "MA"
    reference_param: str = "reference"

    def problems(self) -> Iterable[str]:
        urls = {"base_url": self.base_url, "webhook_url": self.webhook_url}
        return webhook.common_problems(self.country, self.reference_param, urls)


class WhatsAppCloud:
    """One WhatsApp number, configured by WhatsAppCloudSettings."""

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = read_settings(WhatsAppCloudSettings, config)
        self.capabilities = replace(sends.CAPABILITIES, media_hosts=(*host_of(self.settings.base_url), files.STORE))

    def __repr__(self) -> str:
        return f"WhatsAppCloud({self.name!r})"

    def verify(self, request: HttpRequest) -> None:
        if request.method == "GET":
            self.handshake(request)
            return
        events.check(request, self.settings.webhook_token)
        if self.settings.app_secret:
            verify_body(self.settings.app_secret, request.body, request.headers.get(SIGNATURE, ""), events.MAX_BODY)

    def handshake(self, request: HttpRequest) -> HttpResponse | None:
        """The challenge as plain text that no browser may take for a page. Raises ForbiddenRequest."""
        try:
            query = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        except ValueError:
            raise ForbiddenRequest("the address cannot be read") from None
        if query.get("hub.mode") != "subscribe":
            raise ForbiddenRequest("not a handshake")
        verify_token(self.settings.verify_token, query.get("hub.verify_token", ""))
        headers = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}
        return HttpResponse(200, headers, query.get("hub.challenge", "").encode("utf-8", "replace"))

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        if request.method == "GET":
            return []
        return events.messages(events.read(request.body, self.settings.phone_number_id))

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        if request.method == "GET":
            return []
        return events.reports(events.read(request.body, self.settings.phone_number_id))

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """An empty 200. Raises ValueError for any reply: none can go this way."""
        webhook.nothing_rides(replies)
        return HttpResponse(200)

    def build_send(self, message: Outbound) -> HttpRequest:
        number = quote(self.settings.phone_number_id, safe="")
        return HttpRequest(
            "POST",
            f"{self.settings.base_url.rstrip('/')}/{number}/messages",
            {
                "authorization": f"Bearer {self.settings.access_token}",
                "content-type": "application/json",
                "accept": "application/json",
            },
            sends.cloud_body(message),
        )

    def read_send(self, response: HttpResponse) -> Accepted:
        return refusals.read_answer(response)

    def build_media(self, media: Media) -> HttpRequest:
        return files.ask(self.settings.base_url, media, self._bearer)

    def read_media(self, response: HttpResponse, media: Media) -> HttpRequest | None:  # noqa: ARG002 (as declared)
        url = files.where(response)
        return HttpRequest("GET", url, self._bearer) if url else None

    @property
    def _bearer(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.settings.access_token}"}
