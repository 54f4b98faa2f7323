"""WhatsApp through Turn.io, in the dialect of WhatsApp's on-premises API. PURE.

In:   JSON with `contacts`, `messages` and `statuses` at its top, signed over the raw octets when the webhook has a secret:
      `x-turn-hook-signature: <base64 HMAC-SHA256>`. Subscriptions other than `whatsapp` repeat what was sent: no event.
Out:  JSON with a bearer token to `<base_url>/v1/messages`. Nothing of ours is echoed: reports carry the message's id alone.

Source: whatsapp.turn.io/docs, "Webhooks", "Messages" and "Errors".
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sms_gateway import webhook
from sms_gateway.errors import ForbiddenRequest
from sms_gateway.fetching import host_of
from sms_gateway.meta import events, files, refusals, sends
from sms_gateway.settings import read_settings
from sms_gateway.types import Accepted, DeliveryReport, HttpRequest, HttpResponse, Inbound, Media, Outbound, Part
from sms_gateway.verify import same

BASE_URL = "https://whatsapp.turn.io"
SIGNATURE = "x-turn-hook-signature"
SUBSCRIPTION = "x-turn-hook-subscription"


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """`hmac_secret` is the webhook's secret; `namespace` the account's, for templates made before the Cloud API."""

    access_token: str = field(repr=False)
    base_url: str = BASE_URL
    namespace: str = ""
    hmac_secret: str = field(default="", repr=False)
    webhook_token: str = field(default="", repr=False)
    webhook_url: str = ""
    sender: str = ""
    country: str = "MA"
    reference_param: str = "reference"

    def problems(self) -> Iterable[str]:
        urls = {"base_url": self.base_url, "webhook_url": self.webhook_url}
        return webhook.common_problems(self.country, self.reference_param, urls)


class Turn:
    """One WhatsApp number at Turn.io, configured by TurnSettings."""

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = read_settings(TurnSettings, config)
        self.capabilities = replace(sends.CAPABILITIES, media_hosts=host_of(self.settings.base_url))

    def __repr__(self) -> str:
        return f"Turn({self.name!r})"

    def verify(self, request: HttpRequest) -> None:
        events.check(request, self.settings.webhook_token)
        if self.settings.hmac_secret:
            digest = hmac.new(self.settings.hmac_secret.encode(), request.body, hashlib.sha256).digest()
            if not same(request.headers.get(SIGNATURE, ""), base64.b64encode(digest).decode("ascii")):
                raise ForbiddenRequest("wrong signature")

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (this provider checks nothing)
        return None

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        return events.messages(_values(request))

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        return events.reports(_values(request))

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """An empty 200. Raises ValueError for any reply: none can go this way."""
        webhook.nothing_rides(replies)
        return HttpResponse(200)

    def build_send(self, message: Outbound) -> HttpRequest:
        """To numbers only: this dialect has no field for a business-scoped id. Raises InvalidUrn for one."""
        said: dict[str, Any] = {
            "recipient_type": "individual",
            "to": sends.path_of(message, {"whatsapp"}),
            **sends.content(message.part),
        }
        if "text" in said:
            del said["text"]["preview_url"]  # stands beside `text` here, and is off when it is not there
        if "template" in said and self.settings.namespace:
            said["template"] = {"namespace": self.settings.namespace, **said["template"]}
        return HttpRequest(
            "POST",
            f"{self.settings.base_url.rstrip('/')}/v1/messages",
            {
                "authorization": f"Bearer {self.settings.access_token}",
                "content-type": "application/json",
                "accept": "application/json",
            },
            sends.as_json(said),
        )

    def read_send(self, response: HttpResponse) -> Accepted:
        return refusals.read_answer(response)

    def build_media(self, media: Media) -> HttpRequest:
        """The content itself comes back (whatsapp.turn.io/docs, "Media")."""
        headers = {"authorization": f"Bearer {self.settings.access_token}"}
        return files.ask(f"{self.settings.base_url.rstrip('/')}/v1/media", media, headers)

    def read_media(self, response: HttpResponse, media: Media) -> HttpRequest | None:  # noqa: ARG002 (one step)
        return None


def _values(request: HttpRequest) -> list[events.Json]:
    if request.headers.get(SUBSCRIPTION, "whatsapp") != "whatsapp":
        return []
    return events.read(request.body)
