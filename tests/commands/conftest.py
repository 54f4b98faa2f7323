"""The command line, called as a person would, in an empty folder of state."""

import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.cli import main
from nlu.train import build_table, table_path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Sahti = Callable[..., Ended]


@pytest.fixture(scope="session")
def table() -> Path:
    """The built-in table for the present training data; made once."""
    return build_table(ROOT, ROOT / "var", lambda _: None)


@pytest.fixture
def sahti(
    var: Path, table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Sahti]:
    monkeypatch.setenv("SAHTI_VAR", str(var))
    own = table_path(ROOT, var)
    own.parent.mkdir(parents=True)
    own.symlink_to(table)

    def run(*words: str, lines: Sequence[object] = ()) -> Ended:
        written = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(written.encode())))
        try:
            status = main(words)
        except SystemExit as wrong:
            status = int(wrong.code or 0)
        out, err = capsys.readouterr()
        return Ended(status, out, err)

    yield run
    structlog.reset_defaults()  # a command sets up the logging of its process, which here is everybody's
