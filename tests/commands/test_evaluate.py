import json
from pathlib import Path

import pytest

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
    assert lines["all"][1:3] == ["3", "100.0%"]


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
