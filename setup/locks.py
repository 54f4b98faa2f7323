"""Writes the lock files anew: every package pinned with its hashes, and no address of an index in any of them."""

from pathlib import Path

from setup import environments
from setup.terminal import Terminal

COMMON = ("--generate-hashes", "--no-emit-index-url", "--no-header", "--quiet", "--universal")
REMEDY = "Two packages may ask for versions that exclude each other: the last lines say which."


def write(terminal: Terminal, *, upgrade: bool) -> None:
    """All four locks. Versions that still fit stay unless `upgrade` is asked for."""
    root = terminal.root
    uv = environments.uv(terminal)
    compile_ = [str(uv), "pip", "compile", *COMMON, *(["--upgrade"] if upgrade else [])]
    hub = [*compile_, "--python-version", "3.11", "pyproject.toml"]
    _write(terminal, [*hub], environments.RUN_LOCK)
    _write(terminal, [*hub, "--extra", "dev", "--constraint", environments.RUN_LOCK], environments.DEV_LOCK)
    rasa = [str(uv), "pip", "compile", *COMMON[:-1], *(["--upgrade"] if upgrade else [])]
    source = str(Path(environments.RASA_LOCK).with_suffix(".in"))
    _write(terminal, [*rasa, "--python-version", "3.10", source], environments.RASA_LOCK)
    tools = root / "setup" / "tools.in"
    _write(terminal, [*compile_, "--python-version", "3.11", str(tools.relative_to(root))], "setup/tools.lock")


def _write(terminal: Terminal, command: list[str], target: str) -> None:
    terminal.run(f"Locking {target}", [*command, "--output-file", target], remedy=REMEDY)
