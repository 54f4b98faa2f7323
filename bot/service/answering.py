"""From a decision to what is stored and sent: rendered parts, outbox drafts, the conversation as it now is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from bot.core.ids import IdSource
from bot.core.model import Arrival, Contact, Conversation, Draft, Kind, Lane, Loaded, NewCase, Result, State
from bot.core.render import render
from bot.core.turn import Decision, FlowBook, Open, Spoken, Turn
from flows import engine
from flows.types import Json
from locales.catalog import Catalog
from sms_gateway.channel import Channel
from sms_gateway.types import Part

LANE = {
    Kind.EMERGENCY: Lane.EMERGENCY,
    Kind.REPLY: Lane.REPLY,
    Kind.CONFIRMATION: Lane.REPLY,
    Kind.STAFF: Lane.REPLY,
    Kind.REMINDER: Lane.REMINDER,
    Kind.CAMPAIGN: Lane.CAMPAIGN,
}
LASTS = {
    Kind.EMERGENCY: timedelta(hours=6),
    Kind.REPLY: timedelta(hours=1),
    Kind.CONFIRMATION: timedelta(hours=24),
    Kind.STAFF: timedelta(hours=24),
}
"""How long a text is still worth sending; reminders and campaigns carry their own."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the webhook answers, whether outbox rows wait to be sent, and which of them go at once."""

    parts: tuple[Part, ...] = ()
    waiting: bool = False
    urgent: tuple[str, ...] = ()
    form: str | None = None


