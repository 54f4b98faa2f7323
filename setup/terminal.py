"""What set-up says while it works: one line a step with the seconds since it began, and one sentence when it cannot."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

HEARTBEAT = 10.0
"""Seconds of silence after which a running step says that it is still at it."""
SHOWN = 15
"""Last lines of a failed command's output that are shown."""

Words = Sequence[str | Path]
"""A command and its arguments."""


class Stop(Exception):
    """Set-up cannot go on: what is missing, and what to do about it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what
        self.remedy = remedy


class Terminal:
    """Progress on standard output, and the log of every command under var/log/setup.log."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "var" / "log" / "setup.log"
        self._began = time.monotonic()

    def say(self, line: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - self._began:6.1f} s] {line}\n")
        sys.stdout.flush()

    def run(self, doing: str, command: Words, *, remedy: str, env: Mapping[str, str] | None = None) -> None:
        """Run a command of a step, its output kept in the log. Raises Stop with its last lines when it fails."""
        self.say(doing)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        words = [str(word) for word in command]
        with self.log.open("ab+") as log:
            log.write(f"\n== {doing}\n".encode())
            log.flush()
            began = log.tell()
            with subprocess.Popen(  # noqa: S603 - our own commands with fixed arguments
                words,
                cwd=self.root,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            ) as child:
                self._wait(child)
            if child.returncode:
                log.seek(began)
                printed = log.read().decode("utf-8", "replace").splitlines()[-SHOWN:]
                sys.stdout.write("".join(f"           {line}\n" for line in printed))
                raise Stop(f"{doing}: it ended with {child.returncode} (all of it: var/log/setup.log).", remedy)

    def _wait(self, child: "subprocess.Popen[bytes]") -> None:
        while True:
            try:
                child.wait(HEARTBEAT)
            except subprocess.TimeoutExpired:
                self.say("  … still at it")
            except BaseException:
                child.terminate()
                child.wait()
                raise
            else:
                return


def answer(command: Words, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str | None:
    """What a short command prints, without the last newline; None when it fails, is missing or takes over 20 seconds."""
    try:
        ended = subprocess.run(  # noqa: S603 - our own commands with fixed arguments
            [str(word) for word in command],
            env={**os.environ, **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ended.stdout.strip()
