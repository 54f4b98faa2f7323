"""Writes the lock files anew: every package pinned with its hashes, and no address of an index in any of them."""

from pathlib import Path

from setup import environments
from setup.terminal import Terminal, Words

COMMON = ("--generate-hashes", "--no-emit-index-url", "--no-header", "--quiet")
REMEDY = "Two packages may ask for versions that exclude each other: the last lines say which."


def write(terminal: Terminal, *, upgrade: bool) -> None:
    """All four locks. Versions that still fit stay unless `upgrade` is asked for."""
    uv = environments.uv(terminal)
    newer: list[str | Path] = ["--upgrade"] if upgrade else []
    hub: list[str | Path] = [
        uv,
        "pip",
        "compile",
        *COMMON,
        "--no-annotate",
        "--universal",
        *newer,
        "--python-version",
        "3.11",
    ]
    _write(terminal, [*hub, "pyproject.toml"], environments.RUN_LOCK)
    both: list[str | Path] = ["--extra", "dev", "--constraint", environments.RUN_LOCK]
    _write(terminal, [*hub, "pyproject.toml", *both], environments.DEV_LOCK)
    _write(terminal, [*hub, "setup/tools.in"], "setup/tools.lock")
    folder, lock = environments.RASA_LOCK.rsplit("/", 1)
    rasa: list[str | Path] = [
        uv,
        "--directory",
        folder,
        "pip",
        "compile",
        *COMMON,
        *newer,
        "--python-version",
        "3.10",
        "requirements.in",
    ]
    _write(terminal, rasa, lock)


def _write(terminal: Terminal, command: Words, target: str) -> None:
    terminal.run(f"Locking {target}", [*command, "--output-file", target], remedy=REMEDY)
