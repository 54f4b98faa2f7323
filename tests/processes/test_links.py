"""`sahti smpp` as a process: killed in the middle of a send, ended, and without work."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.service.demo import seed
from bot.store.database import Database
from bot.store.tables import messages as said
from tests.gateway.smsc import SILENT, Smsc

pytestmark = [
    pytest.mark.processes,
    pytest.mark.loopback,
    pytest.mark.enable_socket,
    pytest.mark.allow_hosts(["127.0.0.1"]),
]

CHANNELS = """[centre]
type = "smpp"
host = "127.0.0.1"
port = {port}
system_id = "sahti"
password = "env:CENTRE_PASSWORD"
sender = "5010"
"""


@pytest.fixture
def smsc() -> Iterator[Smsc]:
    with Smsc() as made:
        yield made


@pytest.fixture
def command(smsc: Smsc, var: Path, database: Database) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    """`sahti smpp` as it really runs."""
    with database.write() as connection:
        seed(connection)
    (var / "channels.toml").write_text(CHANNELS.format(port=smsc.port))
    env = os.environ | {"SAHTI_VAR": str(var), "CENTRE_PASSWORD": "secret", "REDIS_URL": f"unix://{var}/none.sock"}
    begun: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        begun.append(subprocess.Popen([sys.executable, "-m", "bot.cli", "smpp"], env=env, stderr=subprocess.PIPE))
        smsc.wait(lambda: len(smsc.binds) == len(begun))
        return begun[-1]

    yield start
    for process in begun:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def test_the_process_killed_between_a_send_and_its_answer(
    command: Callable[[], "subprocess.Popen[bytes]"], smsc: Smsc, database: Database
) -> None:
    smsc.next = [SILENT]
    process = command()
    assert smsc.deliver(b"bonjour") == 0
    smsc.wait(lambda: smsc.taken)
    process.kill()
    process.wait()
    command()
    assert smsc.deliver(b"bonjour") == 0  # the centre repeats what it is not sure of: nothing new comes of it
    time.sleep(2)
    assert len(smsc.texts()) == 1

    def states() -> list[str]:
        with database.read() as connection:
            return list(connection.scalars(select(said.outbox.c.state)))

    assert states() == ["sending"]
    from bot.store import outbox

    with database.write() as connection:
        outbox.sweep(connection, datetime.now(UTC) + timedelta(minutes=1))
    assert states() == ["unknown"]
    time.sleep(1)
    assert len(smsc.taken) == 1


def test_the_process_ends_politely_and_says_no_text(
    command: Callable[[], "subprocess.Popen[bytes]"], smsc: Smsc
) -> None:
    process = command()
    assert smsc.deliver(b"un texte secret") == 0
    smsc.wait(lambda: smsc.taken)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert smsc.unbound == 1
    assert b"bound" in errors
    assert b"texte" not in errors
    assert b"612345678" not in errors


def test_without_a_channel_of_the_type_the_command_fails_and_says_so(var: Path) -> None:
    env = os.environ | {"SAHTI_VAR": str(var)}
    done = subprocess.run([sys.executable, "-m", "bot.cli", "smpp"], env=env, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"No channel of type smpp" in done.stderr
