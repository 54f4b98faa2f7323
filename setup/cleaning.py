"""`make clean`: away with what set-up made. Data and keys stay unless they are asked for by name."""

import os
import shutil
from pathlib import Path

from setup.terminal import Terminal

MADE = (".venv", "nlu/rasa/.venv", "nlu/rasa/.rasa", "var/tools", "var/nlu", "var/log", "var/run", "var/stamps")
CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache", "sahti.egg-info")


def clean(terminal: Terminal) -> None:
    """Remove environments, models and caches; with DATA=yes in the environment all of var/ too."""
    root = terminal.root
    data = os.environ.get("DATA", "").lower() == "yes"
    for name in (*MADE, *CACHES, *(("var",) if data else ())):
        shutil.rmtree(root / name, ignore_errors=True)
    for pillar in ("bot", "nlu", "flows", "sms_gateway", "locales", "admin", "setup", "tests"):
        for cache in list((root / pillar).rglob("__pycache__")):
            shutil.rmtree(cache, ignore_errors=True)
    left = sorted(path.name for path in _kept(root))
    if left:
        terminal.say(f"Kept: var/{', var/'.join(left)}. To remove data and keys as well: make clean DATA=yes")
    else:
        terminal.say("Clean.")


def _kept(root: Path) -> list[Path]:
    var = root / "var"
    return list(var.iterdir()) if var.exists() else []
