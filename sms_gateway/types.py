"""The values that cross a channel's edge: requests, messages, reports. No I/O, no provider's name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Urn:
    """An address of a contact: `scheme:path`, for example `tel:+212612345678`, `whatsapp:212612345678`, `bsuid:MA.123`.

    A phone number is never assumed. `repr` hides the path, so an address cannot reach a log by accident.
    """

    scheme: str
    path: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.path}"

    def __repr__(self) -> str:
        return f"Urn({self.scheme}:…)"

    @classmethod
    def parse(cls, value: str) -> "Urn":
        """`scheme:path` → Urn. Raises ValueError when either half is missing."""
        scheme, _, path = value.partition(":")
        if not scheme or not path:
            msg = "a URN is written scheme:path"
            raise ValueError(msg)
        return cls(scheme, path)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it was signed: `url` is the public one, header names are lower case.

    `repr` shows the method only: a query may hold a token, a header a password, a body a message.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back from a provider, or what a provider gets back from us."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Media:
    """One attachment: `type` is a MIME type or a kind (`image`, `audio`, `location`), with a `url` or a provider `id`.

    A location's `url` is `geo:latitude,longitude`. `sha256` (hexadecimal) is what the provider says of the content.
    """

    type: str
    url: str | None = field(default=None, repr=False)
    id: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class DialogSession:
    """A USSD session: the provider's id, whether this hop opens it, and whether the provider says that it is over.

    `accumulated` is set where the provider sends all inputs so far joined by `*` on every hop: the new input is then
    what follows the text seen on the hop before, which only the caller knows.
    """

    id: str
    new: bool = False
    ended: bool = False
    accumulated: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message from a person. `external_id` is unique within a channel and the same each time the provider repeats it."""

    external_id: str
    urn: Urn
    text: str = field(repr=False)
    sent_at: datetime | None = None
    """UTC; None where the provider does not say."""
    name: str | None = field(default=None, repr=False)
    media: tuple[Media, ...] = ()
    choice: str | None = None
    """Id of the button or list row that was pressed."""
    session: DialogSession | None = None
    aliases: tuple[Urn, ...] = ()
    """Other addresses of the same person in this message, such as a business-scoped id beside a number."""


class Status(StrEnum):
    """Where a sent message is. Order: queued < sent < delivered < read; `failed` ends it unless a later delivery shows otherwise."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a provider says became of a message: by its id, or by our own `reference` that it echoes."""

    external_id: str
    status: Status
    code: str | None = None
    reference: str | None = None
    urn: Urn | None = None
    opted_out: bool = False
    reason: str | None = None
    """Of a failure: the name of the ChannelError that the code stands for, such as `outside_window`."""


@dataclass(frozen=True, slots=True)
class Button:
    """One thing to press: `id` comes back as `Inbound.choice`."""

    id: str
    title: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Menu:
    """A list to open: `button` opens it, `rows` are chosen from."""

    button: str
    rows: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A template message approved by the provider."""

    name: str
    language: str
    variables: tuple[str, ...] = field(default=(), repr=False)
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One message as it leaves, already rendered for one channel. `end` closes a USSD session."""

    text: str = field(repr=False)
    buttons: tuple[Button, ...] = ()
    menu: Menu | None = None
    template: Template | None = None
    end: bool = False
    media: tuple[Media, ...] = ()
    """What goes with the text, by address. One part carries what one request of the provider can carry."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """A part on its way to one address. `reference` is our id, put where the provider echoes it."""

    reference: str
    urn: Urn
    part: Part


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message; `external_id` is its name for it (None where it gives none)."""

    external_id: str | None
    status: Status = Status.SENT
