"""What can go wrong, each as a block: the fault begins with it and ends with it. `suffer` puts one under load and says
when the system was whole again."""

import contextlib
import os
import random
import resource
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from bench.postgres import Postgres
from tests.processes import ledgers
from tests.processes.alarms import PATIENCE, Alarms
from tests.processes.load import Contact, Load
from tests.processes.system import System, wait

RECOVERY = 60.0
"""Promise P7: whole again within this many seconds of the end of the fault."""


@dataclass(frozen=True)
class Place:
    """Where a fault happens."""

    system: System
    server: Postgres | None = None


Happens = Callable[[Place], "contextlib.AbstractContextManager[None]"]


def family(process: int) -> list[int]:
    """A process and all that came from it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = [process]
    for one in found:
        found.extend(child for child, parent in parents.items() if parent == one)
    return found


def tell(processes: Sequence[int], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


@contextlib.contextmanager
def frozen(process: int) -> Iterator[None]:
    """It and its children stand still, with their connections open: nothing is refused, nothing is answered."""
    stopped = family(process)
    tell(stopped, signal.SIGSTOP)
    try:
        yield
    finally:
        tell([*stopped, *family(process)], signal.SIGCONT)


def _postmaster(place: Place) -> int:
    assert place.server is not None
    folder = Path(place.server.url.partition("host=")[2])
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


@contextlib.contextmanager
def database_frozen(place: Place) -> Iterator[None]:
    with frozen(_postmaster(place)):
        yield


@contextlib.contextmanager
def database_stopped(place: Place) -> Iterator[None]:
    assert place.server is not None
    place.server.stop()
    try:
        yield
    finally:
        place.server.start()


@contextlib.contextmanager
def spool_full(place: Place) -> Iterator[None]:
    """The database is away and the spool's disk has room for some tens of requests only."""
    with small_disk(place.system), database_stopped(place):
        yield


@contextlib.contextmanager
def small_disk(system: System) -> Iterator[None]:
    """A real, small file system under the spool; where none may be mounted, the kernel's limit on a file's size for
    the web processes, which refuses every request from the first on."""
    folder = system.var / "spool"
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        try:
            yield
            wait(lambda: not any(folder.rglob("*.request")), RECOVERY, "what the small disk held")
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        return
    limits = {process: resource.prlimit(process, resource.RLIMIT_FSIZE) for process in family(system.process("web"))}
    for process, (_, hard) in limits.items():
        resource.prlimit(process, resource.RLIMIT_FSIZE, (64, hard))
    try:
        yield
    finally:
        for process, limit in limits.items():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(process, resource.RLIMIT_FSIZE, limit)


@contextlib.contextmanager
def queue_frozen(place: Place) -> Iterator[None]:
    with frozen(place.system.process("queue")):
        yield


@contextlib.contextmanager
def queue_full(place: Place) -> Iterator[None]:
    """No write is taken any more; reading goes on."""
    valkey = Redis.from_url(place.system.settings.redis)
    valkey.config_set("maxmemory", 1)
    try:
        yield
    finally:
        valkey.config_set("maxmemory", 0)
        valkey.close()


@contextlib.contextmanager
def queue_wiped_and_killed(place: Place) -> Iterator[None]:
    with Redis.from_url(place.system.settings.redis) as valkey, contextlib.suppress(RedisError):
        valkey.flushall()
    place.system.kill("queue")
    yield


UNCLEAR: tuple[dict[str, Any], ...] = (
    {"drop": "after", "times": 3},
    {"delay": 25, "times": 2},
    {"drop": "before", "times": 3},
    {"fail_after": 500, "times": 2},
)
"""What leaves a sender not knowing whether its message was taken: ten of them, of which three were not."""
BUSY: tuple[dict[str, Any], ...] = (
    {"status": 429, "retry_after": 2, "times": 0},
    {"status": 429, "times": 0},
    {"status": 500, "times": 0},
    {"status": 503, "times": 0},
)
"""What says clearly that it was not; for a fourth of the fault each."""


def provider_misbehaves(seconds: float) -> Happens:
    """Everything a provider does to its customers, one after the other; the clear refusals share `seconds`."""

    @contextlib.contextmanager
    def happens(place: Place) -> Iterator[None]:
        provider = place.system.provider
        provider.order(*UNCLEAR)
        try:
            wait(lambda: provider.counts()["ordered"] == 0, RECOVERY, "the last of the unclear answers")
            for behaviour in BUSY:
                provider.order(reset=True)
                provider.order(behaviour)
                time.sleep(seconds / len(BUSY))
            yield
        finally:
            provider.order(reset=True)

    return happens


