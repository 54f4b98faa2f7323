"""Sending, measured: through real HTTP, without any network, and how soon a reply overtakes a campaign.

    python -m bench.delivery [--rounds N] [--messages N]

Worker processes run the same code as `sahti worker` does for a channel. The provider is a process of its own that keeps
a ledger on the disk; the database is a real PostgreSQL, and SQLite. Everything shares this machine's processors.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.postgres import NoPostgres, postgres
from bench.processes import ROOT, free_port
from bot.core.abuse import Limits
from bot.core.ids import new_id
from bot.core.model import Draft, Kind, Lane
from bot.service.abuse import Outgoing
from bot.service.answering import LANE
from bot.service.begun import Begun
from bot.service.delivery import Delivery
from bot.service.pacing import Pacer
from bot.store import outbox
from bot.store.columns import to_ms
from bot.store.database import Database, driver_connection
from bot.store.hot import PLACE_PATH
from bot.store.hot_sqlite import TABLES
from bot.store.hot_sqlite import insert as insert_one
from bot.store.vault import Vault
from sms_gateway import registry
from sms_gateway.channel import Channel
from sms_gateway.http import HttpTransport, Transport
from sms_gateway.types import HttpRequest, HttpResponse, Part

SETTINGS = {"shared_buffers": "'256MB'", "max_wal_size": "'4GB'", "max_connections": "100"}
CHANNEL = "bench-sms"
SECRET = "measured"  # noqa: S105 (of a provider that exists for a minute)
TEXT = "Rappel : votre rendez-vous est demain à 10 h au centre de santé. Répondez 1 pour confirmer, 2 pour changer."
PEOPLE = 100_000
PATIENCE = 20.0
"""Seconds that a worker may take to end."""
MARK_HTTP, MARK_STUB, MARK_REPLY = 1500.0, 20_000.0, 1.0
"""What was promised: messages a second through HTTP and with the stub on PostgreSQL; seconds until a reply goes out."""


class Stub:
    """A provider without a network: takes everything at once."""

    def __init__(self) -> None:
        self._answer = HttpResponse(200, {}, b'{"id":"net-0123456789abcdef01234567"}')

    def send(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002 (it looks at nothing)
        return self._answer


def channel(network_url: str) -> Channel:
    config = {"service": "sms", "secret": SECRET, "network_url": network_url}
    return registry.make("simulator", CHANNEL, config)


def vault() -> Vault:
    """One ring for all processes of a measurement; what it seals is thrown away."""
    return Vault({1: bytes(range(32))}, 1, bytes(reversed(range(32))))


def delivery(database: Database, network_url: str, transport: Transport, notes: Path) -> Delivery:
    """All that a worker sends with, its limits and its notes of what it has begun included."""
    return Delivery(
        database=database,
        vault=vault(),
        channels={CHANNEL: channel(network_url)},
        transport=transport,
        clock=lambda: datetime.now(UTC),
        new_id=new_id,
        zone="Africa/Casablanca",
        pacer=Pacer(None, "bench"),
        limit=Outgoing(Limits(), lambda _key, _amount, _seconds: None, vault().blind, lambda _reason: None).refusal,
        begun=Begun(notes),
    )


def people(database: Database, number: int) -> list[tuple[str, str]]:
    """So many contacts with a number each; (contact, address)."""
    now, ring = to_ms(datetime.now(UTC)), vault()
    who = [(new_id(), new_id()) for _ in range(number)]
    contacts = [(contact, "fr", "given", False, None, None, now, now) for contact, _ in who]
    addresses = []
    for n, (contact, address) in enumerate(who):
        path = f"+2126{n:08}"
        addresses.append((address, contact, "tel", ring.blind(path), ring.seal(path, PLACE_PATH), CHANNEL, now, now))
    with database.write() as connection:
        raw = driver_connection(connection)
        for table, rows in (("contacts", contacts), ("addresses", addresses)):
            if database.dialect == "sqlite":
                raw.executemany(insert_one(table), rows)
            else:
                with (
                    raw.cursor() as cursor,
                    cursor.copy(f"COPY {table} ({', '.join(TABLES[table])}) FROM STDIN") as copy,
                ):
                    for row in rows:
                        copy.write_row(row)
    return who


def queue(database: Database, who: Sequence[tuple[str, str]], kind: Kind = Kind.CAMPAIGN) -> float:
    """One message for each; returns the seconds it took."""
    began, ring = time.monotonic(), vault()
    part = Part(TEXT)
    for start in range(0, len(who), 1000):
        now = datetime.now(UTC)
        drafts = [
            Draft(new_id(), contact, address, CHANNEL, kind, LANE[kind], part, now, now, now + timedelta(hours=1))
            for contact, address in who[start : start + 1000]
        ]
        with database.write() as connection:
            outbox.add(connection, drafts, ring)
    return time.monotonic() - began


def left(database: Database, where: str = "state IN ('queued', 'sending')") -> int:
    with database.read() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM outbox WHERE {where}").scalar() or 0)  # noqa: S608 (our own words)


def empty(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM outbox")
    if database.dialect == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE outbox")


@contextmanager
def worker(url: str, network: str) -> Iterator["subprocess.Popen[str]"]:
    """A worker process that waits for a line and then sends until nothing is left, and says how long it took."""
    command = [sys.executable, "-m", "bench.delivery", "--work", url, "--network", network]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 (our own module)
        try:
            assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
            process.stdout.readline()
            yield process
            process.communicate(timeout=PATIENCE)  # its input ends, and so does it
        finally:
            process.kill()


def work(url: str, network: str) -> int:
    """What a worker process does."""
    database = Database(url)
    with tempfile.TemporaryDirectory(prefix="sahti-bench-") as folder:
        address, transport = network or "http://127.0.0.1/none", HttpTransport() if network else Stub()
        made = delivery(database, address, transport, Path(folder))
        made.run(CHANNEL)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for _ in sys.stdin:
            began = time.time()
            tally = made.run(CHANNEL, seconds=120)
            ended = time.time()
            sys.stdout.write(json.dumps({"began": began, "ended": ended, "counts": tally.counts}) + "\n")
            sys.stdout.flush()
    return 0


def play(workers: "Sequence[subprocess.Popen[str]]") -> tuple[float, dict[str, int]]:
    """Let the workers send all that waits: seconds from the first's beginning to the last's end, and the outcomes."""
    for one in workers:
        assert one.stdin is not None  # noqa: S101 (same)
        one.stdin.write("go\n")
        one.stdin.flush()
    said = [json.loads(one.stdout.readline()) for one in workers if one.stdout is not None]
    counts: dict[str, int] = {}
    for one in said:
        for outcome, number in one["counts"].items():
            counts[outcome] = counts.get(outcome, 0) + number
    return max(one["ended"] for one in said) - min(one["began"] for one in said), counts


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the table: its rounds."""

    name: str
    rounds: Sequence[float]
    unit: str = "messages/s"

    def __str__(self) -> str:
        digits = 2 if self.unit == "s" else 0
        middle, least, most = statistics.median(self.rounds), min(self.rounds), max(self.rounds)
        return f"{self.name:58}{middle:>10,.{digits}f} {self.unit:12} ({least:,.{digits}f} to {most:,.{digits}f})"


