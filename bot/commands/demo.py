"""`sahti demo`: a story of a minute over the real processes, told as it happens and checked line by line."""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.commands.failing import Failed, services, settings
from bot.commands.story import Story, WentOtherwise, tell
from bot.settings import ROOT, Settings
from bot.welcome import answers
from bot.wiring import Services

HASTE = 10_000
"""Times that reminders come sooner: a day becomes nine seconds."""
START_SECONDS = 90.0
STOP_SECONDS = 20.0
LENT = "nlu"
"""What was trained is lent to the demonstration's own folder."""


def demo(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Play the story. Its processes are started on free ports with a folder of their own, and ended afterwards."""
    parser.add_argument(
        "--running",
        action="store_true",
        help="use the processes that run already (make run with SAHTI_HASTEN and without quiet hours)",
    )
    if parser.parse_args(arguments).running:
        found = settings(demo=True)
        if not answers(found.host, found.port, 2.0):
            raise Failed("Nothing runs here. Start it with: make run   (or leave --running out)")
        return _play(services(demo=True))
    sys.stdout.write("Starting the processes…\n")
    sys.stdout.flush()
    with _processes() as found:
        return _play(Services(found))


def _play(made: Services) -> int:
    began = time.monotonic()
    story = Story(made, _say)
    try:
        tell(story)
    except WentOtherwise as otherwise:
        _say(f"\nThe story went otherwise: {otherwise}")
        return 1
    _say(f"\nThe story went as it should: {story.checked} checks, {time.monotonic() - began:.0f} s.")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextlib.contextmanager
def _processes() -> Iterator[Settings]:
    """Everything of the Procfile, with a database of its own; gone afterwards."""
    var = Path(tempfile.mkdtemp(prefix="sahti-demo-"))
    port, nlu_port = _free_ports()
    given = {
        "SAHTI_VAR": str(var),
        "SAHTI_HOST": "127.0.0.1",
        "SAHTI_PORT": str(port),
        "SAHTI_NLU_PORT": str(nlu_port),
        "SAHTI_DEMO": "1",
        "SAHTI_HASTEN": str(HASTE),
        # the story is told at any hour
        "SAHTI_QUIET_FROM": "00:00",
        "SAHTI_QUIET_TO": "00:00",
    }
    ours = ("SAHTI_PUBLIC_URL", "SAHTI_CHANNELS_FILE", "SAHTI_KEY_FILE", "DATABASE_URL", "REDIS_URL")
    env = {name: value for name, value in os.environ.items() if name not in ours} | given
    _lend(settings().var / LENT, var / LENT)
    os.environ.update(given)
    for name in ours:
        os.environ.pop(name, None)
    command = [str(ROOT / ".venv" / "bin" / "sahti")]
    supervisor: subprocess.Popen[bytes] | None = None
    try:
        for step in ("migrate", "seed"):
            ended = subprocess.run([*command, step], cwd=ROOT, env=env, check=False, capture_output=True, text=True)  # noqa: S603 (our own)
            if ended.returncode:
                raise Failed(f"The database could not be made ready ({step}):\n{ended.stderr.strip()}")
        with (var / "output.log").open("wb") as output:
            supervisor = subprocess.Popen(  # noqa: S603 (our own)
                [*command, "up", "--demo"],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if not answers("127.0.0.1", port, START_SECONDS) or supervisor.poll() is not None:
            log = (var / "output.log").read_text(errors="replace").splitlines()
            raise Failed("The processes did not start. The last they said:\n" + "\n".join(log[-8:]))
        yield settings()
    finally:
        if supervisor is not None:
            supervisor.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                supervisor.wait(STOP_SECONDS)
        shutil.rmtree(var, ignore_errors=True)


def _lend(trained: Path, folder: Path) -> None:
    folder.mkdir()
    for item in trained.iterdir() if trained.is_dir() else ():
        if item.name == "models" or item.name.startswith("table-"):
            (folder / item.name).symlink_to(item.resolve())


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])
