"""Decide what one message means here. PURE: the store, the words and the clock are the caller's.

The order of the branches is policy (docs/adr/0009-order-of-the-route.md): danger, opt-out, pages on the screen, consent, an open
hand-over, global words, the open question, the intent, the menu.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bot.core import flowing, meant, safety, unsure
from bot.core.identity import silent_too_long
from bot.core.model import Consent, Contact, Conversation, Kind
from bot.core.turn import Decision, Effect, FlowBook, Open, Spoken, Turn
from flows.types import Choice, FlowState, Json, Say
from nlu import bands
from nlu.bands import Band
from nlu.types import FORMS, DangerLevel, Keyword

WORDS_TO_FLIP = 5
"""Words from which a message changes the conversation's language within the same letters; shorter ones are too alike."""

UNSURE = 0.1
"""Margin below which a first message does not tell its language: "salut" is written in all of them (0.07)."""

CONTINUE_WITHIN = timedelta(minutes=10)
"""A dropped USSD session can be taken up again this long (shared experience of USSD services; docs/channels.md)."""
REMIND_OF_PERSON = timedelta(minutes=30)
REMIND_OF_STOP = timedelta(hours=24)

CONTINUE, AFRESH = "ussd.continue", "ussd.afresh"
NEXT_PAGE, MENU_KEY = "0", "00"


def decide(turn: Turn, flows: FlowBook, numbers: Mapping[str, Json]) -> Decision:
    """What one message changes and what is answered. `numbers` are the emergency numbers by name."""
    contact = _with_form(turn)
    conversation = _alive(turn)
    if contact is not turn.contact or conversation is not turn.conversation:
        turn = replace(turn, contact=contact, conversation=conversation)
    if turn.session_ended:
        return Decision(contact, turn.conversation, keep_text=False)
    if contact.consent is Consent.GIVEN and silent_too_long(contact.last_inbound_at, turn.now):
        turn = _doubted(turn)
    danger = turn.said.danger
    if danger and danger.level is not DangerLevel.INFORM:
        return _danger(turn, safety.answer(danger, numbers))
    if asked := _danger_answer(turn):
        return _after_danger_question(turn, flows, numbers, *asked)
    if unsure.chosen(turn) == unsure.WISH + "emergency":
        return _danger(turn, safety.now("unspecified", numbers))
    decision = _opt_out(turn) or _page(turn) or _not_me(turn, flows) or _consent(turn, flows)
    decision = decision or _person_is_answering(turn) or _global_word(turn, flows) or _conversation(turn, flows)
    if turn.unreadable_media:
        decision = _with_media(turn, decision)
    if danger:
        return replace(decision, effects=(*safety.answer(danger, numbers), *decision.effects))
    return decision


def _with_form(turn: Turn) -> Contact:
    # a number or a tap says nothing of the language; USSD menus are answered by numbers
    contact, said = turn.contact, turn.said.form
    words = [word for word in turn.text.split() if any(letter.isalpha() for letter in word)]
    known = contact.form
    if not words or turn.choice is not None:
        form = known or turn.default_form
    elif known is None:
        form = (
            said if turn.said.margin >= UNSURE or script_of(said) != script_of(turn.default_form) else turn.default_form
        )
    elif script_of(said) != script_of(known):
        spelt = [word for word in words if sum(letter.isalpha() for letter in word) > 1]
        form = (
            said if 2 * len(spelt) >= len(turn.text.split()) else known
        )  # other letters are a choice, "8h w 20h" is none
    else:
        form = said if len(words) >= WORDS_TO_FLIP else known
    return contact if form == known else replace(contact, form=form)


def script_of(form: str) -> str:
    """The letters of a form: `Arab`, `Latn` or `Tfng`."""
    return {"ar": "Arab", "fr": "Latn"}.get(form) or form.partition("-")[2]


def _alive(turn: Turn) -> Conversation:
    conversation = turn.conversation
    if conversation.expires_at and conversation.expires_at <= turn.now:
        return unsure.closed(conversation)
    return conversation


def _danger(turn: Turn, effects: tuple[Effect, ...]) -> Decision:
    question = next((e.say.choices for e in effects if isinstance(e, Spoken) and e.say.choices), ())
    keep = turn.contact.consent is Consent.GIVEN
    # a danger that is only asked about leaves the open question for later
    left = replace(turn.conversation, pages=(), page=0) if question else unsure.closed(turn.conversation)
    return Decision(turn.contact, replace(left, choices=question), effects, keep_text=keep)


