"""Understanding on texts it was never shaped by. What fails is told as shares; the texts stay unseen (see the README)."""

import json
import sys
from collections import Counter

import pytest

from bot.settings import ROOT
from nlu import train
from nlu.types import FORMS, INTENTS
from tests.nlu import heldout

MEASURES = (
    "danger now", "danger now or ask", "danger of its kind", "near-miss without alert", "near-miss without now",
    "intent macro-F1", "language of 1-5 words", "language of 6+ words", "when alone", "when inside",
)  # fmt: skip
FILES = ("intents.jsonl", "danger.jsonl", "when.jsonl", "when_inside.jsonl", "language.jsonl")


@pytest.fixture(scope="module")
def figures() -> heldout.Figures:
    return heldout.everything()[0]


@pytest.fixture(scope="module")
def floors() -> heldout.Figures:
    found: heldout.Figures = json.loads(heldout.FLOORS.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", MEASURES)
def test_no_figure_falls_under_its_floor(figures: heldout.Figures, floors: heldout.Figures, name: str) -> None:
    fallen = {form: (share, floors[name][form]) for form, share in figures[name].items() if share < floors[name][form]}
    sys.stdout.write(f"{name}: { ({form: round(share, 3) for form, share in figures[name].items()}) }\n")
    assert fallen == {}, "the texts are not for reading: see tests/nlu/data/heldout/README.md"


def test_every_measure_has_a_floor_for_every_form(figures: heldout.Figures, floors: heldout.Figures) -> None:
    assert set(figures) == set(floors) == set(MEASURES)
    assert all(set(floors[name]) == {*FORMS, "all"} for name in MEASURES)


def test_a_floor_rises_and_never_falls() -> None:
    floors = {"when alone": {"fr": 0.8, "ar": 0.5}}
    assert heldout.lifted(floors, {"when alone": {"fr": 0.7, "ar": 0.9}}) == {"when alone": {"fr": 0.8, "ar": 0.88}}
    assert heldout.lifted({}, {"when alone": {"fr": 0.005}}) == {"when alone": {"fr": 0.0}}


def test_the_sets_are_as_large_and_as_wide_as_they_say() -> None:
    intents = Counter((row["form"], row["intent"]) for row in heldout.rows("intents.jsonl"))
    assert set(intents) == {(form, intent) for form in FORMS for intent in INTENTS}
    assert min(intents.values()) >= 9
    signs = [row for row in heldout.rows("danger.jsonl") if not row.get("near_miss")]
    assert len(signs) >= 300
    assert {row["level"] for row in signs} == {"now", "ask"}
    assert min(Counter(row["form"] for row in signs).values()) >= 35
    for name in FILES:
        texts = [(row["form"], row["text"]) for row in heldout.rows(name)]
        assert len(texts) == len(set(texts))


def test_none_of_it_is_trained_on() -> None:
    held_out = [(row["form"], row["text"]) for name in FILES for row in heldout.rows(name)]
    assert len(train.leaks(train.read_rows(ROOT), held_out)) == 0


@pytest.mark.parametrize(
    ("wanted", "given", "alike"),
    [
        ("P14D", "P2W", True),
        ("P2Y", "P24M", True),
        ("every PT8H", "every PT480M", True),
        ("every P1W", "1/week", True),
        ("1.20 g/L", "1.2 g/L", True),
        ("P1M", "P30D", False),
        ("every PT12H", "2/day", False),
        ("39", "39.5", False),
        ("2026-11-24", "2026-11-25", False),
    ],
)
def test_values_are_compared_by_what_they_mean(wanted: str, given: str, *, alike: bool) -> None:
    assert heldout.same(wanted, given) is alike


def test_a_second_reading_counts_only_where_the_words_allow_it() -> None:
    wanted = {"type": "date", "value": "2026-12-05", "or": {"type": "interval", "value": "2026-11-25/2026-12-05"}}
    assert heldout.fits(wanted, "date", "2026-12-05")
    assert heldout.fits(wanted, "interval", "2026-11-25/2026-12-05")
    assert not heldout.fits(wanted, "date", "2026-11-25/2026-12-05")
    assert not heldout.fits({"type": "date", "value": "2026-12-05"}, "interval", "2026-11-25/2026-12-05")
