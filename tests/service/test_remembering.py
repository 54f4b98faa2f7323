from datetime import datetime, timedelta

import pytest

from bot.service.remembering import MOST, Remembering
from nlu.types import Danger, DangerLevel, Keyword, Understood
from nlu.understand import Engine

NOW = datetime(2026, 11, 23, 10, 0, 30)  # noqa: DTZ001 (wall time has no zone)


class Counting:
    """Says what it is told to say, and counts how often it was asked."""

    def __init__(self, said: Understood) -> None:
        self.said, self.asked = said, 0

    def understand(
        self, text: str, *, form: str | None, now: datetime, engine: Engine = "auto", choice: str | None = None
    ) -> Understood:
        self.asked += 1
        return self.said


def asked(said: Understood, *calls: tuple[str, str | None, datetime, str | None]) -> int:
    counting = Counting(said)
    remembering = Remembering(counting)
    for text, form, now, choice in calls:
        assert remembering.understand(text, form=form, now=now, choice=choice) == said
    return counting.asked


DIGIT = Understood("fr", 0.0)
MENU = Understood("fr", 0.0, keyword=Keyword.MENU, engine="keyword")
CALL = ("menu", "fr", NOW, None)


@pytest.mark.parametrize("said", [DIGIT, MENU])
def test_rules_are_asked_once_a_minute(said: Understood) -> None:
    assert asked(said, CALL, ("menu", "fr", NOW + timedelta(seconds=20), None)) == 1
    assert asked(said, CALL, ("menu", "fr", NOW + timedelta(seconds=40), None)) == 2


@pytest.mark.parametrize("other", [("menv", "fr", NOW, None), ("menu", "ar", NOW, None), ("menu", "fr", NOW, "tapped")])
def test_another_text_form_or_choice_is_another_question(other: tuple[str, str | None, datetime, str | None]) -> None:
    assert asked(MENU, CALL, other) == 2


@pytest.mark.parametrize(
    "said",
    [
        Understood("fr", 0.0, engine="rasa"),
        Understood("fr", 0.0, engine="table"),
        Understood("fr", 0.0, danger=Danger("bleeding", DangerLevel.ASK)),
    ],
)
def test_engines_and_danger_are_asked_every_time(said: Understood) -> None:
    assert asked(said, CALL, CALL) == 2


def test_long_texts_are_not_kept() -> None:
    long = ("menu menu menu", "fr", NOW, None)
    assert asked(MENU, long, long) == 2


def test_what_is_kept_is_bounded() -> None:
    counting = Counting(DIGIT)
    remembering = Remembering(counting)
    for number in range(MOST + 1):
        remembering.understand(str(number), form="fr", now=NOW)
    remembering.understand("0", form="fr", now=NOW)
    assert counting.asked == MOST + 2
