"""The block that says where to look, printed once the web process answers."""

import http.client
import subprocess
import threading
import time
from collections.abc import Callable

from bot.settings import ROOT, Settings

PATIENCE = 120.0
"""Seconds to wait for the first answer; it comes within a few."""
FEET = (("first administrator", "first-administrator"), ("channels", "channels"))


def welcome(settings: Settings, show: Callable[[str], None], stopping: threading.Event) -> None:
    """Wait for the web process, then show the block: pages, first administrator, webhook addresses.

    Returns soon after `stopping` is set, with nothing left running.
    """
    if not answers(settings.host, settings.port, PATIENCE, stopping):
        return
    lines = ["─" * 72, "Sahti is running.  Ctrl-C stops it.", ""]
    if settings.demo:
        lines.append(f"  Phones     {settings.base_url}/phone")
    lines += [f"  Staff      {settings.base_url}/staff/", f"  Condition  {settings.base_url}/status"]
    for title, command in FEET:
        said = _ask(command, stopping)
        if said:
            lines += ["", f"  {title.capitalize()}", *(f"    {line}" for line in said.splitlines())]
    lines.append("─" * 72)
    if stopping.is_set():
        return
    show("\n".join(lines))


def answers(host: str, port: int, patience: float, stopping: threading.Event | None = None) -> bool:
    """Whether /status answers within `patience` seconds, whatever it says. False when `stopping` was set before."""
    host = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not listened on
    until = time.monotonic() + patience
    while time.monotonic() < until and not (stopping and stopping.is_set()):
        connection = http.client.HTTPConnection(host, port, timeout=2)
        try:
            connection.request("GET", "/status")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)
        else:
            return True
        finally:
            connection.close()
    return False


def _ask(command: str, stopping: threading.Event) -> str:
    # its own process: what it loads stays out of the one that must live longest
    with subprocess.Popen(  # noqa: S603 - our own command
        [str(ROOT / ".venv" / "bin" / "sahti"), command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as asked:
        while True:
            try:
                said, _ = asked.communicate(timeout=0.1)
            except subprocess.TimeoutExpired:
                if stopping.is_set():
                    asked.kill()
            else:
                return said.strip() if asked.returncode == 0 else ""
