"""The table of speeds. `sahti bench` and `make bench` run it; every number comes from one run on one machine.

Rounds are interleaved and the middle one counts, so that a busy moment of the machine does not fall on one line alone.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import client, equal, traffic
from bench.postgres import NoPostgres, Postgres, postgres
from bench.processes import ROOT, cpu_seconds, free_port, sahti, server

SETTINGS = {"shared_buffers": "'256MB'", "max_wal_size": "'4GB'", "max_connections": "100"}
LIMITS = ("SAME_TEXTS", "NUMBER_HOURLY", "NUMBER_DAILY", "PREFIX_HOURLY", "ALL_HOURLY")
FASTEST = 6000
"""Requests a second for which enough are prepared; a faster server ends its round early."""
MARK_SMS = 0.25
MARK_HOP = 150.0
"""First marks: inbound SMS on PostgreSQL against pgbench; 99 of 100 USSD hops, milliseconds."""


@dataclass(slots=True)
class Line:
    """One line of the table: its rounds, and how to play one."""

    name: str
    play: "Callable[[], Round]"
    rounds: "list[Round]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Round:
    rate: float
    p50: float
    p99: float | None = None
    cpu: float | None = None
    refused: int = 0


def _middle(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _against(
    port: int, session: int, seconds: float, prepare: Callable[[int, int], Sequence[Sequence[bytes]]]
) -> Round:
    requests = prepare(port, int(FASTEST * seconds))
    before = cpu_seconds(session)
    seen = client.run(port, requests, seconds)
    after = cpu_seconds(session)
    cpu = None if before is None or after is None else 1000 * (after - before) / max(1, len(seen.times))
    return Round(seen.rate, seen.quantile(0.5), seen.quantile(0.99), cpu, seen.refused)


def _hub(stack: contextlib.ExitStack, database: str | None, workers: int) -> tuple[int, int]:
    """A hub with its places and its contacts in; returns port and session."""
    var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sahti-bench-")))
    port = free_port()
    (var / "channels.toml").write_text(traffic.channels(port))
    (var / "nlu").mkdir()
    for table in (ROOT / "var" / "nlu").glob("table-*.json"):
        (var / "nlu" / table.name).symlink_to(table)
    env = {"SAHTI_VAR": str(var), "SAHTI_PORT": str(port), "SAHTI_WORKERS": str(workers), "SAHTI_HOST": "127.0.0.1"}
    env |= {"SAHTI_CHANNELS_FILE": str(var / "channels.toml"), "DATABASE_URL": database or "", "REDIS_URL": ""}
    # a contact of the load client writes in a second what a person writes in an hour: counted, but never held back
    env |= dict.fromkeys((f"SAHTI_{limit}" for limit in LIMITS), "0")
    env |= {"SAHTI_PUBLIC_URL": f"http://127.0.0.1:{port}", "SAHTI_LOG_FORMAT": "json"}
    # few contacts write thousands of messages: the limits count as always, but further
    env |= {"SAHTI_SAME_TEXTS": "1000000", "SAHTI_NUMBER_HOURLY": "1000000", "SAHTI_NUMBER_DAILY": "1000000"}
    env |= {"SAHTI_PREFIX_HOURLY": "100000000", "SAHTI_ALL_HOURLY": "100000000"}
    for command in ("migrate", "seed"):
        subprocess.run(sahti(command), cwd=ROOT, env={**os.environ, **env}, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    session = stack.enter_context(server(sahti("web"), port, env))
    opened = client.run(port, traffic.openings(port), 60)
    if opened.refused:
        raise RuntimeError(f"{opened.refused} of the first messages were refused")
    return port, session


def _bare(stack: contextlib.ExitStack) -> tuple[int, int]:
    port = free_port()
    return port, stack.enter_context(server([sys.executable, "-m", "bench.bare", str(port)], port, {}))


def measure(seconds: int, rounds: int, workers: int) -> list[Line]:
    """Every line, measured. Raises NoPostgres where there is none."""
    with contextlib.ExitStack() as stack:
        db: Postgres = stack.enter_context(postgres(SETTINGS))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sahti-bench-")))
        script = equal.prepare(db, folder)
        bare, small, large = _bare(stack), _hub(stack, None, 1), _hub(stack, db.url, workers)

        def pgbench() -> Round:
            rate, mean = equal.run(db, script, traffic.CONNECTIONS, seconds)
            return Round(rate, mean)

        lines = [
            Line("pgbench, equal transaction, 2 round trips", pgbench),
            Line("bare Flask route on granian", lambda: _against(*bare, seconds, traffic.bare)),
            Line("inbound SMS, PostgreSQL", lambda: _against(*large, seconds, traffic.messages)),
            Line("inbound SMS, SQLite", lambda: _against(*small, seconds, traffic.messages)),
            Line("USSD hop, PostgreSQL", lambda: _against(*large, seconds, traffic.hops)),
            Line("USSD hop, SQLite", lambda: _against(*small, seconds, traffic.hops)),
        ]
        for _ in range(rounds):
            for line in lines:
                line.rounds.append(line.play())
        return lines


def _number(value: float | None, pattern: str) -> str:
    return "—" if value is None else format(value, pattern)


def table(lines: Sequence[Line]) -> str:
    """The table as text."""
    base = _middle([one.rate for one in lines[0].rounds]) or 1.0
    heads = ("req/s", "of pgbench", "p50 ms", "p99 ms", "CPU ms", "refused")
    written = [f"{'':44}" + "".join(f"{head:>12}" for head in heads)]
    for line in lines:
        rate = _middle([one.rate for one in line.rounds]) or 0.0
        cells = (
            format(rate, ",.0f"),
            format(rate / base, ".0%"),
            _number(_middle([one.p50 for one in line.rounds]), ".1f"),
            _number(_middle([one.p99 for one in line.rounds]), ".1f"),
            _number(_middle([one.cpu for one in line.rounds]), ".2f"),
            str(sum(one.refused for one in line.rounds)),
        )
        written.append(f"{line.name:44}" + "".join(f"{cell:>12}" for cell in cells))
    return "\n".join(written)


def marks(lines: Sequence[Line]) -> list[str]:
    """What was promised and missed."""
    rate = [_middle([one.rate for one in line.rounds]) or 0.0 for line in lines]
    hop = _middle([one.p99 for one in lines[4].rounds]) or 0.0
    missed = []
    if rate[2] < MARK_SMS * rate[0]:
        missed.append(f"inbound SMS on PostgreSQL is below {MARK_SMS:.0%} of pgbench")
    if hop > MARK_HOP:
        missed.append(f"the 99th USSD hop takes longer than {MARK_HOP:.0f} ms")
    if any(one.refused for line in lines for one in line.rounds):
        missed.append("requests were refused")
    return missed


def main() -> int:
    """The command line. 1 when a mark was missed, 2 without PostgreSQL."""
    parser = argparse.ArgumentParser(prog="sahti bench", description="Measure the hub beside its database's own limit.")
    parser.add_argument("--seconds", type=int, default=3, help="length of one round (default 3)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the middle counts (default 3)")
    cores = os.cpu_count() or 1
    parser.add_argument("--workers", type=int, default=cores, help=f"web processes on PostgreSQL (default {cores})")
    given = parser.parse_args()
    try:
        lines = measure(given.seconds, given.rounds, given.workers)
    except NoPostgres as missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    missed = marks(lines)
    shared = f"client, hub ({given.workers} web processes on PostgreSQL, 1 on SQLite) and database share {os.cpu_count()} cores"
    sys.stdout.write(f"{traffic.CONNECTIONS} connections; {shared}.\n")
    sys.stdout.write(
        "pgbench's p50 is its mean; CPU is the measured server's own, a message, without the database.\n\n"
    )
    sys.stdout.write(
        table(lines) + "\n\n" + ("".join(f"MISSED: {line}\n" for line in missed) or "Every mark is met.\n")
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
