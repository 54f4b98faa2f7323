"""`make chaos`: every fault under load for as long as it takes to trust it, and a campaign of 100,000 with processes
killed in its middle. Prints what every ledger says; ends with 1 where a promise was broken.

    python -m tests.processes.chaos [--list] [--only WORDS]… [--longer N] [--people N]
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench.postgres import postgres
from tests.processes import faults, ledgers
from tests.processes.campaigning import Campaigned, campaign
from tests.processes.faults import FAULTS, Fault, Place
from tests.processes.load import LONGER, Contact, sixty
from tests.processes.system import running

CAMPAIGN = "campaign"
AROUND = 8.0
"""Seconds of load before and after each fault."""
COLUMNS = ["sent", "tries", "answered", "refused", "stored", "effects", "accepted", "doubled", "lost", "unknown"]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--list", action="store_true", help="the names of the faults")
    parser.add_argument("--only", action="append", default=[], metavar="WORDS", help="faults with these words (again)")
    parser.add_argument("--longer", type=float, default=2.0, help="times the usual length of a fault (2)")
    parser.add_argument("--people", type=int, default=100_000, help="people of the campaign; 0: no campaign (100000)")
    given = parser.parse_args(arguments)
    names = [fault.name for fault in FAULTS] + [CAMPAIGN]
    if given.list:
        sys.stdout.write("\n".join(names) + "\n")
        return 0
    wanted = [name for name in names if not given.only or any(words in name for words in given.only)]
    if not wanted:
        parser.error("no fault has these words; --list names them")
    broken = [fault.name for fault in FAULTS if fault.name in wanted and not _suffered(fault, given.longer)]
    if CAMPAIGN in wanted and given.people and not _campaigned(given.people):
        broken.append(CAMPAIGN)
    _say("broken: " + ", ".join(broken) if broken else "every ledger agrees")
    return int(bool(broken))


def contacts() -> list[Contact]:
    """120 people, 28 messages a second over the shortest faults and about 20 over the longest, each up to three times."""
    return sixty(LONGER, number=120)


def _suffered(fault: Fault, longer: float) -> bool:
    began = time.monotonic()
    long = replace(fault, seconds=fault.seconds * longer)
    _say(f"{fault.name}, {long.seconds:.0f} s")
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            server = stack.enter_context(postgres()) if fault.postgres else None
            more = {"SAHTI_WORKERS": "2"} if server else {}
            system = stack.enter_context(running(database=server.url if server else None, **more))
            found = faults.examined(Place(system, server), long, contacts(), folder, around=AROUND)
    except AssertionError as failed:  # it was not whole in time (P7)
        _say(f"  BROKEN: {failed}")
        return False
    _tell(found, time.monotonic() - began)
    return not found.problems


def _tell(found: ledgers.Ledger, seconds: float) -> None:
    counted = "  ".join(f"{name} {getattr(found, name)}" for name in COLUMNS)
    _say(f"  {counted} (effects of a quiet run: {found.wanted})")
    _say(f"  {found.alarms} danger signs answered meanwhile, the slowest in {found.alarm_seconds:.1f} s")
    _say(f"  quiet {found.settled_after:.1f} s after the last message; {seconds:.0f} s in all")
    for problem in found.problems:
        _say(f"  BROKEN: {problem}")


def _campaigned(people: int) -> bool:
    _say(f"{CAMPAIGN} to {people} people; worker, queue, web and worker again are killed in its middle")
    try:
        with postgres() as server, running(database=server.url, SAHTI_WORKERS="2") as system:
            found = campaign(system, people, patience=1800)
    except AssertionError as failed:
        _say(f"  BROKEN: {failed}")
        return False
    _count(found)
    return not found.problems


def _count(found: Campaigned) -> None:
    _say(
        f"  people {found.people}  accepted {found.accepted}  doubled {found.doubled}  "
        f"unknown, settled by report {found.reported}  unknown, never taken {found.untaken}"
    )
    _say(f"  {found.seconds:.0f} s, {found.people / found.seconds:.0f} a second with all deaths; states {found.states}")
    for problem in found.problems:
        _say(f"  BROKEN: {problem}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
