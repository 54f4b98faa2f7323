"""The real supervisor over a folder of state of its own, as `make run` starts it."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bot.welcome import answers
from tests import planted

ROOT = Path(__file__).resolve().parent.parent.parent
SAHTI = ROOT / ".venv" / "bin" / "sahti"
PROC = Path("/proc")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(var: Path, **more: str) -> dict[str, str]:
    """The environment of the processes: this folder, free ports, nobody else's database or queue."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SAHTI_", "PYTEST_"))}
    for name in ("DATABASE_URL", "REDIS_URL", "CI"):
        kept.pop(name, None)
    own = {"SAHTI_VAR": str(var), "SAHTI_PORT": str(free_port()), "SAHTI_NLU_PORT": str(free_port())}
    return {**kept, **own, **more}


def prepare(env: dict[str, str]) -> None:
    """What set-up leaves: the schema, the key file, the demonstration's places, what was trained."""
    trained, own = ROOT / "var" / "nlu", Path(env["SAHTI_VAR"]) / "nlu"
    own.mkdir(parents=True)
    for table in trained.glob("table-*.json"):
        shutil.copyfile(table, own / table.name)
    if (trained / "models").is_dir():
        (own / "models").symlink_to(trained / "models")
    for command in ("migrate", "seed"):
        subprocess.run([SAHTI, command], env=env, check=True, capture_output=True)


class Running:
    """A started supervisor and what it printed."""

    def __init__(self, env: dict[str, str], *arguments: str) -> None:
        self.port = int(env["SAHTI_PORT"])
        self.child = subprocess.Popen(
            [SAHTI, "up", *arguments],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.child.stdout is not None
        with self.child.stdout as printed:
            self.lines.extend(line.decode("utf-8", "replace").rstrip() for line in printed)

    def wait_ready(self, patience: float = 60.0) -> None:
        assert answers("127.0.0.1", self.port, patience), "\n".join(self.lines[-40:])

    def wait_printed(self, words: str, patience: float = 60.0) -> str:
        """The first line with these words."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            for line in list(self.lines):
                if words in line:
                    return line
            time.sleep(0.1)
        raise AssertionError(f"never printed: {words}\n" + "\n".join(self.lines[-40:]))

    def end(self, number: int = signal.SIGINT, patience: float = 30.0) -> int:
        with contextlib.suppress(ProcessLookupError):
            self.child.send_signal(number)
        code = self.child.wait(patience)
        self._reader.join(5)
        return code

    def kill(self) -> None:
        """The supervisor alone dies at once, as by the kernel's hand."""
        self.child.kill()
        self.child.wait()


def of_folder(var: Path) -> dict[int, str]:
    """Processes whose environment or command names this folder of state: number and command."""
    found = {}
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if command and str(var).encode() in (entry / "environ").read_bytes() + command.encode():
                found[int(entry.name)] = command
    return found


@contextlib.contextmanager
def running(env: dict[str, str], *arguments: str) -> Iterator[Running]:
    started = Running(env, *arguments)
    try:
        yield started
    finally:
        if started.child.poll() is None:
            started.end()
        planted.keep(started.lines, "supervisor")
        for left in of_folder(Path(env["SAHTI_VAR"])):
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)
