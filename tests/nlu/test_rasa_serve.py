"""Keeping the understanding server alive, with stand-ins for Rasa."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nlu import serve, train

ROOT = Path(train.__file__).resolve().parent.parent


def until(condition: Callable[[], bool], seconds: float) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds
        time.sleep(0.05)


@pytest.mark.processes
def test_without_rasa_it_says_so_once_and_waits(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nlu.serve", "--port", "1", "--token-file", str(tmp_path / "t")]
    command += ["--root", str(tmp_path), "--var", str(tmp_path / "var")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        assert "built-in table answers" in process.stdout.readline()
        assert process.poll() is None
        process.terminate()
        assert process.wait(10) == 0


def test_a_server_that_never_answers_is_ended_and_started_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serve, "READY_WITHIN", 0.3)
    monkeypatch.setattr(serve, "LONGEST_PAUSE", 0.2)
    said: list[str] = []
    stopping = threading.Event()
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    server = serve.Server(sleeper, dict(os.environ), lambda: False, said.append, stopping)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: sum("starting again" in line for line in said) >= 2, 20)
    stopping.set()
    thread.join(10)
    assert not thread.is_alive()
    assert "nlu: the server does not answer" in said


def test_the_token_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "token"
    first = serve.token(path)
    assert len(first) >= 32
    assert serve.token(path) == first
    assert path.stat().st_mode & 0o077 == 0
