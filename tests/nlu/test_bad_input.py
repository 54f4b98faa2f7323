"""Whatever is sent, a value comes back at once; and many texts one after another take no more memory than a few."""

import json
import os
import random
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

from bot.settings import ROOT
from nlu import dates
from nlu.keywords import Keywords
from nlu.table import parse
from nlu.table_fit import fit
from nlu.train import table_path
from nlu.types import FORMS, Keyword
from nlu.understand import Understander

NOW = datetime(2026, 11, 24, 12)  # noqa: DTZ001 (wall time)
LATEST = 0.05
"""Seconds of work for one text: what everybody is promised."""
BAD = {
    "empty": "",
    "blanks": " \t\n ",
    "emoji": "😀👍🏽👨‍👩‍👧",
    "one letter": "a",
    "10 000 letters": "salam bghit rdv " * 625,
    "10 000 digits": "1" * 10_000,
    "one long word": "a" * 5_000 + "b" * 5_000,
    "a command": '/intent{"a": 1}',
    "scripts in one word": "sаlаmسلامⴰⵣⵓⵍ",
    "presentation forms": "ﺳﻼﻡ ﻋﻠﻴﻜﻢ",
    "homoglyphs": "ѕаӏаm bоnjоur",
    "directions": "\u202esalam\u202d \u2066موعد\u2069",
    "100 marks": "a" + "\u0301" * 100 + "ب" + "\u064e" * 100,
    "surrogates": "\ud83d salam \udc00",
    "random bytes": random.Random(1).randbytes(2_000).decode("latin-1"),
    "zeros": "\x00" * 500,
    "numbers in words": "vingt " * 300,
    "times": "10h30 " * 250,
}


@pytest.fixture(scope="module")
def subject() -> Understander:
    table = parse(fit([("salam", "greet"), ("bghit rdv", "book_appointment"), ("merci", "thanks")], "v"))
    return Understander(Keywords({"fr": {Keyword.STOP: ["stop"]}}), table)


@pytest.mark.parametrize("name", BAD)
def test_a_value_comes_back_at_once(subject: Understander, name: str) -> None:
    faults: list[str] = []
    heard = Understander(Keywords({}), None, on_fault=lambda layer, kind: faults.append(f"{layer} {kind}"))
    heard.understand(BAD[name], form=None, now=NOW)  # what is made when first used is no part of the time
    assert faults == []
    began = time.thread_time()
    said = subject.understand(BAD[name], form=None, now=NOW, engine="table")
    assert time.thread_time() - began < LATEST
    assert said.form in FORMS
    assert 0 <= said.confidence <= 1


@pytest.mark.parametrize("name", BAD)
def test_a_date_is_sought_at_once(name: str) -> None:
    dates.when(BAD[name], NOW, None)
    began = time.thread_time()
    dates.when(BAD[name], NOW, None)
    assert time.thread_time() - began < LATEST


@pytest.mark.parametrize("command", ["understand", "when"])
def test_ten_thousand_lines_take_no_more_memory_than_a_thousand(command: str, tmp_path: Path) -> None:
    own = table_path(ROOT, tmp_path / "var")
    own.parent.mkdir(parents=True)
    own.write_text(fit([("salam", "greet"), ("bghit rdv", "book_appointment"), ("merci", "thanks")], "v"), "utf-8")
    few, many = _peak(command, 1_000, tmp_path), _peak(command, 10_000, tmp_path)
    assert many - few < 48 * 1024, f"{few} kB for a thousand lines, {many} kB for ten thousand"


def _peak(command: str, lines: int, folder: Path) -> int:
    """The most memory that the command had, in kB, for so many different texts."""
    chance = random.Random(lines)
    texts = folder / f"{command}-{lines}.jsonl"
    with texts.open("w", encoding="utf-8") as file:
        for number in range(lines):
            word = "".join(chance.choices("abdhiklmnrstw379", k=8))
            text = f"salam bghit rdv {word} nhar {number % 28 + 1}/12 m3a {number % 12}h"
            file.write(json.dumps({"text": text, "now": "2026-11-24T09:00"}) + "\n")
    watched = (
        "import resource, runpy, sys\n"
        "sys.argv = ['sahti', *sys.argv[1:]]\n"
        "from bot.cli import main\n"
        "status = main()\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
        "sys.exit(status)\n"
    )
    with texts.open(encoding="utf-8") as given, (folder / "said").open("w", encoding="utf-8") as said:
        done = subprocess.run(
            [sys.executable, "-c", watched, command, "--jsonl"],
            cwd=ROOT,
            env={**os.environ, "SAHTI_VAR": str(folder / "var")},
            stdin=given,
            stdout=said,
            stderr=subprocess.PIPE,
            text=True,
            timeout=300,
            check=True,
        )
    assert len((folder / "said").read_text(encoding="utf-8").splitlines()) == lines
    return int(done.stderr.split()[-1])