def rate(database: Database, who: Sequence[tuple[str, str]], workers: "Sequence[subprocess.Popen[str]]") -> float:
    """Messages a second of one round; all must have been taken."""
    empty(database)
    queue(database, who)
    seconds, counts = play(workers)
    if counts.get("sent") != len(who) or left(database):
        raise RuntimeError(f"not everything was sent: {counts}, {left(database)} left")
    return len(who) / seconds


def overtaking(database: Database, who: Sequence[tuple[str, str]], workers: "Sequence[subprocess.Popen[str]]") -> float:
    """Seconds until a reply, queued in the middle of a campaign, has gone out."""
    empty(database)
    queue(database, who[1:])
    for one in workers:
        assert one.stdin is not None  # noqa: S101 (same)
        one.stdin.write("go\n")
        one.stdin.flush()
    time.sleep(1.0)
    if not left(database, "state = 'queued'"):
        raise RuntimeError("the campaign was over before the reply was queued")
    began = time.monotonic()
    queue(database, who[:1], Kind.REPLY)
    while left(database, f"lane = {int(Lane.REPLY)} AND state IN ('queued', 'sending')"):
        time.sleep(0.005)
    took = time.monotonic() - began
    with database.write() as connection:  # the rest of the campaign is not part of it
        connection.exec_driver_sql("UPDATE outbox SET state = 'skipped' WHERE state = 'queued'")
    for one in workers:
        assert one.stdout is not None  # noqa: S101 (same)
        one.stdout.readline()
    return took


