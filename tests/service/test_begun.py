"""What a killed worker had not begun is sent, and what it had begun is not sent again."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.core.model import Kind, State
from bot.service import begun as module
from bot.service.begun import Begun
from bot.store import outbox
from bot.store.database import Database
from bot.store.hot import HotStore
from bot.store.tables.messages import outbox as table
from tests.service import dying_worker
from tests.store import rows

LEASE = timedelta(seconds=45)
ROOT = Path(__file__).parents[2]
IDS = [f"{n:032x}" for n in range(1, 5)]
DYING = """
import sys, time
from pathlib import Path
from bot.service.begun import Begun
notes = Begun(Path(sys.argv[1])).open("run-1")
for id_ in sys.argv[2:]:
    notes.note(id_)
notes.settled([sys.argv[2]])
print("ready", flush=True)
time.sleep(3600)
"""


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def dying(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", DYING, str(tmp_path), *IDS]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_the_page_of_a_killed_process_says_what_it_had_begun(dying: "subprocess.Popen[str]", tmp_path: Path) -> None:
    begun = Begun(tmp_path)
    assert begun.of_the_dead() == []  # it lives
    os.kill(dying.pid, signal.SIGSTOP)
    assert begun.of_the_dead() == []  # and may go on
    dying.kill()
    dying.wait()
    (dead,) = begun.of_the_dead()
    assert (dead.by, dead.begun) == ("run-1", set(IDS[1:]))
    dead.forget()
    assert begun.of_the_dead() == []


def test_what_an_earlier_life_of_the_machine_left_says_nothing(
    dying: "subprocess.Popen[str]", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying.kill()
    dying.wait()
    boot = tmp_path / "boot"
    boot.write_text("another life")
    monkeypatch.setattr(module, "BOOT", boot)
    assert Begun(tmp_path).of_the_dead() == []
    assert list(tmp_path.glob("*.begun")) == []


def test_a_page_that_is_full_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = Begun(tmp_path)
    monkeypatch.setattr(module, "SLOTS", 2)
    notes = begun.open("run-2")
    assert notes is not None
    notes.note(IDS[0])
    notes.note(IDS[1])
    notes.settled(IDS[:1])
    notes.note(IDS[2])
    os.close(notes._file)  # noqa: SLF001 (as the end of the process would, with the page)
    notes._page.close()  # noqa: SLF001
    (dead,) = begun.of_the_dead()
    assert dead.begun == {IDS[1], IDS[2]}
    again = begun.open("run-3")
    assert again is not None
    for id_ in IDS[:3]:
        again.note(id_)
    os.close(again._file)  # noqa: SLF001
    again._page.close()  # noqa: SLF001
    assert [one.by for one in begun.of_the_dead()] == ["run-2"]


def test_without_room_or_without_a_way_to_tell_lives_apart_nothing_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: int) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as disk:
        disk.setattr(os, "posix_fallocate", full)
        assert Begun(tmp_path).open("run-4") is None
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(module, "BOOT", tmp_path / "missing")
    assert Begun(tmp_path).open("run-5") is None


def test_a_run_that_ends_leaves_no_page(tmp_path: Path) -> None:
    notes = Begun(tmp_path).open("run-6")
    assert notes is not None
    notes.note(IDS[0])
    notes.settled(IDS[:1])
    notes.close()
    assert list(tmp_path.iterdir()) == []


def test_only_what_the_dead_run_held_and_had_not_begun_is_queued_anew(
    both_databases: Database, vault: object, new_id: Callable[[], str], clock: Callable[[], datetime]
) -> None:
    hot = HotStore(both_databases.dialect, vault, new_id)  # type: ignore[arg-type]
    mine = [
        rows.draft(rows.person(both_databases, hot, new_id, clock(), f"+21260000987{n}"), new_id, clock())
        for n in range(4)
    ]
    with both_databases.write() as connection:
        outbox.add(connection, mine, vault)  # type: ignore[arg-type]
        first = outbox.claim(connection, "sim-sms", clock(), by="dead", limit=3, lease=LEASE)
        outbox.claim(connection, "sim-sms", clock(), by="lives", limit=3, lease=LEASE)
        assert outbox.give_back(connection, "dead", [first[0].id], clock()) == 2
        found = {
            row.id: (row.state, row.attempts, row.lease_by)
            for row in connection.execute(select(table.c.id, table.c.state, table.c.attempts, table.c.lease_by))
        }
    assert found[first[0].id] == ("sending", 1, "dead")
    assert [found[one.id] for one in first[1:]] == [("queued", 0, None)] * 2
    assert sum(lease_by == "lives" for _, _, lease_by in found.values()) == 1


def test_a_killed_workers_rows_reach_their_people_once(var: Path, database: Database) -> None:
    made = dying_worker.services(var, stalls=False)
    hot, now = HotStore("sqlite", made.vault, made.new_id), datetime.now(UTC)
    people = [rows.person(made.database, hot, made.new_id, now, f"+21260000{n:04d}") for n in range(300)]
    with made.database.write() as connection:
        drafts = [rows.draft(one, made.new_id, now, kind=Kind.REPLY, text=f"hello {n}") for n, one in enumerate(people)]
        outbox.add(connection, drafts, made.vault)
    taken = var / "taken"

    def lines() -> list[str]:
        return taken.read_text().split() if taken.exists() else []

    command = [sys.executable, "-m", "tests.service.dying_worker", str(var)]
    with subprocess.Popen(command, cwd=ROOT) as worker:
        until(lambda: len(lines()) >= dying_worker.SOME + 8)
        before = -1
        while before != len(lines()):  # every thread has its message in hand by now
            before = len(lines())
            time.sleep(1)
        worker.kill()
    counts, _ = made.delivery.sweep()
    held = len(lines())
    assert counts["unsent"] > 0  # at once, not when a lease has run out
    assert made.delivery.run("sim-sms").counts == {"sent": 300 - held}
    assert set(Counter(lines()).values()) == {1}
    assert len(lines()) == 300  # everybody, and nobody twice
    with made.database.read() as connection:
        states = Counter(connection.scalars(select(table.c.state)))
    assert states[State.SENT.value] + states[State.SENDING.value] == 300
    made.database.close()
