"""Expressions and sentences written by topic before the grammar was widened; values computed with Python's calendar."""

import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from nlu import dates
from nlu.types import FORMS

DATA = Path(__file__).parent / "data"
READINGS = {"blood_pressure", "glucose", "temperature"}


def rows(name: str) -> dict[str, list[dict[str, Any]]]:
    by_form = defaultdict(list)
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        by_form[row["language"]].append(row)
    return by_form


ALONE, INSIDE = rows("when_dev.jsonl"), rows("when_dev_sentences.jsonl")


@pytest.mark.parametrize("form", FORMS)
def test_expressions_alone(form: str) -> None:
    missed = []
    for row in ALONE[form]:
        found = dates.when(row["text"], datetime.fromisoformat(row["now"]), form)
        if found is None or found.value != row["value"]:
            missed.append((row["text"], row["value"], found.value if found else None))
    assert len(ALONE[form]) >= 40
    assert len(missed) <= 0.02 * len(ALONE[form]), missed


@pytest.mark.parametrize("form", FORMS)
def test_expressions_inside_sentences(form: str) -> None:
    missed = []
    for row in INSIDE[form]:
        found = dates.everything(row["text"], datetime.fromisoformat(row["now"]), form)
        if row["value"] is None:  # no reading may be made up
            wrong = any(one.type in READINGS for one in found)
        else:
            wrong = row["value"] not in [one.value for one in found]
        if wrong:
            missed.append((row["text"], row["value"], [one.value for one in found]))
    assert len(INSIDE[form]) >= 15
    assert len(missed) <= 0.05 * len(INSIDE[form]), missed
