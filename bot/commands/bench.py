"""The table of speeds, measured by the programs in `bench/`."""

import argparse
import subprocess
import sys
from collections.abc import Sequence

from bot.commands.failing import Failed
from bot.settings import ROOT

PARTS = {"inbound": "bench", "delivery": "bench.delivery"}


def bench(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Measure the hot path beside the database's own limit, or sending. Takes minutes; its data is thrown away."""
    parser.add_argument("--part", choices=PARTS, default="inbound", help="what is measured (default inbound)")
    parser.epilog = "Further options: --rounds N, --workers N; inbound also --seconds N, delivery also --messages N."
    if not (ROOT / "bench" / "__main__.py").exists():
        raise Failed("The measuring programs are not installed with the package; run this in a checkout: make bench")
    if {"-h", "--help"} & set(arguments):
        parser.print_help()
        return 0
    given, options = parser.parse_known_args(arguments)
    command = [sys.executable, "-m", PARTS[given.part], *options]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 (our own module; the arguments are the operator's)
