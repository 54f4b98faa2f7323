"""kill -9 under load: whatever dies, the ledgers agree afterwards and the system is whole again by itself."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from bench.postgres import postgres
from nlu.train import PYTHON
from tests.processes import ledgers
from tests.processes.load import Load, sixty
from tests.processes.system import ROOT, System, running, wait

pytestmark = [
    pytest.mark.processes,
    pytest.mark.loopback,
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("processes"),
]

SECONDS = 8.0
RECOVERY = 60.0


@pytest.fixture
def system() -> Iterator[System]:
    with running() as made:
        yield made


def under_load(system: System, *names: str, wipe: bool = False) -> Load:
    """Load, with a kill in its middle; the system must be well again in time."""
    load = Load(system.url, sixty())
    traffic = threading.Thread(target=load.run, args=(SECONDS,))
    traffic.start()
    time.sleep(SECONDS / 3)
    if wipe:
        Redis.from_url(system.settings.redis).flushall()
    killed = [system.kill(name) for name in names]
    wait(lambda: all(map(again, [system] * len(names), names, killed)), RECOVERY, "new processes")
    wait(system.well, RECOVERY, "the whole system")
    traffic.join()
    return load


def again(system: System, name: str, was: int) -> bool:
    try:
        return system.process(name) != was
    except LookupError:
        return False


def agree(system: System, load: Load, tmp_path: Path) -> list[ledgers.Row]:
    return ledgers.check(system, load, ledgers.quiet_run(system, load.contacts, tmp_path)).rows


def test_web_killed(system: System, tmp_path: Path) -> None:
    load = under_load(system, "web")
    assert load.lost > 0
    agree(system, load, tmp_path)


@pytest.mark.postgres
def test_web_killed_on_postgres(tmp_path: Path) -> None:
    with postgres() as server, running(database=server.url, SAHTI_WORKERS="2") as system:
        load = under_load(system, "web")
        assert load.lost > 0
        agree(system, load, tmp_path)


def test_worker_killed(system: System, tmp_path: Path) -> None:
    system.provider.order(
        {"delay": 0.2, "times": 0}, report=["delivered"], report_url=f"{system.url}/channels/net/status"
    )
    load = under_load(system, "worker")
    found = agree(system, load, tmp_path)
    # what was on its way when the worker died was settled by its report, not by sending again
    assert {row.state for row in found if row.channel == "net"} <= {"delivered", "skipped", "unknown"}


def test_clock_killed(system: System, tmp_path: Path) -> None:
    agree(system, under_load(system, "clock"), tmp_path)


def test_queue_wiped_and_killed(system: System, tmp_path: Path) -> None:
    agree(system, under_load(system, "queue", wipe=True), tmp_path)


@pytest.mark.skipif(not (ROOT / PYTHON).exists(), reason="no Rasa environment here")
def test_rasa_killed() -> None:
    with running(rasa=True) as system:
        wait(lambda: "nlu: ready" in system.log(), 90, "Rasa")
        load = Load(
            system.url, sixty(("Bonjour", "1", "je voudrais prendre rendez-vous", "menu", "merci beaucoup", "3"))
        )
        traffic = threading.Thread(target=load.run, args=(SECONDS,))
        traffic.start()
        time.sleep(SECONDS / 2)
        was = system.kill("rasa")
        wait(lambda: again(system, "rasa", was), RECOVERY, "Rasa")
        traffic.join()
        assert any("rasa" in row for row in engines(system))
        assert any("table" in row for row in engines(system))
        ledgers.check(system, load, None)


def engines(system: System) -> set[str]:
    from sqlalchemy import select

    from bot.store.tables.messages import inbound

    with system.services() as services, services.database.read() as connection:
        return set(connection.scalars(select(inbound.c.understood)))