def _danger_answer(turn: Turn) -> tuple[str, bool] | None:
    open_choices = turn.conversation.choices
    if not open_choices or safety.asked_kind(open_choices[0].id) is None:
        return None
    chosen = flowing.chosen(turn, open_choices)
    if chosen is None and turn.said.intent in {"affirm", "deny"}:
        chosen = open_choices[0 if turn.said.intent == "affirm" else 1].id
    return safety.asked_kind(chosen) if chosen else None


def _after_danger_question(
    turn: Turn,
    flows: FlowBook,
    numbers: Mapping[str, Json],
    kind: str,
    happening: bool,  # noqa: FBT001 (an answer)
) -> Decision:
    if happening:
        return _danger(turn, safety.now(kind, numbers))
    said = Spoken(Say("safety.not_now", numbers), Kind.EMERGENCY)
    if turn.contact.opted_out:
        return Decision(turn.contact, unsure.closed(turn.conversation), (said,), keep_text=False)
    if turn.conversation.flow is not None and turn.contact.consent is Consent.GIVEN:
        return _first(flowing.ask_again(turn, flows), said)
    return _first(flowing.begin(turn, flows, _entry(turn), {}), said)


def _entry(turn: Turn) -> str:
    return {Consent.GIVEN: "menu", Consent.AGAIN: "recheck"}.get(turn.contact.consent, "welcome")


def _doubted(turn: Turn) -> Turn:
    """The number may be somebody else's by now: what was open is not shown to whoever writes."""
    contact = replace(turn.contact, consent=Consent.AGAIN)
    return replace(turn, contact=contact, conversation=unsure.closed(turn.conversation))


def _not_me(turn: Turn, flows: FlowBook) -> Decision | None:
    """Somebody says that they are not the person we take them for."""
    if turn.said.keyword is not Keyword.NOT_ME:
        return None
    if turn.contact.consent is Consent.GIVEN:
        return replace(flowing.begin(_doubted(turn), flows, "recheck", {}), keep_text=False)
    flow = turn.conversation.flow
    if turn.contact.consent is Consent.AGAIN and flow is not None and flow.flow == "recheck":
        return replace(flowing.go_on(replace(turn, choice="other"), flows), keep_text=False)
    return None


def _first(decision: Decision, *effects: Effect) -> Decision:
    return replace(decision, effects=(*effects, *decision.effects))


def _opt_out(turn: Turn) -> Decision | None:
    contact, word = turn.contact, turn.said.keyword
    confirmed = (Spoken(Say("stop.confirmed"), Kind.CONFIRMATION),)
    if word is Keyword.STOP:
        return Decision(replace(contact, opted_out=True), unsure.closed(turn.conversation), confirmed, keep_text=False)
    if not contact.opted_out:
        return None
    if word is Keyword.START:
        started = replace(contact, opted_out=False)
        return Decision(started, unsure.closed(turn.conversation), (Spoken(Say("start.confirmed")),), keep_text=False)
    # STOP holds. USSD must show something, and somebody who comes back after a day is told the way once more.
    long_ago = contact.last_inbound_at is None or turn.now - contact.last_inbound_at > REMIND_OF_STOP
    tell = turn.medium == "ussd" or long_ago
    return Decision(contact, unsure.closed(turn.conversation), confirmed if tell else (), keep_text=False)


def _page(turn: Turn) -> Decision | None:
    typed = turn.text.strip()
    conversation = turn.conversation
    if turn.medium != "ussd" or typed != NEXT_PAGE or len(conversation.pages) < 2:  # noqa: PLR2004 (two pages)
        return None
    page = (conversation.page + 1) % len(conversation.pages)
    return Decision(turn.contact, replace(conversation, page=page), turn_page=True)