class Composer:
    """Renders decisions."""

    def __init__(self, catalog: Catalog, new_id: IdSource) -> None:
        self._catalog = catalog
        self._new_id = new_id

    def compose(
        self,
        channel: Channel,
        arrival: Arrival,
        known: Loaded,
        turn: Turn,
        decision: Decision,
        flows: FlowBook,
        *,
        late: bool = False,
        alarm_answered: bool = False,
    ) -> tuple[Result, Answered]:
        """The result to commit and the answer to give for one inbound message.

        A `late` one waited on disk: its answers are sent, because its request is over (a USSD session too, for good).
        With `alarm_answered` its emergency texts were said when it came, and are only recorded.
        """
        spoken = [effect for effect in decision.effects if isinstance(effect, Spoken)]
        contact, cases = self._cases(decision, turn)
        conversation = decision.conversation
        if decision.turn_page:
            shown = [(Kind.REPLY, Part(conversation.pages[conversation.page]))]
        else:
            shown, pages = self._render(channel, contact, decision, spoken, flows)
            conversation = _kept(conversation, pages, silence_of(conversation, flows))
        if channel.capabilities.medium == "ussd":
            shown = [(kind, replace(part, end=_over(conversation))) for kind, part in shown]
        inline = channel.capabilities.inline_reply and not (late and channel.capabilities.medium != "ussd")
        said = {Kind.EMERGENCY} if alarm_answered else set()
        drafts = tuple(
            self.draft(
                kind, part, contact.id, known.address_id, arrival.channel, turn.now, answered=inline or kind in said
            )
            for kind, part in shown
        )
        waiting = [draft for draft in drafts if draft.state is State.QUEUED]
        parts = tuple(part for _, part in shown) if inline else ()
        result = Result(
            arrival=arrival,
            contact=contact,
            address_id=known.address_id,
            conversation=conversation,
            text=turn.text if decision.keep_text and not turn.session_ended else None,
            understood=_summary(turn),
            inbound_id=self._new_id(),
            answer=parts,
            drafts=drafts,
            cases=cases,
            changed=known.stale or contact != known.contact,
        )
        urgent = tuple(draft.id for draft in waiting if draft.kind is Kind.EMERGENCY)
        return result, Answered(parts, bool(waiting), urgent, contact.form)

    def speak(
        self, channel: Channel, contact: Contact, decision: Decision, flows: FlowBook
    ) -> tuple[Conversation, tuple[Part, ...]]:
        """What a decision says unasked (a reminder, a nudge): the conversation to keep and the parts to send."""
        spoken = [effect for effect in decision.effects if isinstance(effect, Spoken)]
        shown, pages = self._render(channel, contact, decision, spoken, flows)
        conversation = decision.conversation
        kept = _kept(conversation, pages, silence_of(conversation, flows))
        return kept, tuple(part for _, part in shown)

    def draft(  # noqa: PLR0913 (an outbox row has these facts)
        self,
        kind: Kind,
        part: Part,
        contact_id: str,
        address_id: str,
        channel: str,
        now: datetime,
        *,
        answered: bool = False,
        expires_at: datetime | None = None,
        due_at: datetime | None = None,
        source: str | None = None,
    ) -> Draft:
        """One outbox row to be; `answered` ones are the webhook's own answer."""
        return Draft(
            id=self._new_id(),
            contact_id=contact_id,
            address_id=address_id,
            channel=channel,
            kind=kind,
            lane=LANE[kind],
            part=part,
            created_at=now,
            due_at=due_at or now,
            expires_at=expires_at or now + LASTS[kind],
            source=source,
            state=State.ANSWERED if answered else State.QUEUED,
        )

    def _render(
        self, channel: Channel, contact: Contact, decision: Decision, spoken: Sequence[Spoken], flows: FlowBook
    ) -> tuple[list[tuple[Kind, Part]], tuple[str, ...]]:
        form = contact.form or "fr"
        overrides = flows.overrides(decision.conversation.flow) or flows.all_texts
        capabilities = channel.capabilities
        if capabilities.max_parts == 1:
            rendered = render([one.say for one in spoken], form, capabilities, self._catalog, overrides)
            kind = Kind.EMERGENCY if any(one.kind is Kind.EMERGENCY for one in spoken) else Kind.REPLY
            return [(kind, part) for part in rendered.parts], rendered.pages if len(rendered.pages) > 1 else ()
        shown: list[tuple[Kind, Part]] = []
        for kind, group in groupby(spoken, key=lambda one: one.kind):
            rendered = render([one.say for one in group], form, capabilities, self._catalog, overrides)
            shown.extend((kind, part) for part in rendered.parts)
        return shown, ()

    def _cases(self, decision: Decision, turn: Turn) -> tuple[Contact, tuple[NewCase, ...]]:
        contact = decision.contact
        cases: list[NewCase] = []
        for effect in decision.effects:
            if not isinstance(effect, Open) or (contact.case_id is not None and not effect.urgent):
                continue
            case = NewCase(self._new_id(), contact.id, effect.reason, effect.urgent, turn.now)
            cases.append(case)
            contact = replace(contact, case_id=case.id)
        return contact, tuple(cases)


def _kept(conversation: Conversation, pages: tuple[str, ...], silent_at: datetime | None) -> Conversation:
    # most answers change neither: `replace` is a tenth of a short message's work
    if conversation.pages == pages and conversation.page == 0 and conversation.silent_at == silent_at:
        return conversation
    return replace(conversation, pages=pages, page=0, silent_at=silent_at)


def silence_of(conversation: Conversation, flows: FlowBook) -> datetime | None:
    """When silence after the open question means something."""
    flow = flows.of(conversation.flow) if conversation.flow else None
    return engine.silent_at(flow, conversation.flow) if flow and conversation.flow else None


def _over(conversation: Conversation) -> bool:
    """Whether the USSD session has nothing left to ask or show."""
    asks = conversation.flow is not None or bool(conversation.choices)
    more = conversation.page + 1 < len(conversation.pages)
    return not asks and not more


def _summary(turn: Turn) -> dict[str, Json]:
    """What was understood, without a word of the text."""
    said = turn.said
    words = [said.engine, said.form]
    if said.model:
        words.append(said.model[:24])
    if said.danger:
        words.append(f"danger={said.danger.kind}/{said.danger.level}")
    if said.keyword:
        words.append(f"keyword={said.keyword}")
    return {"intent": said.intent_detail or said.intent, "summary": " ".join(words)[:200]}
