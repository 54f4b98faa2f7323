"""The search at the end of a run finds what was planted, wherever it was logged, and fails the run for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import planted
from tests.house.tree import ROOT

LOGS = {
    "by a test": "import logging\nlogging.getLogger('x').warning('for %s', {words!r})",
    "on stderr": "import sys\nsys.stderr.write({words!r})",
    "by a process": "from tests import planted\nplanted.keep([{words!r}], 'web')",
}


def run(folder: Path, body: str, *options: str) -> "subprocess.CompletedProcess[str]":
    lines = body.replace("\n", "\n    ")
    (folder / "test_one.py").write_text(f"def test_one():\n    {lines}\n\n\ndef test_two():\n    pass\n")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SAHTI_", "PYTEST_"))}
    env["TMPDIR"] = str(folder)  # the logs of a run that leaked are kept: here, to go with the test
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", *options]
    command += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), str(folder)]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("where", LOGS)
def test_a_planted_leak_fails_the_run(tmp_path: Path, where: str) -> None:
    ended = run(tmp_path, LOGS[where].format(words=f"hello {planted.ILLNESS}"), "-n", "2")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "LEAKED" in ended.stdout
    assert "2 passed" in ended.stdout


def test_without_workers_as_well(tmp_path: Path) -> None:
    ended = run(tmp_path, LOGS["by a test"].format(words="to 00212612000000 now"), "-n", "0")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "a whole number" in ended.stdout


def test_a_clean_run_is_well_and_leaves_nothing(tmp_path: Path) -> None:
    body = (
        LOGS["by a test"].format(words="nothing of anybody: 1764000000000, 212 messages") + "\nprint('+212612345678')"
    )
    body += "\nimport os\nfrom pathlib import Path\n"
    body += f"Path({str(tmp_path / 'where')!r}).write_text(os.environ[{planted.FOLDER!r}])"
    ended = run(tmp_path, body, "-n", "2")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert not Path((tmp_path / "where").read_text()).exists()


def test_what_a_test_is_called_is_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(planted.FOLDER, str(tmp_path))
    planted.note(f"tests/test_one.py::test_one[{planted.NUMBER}]", [("Captured log call", "fine")])
    assert planted.leaks(tmp_path) == []
    planted.note("tests/test_one.py::test_two", [("Captured stdout call", planted.NUMBER)])
    assert planted.leaks(tmp_path) == []  # what a command prints is its answer
    planted.note("tests/test_one.py::test_two", [("Captured stderr call", planted.NUMBER)])
    assert len(planted.leaks(tmp_path)) == 2  # the number, and that it is one


@pytest.mark.parametrize("word", [*planted.words(), "+212700000001"])
def test_each_word_is_looked_for(tmp_path: Path, word: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "web.log").write_text(f"fine\n12:00 [info] event text={word} more\n")
    found = planted.leaks(tmp_path)
    assert {(leak.file, leak.line) for leak in found} == {("a/web.log", 2)}
