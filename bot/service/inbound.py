"""One inbound message: understand → load → route → render → commit → answer. The hot path of the hub."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.core import flowing, safety
from bot.core.abuse import Held, hold
from bot.core.ids import IdSource
from bot.core.model import Arrival, Consent, Contact, Loaded, Result
from bot.core.render import form_on, labels
from bot.core.route import decide
from bot.core.turn import Decision, FlowBook, Turn, Who
from bot.service.abuse import Watch
from bot.service.answering import Answered, Composer
from bot.service.batching import Batcher
from bot.service.identity import Identity, whose
from bot.service.media import Attachments
from bot.service.spool import Kept
from bot.store.database import Connection, Database, DatabaseDown, may_retry, retrying
from bot.store.hot import HotStore
from bot.store.media import is_place
from flows.types import Do, Json
from locales.catalog import Catalog
from nlu.types import DangerLevel, Keyword, Understood
from nlu.understand import Engine
from sms_gateway.channel import Channel
from sms_gateway.types import Inbound, Part
from sms_gateway.ussd import new_input

ATTEMPTS = 3
"""How often a batch is tried whose transaction a deadlock ended."""
MOST_ACTIONS = 10
"""Actions one message may set off; the longest way in the flows that ship has four."""


class Understands(Protocol):
    """What turns text into meaning."""

    def understand(
        self, text: str, *, form: str | None, now: datetime, engine: Engine = "auto", choice: str | None = None
    ) -> Understood: ...

    def at_once(
        self, text: str, *, form: str | None, now: datetime, engine: Engine = "auto", choice: str | None = None
    ) -> Understood | None: ...


class RunsActions(Protocol):
    """What runs a flow's actions inside the message's transaction."""

    def run(self, connection: Connection, do: Do, who: Who) -> dict[str, Json]: ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message that was understood, ready for its transaction."""

    channel: Channel
    inbound: Inbound
    arrival: Arrival
    said: Understood | None
    """None where the text is known only after loading (USSD that accumulates)."""
    late: bool = False
    """It waited on disk: its request is long over, and what would have been its answer is sent instead."""
    alarm_answered: bool = False
    """Its danger sign was answered when it came."""
    held: Held | None = None
    """Why it is not answered, where it is one of a flood."""


