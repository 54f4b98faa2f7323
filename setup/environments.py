"""The environments: uv's own under var/tools, the hub's in .venv, Rasa's in nlu/rasa/.venv. All from locks with hashes."""

import os
import shutil
import sys
from pathlib import Path

from setup import stamps
from setup.pythons import find_rasa_python, runs
from setup.terminal import Stop, Terminal, Words

RUN_LOCK = "requirements.lock"
DEV_LOCK = "requirements-dev.lock"
RASA_LOCK = "nlu/rasa/requirements.lock"
NETWORK = "Check the network (and the index that pip or uv is set to), then run the same command again: it goes on."
RASA_ROOM = 4 * 1024**3
"""Bytes that Rasa's environment takes while it is being made: 2.2 GB installed, and what it is unpacked from."""


def uv(terminal: Terminal) -> Path:
    """The pinned uv, installed by pip into an environment of its own."""
    tools = terminal.root / "var" / "tools"
    lock = terminal.root / "setup" / "tools.lock"
    stamp, wanted = tools / ".sahti", stamps.content([lock], sys.version, str(tools))
    found = tools / "bin" / "uv"
    if stamps.read(stamp) != wanted or not found.exists():
        terminal.run("Making room for the installer", [sys.executable, "-m", "venv", "--clear", tools], remedy=NETWORK)
        pip: list[str | Path] = [
            tools / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        terminal.run("Installing uv", [*pip, "--require-hashes", "-r", lock], remedy=NETWORK)
        stamps.write(stamp, wanted)
    return found


def hub(terminal: Terminal, *, dev: bool) -> None:
    """`.venv` as the lock says. With `dev` it also holds what the tests need; it is never taken back to less."""
    root, venv = terminal.root, terminal.root / ".venv"
    python, stamp = venv / "bin" / "python", venv / ".sahti"
    run, full = (_wanted(root, lock) for lock in (RUN_LOCK, DEV_LOCK))
    sound = runs(python)
    done = stamps.read(stamp) if sound else ""
    if done == full or (done == run and not dev):
        return
    dev = dev or (sound and (venv / "bin" / "pytest").exists())
    installer = uv(terminal)
    if not sound:
        command: Words = [installer, "venv", "--quiet", "--clear", "--python", sys.executable, venv]
        terminal.run("Making the hub's environment (.venv)", command, remedy=NETWORK)
    stamp.unlink(missing_ok=True)
    lock = DEV_LOCK if dev else RUN_LOCK
    sync: Words = [installer, "pip", "sync", "--quiet", "--require-hashes", "--python", python, lock]
    terminal.run(f"Installing the hub's packages ({lock})", sync, remedy=NETWORK)
    own: Words = [
        installer,
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--python",
        python,
        "-e",
        root,
    ]
    terminal.run("Installing the sahti command", own, remedy=NETWORK)
    stamps.write(stamp, full if dev else run)


def rasa(terminal: Terminal) -> bool:
    """`nlu/rasa/.venv` as its lock says; False, with the reason said, when there is no Python 3.10 or it is not wanted."""
    root, venv = terminal.root, terminal.root / "nlu" / "rasa" / ".venv"
    if os.environ.get("SAHTI_RASA", "").lower() in {"no", "off", "0", "false"}:
        terminal.say("Rasa is left out (SAHTI_RASA): the bot understands with its built-in table.")
        return False
    python, stamp = venv / "bin" / "python", venv / ".sahti"
    wanted = stamps.content([root / RASA_LOCK], str(venv))
    sound = runs(python)
    if sound and stamps.read(stamp) == wanted:
        return True
    installer = uv(terminal)
    if not sound:
        found = find_rasa_python(installer, root)
        if found is None:
            terminal.say(
                "No Python 3.10 for Rasa was found: the bot will understand with its built-in table. "
                "To have Rasa too, install Python 3.10 (pyenv install 3.10) and run make setup again."
            )
            return False
        if shutil.disk_usage(root).free < RASA_ROOM:
            raise Stop(
                "Rasa's environment needs 4 GB of free disk.",
                "Free some, or leave Rasa out: SAHTI_RASA=no make run (the bot then uses its built-in table).",
            )
        command: Words = [installer, "venv", "--quiet", "--clear", "--python", found, venv]
        terminal.run("Making Rasa's environment (Python 3.10)", command, remedy=NETWORK)
    stamp.unlink(missing_ok=True)
    sync: Words = [installer, "pip", "sync", "--quiet", "--require-hashes", "--python", python, RASA_LOCK]
    terminal.run("Installing Rasa, once (some minutes)", sync, remedy=NETWORK)
    stamps.write(stamp, wanted)
    return True


def _wanted(root: Path, lock: str) -> str:
    # the project's own file names the commands and packages; the folder stands in every command's first line
    return stamps.content([root / lock, root / "pyproject.toml"], str(root))
