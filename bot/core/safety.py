"""Danger signs: what is said for which kind. Nothing here reads text or looks anything up.

The numbers come from the emergency-number table (`bot.core.numbers`); the words from `locales`.
"""

from collections.abc import Mapping, Sequence

from bot.core.model import Kind
from bot.core.turn import Effect, Open, Spoken
from flows.types import Choice, Json, Say
from nlu.types import Danger, DangerLevel

TEXT_OF_KIND = {
    "poisoning": "safety.now.poison",
    "overdose": "safety.now.poison",
    "carbon_monoxide": "safety.now.poison",
    "caustic": "safety.now.poison",
    "sting": "safety.now.poison",
    "scorpion": "safety.now.poison",
    "snake": "safety.now.poison",
    "self_harm": "safety.now.self_harm",
    "suicide": "safety.now.self_harm",
    "violence": "safety.now.violence",
    "pregnancy": "safety.now.pregnancy",
    "birth": "safety.now.pregnancy",
    "postpartum": "safety.now.pregnancy",
    "newborn": "safety.now.newborn",
}
"""Kinds with words of their own; every other kind has the general text. A kind matches by its first word too."""

YES, NO = "danger.yes", "danger.no"


def text_for(kind: str) -> str:
    """The key of the emergency text for a kind of danger."""
    if kind in TEXT_OF_KIND:
        return TEXT_OF_KIND[kind]
    return next((key for name, key in TEXT_OF_KIND.items() if kind.startswith(f"{name}_")), "safety.now.general")


def now(kind: str, numbers: Mapping[str, Json]) -> tuple[Effect, ...]:
    """The emergency text and a person of the staff who is told."""
    return Spoken(Say(text_for(kind), numbers), Kind.EMERGENCY), Open(f"danger_{kind}"[:40], urgent=True)


def ask(kind: str, numbers: Mapping[str, Json]) -> Spoken:
    """One short question, is it happening now, with the numbers beside it."""
    choices = (Choice(f"{YES}:{kind}", "choice.yes"), Choice(f"{NO}:{kind}", "choice.no"))
    return Spoken(Say("safety.ask", numbers, choices), Kind.EMERGENCY)


def answer(danger: Danger, numbers: Mapping[str, Json]) -> tuple[Effect, ...]:
    """What is said at once about a danger sign."""
    if danger.level is DangerLevel.NOW:
        return now(danger.kind, numbers)
    if danger.level is DangerLevel.ASK:
        return (ask(danger.kind, numbers),)
    return (Spoken(Say("safety.inform", numbers), Kind.EMERGENCY),)


def is_asked(choices: Sequence[Choice]) -> bool:
    """Whether the open choices are those of a danger question."""
    return bool(choices) and asked_kind(choices[0].id) is not None


def asked_kind(choice: str) -> tuple[str, bool] | None:
    """The kind and the answer behind a choice of the danger question; None for any other choice."""
    word, _, kind = choice.partition(":")
    return (kind, word == YES) if word in {YES, NO} else None