@contextlib.contextmanager
def reports_twice_and_backwards(place: Place) -> Iterator[None]:
    """Every message is reported on several times, the end before the beginning."""
    place.system.provider.order(
        report=["read", "delivered", "sent", "read", "delivered"],
        report_url=f"{place.system.url}/channels/net/status",
    )
    try:
        yield
    finally:
        place.system.provider.order(reset=True)


def killed_again_and_again(*names: str, every: float = 1.5) -> Happens:
    """kill -9 of these processes at moments nobody chose, as soon as they are there again."""

    @contextlib.contextmanager
    def happens(place: Place) -> Iterator[None]:
        over, chance = threading.Event(), random.Random(len(names))

        def kill() -> None:
            while not over.wait(chance.uniform(0.2, every)):
                with contextlib.suppress(LookupError, ProcessLookupError):
                    place.system.kill(chance.choice(names))

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            yield
        finally:
            over.set()
            killer.join()

    return happens


@contextlib.contextmanager
def worker_killed_before_the_call(place: Place) -> Iterator[None]:
    """It dies with messages marked as being sent that their provider never took."""
    _killed_when(place, {"hold": 20, "times": 3}, "held")
    yield


@contextlib.contextmanager
def worker_killed_after_the_call(place: Place) -> Iterator[None]:
    """It dies when the provider has taken messages and the database has not heard of it."""
    _killed_when(place, {"delay": 10, "times": 3}, "waiting")
    yield


@contextlib.contextmanager
def worker_killed_at_each_step(place: Place) -> Iterator[None]:
    with worker_killed_before_the_call(place):
        wait(place.system.well, RECOVERY, "another worker")
    with worker_killed_after_the_call(place):
        yield


def _killed_when(place: Place, behaviour: dict[str, object], counted: str) -> None:
    provider = place.system.provider
    provider.order(behaviour)
    wait(lambda: provider.counts()[counted] > 0, 20, f"a message that is {counted}")
    place.system.kill("worker")
    provider.order(reset=True)


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong: what happens, and for how long."""

    name: str
    happens: Happens
    seconds: float = 8.0
    postgres: bool = False
    answers_may_differ: bool = False


FAULTS = (
    Fault("database frozen", database_frozen, 20, postgres=True, answers_may_differ=True),
    Fault("database stopped", database_stopped, 20, postgres=True, answers_may_differ=True),
    Fault("disk of the spool full", spool_full, 8, postgres=True, answers_may_differ=True),
    Fault("all killed again and again", killed_again_and_again("web", "worker", "clock", "queue"), 10),
    Fault("worker killed before the call", worker_killed_before_the_call, 2),
    Fault("worker killed after the call", worker_killed_after_the_call, 2),
    Fault("provider misbehaves", provider_misbehaves(12), 1),
    Fault("reports twice and backwards", reports_twice_and_backwards, 8),
    Fault("queue wiped and killed", queue_wiped_and_killed, 2),
    Fault("queue frozen", queue_frozen, 8),
    Fault("queue full", queue_full, 8),
)


def suffer(place: Place, fault: Fault, contacts: list[Contact], *, around: float = 3.0) -> tuple[Load, Alarms]:
    """The load of these contacts with the fault in its middle, and what became of those in danger meanwhile."""
    load = Load(place.system.url, contacts)
    traffic = threading.Thread(target=load.run, args=(fault.seconds + 2 * around,))
    traffic.start()
    time.sleep(around)
    try:
        with Alarms(place.system.url) as alarms, fault.happens(place):
            time.sleep(fault.seconds)
        wait(place.system.well, RECOVERY, "the whole system (P7)")
    finally:
        traffic.join()
    return load, alarms


def examined(
    place: Place, fault: Fault, contacts: list[Contact], folder: Path, *, around: float = 3.0
) -> ledgers.Ledger:
    """`suffer`, and what the ledgers say afterwards."""
    load, alarms = suffer(place, fault, contacts, around=around)
    expected = ledgers.quiet_run(place.system, contacts, folder)
    found = ledgers.examine(place.system, load, expected, answers_may_differ=fault.answers_may_differ)
    found.alarms, found.alarm_seconds = alarms.answered, alarms.worst
    if alarms.wrong:
        found.problems.append(f"P6: danger signs that were not answered: {Counter(alarms.wrong)}")
    if alarms.worst > PATIENCE:
        found.problems.append(f"P6: a danger sign was answered after {alarms.worst:.0f} s only")
    return found
