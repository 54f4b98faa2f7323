import json
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu import danger_readings
from nlu.danger import find
from nlu.lexicon.danger_concepts import CONCEPTS
from nlu.lexicon.danger_described import FIRST, THEN
from nlu.lexicon.danger_rules import RULES
from nlu.types import FORMS, DangerLevel

DATA = Path(__file__).parent / "data"


def rows(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


def test_danger_is_recalled_in_every_form() -> None:
    seen: Counter[str] = Counter()
    now: Counter[str] = Counter()
    raised = kinds = 0
    data = rows("danger.jsonl")
    for row in data:
        found = find(row["text"])
        seen[row["form"]] += 1
        now[row["form"]] += found is not None and found.level is DangerLevel.NOW
        raised += found is not None
        kinds += found is not None and found.kind == row["kind"]
    print({form: f"{now[form]}/{seen[form]}" for form in FORMS})  # noqa: T201 -- shown by pytest -s
    assert len(data) >= 250
    assert len({row["kind"] for row in data}) >= 24
    assert all(now[form] / seen[form] >= 0.95 for form in FORMS)
    assert sum(now.values()) / len(data) >= 0.97
    assert raised / len(data) >= 0.99
    assert kinds / len(data) >= 0.90


def test_near_misses_raise_no_alarm() -> None:
    data = rows("near_misses.jsonl")
    alarms = [row["text"] for row in data if (found := find(row["text"])) and found.level is DangerLevel.NOW]
    assert len(data) >= 150
    assert len(alarms) / len(data) <= 0.03, alarms


def test_rules_name_known_concepts() -> None:
    rules = (*FIRST, *RULES, *THEN)
    used = {need.lstrip("-!") for _, _, needs in rules for need in needs.split()}
    assert used - set(CONCEPTS) - danger_readings.CONCEPTS == set()
    assert all(level in set(DangerLevel) for _, level, _ in rules)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("j'ai mal à la poitrine", "now"), ("je n'ai pas mal à la poitrine", None), ("ma 3ndich l7ri9 f sder", None),
        ("ma 3ndich skhana walakin sdri kaydrni", "now"), ("pas de fièvre, mais il ne respire plus", "now"),
        ("quels sont les signes d'un AVC, bouche tordue ?", "inform"),
        ("quels sont les signes du saignement ? ma femme enceinte saigne beaucoup", "now"),
        ("j'ai eu des convulsions l'année dernière", "inform"), ("que faire si un scorpion pique", "ask"),
        ("la convulsion c'est passé", "ask"), ("bghit nmout", "now"), ("BGHIT NMOUUUT!!!", "now"), ("", None), ("15", None),
        ("Bonjour. Ma mère est tombée. Elle ne se réveille pas.", "now"), ("salam", None), ("?", None),
    ],
)  # fmt: skip
def test_negation_time_and_questions(text: str, level: str | None) -> None:
    found = find(text)
    assert (found.level.value if found else None) == level


def test_no_text_lowers_what_another_sentence_raised() -> None:
    assert find("C'est quoi un AVC ? Mon père a la bouche tordue.") == find("Mon père a la bouche tordue.")


@given(st.text(max_size=400))
def test_total(text: str) -> None:
    found = find(text)
    assert found is None or found.level in set(DangerLevel)


def test_fast_enough_to_answer_inside_the_request() -> None:
    texts = [row["text"] for row in rows("danger.jsonl")]
    times = []
    for text in texts:
        start = time.thread_time()
        find(text)
        times.append(time.thread_time() - start)
    assert sorted(times)[len(times) // 2] < 0.001


def test_the_longest_text_is_bounded() -> None:
    start = time.thread_time()
    find(("mal poitrine sang beaucoup " * 100)[:1600])
    assert time.thread_time() - start < 1
