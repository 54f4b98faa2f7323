"""Drives flows for one turn: begins them, hands them answers, follows where they lead. PURE.

Actions that only change the contact are done here; others leave the decision waiting (`Decision.do`) for the service.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from bot.core.model import Consent, Contact, Conversation
from bot.core.turn import Decision, Effect, FlowBook, Open, Spoken, Turn, facts
from flows import engine
from flows.schema import GIVEN, Flow, FlowError
from flows.types import Answer, Choice, Do, FlowState, Go, Handover, Json, Say, Step
from nlu import bands
from nlu.bands import Band
from nlu.fold import fold
from nlu.types import FORMS, Understood

MOST_FLOWS = 5
"""Flows that one turn may pass through by `go`; two is usual."""
LATEST_DOSE = "latest"
"""Stands for the dose a contact was last reminded of, where they speak of it before we ask."""
FLOW_FOR: Mapping[str, str] = {
    "book_appointment": "appointment_book",
    "cancel_appointment": "appointment_cancel",
    "reschedule_appointment": "appointment_move",
    "appointment_info": "appointment_info",
    "medication_taken": "medication_checkin",
    "medication_missed": "medication_checkin",
    "medication_refill": "medication_setup",
    "health_question": "education",
    "vaccination_info": "education",
    "pregnancy_advice": "education",
    "change_language": "language",
    "help": "help",
    "greet": "menu",
}
"""Which flow answers which intent. Intents that are not here are answers, or go to a person."""
DAY_SOUGHT = frozenset({"appointment_book", "appointment_move"})
"""Flows that look for a day: there "no, rather Thursday" answers whatever is asked."""
A_DAY = timedelta(days=1)
TOPIC_INTENTS = frozenset({"vaccination_info", "pregnancy_advice"})
"""Intents that name a health topic by themselves; others name it in their finer part."""
DONE: Mapping[str, Json] = {"branch": "done"}


def sure(said: Understood) -> bool:
    """Whether an intent is taken at its word."""
    return bands.band(said.intent, said.confidence, said.form) is Band.ANSWER


def sure_to_leave(said: Understood) -> bool:
    """Whether an intent is clear enough to leave an open question that the text did not answer."""
    return said.intent is not None and said.confidence >= bands.leaves_from(said.intent, said.form)


def begin(turn: Turn, flows: FlowBook, flow_id: str, given: Mapping[str, Json]) -> Decision:
    """Start a flow's current version. `given` variables that it does not declare are left out."""
    return _follow(turn, flows, Decision(turn.contact, _plain(turn.conversation)), Step(None, (Go(flow_id, given),)))


def go_on(turn: Turn, flows: FlowBook) -> Decision:
    """Hand what was said to the open question. Falls back to the menu when the flow's version is gone."""
    state = turn.conversation.flow
    flow = flows.of(state) if state else None
    if state is None or flow is None:
        return begin(turn, flows, "menu", {})
    entities = tuple((entity.type, entity.value, entity.text) for entity in turn.said.entities)
    # on a guess nothing is agreed to and no dose is recorded
    said = Answer(turn.text, turn.choice, turn.said.intent if sure(turn.said) else None, entities)
    return _stepped(turn, flows, lambda: engine.answer(flow, state, said, turn.wall))


def ask_again(turn: Turn, flows: FlowBook) -> Decision:
    """Put the open question once more, as when a USSD session dropped."""
    state = turn.conversation.flow
    flow = flows.of(state) if state else None
    if state is None or flow is None:
        return begin(turn, flows, "menu", {})
    return _stepped(turn, flows, lambda: engine.again(flow, state, turn.wall))


def proceed(turn: Turn, flows: FlowBook, decision: Decision, result: Mapping[str, Json]) -> Decision:
    """Go on after the action a decision waited for. `result` is `{"branch": …, "value": …}`."""
    state = decision.conversation.flow
    flow = flows.of(state) if state else None
    if state is None or flow is None:
        return replace(decision, do=None)
    try:
        step = engine.resume(flow, state, dict(result), turn.wall)
    except FlowError:
        return _broken(decision)
    return _follow(turn, flows, replace(decision, do=None), step)


def fall_silent(turn: Turn, flows: FlowBook) -> Decision | None:
    """Where the open question goes when nobody answers; None when there is nothing to do."""
    state = turn.conversation.flow
    flow = flows.of(state) if state else None
    if state is None or flow is None:
        return None
    step = engine.silent(flow, state, turn.wall)
    return _follow(turn, flows, Decision(turn.contact, turn.conversation), step) if step else None


def first_vars(turn: Turn) -> dict[str, Json]:
    """What the first message already told: a day, a place, a topic."""
    given: dict[str, Json] = {}
    for entity in turn.said.entities:
        if entity.type in {"date", "datetime", "interval"} and entity.value != "ASK":
            given.setdefault("day", entity.value)
        if entity.type == "place":
            given.setdefault("place_id", entity.value)
    if turn.said.intent_detail:
        given["topic"] = turn.said.intent_detail.partition("/")[2]
    if turn.said.intent:
        given["intent"] = turn.said.intent
    given["dose"] = LATEST_DOSE
    return given


