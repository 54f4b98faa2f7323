"""A Chromium for the tests of the pages: the one that is there, or Debian's where apt may install."""

import os
import shutil
from pathlib import Path

from setup.terminal import Stop, Terminal

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VARIABLE = "SAHTI_CHROMIUM"
"""Names the browser to the tests; set it to use another than the first found."""


def find() -> str | None:
    """Path of a browser on this machine, or None."""
    named = os.environ.get(VARIABLE)
    if named:
        return named if Path(named).exists() else None
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def bring(terminal: Terminal) -> str | None:
    """Path of a browser, installed through apt if need be. None (said loudly) when there is none to be had."""
    found = find()
    if found or os.environ.get(VARIABLE):
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        remedy = "Install a Chromium, or name one in SAHTI_CHROMIUM."
        install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium", "fonts-noto-core"]
        try:
            terminal.run("Asking apt what there is", ["apt-get", "update", "--quiet"], remedy=remedy, env=quiet)
            terminal.run("Installing Chromium for the tests of the pages", install, remedy=remedy, env=quiet)
        except Stop as stopped:
            terminal.say(str(stopped))
        found = find()
    if found is None:
        terminal.say("NO CHROMIUM: the tests of the pages will count as NOT RUN (with CI=true: as failed).")
    return found
