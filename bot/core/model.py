"""The words of the hub: contact, conversation, message, lane, state. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from flows.types import Choice, FlowState, Json
from sms_gateway.types import Part, Urn


class Consent(StrEnum):
    """What a contact said to being kept: nothing is kept beyond the safety minimum unless `given`."""

    UNKNOWN = "unknown"
    GIVEN = "given"
    REFUSED = "refused"
    AGAIN = "again"
    """Was given, perhaps by somebody else: nothing is shown or sent until the person has said that they are the same."""


class Lane(IntEnum):
    """Who goes first. Replies always overtake bulk."""

    EMERGENCY = 0
    REPLY = 1
    REMINDER = 2
    CAMPAIGN = 3


class Kind(StrEnum):
    """Why a message goes out."""

    REPLY = "reply"
    EMERGENCY = "emergency"
    CONFIRMATION = "confirmation"
    REMINDER = "reminder"
    CAMPAIGN = "campaign"
    STAFF = "staff"

    @property
    def passes_opt_out(self) -> bool:
        """After STOP only its confirmation and safety answers go out."""
        return self in {Kind.EMERGENCY, Kind.CONFIRMATION}


class State(StrEnum):
    """Where an outbox row is.

    queued → sending → sent → delivered → read, or failed, unknown (the outcome of a send was never learned), skipped
    (decided not to send, with a reason), answered (it was the answer to the provider's own request).
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Contact:
    """A person as the hub knows them. `form` is their language and script; times are UTC."""

    id: str
    form: str | None = None
    consent: Consent = Consent.UNKNOWN
    opted_out: bool = False
    name: str | None = field(default=None, repr=False)
    last_inbound_at: datetime | None = None
    case_id: str | None = None
    """The open hand-over, if a person of the staff is answering."""
    new: bool = False
    shared: bool = False
    """Whether several profiles stand behind the number."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is open between a contact and one channel. Kept encrypted; survives a JSON round trip."""

    flow: FlowState | None = None
    choices: tuple[Choice, ...] = ()
    """What the last question offered, in the order shown."""
    pages: tuple[str, ...] = field(default=(), repr=False)
    """USSD pages still to be shown of the last answer; `page` is the one on the screen."""
    page: int = 0
    session_id: str | None = None
    """The provider's USSD session."""
    seen: str = field(default="", repr=False)
    """Inputs that the provider's USSD session has accumulated so far."""
    expires_at: datetime | None = None
    silent_at: datetime | None = None
    """When nobody's answering means something to the open flow."""
    updated_at: datetime | None = None
    missed: int = 0
    """How many messages in a row were not understood well enough."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it reaches the store: where it came in and what it is called there."""

    channel: str
    external_id: str
    urn: Urn
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the store knows about an arrival. `answer` is set for a repeat: what was answered the first time."""

    contact: Contact
    address_id: str
    conversation: Conversation
    answer: tuple[Part, ...] | None = None
    stale: bool = False
    """Whether the contact's rows say less than they should of when and where they last wrote."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An outbox row to be: one part for one address."""

    id: str
    contact_id: str
    address_id: str
    channel: str
    kind: Kind
    lane: Lane
    part: Part
    created_at: datetime
    due_at: datetime
    expires_at: datetime
    source: str | None = None
    """What asked for it: a reminder, a campaign or a case, by id."""
    state: State = State.QUEUED


@dataclass(frozen=True, slots=True)
class NewCase:
    """A hand-over to open: a person of the staff should look."""

    id: str
    contact_id: str
    reason: str
    urgent: bool
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """Everything one message changed, committed as a whole or not at all."""

    arrival: Arrival
    contact: Contact
    address_id: str
    conversation: Conversation
    text: str | None = field(default=None, repr=False)
    """What was said; None where it may not be kept."""
    understood: Mapping[str, Json] = field(default_factory=dict)
    inbound_id: str = ""
    answer: tuple[Part, ...] = ()
    drafts: tuple[Draft, ...] = ()
    cases: tuple[NewCase, ...] = ()
    changed: bool = True
    """Whether the contact's own rows must be written."""