def said_anew(turn: Turn) -> dict[str, Json]:
    """What the open flow knows with what was just told beside its question, such as the day of the visit being booked.

    Empty where nothing was told, or where it is about something else.
    """
    state = turn.conversation.flow
    if state is None or not _same_business(state.flow, turn):
        return {}
    if state.flow == "education":
        named = turn.said.intent_detail or turn.said.intent in TOPIC_INTENTS
        return first_vars(turn) if named and sure_to_leave(turn.said) else {}
    told = {name: value for name, value in first_vars(turn).items() if name in {"day", "place_id"}}
    return {**_said(state.vars), **told} if told else {}


def _same_business(flow: str, turn: Turn) -> bool:
    """Whether the words are about the open flow. Another day named while a visit is booked or moved is, too."""
    meant = FLOW_FOR.get(turn.said.intent or "")
    if flow in DAY_SOUGHT and any(entity.type in {"date", "datetime", "interval"} for entity in turn.said.entities):
        gives_up = meant == "appointment_cancel" and turn.said.confidence >= bands.gives_up_from()
        elsewhere = gives_up or (meant != "appointment_cancel" and sure_to_leave(turn.said))
        return not elsewhere or meant in DAY_SOUGHT or turn.said.intent in {"affirm", "deny"}
    return meant == flow


def chosen(turn: Turn, choices: tuple[Choice, ...]) -> str | None:
    """The choice meant by a tap or by its number; words are matched to labels before the turn is made."""
    if turn.choice is not None:
        return turn.choice if any(choice.id == turn.choice for choice in choices) else None
    typed = turn.text.strip().rstrip(".)")
    if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(choices) and len(typed) <= 2:  # noqa: PLR2004 (two digits)
        return choices[int(typed) - 1].id
    return None


def label_meant(text: str, labels: Mapping[str, str]) -> str | None:
    """The id whose label was typed out in words, spelling noise apart; None when none or several fit."""
    said = fold(text).light
    fitting = [id_ for id_, label in labels.items() if said and fold(label).light == said]
    return fitting[0] if len(fitting) == 1 else None


def _plain(conversation: Conversation) -> Conversation:
    return Conversation(session_id=conversation.session_id, seen=conversation.seen)


def _stepped(turn: Turn, flows: FlowBook, work: Callable[[], Step]) -> Decision:
    start = Decision(turn.contact, turn.conversation)
    try:
        step = work()
    except FlowError:
        return _broken(start)
    return _follow(turn, flows, replace(start, understood=step.understood), step)


def _follow(turn: Turn, flows: FlowBook, so_far: Decision, step: Step) -> Decision:
    contact, effects = so_far.contact, list(so_far.effects)
    hops = 0
    try:
        while True:
            effects.extend(_effects(step))
            go = next((effect for effect in step.effects if isinstance(effect, Go)), None)
            if go is not None:
                hops += 1
                flow = flows.current.get(go.flow)
                if flow is None or hops > MOST_FLOWS:
                    return _broken(replace(so_far, contact=contact, effects=tuple(effects)))
                # what a tapped or typed label happens to mean by itself tells nothing
                said_so = turn.choice is None and FLOW_FOR.get(turn.said.intent or "") == go.flow
                told = first_vars(turn) if said_so else {}
                known = {**facts(contact, turn), **told, **_said(go.vars)}
                step = engine.start(flow, _declared(flow, known), turn.wall)
            elif step.do is not None and step.state is not None and (changed := _own(step.do, contact, turn)):
                contact = changed
                step = engine.resume(_flow(flows, step.state), step.state, dict(DONE), turn.wall)
            else:
                break
    except FlowError:
        return _broken(replace(so_far, contact=contact, effects=tuple(effects)))
    kept = _plain(turn.conversation)
    if step.state is not None:
        lasts = _flow(flows, step.state).expires
        kept = replace(kept, flow=step.state, choices=step.state.choices, expires_at=turn.now + lasts)
    return replace(so_far, contact=contact, conversation=kept, effects=tuple(effects), do=step.do)


def _flow(flows: FlowBook, state: FlowState) -> Flow:
    flow = flows.of(state)
    if flow is None:
        raise FlowError([])
    return flow


def _effects(step: Step) -> list[Effect]:
    effects: list[Effect] = []
    for effect in step.effects:
        if isinstance(effect, Say):
            effects.append(Spoken(effect))
        elif isinstance(effect, Handover):
            if not any(isinstance(other, Say) for other in step.effects):
                effects.append(Spoken(Say("handover.opened")))
            effects.append(Open(effect.reason))
    return effects


def _declared(flow: Flow, known: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in known.items() if name in flow.starts_with or name in GIVEN}


def _said(given: Mapping[str, Json]) -> dict[str, Json]:
    """Variables that have a value: what another flow does not know must not hide what was just said."""
    return {name: value for name, value in given.items() if value is not None}


def _own(do: Do, contact: Contact, turn: Turn) -> Contact | None:
    if do.action == "consent.grant":
        return replace(contact, consent=Consent.GIVEN)
    if do.action == "consent.refuse":
        return replace(contact, consent=Consent.REFUSED)
    if do.action == "language.set":
        form = str(do.params.get("form"))
        return replace(contact, form=form if form in FORMS else contact.form or turn.default_form)
    return None


def _broken(so_far: Decision) -> Decision:
    """A flow that cannot go on (a mistake in it): the person is told and a member of the staff sees it."""
    said = (Spoken(Say("common.error_try_later")), Open("flow_error"))
    return replace(so_far, conversation=_plain(so_far.conversation), effects=(*so_far.effects, *said), do=None)