class Hub:
    """Receives messages. Made once a process; its methods are called from many threads."""

    def __init__(  # noqa: PLR0913 (everything the hot path stands on, made once in bot.wiring)
        self,
        *,
        database: Database,
        hot: HotStore,
        identity: Identity,
        watch: Watch,
        attachments: Attachments,
        catalog: Catalog,
        flows: Callable[[], FlowBook],
        understands: Understands,
        actions: RunsActions,
        numbers: Callable[[datetime], Mapping[str, Json]],
        clock: Callable[[], datetime],
        new_id: IdSource,
        zone: str,
        default_form: str,
        on_fault: Callable[[str, Exception], None],
    ) -> None:
        self._database, self._hot, self._catalog, self._flows = database, hot, catalog, flows
        self._understands, self._actions, self._numbers = understands, actions, numbers
        self._clock, self._new_id, self._zone, self._default_form = clock, new_id, ZoneInfo(zone), default_form
        self._on_fault = on_fault
        self._composer = Composer(catalog, new_id)
        self._forms: dict[str, str] = {}
        self._identity, self._watch, self._attachments = identity, watch, attachments
        self._batcher = Batcher(self._handle_batch, lambda prepared: str(prepared.arrival.urn))

    def receive(self, channel: Channel, inbounds: Sequence[Inbound], *, kept: Kept | None = None) -> list[Answered]:
        """Take the messages of one request in order; each is stored and has its effect when this returns.

        `kept` for a request that waited on disk. Raises DatabaseDown (nothing is stored; `emergency_only` still answers
        danger signs), Overloaded, or TimeoutError when the database hangs.
        """
        answers = []
        for inbound in inbounds:  # one after another: they may be one contact's, and order counts
            prepared = self.prepare(channel, inbound, kept)
            answers.append(self._batcher.answer(prepared))
        return answers

    async def receive_on_loop(self, channel: Channel, inbounds: Sequence[Inbound]) -> list[Answered] | None:
        """The same on the caller's loop, which it never holds up.

        None, with nothing done, where somebody has to be asked what the messages mean: that takes milliseconds.
        """
        prepared = [self._prepare_at_once(channel, inbound) for inbound in inbounds]
        known = [one for one in prepared if one is not None]
        if len(known) < len(prepared):
            return None
        return [await self._batcher.answer_on_loop(one) for one in known]

    def prepare(self, channel: Channel, inbound: Inbound, kept: Kept | None = None) -> Prepared:
        """Understand a message, before any transaction; "tomorrow" is counted from when it came."""
        now, came = self._clock(), kept.at if kept else None
        held = self._watch.look(inbound, now)
        said = None
        if not _accumulates(inbound):
            form = self._forms.get(str(inbound.urn))
            said = self._understand(channel, inbound, inbound.text, form, came, table=held is not None)
        held = self._watch.judged(inbound, held, said, now)
        answered = kept is not None and inbound.external_id in kept.answered
        arrival = Arrival(channel.name, inbound.external_id, inbound.urn, now)
        return Prepared(channel, inbound, arrival, said, late=kept is not None, alarm_answered=answered, held=held)

    def _prepare_at_once(self, channel: Channel, inbound: Inbound) -> Prepared | None:
        said = None
        if not _accumulates(inbound):
            engine: Engine = "table" if channel.capabilities.medium == "ussd" else "auto"
            form, wall = self._forms.get(str(inbound.urn)), self._wall()
            try:
                said = self._understands.at_once(
                    inbound.text, form=form, now=wall, engine=engine, choice=inbound.choice
                )
            except Exception as failed:  # noqa: BLE001 (the long way answers whatever understanding stumbles over)
                self._on_fault("understand", failed)
            if said is None:
                return None
        now = self._clock()
        held = self._watch.judged(inbound, self._watch.look(inbound, now), said, now)
        return Prepared(channel, inbound, Arrival(channel.name, inbound.external_id, inbound.urn, now), said, held=held)

    def _wall(self, came: datetime | None = None) -> datetime:
        now = self._clock()
        return min(now, came or now).astimezone(self._zone).replace(tzinfo=None)

    def alarmed(self, channel: Channel, inbounds: Sequence[Inbound]) -> bool:
        """Whether any of the messages shows a danger sign that may be happening now."""
        signs = (self._understand(channel, inbound, inbound.text, None).danger for inbound in inbounds)
        return any(sign is not None and sign.level is not DangerLevel.INFORM for sign in signs)

    def emergency_only(self, channel: Channel, inbounds: Sequence[Inbound]) -> list[tuple[Inbound, Part, bool]]:
        """What can be said with the database down, and whether to a danger sign: the emergency text, else "try again"."""
        parts: list[tuple[Inbound, Part, bool]] = []
        for inbound in inbounds:
            said = self._understand(channel, inbound, inbound.text, None)
            danger = said.danger
            numbers = self._numbers(self._clock())
            alarm = danger is not None and danger.level is not DangerLevel.INFORM
            key = safety.text_for(danger.kind) if danger and alarm else "common.error_try_later"
            if not alarm and channel.capabilities.medium != "ussd":
                continue  # the stored request is answered when it is replayed; a USSD session is over by then
            if alarm and self._watch.judged(inbound, None, said, self._clock()) is not None:
                continue
            form = form_on(said.form, channel.capabilities)
            parts.append((inbound, Part(self._catalog.text(key, form, numbers), end=True), alarm))
        return parts

    def _understand(
        self,
        channel: Channel,
        inbound: Inbound,
        text: str,
        form: str | None,
        came: datetime | None = None,
        *,
        table: bool = False,
    ) -> Understood:
        # a flood is read for danger, which needs no Rasa
        engine: Engine = "table" if table or channel.capabilities.medium == "ussd" else "auto"
        wall = self._wall(came)
        try:
            return self._understands.understand(text, form=form, now=wall, engine=engine, choice=inbound.choice)
        except Exception as failed:  # noqa: BLE001 (whatever understanding stumbles over, the person gets an answer)
            self._on_fault("understand", failed)
            return Understood(form or self._default_form, 0.0)

    def _handle_batch(self, batch: Sequence[Prepared]) -> Sequence[Answered | Exception]:
        for attempt in retrying(ATTEMPTS):
            try:
                return self._in_transaction(batch)
            except DatabaseDown as down:
                return [down] * len(batch)
            except Exception as failed:  # noqa: BLE001 (told apart below; one bad message must not lose its neighbours)
                if may_retry(failed) and attempt + 1 < ATTEMPTS:
                    continue
                if len(batch) == 1:
                    self._on_fault("inbound", failed)
                    return [failed]
                return [answer for one in batch for answer in self._handle_batch([one])]
        return [DatabaseDown("the transaction could not be completed")] * len(batch)

    def _in_transaction(self, batch: Sequence[Prepared]) -> list[Answered | Exception]:
        flows = self._flows()
        answers: list[Answered | Exception] = []
        results: list[Result] = []
        later: list[int] = []
        sent: list[tuple[Inbound, Result]] = []
        with self._database.write() as connection:
            loaded = self._load(connection, batch)
            seen: set[str] = set()
            for at, (prepared, known) in enumerate(zip(batch, loaded, strict=True)):
                who = whose(prepared.arrival.urn, known)
                if who in seen:  # the same person at another address: what the first leaves must be seen by the second
                    later.append(at)
                    answers.append(Answered())
                    continue
                seen.add(who)
                if known.answer is not None:
                    answers.append(Answered(known.answer))
                    continue
                result, answered = self._one(connection, prepared, known, flows)
                results.append(result)
                self._watch.answered(result)
                if prepared.inbound.media:
                    sent.append((prepared.inbound, result))
                answers.append(answered)
            self._hot.commit_many(connection, results)
            for inbound, result in sent:
                self._attachments.note(connection, inbound, result)
        for at in later:
            answers[at : at + 1] = self._handle_batch([batch[at]])
        for prepared, given in zip(batch, answers, strict=True):
            if isinstance(given, Answered) and given.form:
                self._remember_form(str(prepared.arrival.urn), given.form)
        return answers

    def _load(self, connection: Connection, batch: Sequence[Prepared]) -> list[Loaded]:
        """What is known about each message's contact, after its addresses have been put together."""
        arrivals = [prepared.arrival for prepared in batch]
        if named := [(prepared.arrival, prepared.inbound.aliases) for prepared in batch if prepared.inbound.aliases]:
            self._identity.join(connection, named)
        loaded = self._hot.load_many(connection, arrivals)
        if any(known.contact.new for known in loaded):
            found = self._identity.recognise(connection, arrivals, loaded)
            anew = self._hot.load_many(connection, [arrivals[at] for at in found]) if found else []
            for at, known in zip(found, anew, strict=True):
                loaded[at] = known
        return loaded

    def _remember_form(self, urn: str, form: str) -> None:
        if len(self._forms) > 50_000:  # noqa: PLR2004 (a few megabytes)
            self._forms.clear()
        self._forms[urn] = form

    def _one(
        self, connection: Connection, prepared: Prepared, known: Loaded, flows: FlowBook
    ) -> tuple[Result, Answered]:
        turn = self._turn(prepared, known)
        if prepared.held is not None and not safety.is_asked(turn.conversation.choices):
            decision = hold(turn, prepared.held)
        else:
            decision = decide(turn, flows, self._numbers(turn.now))
        decision = self._act(connection, prepared, known, turn, decision, flows)
        if decision.contact.case_id is not None:
            decision = self._watch.once(prepared.arrival.urn, decision)
        if decision.contact.consent is Consent.AGAIN and known.contact.consent is not Consent.AGAIN:
            self._identity.hold(connection, prepared.arrival, known.contact.id)
        return self._composer.compose(
            prepared.channel,
            prepared.arrival,
            known,
            turn,
            decision,
            flows,
            late=prepared.late,
            alarm_answered=prepared.alarm_answered,
        )

    def _turn(self, prepared: Prepared, known: Loaded) -> Turn:
        inbound, channel, now = prepared.inbound, prepared.channel, prepared.arrival.received_at
        session, conversation = inbound.session, known.conversation
        text = inbound.text
        if session is not None:
            if session.id != conversation.session_id:
                conversation = replace(conversation, session_id=session.id, seen="", pages=(), page=0)
            if session.accumulated is not None:
                # a code dialled with a suffix is still a first screen: its digits were no answer to anything
                first = session.new or session.id != known.conversation.session_id
                text = "" if first else new_input(session.accumulated, conversation.seen)
                conversation = replace(conversation, seen=session.accumulated)
        said = prepared.said or self._understand(channel, inbound, text, known.contact.form)
        turn = Turn(
            said=said,
            contact=self._named(known.contact, inbound),
            conversation=conversation,
            medium=channel.capabilities.medium,
            now=now,
            wall=now.astimezone(self._zone),
            text=text,
            choice=inbound.choice,
            session_new=bool(session and (session.new or session.id != known.conversation.session_id)),
            session_ended=bool(session and session.ended),
            unreadable_media=bool(inbound.media),
            place_sent=bool(inbound.media) and all(is_place(one) for one in inbound.media),
            default_form=self._default_form,
        )
        return self._with_label(self._without_thanks(turn))

    def _without_thanks(self, turn: Turn) -> Turn:
        """To an open question "oui merci" is an answer: the thanks behind it are politeness."""
        first, _, rest = turn.text.strip().partition(" ")
        if turn.said.intent != "thanks" or not rest or turn.conversation.flow is None:
            return turn
        wall = turn.wall.replace(tzinfo=None)
        answered = self._understands.understand(first, form=turn.said.form, now=wall, engine="table").intent
        if answered not in {"affirm", "deny"}:
            return turn
        return replace(turn, said=replace(turn.said, intent=answered, intent_detail=None))

    @staticmethod
    def _named(contact: Contact, inbound: Inbound) -> Contact:
        # a name is more than the safety minimum: it is kept only after consent
        if inbound.name and contact.consent == "given" and contact.name != inbound.name:
            return replace(contact, name=inbound.name[:80])
        return contact

    def _with_label(self, turn: Turn) -> Turn:
        conversation = turn.conversation
        choices = conversation.choices or (conversation.flow.choices if conversation.flow else ())
        if turn.choice is not None or not choices or not any(letter.isalpha() for letter in turn.text):
            return turn
        form = turn.contact.form or turn.default_form
        shown = labels(choices, form, self._catalog, self._flows().overrides(conversation.flow))
        meant = flowing.label_meant(turn.text, shown)
        if meant is None:
            return turn
        # a label that is also a word which works everywhere ("Français", "Menu") answers the question; STOP stays STOP
        stops = turn.said.keyword is Keyword.STOP
        return replace(turn, choice=meant, said=turn.said if stops else replace(turn.said, keyword=None))

    def _act(
        self,
        connection: Connection,
        prepared: Prepared,
        known: Loaded,
        turn: Turn,
        decision: Decision,
        flows: FlowBook,
    ) -> Decision:
        if decision.do is None:
            return decision
        for _ in range(MOST_ACTIONS):
            if decision.do is None:
                return decision
            who = Who(decision.contact, known.address_id, prepared.arrival.channel, turn.now, self._zone.key)
            result = self._actions.run(connection, decision.do, who)
            if isinstance(other := result.get("contact"), str):  # whoever writes turned out to be somebody else
                decision = replace(decision, contact=Contact(other, decision.contact.form))
            acted = replace(turn, contact=decision.contact)
            decision = flowing.proceed(acted, flows, decision, result)
        raise RuntimeError("a flow asks for actions without end")


def _accumulates(inbound: Inbound) -> bool:
    return inbound.session is not None and inbound.session.accumulated is not None
