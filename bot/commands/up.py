"""All processes at once."""

import argparse
import os
import sys
from collections.abc import Sequence

from bot import embedded, processes
from bot.commands.failing import Failed, settings
from bot.settings import ROOT


def up(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Start every process of the Procfile and watch over them until Ctrl-C."""
    parser.add_argument("--demo", action="store_true", help="with the simulated phones at /phone")
    if parser.parse_args(arguments).demo:
        os.environ["SAHTI_DEMO"] = "1"  # the children read it too
    try:
        return processes.run(settings(), (ROOT / "Procfile").read_text(), sys.stdout)
    except (processes.CannotRun, embedded.NoRoom) as reason:
        raise Failed(str(reason)) from reason
