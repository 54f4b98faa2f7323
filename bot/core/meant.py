"""What an intent leads to where nothing else is open: a flow, a person, a sentence, or a question back. PURE."""

from dataclasses import replace

from bot.core import flowing, unsure
from bot.core.turn import Decision, Effect, FlowBook, Open, Spoken, Turn
from flows.types import Say
from nlu import bands
from nlu.bands import Band

TO_A_PERSON = {"talk_to_human": "asked_for_human", "side_effect": "side_effect", "report_reading": "reading"}
"""Intents that a member of the staff answers, with the reason the case carries."""

HANDED_OVER = {"side_effect": "medication.side_effect_tip", "reading": "handover.reading"}
"""What is said when a case opens, where there is more to say than that a person will answer."""

PLAIN_ANSWERS = {"thanks": "common.welcome", "opt_out": "stop.how", "out_of_scope": "common.not_mine"}
"""Intents that are answered with a sentence. What Sahti is not for, and what is said in anger, is answered kindly and short."""


def by_intent(turn: Turn, flows: FlowBook) -> Decision:
    """What the intent leads to, if it is sure enough."""
    said, intent = turn.said, turn.said.intent or ""
    if not flowing.sure(said) or (intent in TO_A_PERSON and said.keyword is None and len(turn.text.split()) == 1):
        return _unsure(turn, flows)  # one word ("medicine") is about something, and asks for nothing
    if intent in TO_A_PERSON:
        return hand_over(turn, TO_A_PERSON[intent])
    if said.intent_detail == "opt_out/delete_data":
        return flowing.begin(turn, flows, "privacy", {})
    if intent in PLAIN_ANSWERS and (intent != "out_of_scope" or turn.conversation.missed < unsure.MOST_MISSED):
        return _sentence(turn, intent)
    if intent in flowing.FLOW_FOR:
        return flowing.begin(turn, flows, flowing.FLOW_FOR[intent], flowing.first_vars(turn))
    return _unsure(turn, flows)


def _sentence(turn: Turn, intent: str) -> Decision:
    told = plainly(turn, PLAIN_ANSWERS[intent])
    if intent != "out_of_scope":
        return told
    # what is not understood at all looks the same: after a few, a person is offered
    return replace(told, conversation=replace(turn.conversation, missed=turn.conversation.missed + 1))


def _unsure(turn: Turn, flows: FlowBook) -> Decision:
    """Not understood well enough: the likely wishes, the menu, after two such messages the offer of a person."""
    said, missed = turn.said, turn.conversation.missed
    if not any(letter.isalpha() for letter in turn.text):
        return flowing.begin(turn, flows, "menu", {})
    if missed >= unsure.AFTER_OFFER:
        return replace(hand_over(turn, "not_understood"), understood=False, unsure="person")
    guess = bands.band(said.intent, said.confidence, said.form) is not Band.MENU
    if guess and missed < unsure.MOST_MISSED and (asked := unsure.ask(turn)):
        return asked
    if missed:
        return unsure.offer_person(turn)
    menu = flowing.begin(turn, flows, "menu", {})
    effects = (Spoken(Say("common.not_understood")), *menu.effects)
    kept = replace(menu.conversation, missed=1)
    return replace(menu, conversation=kept, effects=effects, understood=False, unsure="menu")


def after_asking(turn: Turn, flows: FlowBook) -> Decision:
    """What follows "did you mean …?" and the offer of a person."""
    chosen = unsure.chosen(turn)
    if chosen == unsure.MENU:
        return flowing.begin(turn, flows, "menu", {})
    if chosen == unsure.PERSON:
        return hand_over(turn, "asked_for_human")
    if chosen is None:
        return by_intent(unsure.not_taken(turn), flows)
    return replace(by_intent(unsure.as_said(turn, chosen), flows), wished=chosen.removeprefix(unsure.WISH))


def about_itself(turn: Turn) -> Decision | None:
    """Somebody asks whether a machine answers: they are told so, and whatever is open stays open."""
    asks = (turn.said.intent_detail or "").endswith("/robot")
    return plainly(turn, "common.robot") if asks else None


def plainly(turn: Turn, key: str) -> Decision:
    """An answer that leaves everything as it is."""
    return Decision(turn.contact, turn.conversation, (Spoken(Say(key)),))


def hand_over(turn: Turn, reason: str, *, keep_text: bool = True) -> Decision:
    effects: tuple[Effect, ...] = (Spoken(Say(HANDED_OVER.get(reason, "handover.opened"))), Open(reason))
    return Decision(turn.contact, unsure.closed(turn.conversation), effects, keep_text=keep_text)
