"""`python -m setup COMMAND`: what the Makefile calls. Standard library only: it runs before any environment exists."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from setup import checks, cleaning, locks, steps
from setup.terminal import Stop, Terminal

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when it went well; 1 with one sentence and what to do when not; 130 when it was interrupted."""
    parser = argparse.ArgumentParser(prog="python -m setup")
    commands = parser.add_subparsers(dest="command", required=True)
    ready = commands.add_parser("ready", help="everything that running needs")
    ready.add_argument("--production", action="store_true", help="without the demonstration's places")
    ready.add_argument("--dev", action="store_true", help="with what tests and measurements need")
    commands.add_parser("lint", help="linters, types and floors")
    test = commands.add_parser("test", help="what CI runs")
    test.add_argument("only", nargs="*", help="arguments for pytest")
    lock = commands.add_parser("lock", help="write the lock files anew")
    lock.add_argument("--upgrade", action="store_true")
    commands.add_parser("clean", help="remove what set-up made")
    given = parser.parse_args(arguments)
    terminal = Terminal(ROOT)
    try:
        return _carry_out(given, terminal)
    except Stop as stopped:
        sys.stdout.write(f"\n{stopped.what}\n{stopped.remedy}\n")
        return 1
    except KeyboardInterrupt:
        sys.stdout.write("\nInterrupted. The same command goes on from here.\n")
        return 130


def _carry_out(given: argparse.Namespace, terminal: Terminal) -> int:
    if given.command == "clean":
        cleaning.clean(terminal)
        return 0
    if given.command == "lock":
        steps.prerequisites(ROOT)
        locks.write(terminal, upgrade=given.upgrade)
        return 0
    if given.command == "ready":
        steps.prepare(terminal, dev=given.dev, demonstration=not given.production)
        return 0
    steps.prepare(terminal, dev=True)
    if given.command == "lint":
        return int(bool(checks.linters(ROOT, terminal)))
    return checks.everything(ROOT, terminal, given.only)


if __name__ == "__main__":
    sys.exit(main())
