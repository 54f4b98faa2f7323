"""Ending whole sessions of processes: a process that was started with a session of its own, and all it started."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")
GONE_WITHIN = 5.0
"""Seconds to wait for killed processes to be gone; it takes milliseconds."""


def end(leader: int) -> None:
    """Kill what is left of a session. Its number is not given to another process while it has members (man 2 setsid)."""
    members = list(_members(leader))
    if not members and not PROC.is_dir():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
    for member in members:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(member, signal.SIGKILL)
    # a killed process holds its port until the kernel has taken it apart
    until = time.monotonic() + GONE_WITHIN
    while members and any(_members(leader)) and time.monotonic() < until:
        time.sleep(0.02)


def identify(leaders: Iterable[int]) -> dict[str, str]:
    """Each leader with the moment it began (in the system's own ticks): numbers alone are used again."""
    return {str(leader): _began(leader) for leader in leaders}


def sweep(record: Path) -> None:
    """End what a supervisor that was killed left behind, as its record names it."""
    try:
        left = json.loads(record.read_text())
    except (OSError, ValueError):
        return
    for leader, began in left.items():
        # a leader may be gone while what it started lives on: then no other process can have its number as a session
        if _began(int(leader)) in {began, ""}:
            end(int(leader))
    record.unlink(missing_ok=True)


def _stat(process: str) -> list[str]:
    """Fields of /proc/N/stat from the third on (man 5 proc); empty when there is no such process."""
    try:
        return (PROC / process / "stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return []


def _members(leader: int) -> Iterable[int]:
    if not PROC.is_dir():
        return
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            fields = _stat(entry.name)
            if len(fields) > 3 and fields[3] == str(leader) and fields[0] != "Z":  # noqa: PLR2004 - session, man 5 proc
                yield int(entry.name)


def _began(process: int) -> str:
    fields = _stat(str(process))
    return fields[19] if len(fields) > 19 else ""  # noqa: PLR2004 - starttime, man 5 proc