def _consent(turn: Turn, flows: FlowBook) -> Decision | None:
    contact, said = turn.contact, turn.said
    if contact.consent is Consent.GIVEN:
        return None
    entry = _entry(turn)
    if said.keyword is Keyword.HUMAN:
        if contact.consent is Consent.AGAIN:  # the staff would read what the old person said, and answer the new one
            return replace(flowing.begin(turn, flows, entry, {"wanted": "person"}), keep_text=False)
        return meant.hand_over(turn, "asked_for_human", keep_text=False)
    flow = turn.conversation.flow
    goes_on = flow is not None and (flow.flow == entry or (flow.flow == "language" and flow.vars.get("back") == entry))
    if said.keyword is Keyword.LANGUAGE:
        known = flow.vars if flow is not None and goes_on else {}
        given = {**known, "back": entry, "named": said.language_named}
        return replace(flowing.begin(turn, flows, "language", given), keep_text=False)
    goes_on = goes_on and not turn.session_new
    afresh = said.keyword is Keyword.MENU or turn.text.strip() == MENU_KEY
    wanted = flowing.FLOW_FOR.get(said.intent or "") if flowing.sure(said) else None
    wanted = wanted if wanted not in {"menu", "help", "language"} else None
    told = {**_told_before(turn), **flowing.first_vars(turn), "wanted": wanted} if wanted else {}
    if _told_before(turn) and wanted in flowing.DAY_SOUGHT | {"appointment_cancel"}:
        told["wanted"] = _told_before(turn)["wanted"]  # "no, on Friday" is about the visit that was asked for
    asked = replace(flowing.begin(turn, flows, entry, told), keep_text=False)
    if afresh or not goes_on:
        return asked
    decision = replace(flowing.go_on(turn, flows), keep_text=False)
    # what is wanted instead of an answer is remembered for after the answer
    needed = Spoken(Say("recheck.needed" if entry == "recheck" else "consent.needed"))
    return _first(asked, needed) if wanted and not decision.understood else decision


def _told_before(turn: Turn) -> Mapping[str, Json]:
    """What the first message asked for, while consent is still the question; empty where that is not a visit."""
    flow = turn.conversation.flow
    known = flow.vars if flow is not None and flow.flow == _entry(turn) else {}
    return known if known.get("wanted") in flowing.DAY_SOUGHT else {}


def _person_is_answering(turn: Turn) -> Decision | None:
    contact = turn.contact
    if contact.case_id is None or turn.medium == "ussd" or turn.conversation.flow is not None:
        return None
    if turn.said.keyword is not None and turn.said.keyword is not Keyword.HUMAN:
        return None
    if turn.said.intent == "opt_out" and bands.band("opt_out", turn.said.confidence, turn.said.form) is not Band.MENU:
        # the way out is told whoever is answering, and on a guess: to be told it costs nothing
        return None if flowing.sure(turn.said) else meant.plainly(turn, "stop.how")
    quiet_since = contact.last_inbound_at
    remind = quiet_since is None or turn.now - quiet_since > REMIND_OF_PERSON
    effects = (Spoken(Say("handover.waiting")),) if remind else ()
    return Decision(contact, turn.conversation, effects)


def _global_word(turn: Turn, flows: FlowBook) -> Decision | None:
    word = turn.said.keyword
    if word is Keyword.HUMAN:
        return meant.hand_over(turn, "asked_for_human")
    if word in {Keyword.HELP, Keyword.LANGUAGE, Keyword.FOR_OTHER}:
        return {Keyword.HELP: _help, Keyword.LANGUAGE: _language, Keyword.FOR_OTHER: _for_another}[word](turn, flows)
    if word is Keyword.DELETE:
        return flowing.begin(turn, flows, "privacy", {})
    if word in {Keyword.MENU, Keyword.START} or (turn.medium == "ussd" and turn.text.strip() == MENU_KEY):
        return flowing.begin(turn, flows, "menu", {})
    return None


def _for_another(turn: Turn, flows: FlowBook) -> Decision:
    """What is being arranged is for another person than the one who writes."""
    flow = turn.conversation.flow
    known = dict(flow.vars) if flow is not None else {}
    return flowing.begin(turn, flows, "someone_else", {**known, "back": flow.flow if flow is not None else None})


def _help(turn: Turn, flows: FlowBook) -> Decision:
    """What Sahti does, and then what was open: who asks for help in the middle has not left."""
    told = flowing.begin(turn, flows, "help", {})
    flow = turn.conversation.flow
    if flow is None or told.conversation.flow is not None:
        return told
    if flow.flow == "menu":  # the help names the way to the menu; its numbers still count
        return replace(told, conversation=turn.conversation)
    return _first(flowing.ask_again(turn, flows), *told.effects)


def _language(turn: Turn, flows: FlowBook) -> Decision:
    """A language asked for by its name is taken at once, and what was open is put again in it."""
    named, flow = turn.said.language_named, turn.conversation.flow
    if named not in FORMS or (flow is None and turn.contact.case_id is None) or (flow and flow.flow == "language"):
        return flowing.begin(turn, flows, "language", {"named": named})
    turn = replace(turn, contact=replace(turn.contact, form=named))
    changed = () if turn.medium == "ussd" and flow else (Spoken(Say("language.changed")),)
    if flow is None:  # a person is answering: no menu comes between
        return Decision(turn.contact, turn.conversation, changed)
    return _first(flowing.ask_again(turn, flows), *changed)


