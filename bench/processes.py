"""Servers under measurement: started, waited for, their processor time read, ended."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROC = Path("/proc")
START = 30.0
"""Seconds that a server may take to its first answer."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def server(command: Sequence[str], port: int, environment: Mapping[str, str]) -> Iterator[int]:
    """A server in a session of its own, whose number is given; ended with all it started when the block ends."""
    process = subprocess.Popen(  # noqa: S603 (our own programs)
        command, cwd=ROOT, env={**os.environ, **environment}, start_new_session=True
    )
    try:
        until = time.monotonic() + START
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{Path(command[-2]).name} {command[-1]} did not start")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def sahti(*arguments: str) -> list[str]:
    """The command line of a `sahti` command."""
    return [sys.executable, "-m", "bot.cli", *arguments]


def cpu_seconds(session: int) -> float | None:
    """Processor time that a session's living processes have used (man 5 proc); None where it cannot be read."""
    if not PROC.is_dir():
        return None
    used = 0
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if fields[3] == str(session):
                    used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")
