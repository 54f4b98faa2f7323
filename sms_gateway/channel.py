"""What a channel type is: a pure translator between one provider's requests and our values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from sms_gateway.types import Accepted, DeliveryReport, HttpRequest, HttpResponse, Inbound, Outbound, Part


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can carry; rendering reads this and never a provider's name."""

    medium: str
    """`sms`, `ussd` or `whatsapp`."""
    inline_reply: bool = False
    """The reply is the answer to the webhook itself."""
    max_parts: int = 10
    """Most messages in one reply: 1 for USSD and for a single-answer webhook."""
    max_units: int = 1600
    """Longest text: GSM-7 septets or UCS-2 units on SMS and USSD, UTF-16 units elsewhere."""
    page_gsm7: int | None = None
    page_ucs2: int | None = None
    """Screen budget of a USSD page by coding; None where text is not paged."""
    buttons: int = 0
    button_title: int = 20
    list_rows: int = 0
    row_title: int = 24
    templates: bool = False
    window_hours: int | None = None
    """Free text only within this many hours of the contact's last message."""
    delivery_reports: bool = False
    tifinagh: bool = True
    rich_units: int | None = None
    """Longest text beside buttons or a list, where that is less than `max_units`."""
    smart: bool = False
    """Texts are respelt for the cheap SMS alphabet where that changes no meaning (`encoding.smart_encode`)."""
    always_ucs2: bool = False
    """Every SMS goes out in UCS-2, whatever its letters: 70 and 67 units a segment."""
    media: int = 0
    """Attachments by address that one request carries."""
    caption_units: int = 0
    """Longest text that goes with attachments in the same request; 0 where it must be a message of its own."""
    media_hosts: tuple[str, ...] = ()
    """Where attachments may be fetched from, as `sms_gateway.fetching.target` reads it; empty: from nowhere."""
    per_second: float | None = None
    """Messages a second that the provider takes from one account, where it says so; settings may lower it."""
    max_body: int = 1_000_000
    """Octets of the largest request that the provider sends."""
    one_address: bool = False
    """Messages and delivery reports come to one address: both are looked for in every request."""
    own_process: bool = False
    """Its connection is held by a process of its own, which sends for it: no worker is woken."""


class Channel(Protocol):
    """One configured channel. An implementation does no I/O: it builds and reads."""

    name: str
    capabilities: Capabilities

    def verify(self, request: HttpRequest) -> None:
        """Pass silently, or raise ForbiddenRequest."""

    def handshake(self, request: HttpRequest) -> HttpResponse | None:
        """The answer to a GET by which the provider checks our address; None where it does not, or this is a message.

        Raises ForbiddenRequest. Asked before `verify`, for GET only.
        """

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        """Messages in this request, in order; one bad event never loses its neighbours. Raises MalformedRequest."""

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        """Delivery reports in this request. Raises MalformedRequest."""

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """What this provider wants as an answer; carries `replies` where `inline_reply` is set."""

    def build_send(self, message: Outbound) -> HttpRequest:
        """The request that sends one part. Raises InvalidUrn or Misconfigured."""

    def read_send(self, response: HttpResponse) -> Accepted:
        """What the provider's answer means. Raises a ChannelError."""


def answer(channel: Channel, request: HttpRequest, replies: Sequence[Part]) -> HttpResponse:
    """What the provider wants as the answer to `request`, with the replies where they ride on it.

    A channel whose answer repeats something of the request, such as the id of a USSD session, says so by a method
    `answer_to(request, replies)`; the others are asked to `acknowledge`.
    """
    echoing: Callable[[HttpRequest, Sequence[Part]], HttpResponse] | None = getattr(channel, "answer_to", None)
    return echoing(request, replies) if echoing else channel.acknowledge(replies)


@runtime_checkable
class LooksUp(Protocol):
    """A channel whose provider can be asked which messages it took for an address; for sends of unknown outcome."""

    def build_lookup(self, message: Outbound) -> HttpRequest | None:
        """The question; None for a message that could not be told from others in the answer."""

    def read_lookup(
        self, response: HttpResponse, message: Outbound, since: datetime, until: datetime
    ) -> DeliveryReport | None:
        """What became of the message, if the provider took exactly one of this text for this address between the moments.

        None says nothing: a list may lag behind. Raises a ChannelError.
        """
