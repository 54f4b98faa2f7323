"""One turn of a conversation as values: what came in, and what was decided about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.model import Contact, Conversation, Kind
from flows.schema import Flow
from flows.types import Do, FlowState, Json, Say
from nlu.types import Understood


@dataclass(frozen=True, slots=True)
class Turn:
    """What came in and from whom. `medium` is `sms`, `ussd` or `whatsapp`; `now` is aware UTC, `wall` is local."""

    said: Understood
    contact: Contact
    conversation: Conversation
    medium: str
    now: datetime
    wall: datetime
    """The same moment in the local zone (aware): flows reckon in its wall time."""
    text: str = field(default="", repr=False)
    choice: str | None = None
    session_new: bool = False
    session_ended: bool = False
    unreadable_media: bool = False
    place_sent: bool = False
    """What came besides the text is a location and nothing else."""
    default_form: str = "ary-Latn"
    """Language and script of an answer to somebody of whom nothing is known yet."""


@dataclass(frozen=True, slots=True)
class Open:
    """A hand-over to open; `urgent` ones stand first."""

    reason: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text to say and why it is said: emergencies and confirmations pass an opt-out."""

    say: Say
    kind: Kind = Kind.REPLY


Effect = Spoken | Open


@dataclass(frozen=True, slots=True)
class Decision:
    """The contact and conversation as they now are, what to say and do, and an action that is waited for."""

    contact: Contact
    conversation: Conversation
    effects: tuple[Effect, ...] = ()
    do: Do | None = None
    keep_text: bool = True
    turn_page: bool = False
    """Only another page of the last answer is shown: nothing new is said."""
    understood: bool = True
    """False when an open question could do nothing with the text."""
    unsure: str | None = None
    """What was not understood well enough led to: `ask` (did you mean …?), `menu` or `person`."""
    wished: str | None = None
    """The full name of the wish that was chosen after "did you mean …?"."""


@dataclass(frozen=True, slots=True)
class FlowBook:
    """The flows in force. A conversation ends on the version it began; new ones begin on the current."""

    current: Mapping[str, Flow]
    versions: Mapping[tuple[str, int], Flow]
    texts: Mapping[tuple[str, int], Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    """Texts that a published version brings along: key → form → text."""

    def of(self, state: FlowState) -> Flow | None:
        """The very version a conversation began on; None when it is no longer known."""
        return self.versions.get((state.flow, state.version))

    @property
    def all_texts(self) -> Mapping[str, Mapping[str, str]]:
        """Texts of the versions in force, for what is said outside an open flow."""
        merged: dict[str, Mapping[str, str]] = {}
        for flow in self.current.values():
            merged.update(self.texts.get((flow.id, flow.version), {}))
        return merged

    def overrides(self, state: FlowState | None) -> Mapping[str, Mapping[str, str]] | None:
        """Texts of the version a conversation is on."""
        return self.texts.get((state.flow, state.version)) if state else None


@dataclass(frozen=True, slots=True)
class Who:
    """For whom an action runs."""

    contact: Contact
    address_id: str
    channel: str
    now: datetime
    zone: str


def facts(contact: Contact, turn: Turn) -> dict[str, Json]:
    """Variables every flow may read."""
    known: dict[str, Json] = {"form": contact.form or turn.default_form, "medium": turn.medium}
    if contact.shared:
        known["shared"] = True
    return known
