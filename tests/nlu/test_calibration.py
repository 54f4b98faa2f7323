"""A confidence of 0.7 is right seven times in ten, and the bands say what is done with it."""

import json
import math
import random

import pytest

from bot.settings import ROOT
from nlu import bands, choose_bands
from nlu.bands import Band
from nlu.calibration import public, temperature
from nlu.types import FORMS, INTENTS

LABELS = ("greet", "thanks", "help/menu")


def _drawn(heat: float) -> tuple[list[list[float]], list[str]]:
    """Scores, and answers drawn from the probabilities that these scores divided by `heat` stand for."""
    chance = random.Random(7)
    rows, answers = [], []
    for _ in range(4000):
        row = [chance.gauss(0, 2) for _ in LABELS]
        rows.append(row)
        answers.append(chance.choices(LABELS, [math.exp(score / heat) for score in row])[0])
    return rows, answers


@pytest.mark.parametrize("heat", [0.6, 1.0, 1.8])
def test_the_temperature_that_the_answers_were_drawn_with_is_found(heat: float) -> None:
    rows, answers = _drawn(heat)
    assert temperature(rows, LABELS, answers) == pytest.approx(heat, rel=0.1)


def test_finer_names_count_for_the_public_one_with_a_slash_or_a_dot() -> None:
    assert public("help/menu") == public("help.menu") == public("help") == "help"
    rows, answers = _drawn(1.0)
    dotted = [answer.replace("/", ".") for answer in answers]
    assert temperature(rows, LABELS, answers) == temperature(rows, [one.replace("/", ".") for one in LABELS], dotted)


def test_without_a_known_answer_nothing_is_changed() -> None:
    assert temperature([], LABELS, []) == 1.0
    assert temperature([[1.0, 2.0, 3.0]], LABELS, ["deny"]) == 1.0


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_thresholds_in_their_order(form: str) -> None:
    known = json.loads(bands.FILE.read_text(encoding="utf-8"))["forms"][form]
    assert 0 < known["ask"] <= known["answer"] <= known["leave"] < 1
    for intent in INTENTS:
        answers = bands.answers_from(intent, form)
        assert bands.band(intent, answers, form) is Band.ANSWER
        assert bands.band(intent, answers - 0.01, form) in {Band.ASK, Band.MENU}
        assert bands.leaves_from(intent, form) >= answers
    assert bands.band("greet", known["ask"] - 0.01, form) is Band.MENU
    assert bands.band(None, 1.0, form) is Band.MENU


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("costly", choose_bands.CAREFUL)
def test_what_costs_more_when_wrong_needs_more_than_reading_a_topic(costly: str, form: str) -> None:
    assert bands.answers_from(costly, form) >= max(0.5, bands.answers_from("health_question", form))


def test_the_thresholds_are_those_that_the_rules_choose() -> None:
    """By the rules on made-up texts: the lowest step from which enough is right."""
    texts = [
        choose_bands.Seen(form, "greet", "greet" if right else "thanks", sure, among=True)
        for form in FORMS
        for sure, rights in ((0.32, [0, 0, 1]), (0.42, [1] + [0] * 8), (0.52, [1] * 9 + [0]), (0.9, [1] * 30))
        for right in rights
    ]
    chosen = choose_bands.choose(texts)["forms"]
    assert isinstance(chosen, dict)
    assert {form: (found["answer"], found["ask"]) for form, found in chosen.items()} == dict.fromkeys(
        FORMS, (0.45, 0.2)
    )


def test_the_file_says_what_it_rests_on() -> None:
    written = json.loads(bands.FILE.read_text(encoding="utf-8"))
    assert "choose_bands" in written["how"]
    sets = ROOT / "tests" / "nlu" / "data"
    assert all((sets / name).exists() and count > 0 for name, count in written["sets"].items())
    for found in written["forms"].values():
        assert found["texts"] > 0
        assert found["answered_right"] >= choose_bands.RIGHT or found["answer"] == choose_bands.ANSWERS[1]
