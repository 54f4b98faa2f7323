"""The Tamazight sentences held out for measuring: enough of each intent, and none that the models were taught."""

import json
from collections import Counter
from pathlib import Path

import pytest

from nlu.train import leaks, read_rows
from nlu.types import INTENTS

ROOT = Path(__file__).parents[2]
DEV = Path(__file__).parent / "data" / "intents_dev_zgh.jsonl"


def dev_rows(form: str) -> list[dict[str, str]]:
    rows = [json.loads(line) for line in DEV.read_text(encoding="utf-8").splitlines()]
    assert all(set(row) == {"text", "form", "intent"} for row in rows)
    return [row for row in rows if row["form"] == form]


@pytest.mark.parametrize("form", ["zgh-Latn", "zgh-Tfng"])
def test_every_intent_is_asked_at_least_five_times(form: str) -> None:
    counts = Counter(row["intent"].partition("/")[0] for row in dev_rows(form))
    assert {intent: counts[intent] for intent in INTENTS if counts[intent] < 5} == {}
    assert set(counts) <= set(INTENTS)


@pytest.mark.parametrize("form", ["zgh-Latn", "zgh-Tfng"])
def test_no_sentence_was_taught(form: str) -> None:
    taught = [row for row in read_rows(ROOT) if row.form == form]
    assert leaks(taught, [(form, row["text"]) for row in dev_rows(form)], shortest=1) == []
