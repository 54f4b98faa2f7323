"""What `make test` and CI run, in one list: the linters, the types, the floors, and every test."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from setup import browser
from setup.terminal import Terminal

LINTERS = (
    ("ruff check", ("ruff", "check", ".")),
    ("ruff format", ("ruff", "format", "--check", "--quiet", ".")),
    ("mypy", ("mypy",)),
    ("import-linter", ("lint-imports",)),
)
TESTS = ("pytest", "-n", "2", "--dist", "loadgroup")
FAILED = "SAHTI_FAILED_CHECKS"
"""Names the linters that failed to the tests' closing lines, so that a green count of tests cannot hide them."""


def linters(root: Path, terminal: Terminal) -> list[str]:
    """Run all of them; the names of those that found something."""
    failed = []
    for name, command in LINTERS:
        terminal.say(name)
        if _run(root, command):
            failed.append(name)
    return failed


def everything(root: Path, terminal: Terminal, only: Sequence[str] = ()) -> int:
    """Linters, then pytest, whose summary is the last line. 0 only when all of it is well."""
    chromium = browser.bring(terminal)
    failed = linters(root, terminal)
    terminal.say("pytest")
    extra = {browser.VARIABLE: chromium} if chromium else {}
    if failed:
        extra[FAILED] = ", ".join(failed)
    ended = _run(root, (*TESTS, *only), extra)
    return ended or int(bool(failed))


def _run(root: Path, command: Sequence[str], extra: dict[str, str] | None = None) -> int:
    sys.stdout.flush()
    words = [str(root / ".venv" / "bin" / command[0]), *command[1:]]
    ended = subprocess.run(  # noqa: S603 - fixed commands of our own environment
        words, cwd=root, env={**os.environ, **(extra or {})}, stdin=subprocess.DEVNULL, check=False
    )
    return ended.returncode
