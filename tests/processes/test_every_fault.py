"""Everything that can go wrong, under load, in its short form; `make chaos` takes its time over the same.

After each, the ledgers agree: every message that was answered 2xx is stored once and has one effect, in its contact's
order; nothing was sent twice; STOP held; and the system is whole within 60 s (P1 to P5, P7).
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from bench.postgres import postgres
from tests.processes import faults, ledgers
from tests.processes.faults import Fault, Place
from tests.processes.load import LONGER, MENUS, sixty
from tests.processes.system import running

pytestmark = [
    pytest.mark.processes,
    pytest.mark.loopback,
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("processes"),
]

used = count(0, 100)
"""Each fault has contacts of its own in a system that lives through several."""


@pytest.fixture(scope="module")
def on_postgres() -> Iterator[Place]:
    with postgres() as server, running(database=server.url, SAHTI_WORKERS="2") as system:
        yield Place(system, server)


@pytest.fixture(scope="module")
def on_sqlite() -> Iterator[Place]:
    with running() as system:
        yield Place(system)


def through(place: Place, fault: Fault, folder: Path) -> ledgers.Ledger:
    contacts = sixty(LONGER if fault.seconds >= 20 else MENUS, first=next(used))
    found = faults.examined(place, fault, contacts, folder)
    assert found.problems == [], found
    assert (found.answered, found.stored, found.effects) == (found.sent, found.sent, found.wanted)
    assert (found.doubled, found.lost) == (0, 0)
    return found


@pytest.mark.postgres
def test_the_database_stops_for_twenty_seconds(on_postgres: Place, tmp_path: Path) -> None:
    fault = Fault("stopped", faults.database_stopped, 20, answers_may_differ=True)
    found = through(on_postgres, fault, tmp_path)
    assert found.refused == 0  # whatever came was kept, nobody was sent away
    assert found.unknown == 0


@pytest.mark.postgres
def test_the_database_stands_still(on_postgres: Place, tmp_path: Path) -> None:
    found = through(on_postgres, Fault("frozen", faults.database_frozen, 8, answers_may_differ=True), tmp_path)
    assert found.refused == 0
    assert found.unknown == 0


@pytest.mark.postgres
def test_the_spools_disk_is_full_while_the_database_is_away(on_postgres: Place, tmp_path: Path) -> None:
    found = through(on_postgres, Fault("disk", faults.spool_full, 5, answers_may_differ=True), tmp_path)
    assert found.refused > 0  # it said so, and the provider came again


def test_the_worker_dies_at_each_step_of_a_send(on_sqlite: Place, tmp_path: Path) -> None:
    found = through(on_sqlite, Fault("killed", faults.worker_killed_at_each_step, 3), tmp_path)
    taken = {line["reference"]: line["id"] for line in on_sqlite.system.provider.sent()}
    open_ended = [row.id for row in found.rows if row.state == "unknown"]
    assert len([row for row in open_ended if row not in taken]) > 0  # killed before the call: never sent, and said so
    after = [row for row in open_ended if row in taken]
    assert len(after) > 0  # killed after the call: the provider's report settles it
    assert {on_sqlite.system.provider.call_back(taken[row], "delivered", url=reports(on_sqlite)) for row in after} == {
        "200"
    }
    with on_sqlite.system.services() as services:
        states = {row.id: row.state for row in ledgers.rows(services)}
    assert {states[row] for row in after} == {"delivered"}


def reports(place: Place) -> str:
    return f"{place.system.url}/channels/net/status"


def test_everything_is_killed_again_and_again(on_sqlite: Place, tmp_path: Path) -> None:
    kills = faults.killed_again_and_again("web", "worker", "clock", "queue")
    through(on_sqlite, Fault("kills", kills, 8), tmp_path)


def test_the_provider_does_everything_wrong(on_sqlite: Place, tmp_path: Path) -> None:
    before = on_sqlite.system.provider.counts()
    found = through(on_sqlite, Fault("provider", faults.provider_misbehaves(8), 1), tmp_path)
    after = on_sqlite.system.provider.counts()
    assert after["refused"] > before["refused"]
    assert after["dropped"] - before["dropped"] == 6
    assert found.unknown == sum(one["times"] for one in faults.UNCLEAR)  # said to be so, and none of them sent again


def test_reports_come_twice_and_backwards(on_sqlite: Place, tmp_path: Path) -> None:
    before = on_sqlite.system.provider.counts()["callbacks"]
    found = through(on_sqlite, Fault("reports", faults.reports_twice_and_backwards, 6), tmp_path)
    after = on_sqlite.system.provider.counts()["callbacks"]
    assert {name for name in after if after[name] != before.get(name)} == {"200"}
    states = {row.state for row in found.rows if row.channel == "net"}
    assert "read" in states
    assert states <= {"read", "sent", "skipped"}  # `sent`: before the reports were asked for, and after


def test_the_queue_stands_still(on_sqlite: Place, tmp_path: Path) -> None:
    through(on_sqlite, Fault("frozen", faults.queue_frozen, 6), tmp_path)


def test_the_queue_takes_nothing_more(on_sqlite: Place, tmp_path: Path) -> None:
    through(on_sqlite, Fault("full", faults.queue_full, 6), tmp_path)
