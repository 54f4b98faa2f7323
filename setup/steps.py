"""What `make setup` does, in order. Each step is done once for its content, so that a second run takes a moment."""

import os
import shutil
from pathlib import Path

from setup import environments, pythons, stamps
from setup.terminal import Stop, Terminal, Words

MIGRATIONS = "bot/store/migrations"


def prepare(terminal: Terminal, *, dev: bool = False, demonstration: bool = True) -> None:
    """Environments, training, database and, for a demonstration, made-up places. Raises Stop with what to do."""
    prerequisites(terminal.root)
    environments.hub(terminal, dev=dev)
    environments.rasa(terminal)
    train(terminal)
    database(terminal, demonstration=demonstration)
    terminal.say("Set-up is complete.")


def prerequisites(root: Path) -> None:
    """Raises Stop for the first thing that is missing on this machine."""
    pythons.check_this_one()
    if shutil.which("git") is None:
        raise Stop("git is missing.", "Install it (Debian: apt install git), then run the same command again.")
    probe = state(root) / ".writable"
    try:
        (root / "var").mkdir(exist_ok=True)
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as refused:
        raise Stop(
            f"Sahti cannot write to its folder {probe.parent} ({refused.strerror}).",
            "Take the checkout to a folder of your own, or give yourself the right to write there.",
        ) from None


def train(terminal: Terminal) -> None:
    """The built-in table, and Rasa's model where its environment is: nlu.train keeps what is there for the content."""
    command: Words = [terminal.root / ".venv" / "bin" / "python", "-m", "nlu.train", "--var", state(terminal.root)]
    remedy = "If a training file is at fault the message names its line; mend it and run make setup again."
    terminal.run("Training the understanding, if its data changed", command, remedy=remedy)


def state(root: Path) -> Path:
    """The folder of all state: var/ in the checkout unless SAHTI_VAR names another."""
    return Path(os.environ.get("SAHTI_VAR") or root / "var").absolute()


def database(terminal: Terminal, *, demonstration: bool) -> None:
    """The newest schema, and the demonstration's places, services and hours."""
    root = terminal.root
    stamped = state(root) / "stamps"
    url = os.environ.get("DATABASE_URL", "")
    file = state(root) / "sahti.db"
    identity = url or (f"{file} {file.stat().st_ino}" if file.exists() else "")
    sahti = root / ".venv" / "bin" / "sahti"
    schema = stamps.content(sorted((root / MIGRATIONS).rglob("*.py")), identity)
    if not identity or stamps.read(stamped / "schema") != schema:
        remedy = "Check DATABASE_URL (and that the server answers), then run the same command again."
        terminal.run("Bringing the database to the newest schema", [sahti, "migrate"], remedy=remedy)
        identity = identity or f"{file} {file.stat().st_ino}"
        schema = stamps.content(sorted((root / MIGRATIONS).rglob("*.py")), identity)
        stamps.write(stamped / "schema", schema)
    if not demonstration:
        return
    if stamps.read(stamped / "places") != stamps.content([], identity):
        remedy = "Run the same command again; if it fails again, make clean DATA=yes begins afresh."
        terminal.run("Laying out the demonstration's places", [sahti, "seed"], remedy=remedy)
        stamps.write(stamped / "places", stamps.content([], identity))