def _conversation(turn: Turn, flows: FlowBook) -> Decision:
    conversation = turn.conversation
    if turn.medium == "ussd" and turn.session_new:
        return _dialled(turn, flows)
    if conversation.choices and conversation.choices[0].id == CONTINUE:
        return _continue_or_not(turn, flows)
    if told := meant.about_itself(turn):
        return told
    if unsure.is_asked(conversation):
        return meant.after_asking(turn, flows)
    if turn.unreadable_media and not (turn.text.strip() and (conversation.flow or flowing.sure(turn.said))):
        return _media_alone(turn, flows)
    return _open_question(turn, flows) or meant.by_intent(turn, flows)


def _media_alone(turn: Turn, flows: FlowBook) -> Decision:
    """Nothing was said that a conversation could use: an open question is put again, a menu gives way to the staff."""
    flow = turn.conversation.flow
    if flow is not None and flow.flow != "menu":
        return flowing.ask_again(turn, flows)
    return Decision(turn.contact, unsure.closed(turn.conversation))


def _with_media(turn: Turn, decision: Decision) -> Decision:
    """What the bot cannot read is said and, once there is consent, shown to a person of the staff."""
    contact = turn.contact
    answering = contact.case_id is not None and turn.conversation.flow is None
    if contact.opted_out or decision.contact.opted_out or answering:
        return decision
    said = Spoken(Say("media.place" if turn.place_sent else "media.unreadable"))
    if contact.consent is not Consent.GIVEN:
        return _first(decision, said)
    handed = any(isinstance(effect, Open) for effect in decision.effects)
    if handed or contact.case_id is not None:
        return _first(decision, said)
    return _first(decision, said, Spoken(Say("handover.opened")), Open("media"))


def _open_question(turn: Turn, flows: FlowBook) -> Decision | None:
    conversation = turn.conversation
    if conversation.flow is None:
        return None
    decision = flowing.go_on(turn, flows)
    if decision.understood:
        return decision
    if conversation.flow.flow == "menu" and any(letter.isalpha() for letter in turn.text):
        return None  # the menu asks nothing of its own: whatever else was said is read for what it is
    if told := flowing.said_anew(turn):
        return flowing.begin(turn, flows, conversation.flow.flow, told)
    if not _leaves(turn, conversation):
        thanked = turn.said.intent == "thanks" and flowing.sure(turn.said)  # nothing to complain of
        return meant.plainly(turn, "common.welcome") if thanked else decision
    return _elsewhere(turn, flows, conversation.flow)


def _elsewhere(turn: Turn, flows: FlowBook, before: FlowState) -> Decision | None:
    """What takes something along from the question that is left; None for what is read by its intent alone."""
    elsewhere = flowing.FLOW_FOR.get(turn.said.intent or "")
    if before.flow == "appointment_book" and elsewhere in {"appointment_cancel", "appointment_move"}:
        known = {name: before.vars.get(name) for name in ("place", "service")}
        return flowing.begin(turn, flows, elsewhere, {**known, **flowing.first_vars(turn), "booking": True})
    return _help(turn, flows) if elsewhere == "help" else None


def _leaves(turn: Turn, before: Conversation) -> bool:
    """Whether a clear intent goes elsewhere, where the open question could do nothing with the text."""
    if not flowing.sure_to_leave(turn.said):
        return False
    intent = turn.said.intent or ""
    elsewhere = flowing.FLOW_FOR.get(intent)
    stays = before.flow is not None and elsewhere == before.flow.flow
    return intent in meant.TO_A_PERSON or (elsewhere is not None and not stays)


def _dialled(turn: Turn, flows: FlowBook) -> Decision:
    before = turn.conversation
    recent = before.updated_at is not None and turn.now - before.updated_at <= CONTINUE_WITHIN
    if before.flow is None or not recent or before.flow.flow == "menu":
        return flowing.begin(turn, flows, "menu", {})
    choices = (Choice(CONTINUE, "ussd.continue"), Choice(AFRESH, "ussd.menu"))
    asked = Spoken(Say("ussd.dropped", {}, choices))
    return Decision(turn.contact, replace(before, choices=choices, pages=(), page=0), (asked,))


def _continue_or_not(turn: Turn, flows: FlowBook) -> Decision:
    chosen = flowing.chosen(turn, turn.conversation.choices)
    if chosen == CONTINUE:
        return flowing.ask_again(turn, flows)
    return flowing.begin(turn, flows, "menu", {})