@contextmanager
def provider(folder: Path) -> Iterator[str]:
    """The fake provider on a port of its own; its address for the simulator."""
    command = [sys.executable, "-m", "tests.gateway.fake_provider", "--port", str(free_port())]
    command += ["--ledger", str(folder / "ledger.jsonl"), "--secret", SECRET]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 (our own module)
        try:
            assert process.stdout is not None  # noqa: S101 (same)
            port = process.stdout.readline().split()[1]
            yield f"http://127.0.0.1:{port}/simulator/messages"
        finally:
            process.kill()


def measure(rounds: int, messages: int, workers: int) -> list[Measured]:
    """Every line. Raises NoPostgres where there is none."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sahti-bench-")))
        network = stack.enter_context(provider(folder))
        server = stack.enter_context(postgres(SETTINGS))
        lines = on_sqlite(f"sqlite:///{folder / 'bench.db'}", network, rounds, messages)
        return lines + on_postgres(server.url, network, rounds, messages, workers)


def on_sqlite(url: str, network: str, rounds: int, messages: int) -> list[Measured]:
    database = Database(url)
    database.migrate()
    who = people(database, messages)
    lines = []
    for name, to, number in (("stub", "", messages), ("real HTTP", network, messages // 4)):
        with worker(url, to) as one:
            seen = [rate(database, who[:number], [one]) for _ in range(rounds)]
        lines.append(Measured(f"{name}, SQLite, 1 worker", seen))
    database.close()
    return lines


def on_postgres(url: str, network: str, rounds: int, messages: int, workers: int) -> list[Measured]:
    database = Database(url)
    database.migrate()
    who = people(database, PEOPLE)
    lines = []
    with ExitStack() as stack:
        stubs = [stack.enter_context(worker(url, "")) for _ in range(workers)]
        real = [stack.enter_context(worker(url, network)) for _ in range(workers)]
        seen = [rate(database, who[:messages], stubs) for _ in range(rounds)]
        lines.append(Measured(f"stub, PostgreSQL, {workers} workers", seen))
        seen = [rate(database, who[: messages // 4], real) for _ in range(rounds)]
        lines.append(Measured(f"real HTTP, PostgreSQL, {workers} workers", seen))
        empty(database)
        lines.append(Measured(f"queueing {PEOPLE:,}, each sealed", [len(who) / queue(database, who)]))
        seen = [overtaking(database, who, real) for _ in range(rounds)]
        lines.append(Measured(f"a reply behind {PEOPLE:,} of a campaign has gone out after", seen, "s"))
    database.close()
    return lines


def main() -> int:
    """The command line. 1 when a mark was missed, 2 without PostgreSQL."""
    parser = argparse.ArgumentParser(prog="sahti bench --part delivery", description="Measure sending.")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the middle counts (default 3)")
    parser.add_argument("--messages", type=int, default=20_000, help="of a round with the stub; a quarter with HTTP")
    cores = os.cpu_count() or 1
    parser.add_argument("--workers", type=int, default=cores, help=f"worker processes on PostgreSQL (default {cores})")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--network", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        return work(given.work, given.network)
    try:
        lines = measure(given.rounds, given.messages, given.workers)
    except NoPostgres as missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    middle: dict[str, float] = {}
    for line in lines:
        sys.stdout.write(f"{line}\n")
        kind = line.name.split(",")[0]
        middle[kind] = max(middle.get(kind, 0.0), statistics.median(line.rounds))
    sys.stdout.write(f"Workers, provider and database share {cores} processors; the middle of {given.rounds} rounds.\n")
    missed = []
    if middle["real HTTP"] < MARK_HTTP:
        missed.append(f"less than {MARK_HTTP:,.0f} messages/s through HTTP")
    if middle["stub"] < MARK_STUB:
        missed.append(f"less than {MARK_STUB:,.0f} messages/s with the stub")
    if statistics.median(lines[-1].rounds) > MARK_REPLY:
        missed.append(f"a reply waited for longer than {MARK_REPLY:.0f} s")
    sys.stdout.write("".join(f"MISSED: {line}\n" for line in missed) or "Every mark is met.\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
