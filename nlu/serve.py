"""Runs the Rasa server as a child process: starts it, waits until it answers, starts it again when it dies.

`python -m nlu.serve --port P --token-file FILE [--model FILE]` is the Procfile's `nlu` line. Without Rasa's environment
it says so once and waits, so that the other processes keep running and the built-in table answers.
"""

import argparse
import http.client
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from nlu.train import PYTHON, BadData, TrainingFailed, environment, train_rasa

READY_WITHIN = 60.0
"""Seconds in which a started server must answer, or it is ended and started again. It takes about ten."""
SHORTEST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
"""Seconds between two starts: doubled after each server that died young, at most this."""
LIVED = 60.0
"""Seconds after which a server counts as having worked; the pause is short again."""
GRACE = 5.0
"""Seconds that a server has to end by itself before it is killed."""

Say = Callable[[str], None]


def token(path: Path) -> str:
    """The server's token; made, readable by the owner alone, where the file is missing."""
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    made = secrets.token_urlsafe(32)
    with os.fdopen(opened, "w", encoding="ascii") as file:
        file.write(made)
    return made


def answers(port: int, secret: str, timeout: float = 2.0) -> bool:
    """Whether a server on 127.0.0.1 has a model loaded and takes this token."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", f"/status?token={secret}")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Server:
    """One Rasa server kept alive. `run` returns when `stopping` is set; the child never outlives it."""

    def __init__(
        self,
        command: Sequence[str],
        env: dict[str, str],
        ready: Callable[[], bool],
        say: Say,
        stopping: threading.Event,
    ) -> None:
        self._command = list(command)
        self._env = env
        self._ready = ready
        self._say = say
        self._stopping = stopping

    def run(self) -> None:
        pause = SHORTEST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            child = subprocess.Popen(self._command, env=self._env, stdin=subprocess.DEVNULL)  # noqa: S603 - ours
            try:
                self._watch(child, began)
            finally:
                _end(child)
            if self._stopping.is_set():
                return
            pause = SHORTEST_PAUSE if time.monotonic() - began > LIVED else min(pause * 2, LONGEST_PAUSE)
            self._say(f"nlu: the server ended with {child.returncode}; starting again in {pause:.0f} s")
            self._stopping.wait(pause)

    def _watch(self, child: "subprocess.Popen[bytes]", began: float) -> None:
        waiting = True
        while child.poll() is None and not self._stopping.wait(0.25):
            if not waiting:
                continue
            if self._ready():
                waiting = False
                self._say(f"nlu: ready after {time.monotonic() - began:.0f} s")
            elif time.monotonic() - began > READY_WITHIN:
                self._say("nlu: the server does not answer")
                return


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Without `--model` the model of the present training data is served, trained first if missing."""
    parser = argparse.ArgumentParser(prog="python -m nlu.serve", description="Serve understanding on 127.0.0.1.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token-file", type=Path, required=True, help="made if missing")
    parser.add_argument("--model", type=Path, help="a trained model (default: that of the present data)")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent, help="the checkout")
    parser.add_argument("--var", type=Path, help="where state is kept (default: var/ in the checkout)")
    given = parser.parse_args(arguments)
    root = given.root.resolve()
    var = (given.var or root / "var").resolve()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    model = _model(root, var, given.model)
    if model is None:
        _print("nlu: there is no Rasa here; the built-in table answers (for Rasa: Python 3.10, then make setup)")
        stopping.wait()
        return 0
    given.token_file.parent.mkdir(parents=True, exist_ok=True)
    secret = token(given.token_file)
    home = var / "nlu" / "home"
    home.mkdir(parents=True, exist_ok=True)
    command = [str(root / PYTHON), str(root / "nlu/rasa/server.py"), "--model", str(model), "--port", str(given.port)]
    command += ["--token-file", str(given.token_file.resolve())]
    server = Server(command, environment(root, home), lambda: answers(given.port, secret), _print, stopping)
    server.run()
    return 0


def _model(root: Path, var: Path, given: Path | None) -> Path | None:
    if not (root / PYTHON).exists():
        return None
    if given is not None:
        return given.resolve()
    try:
        return train_rasa(root, var, _print)
    except (BadData, TrainingFailed, subprocess.TimeoutExpired) as error:
        _print(f"nlu: {error}")
        return None


if __name__ == "__main__":
    sys.exit(main())
