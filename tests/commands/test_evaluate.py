import json
from pathlib import Path

import pytest

from nlu.table_fit import fit
from tests.commands.conftest import Sahti

ROWS = [
    {"text": "je veux prendre rendez-vous demain", "form": "fr", "intent": "book_appointment"},
    {"text": "bghit nakhod rendez-vous", "form": "ary-Latn", "intent": "book_appointment"},
    {"text": "mon père ne respire plus", "form": "fr", "intent": "emergency"},
]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    file = tmp_path / "set.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in ROWS) + "\n\n")
    return file


def test_a_table_with_a_line_for_each_form(sahti: Sahti, written: Path) -> None:
    ended = sahti("evaluate", "--set", str(written))
    assert ended.status == 0
    lines = {line.split()[0]: line.split() for line in ended.out.splitlines() if line.strip()}
    assert lines["fr"][1] == "2"
    assert lines["ary-Latn"][1] == "1"
    assert lines["all"][1:3] == ["3", "1.000"]


def test_lines_with_a_language_and_a_script_danger_and_entities(sahti: Sahti, tmp_path: Path) -> None:
    rows = [
        {"text": "mon père ne respire plus", "lang": "fr", "script": "Latn", "red_flag": "breathing", "level": "now"},
        {"text": "kont tayh chi nhar w daz", "lang": "ary", "script": "Latn", "near_miss": True},
        {
            "text": "rdv demain",
            "lang": "fr",
            "script": "Latn",
            "intent": "book_appointment",
            "now": "2026-11-24T09:00",
            "entities": [{"type": "date", "value": "2026-11-25", "text": "demain"}],
        },
    ]
    file = tmp_path / "set.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = json.loads(sahti("evaluate", "--set", str(file), "--json").out)
    assert report["forms"]["fr"]["danger_now"] == {"right": 1, "of": 1}
    assert report["forms"]["ary-Latn"]["alarms"] == {"right": 0, "of": 1}
    assert report["forms"]["fr"]["entities"] == {"right": 1, "of": 1}
    assert "danger signs answered: 100.0%" in sahti("evaluate", "--set", str(file)).out


def test_the_whole_report_as_json(sahti: Sahti, written: Path) -> None:
    report = json.loads(sahti("evaluate", "--set", str(written), "--json").out)
    assert report["total"]["rows"] == 3
    assert report["forms"]["fr"]["emergency_recall"] == 1.0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", ":4: a line is"),
        ('{"text": "x", "form": "fr"}', ":4: a line is"),
        ('{"text": "x", "form": "en", "intent": "greet"}', ":4: form must be one of"),
        ('{"text": "x", "form": "fr", "intent": "horoscope"}', ":4: there is no such intent"),
    ],
)
def test_a_bad_line_is_told_with_its_number(sahti: Sahti, written: Path, line: str, told: str) -> None:
    written.write_text(written.read_text().rstrip("\n") + "\n" + line + "\n")
    ended = sahti("evaluate", "--set", str(written))
    assert ended.status == 1
    assert told in ended.err


def test_an_empty_set_is_refused(sahti: Sahti, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    assert "no text" in sahti("evaluate", "--set", str(tmp_path / "empty.jsonl")).err


def test_a_candidate_that_is_worse_is_refused_with_what_it_does_worse(
    sahti: Sahti, written: Path, table: Path, tmp_path: Path
) -> None:
    same = sahti("evaluate", "--set", str(written), "--against", str(table))
    assert same.status == 0
    assert "not worse in any form" in same.out
    poor = tmp_path / "poor.json"
    poor.write_text(fit([("je veux prendre", "thanks"), ("bghit nakhod", "greet")], "poor"), encoding="utf-8")
    refused = sahti("evaluate", "--set", str(written), "--against", str(poor))
    assert refused.status == 1
    assert "fr: macro-F1" in refused.err
    assert "ary-Latn: macro-F1" in refused.err


def test_what_is_no_table_is_no_candidate(sahti: Sahti, written: Path) -> None:
    refused = sahti("evaluate", "--set", str(written), "--against", str(written))
    assert refused.status == 1
    assert "is no table" in refused.err
