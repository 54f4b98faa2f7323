"""What is asked when a message is not understood well enough: "did you mean …?", and then whether a person is wanted. PURE.

How sure is sure enough stands in `nlu.bands`; the order of things in docs/adr/0021-confidence.md.
"""

from collections.abc import Mapping
from dataclasses import replace

from bot.core import flowing
from bot.core.model import Conversation
from bot.core.turn import Decision, Spoken, Turn
from flows.types import Choice, Json, Say
from nlu.types import Entity

LABELS: Mapping[str, str] = {
    "book_appointment": "menu.visit",
    "cancel_appointment": "wish.cancel",
    "reschedule_appointment": "wish.move",
    "appointment_info": "menu.mine",
    "medication_taken": "wish.taken",
    "medication_missed": "wish.missed",
    "medication_refill": "menu.medicine",
    "side_effect": "wish.effect",
    "health_question": "menu.topics",
    "vaccination_info": "wish.vaccines",
    "pregnancy_advice": "wish.pregnancy",
    "report_reading": "wish.reading",
    "emergency": "wish.emergency",
    "talk_to_human": "menu.person",
    "change_language": "menu.language",
    "help": "wish.help",
    "opt_out": "wish.stop",
}
"""The wishes that lead somewhere, and how they are called. Nobody is asked "did you mean hello?"."""

WISH, MENU, PERSON = "wish:", "wish.menu", "wish.person"
TO_MENU = "0"
LIKELY = 0.05
"""Share from which a wish is worth a line: of those below, one in twenty or fewer would be chosen."""
MOST_MISSED = 2
"""Misunderstandings after which a person is offered."""
AFTER_OFFER = 3
"""What a conversation has missed once the offer of a person was not answered either: then a person is told."""


def ask(turn: Turn) -> Decision | None:
    """Ask "did you mean …?" with the likeliest wishes; None where none of them leads anywhere."""
    told = _told(turn)
    ranked = [name for name, share in turn.said.ranking if share >= LIKELY]
    wishes = [name for name in ranked if name.partition("/")[0] in LABELS]
    if not wishes:
        return None
    # what may be an emergency stands first
    wishes.sort(key=lambda name: not name.startswith("emergency"))
    choices = tuple(Choice(WISH + name, LABELS[name.partition("/")[0]], told) for name in wishes)
    choices = (*choices, Choice(MENU, "choice.menu"))
    kept = replace(closed(turn.conversation), choices=choices, missed=turn.conversation.missed)
    said = Spoken(Say("wish.ask", {}, choices))
    return Decision(turn.contact, _for_a_day(kept, turn), (said,), understood=False, unsure="ask")


def offer_person(turn: Turn) -> Decision:
    """Two messages were not understood: whether a person should answer."""
    choices = (Choice(PERSON, "choice.person"), Choice(MENU, "choice.menu"))
    kept = replace(closed(turn.conversation), choices=choices, missed=MOST_MISSED)
    said = Spoken(Say("wish.person", {}, choices))
    return Decision(turn.contact, _for_a_day(kept, turn), (said,), understood=False, unsure="person")


def is_asked(conversation: Conversation) -> bool:
    """Whether one of the two questions is open."""
    return any(choice.id == MENU for choice in conversation.choices)


def chosen(turn: Turn) -> str | None:
    """The id of the choice that was taken: by a tap, its number, 0 for the menu, or yes and no to the offer of a person."""
    choices = turn.conversation.choices
    if not is_asked(turn.conversation):
        return None
    if turn.choice is None and turn.text.strip() == TO_MENU:
        return MENU
    taken = flowing.chosen(turn, choices)
    if taken is None and choices[0].id == PERSON and turn.said.intent in {"affirm", "deny"}:
        return PERSON if turn.said.intent == "affirm" else MENU
    return taken


def as_said(turn: Turn, wish: str) -> Turn:
    """The turn of a person who had said the wish outright, with the day and the place that their words told."""
    taken = next(choice for choice in turn.conversation.choices if choice.id == wish)
    name = wish.removeprefix(WISH)
    told = tuple(
        Entity(kind, str(taken.params[key]), "")
        for kind, key in (("date", "told_day"), ("place", "told_place"))
        if taken.params.get(key)
    )
    said = replace(
        turn.said,
        intent=name.partition("/")[0],
        intent_detail=name if "/" in name else None,
        confidence=1.0,
        entities=told,
        keyword=None,
    )
    return replace(turn, said=said, choice=None, text="", conversation=closed(turn.conversation))


def not_taken(turn: Turn) -> Turn:
    """The turn of a person who answered with other words: one more thing that was not understood."""
    offered = turn.conversation.choices[0].id == PERSON
    missed = AFTER_OFFER if offered else turn.conversation.missed + 1
    return replace(turn, conversation=replace(closed(turn.conversation), missed=missed))


def _told(turn: Turn) -> dict[str, Json]:
    known = flowing.first_vars(turn)
    return {f"told_{key}": known[name] for key, name in (("day", "day"), ("place", "place_id")) if name in known}


def closed(conversation: Conversation) -> Conversation:
    """The conversation with nothing open."""
    return Conversation(session_id=conversation.session_id, seen=conversation.seen)


def _for_a_day(conversation: Conversation, turn: Turn) -> Conversation:
    return replace(conversation, expires_at=turn.now + flowing.A_DAY)
