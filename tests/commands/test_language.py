"""Commands that read a line and write a line write nothing else."""

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Sahti


def test_a_warning_is_no_line_of_the_answer(sahti: Sahti, var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for table in (var / "nlu").glob("table-*.json"):
        table.unlink()
    ended = sahti("understand", "--jsonl", lines=[{"text": "salam"}, {"text": "menu"}])
    assert [json.loads(line)["engine"] for line in ended.out.splitlines()] == ["none", "keyword"]
    assert "no_table" in ended.err
