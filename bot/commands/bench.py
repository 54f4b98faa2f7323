"""The table of speeds, measured by the programs in `bench/`."""

import argparse
import subprocess
import sys
from collections.abc import Sequence

from bot.commands.failing import Failed
from bot.settings import ROOT


def bench(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Measure the hot path beside the database's own limit. Takes about a minute; its data is thrown away."""
    parser.add_argument("options", nargs="*", help="--seconds N, --rounds N, --workers N")
    if not (ROOT / "bench" / "__main__.py").exists():
        raise Failed("The measuring programs are not installed with the package; run this in a checkout: make bench")
    if {"-h", "--help"} & set(arguments):
        parser.print_help()
        return 0
    return subprocess.run([sys.executable, "-m", "bench", *arguments], cwd=ROOT, check=False).returncode  # noqa: S603 (our own module; the arguments are the operator's)
