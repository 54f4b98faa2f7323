"""`sahti smpp` killed, cut and throttled under load: every message has one effect, and nobody is written to twice."""

import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.service.demo import seed
from bot.store.database import Database
from bot.store.tables import messages as said
from tests.gateway.smsc import DROP, Smsc
from tests.processes.test_links import CHANNELS

pytestmark = [
    pytest.mark.processes,
    pytest.mark.loopback,
    pytest.mark.enable_socket,
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.timeout(180),
]

SECONDS = 8
PER_SECOND = 25
SHARE_OF_FAULTS = 0.03
"""Part of the submits that are throttled, refused for now, or taken and cut off."""
RETRY = 0.5
"""Seconds after which the centre tries again what was not answered."""


class Process:
    """The process, begun again each time it is killed."""

    def __init__(self, var: Path) -> None:
        self._env = os.environ | {
            "SAHTI_VAR": str(var),
            "CENTRE_PASSWORD": "secret",
            "REDIS_URL": f"unix://{var}/none.sock",
        }
        self._child = self._begun()

    def _begun(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([sys.executable, "-m", "bot.cli", "smpp"], env=self._env, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()
        self._child = self._begun()

    def end(self) -> None:
        self._child.terminate()
        self._child.wait(20)


@pytest.fixture
def process(smsc: Smsc, var: Path, database: Database) -> Iterator[Process]:
    with database.write() as connection:
        seed(connection)
    (var / "channels.toml").write_text(CHANNELS.format(port=smsc.port) + "per_second = 200\n")
    made = Process(var)
    smsc.wait(lambda: smsc.binds, 30)
    yield made
    made.end()


@pytest.fixture
def smsc() -> Iterator[Smsc]:
    with Smsc() as made:
        yield made


class Centre:
    """Hands over one message of each of many people, and each again until it is answered."""

    def __init__(self, smsc: Smsc) -> None:
        self._smsc = smsc
        self.answered: set[str] = set()
        self.repeated = 0
        self._waiting: list[threading.Thread] = []

    def say(self, sender: str) -> None:
        thread = threading.Thread(target=self._until_answered, args=(sender,))
        self._waiting.append(thread)
        thread.start()

    def wait(self) -> None:
        for thread in self._waiting:
            thread.join(60)

    def _until_answered(self, sender: str) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError, AssertionError):
                if self._smsc.deliver(b"salam", sender=sender) == 0:
                    self.answered.add(sender)
                    return
            self.repeated += 1
            time.sleep(RETRY)


def test_killed_cut_and_throttled_under_load(process: Process, smsc: Smsc, database: Database) -> None:
    chance, centre = random.Random(7), Centre(smsc)
    senders = [f"2126{number:08}" for number in range(SECONDS * PER_SECOND)]
    smsc.usual = lambda: chance.choice([0x58, 0x14, 0x08, DROP]) if chance.random() < SHARE_OF_FAULTS else 0
    kills = {round(SECONDS * PER_SECOND * part) for part in (0.3, 0.7)}
    for number, sender in enumerate(senders):
        centre.say(sender)
        if number in kills:
            threading.Thread(target=process.kill).start()
        if number % 50 == 25:
            smsc.cut()
        time.sleep(1 / PER_SECOND)
    centre.wait()
    assert centre.answered == set(senders)
    assert centre.repeated > 0  # the faults were felt

    def states() -> Counter[str]:
        with database.read() as connection:
            return Counter(connection.scalars(select(said.outbox.c.state)))

    # a reply whose send was under way at a kill stays `sending` until the sweeper calls it unknown
    end = time.monotonic() + 60
    while states()["queued"] and time.monotonic() < end:
        time.sleep(0.5)
    with database.read() as connection:
        stored = len(list(connection.scalars(select(said.inbound.c.id))))
    outcome = states()
    reached = Counter(
        one.pdu.destination_addr for one in smsc.taken if not one.pdu.esm_class & 0x40 or one.pdu.short_message[5] == 1
    )
    assert stored == len(senders)
    assert sum(outcome.values()) == len(senders)
    assert max(reached.values()) == 1
    assert outcome["sent"] <= len(reached) <= len(senders)
    assert outcome["sent"] + outcome["unknown"] + outcome["sending"] == len(senders)
    assert outcome["sent"] > 0.8 * len(senders)
