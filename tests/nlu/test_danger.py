import json
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu import danger_readings, danger_sense
from nlu.danger import find
from nlu.lexicon.danger_concepts import CONCEPTS
from nlu.lexicon.danger_described import FIRST, THEN
from nlu.lexicon.danger_rules import RULES
from nlu.types import FORMS, DangerLevel

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).parents[2]
TRAINING = (*ROOT.glob("nlu/rasa/data/*/emergency_described.tsv"), ROOT / "nlu" / "data" / "danger" / "near_misses.tsv")


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


def test_what_is_described_and_not_named_is_found() -> None:
    """Sentences of a sitting of their own, none of them in the training data; measured when first read: 0.990, 0.909."""
    data = rows("danger_described.jsonl")
    found = [(row, find(row["text"])) for row in data]
    silent = [row["text"] for row, sign in found if sign is None or sign.level is DangerLevel.INFORM]
    assert len(data) >= 90
    assert {row["form"] for row in data} == set(FORMS)
    assert len(silent) / len(data) <= 0.01, silent
    assert sum(sign is not None and sign.level is DangerLevel.NOW for _, sign in found) / len(data) >= 0.95


def test_described_near_misses_raise_few_alarms() -> None:
    data = rows("near_misses_described.jsonl")
    levels = [sign.level if (sign := find(row["text"])) else None for row in data]
    assert len(data) >= 120
    assert levels.count(DangerLevel.NOW) / len(data) <= 0.05
    assert (levels.count(DangerLevel.NOW) + levels.count(DangerLevel.ASK)) / len(data) <= 0.25


def test_the_dev_sentences_are_not_in_the_training_data() -> None:
    trained = {text for path in TRAINING for line in path.read_text("utf-8").splitlines() for text in line.split("\t")}
    names = ("danger.jsonl", "danger_described.jsonl", "near_misses.jsonl", "near_misses_described.jsonl")
    assert [row["text"] for name in names for row in rows(name) if row["text"] in trained] == []


def test_the_sense_lowers_nothing() -> None:
    order = [None, DangerLevel.INFORM, DangerLevel.ASK, DangerLevel.NOW]
    for row in rows("danger.jsonl") + rows("near_misses.jsonl"):
        rules, both = find(row["text"], sense=False), find(row["text"])
        assert order.index(both.level if both else None) >= order.index(rules.level if rules else None)


def test_a_damaged_sense_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = tmp_path / "sense.json"
    damaged.write_text("{}", "utf-8")
    monkeypatch.setattr(danger_sense, "MODEL", damaged)
    with pytest.raises((KeyError, ValueError)):
        danger_sense.load.__wrapped__()


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
    found = find(text, sense=False)
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


@pytest.mark.parametrize("text", ["mal poitrine sang beaucoup ", "la ", "ما عندي لا ", "a", "\u202e", "😀 "])
def test_the_longest_text_is_bounded(text: str) -> None:
    long = (text * 10_000)[:10_000]
    find(long)
    start = time.thread_time()
    find(long)
    assert time.thread_time() - start < 0.2  # 50 ms on an idle core; the machine that tests is not one


def test_the_end_of_a_long_text_is_read() -> None:
    assert find("bonjour " * 1250 + "il ne respire plus") == find("il ne respire plus")
