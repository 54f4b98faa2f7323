"""The block that says where to look, printed once the web process answers."""

import http.client
import subprocess
import time
from collections.abc import Callable

from bot.settings import ROOT, Settings

PATIENCE = 120.0
"""Seconds to wait for the first answer; it comes within a few."""
FEET = (("first administrator", "first-administrator"), ("channels", "channels"))


def welcome(settings: Settings, show: Callable[[str], None]) -> None:
    """Wait for the web process, then show the block: pages, first administrator, webhook addresses."""
    if not answers(settings.host, settings.port, PATIENCE):
        return
    lines = ["─" * 72, "Sahti is running.  Ctrl-C stops it.", ""]
    if settings.demo:
        lines.append(f"  Phones     {settings.base_url}/phone")
    lines += [f"  Staff      {settings.base_url}/staff/", f"  Condition  {settings.base_url}/status"]
    for title, command in FEET:
        said = _ask(command)
        if said:
            lines += ["", f"  {title.capitalize()}", *(f"    {line}" for line in said.splitlines())]
    lines.append("─" * 72)
    show("\n".join(lines))


def answers(host: str, port: int, patience: float) -> bool:
    """Whether /status answers within `patience` seconds, whatever it says."""
    host = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not listened on
    until = time.monotonic() + patience
    while time.monotonic() < until:
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


def _ask(command: str) -> str:
    # its own process: what it loads stays out of the one that must live longest
    ended = subprocess.run(  # noqa: S603 - our own command
        [str(ROOT / ".venv" / "bin" / "sahti"), command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.stdout.strip() if ended.returncode == 0 else ""
