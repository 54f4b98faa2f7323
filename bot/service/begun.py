"""Which sends a worker has really begun, on a page that outlives it (docs/adr/0020-begun-sends.md).

A row is marked `sending` before its provider is called (P3), so a worker that is killed leaves rows of which nobody knows
whether they went out, also those that it had not come to yet. It therefore notes each row on a page of shared memory
with a file behind it, just before the first octet leaves, and takes the note back when the outcome is committed. The page
of a process that was killed survives in the kernel: what it does not name was certainly not sent, and is sent anew.
"""

import contextlib
import fcntl
import mmap
import os
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
"""A power cut loses the page: what stands in its file then is of an earlier life. Without this file no notes are kept."""
HEAD, SLOT = 64, 40
SLOTS = 1024
"""Rows noted at a time: threads with a request under way, and outcomes that are not committed yet."""
FULL = b"full"


class Notes:
    """One run's page. Made by `Begun.open`; its methods are called from many threads."""

    def __init__(self, path: Path, file: int, page: mmap.mmap) -> None:
        self._path, self._file, self._page = path, file, page
        self._free = list(range(SLOTS))
        self._noted: dict[str, int] = {}
        self._lock = threading.Lock()

    def note(self, id_: str) -> None:
        """From now on this row may have been sent."""
        with self._lock:
            if not self._free:  # nothing can be said any more about rows that are not here
                self._page[HEAD - len(FULL) : HEAD] = FULL
                return
            slot = self._noted[id_] = self._free.pop()
            start = HEAD + slot * SLOT
            self._page[start : start + SLOT] = id_.encode().ljust(SLOT, b"\0")

    def settled(self, ids: Collection[str]) -> None:
        """The outcome of these stands in the database."""
        with self._lock:
            for id_ in ids:
                slot = self._noted.pop(id_, None)
                if slot is not None:
                    self._page[HEAD + slot * SLOT : HEAD + (slot + 1) * SLOT] = bytes(SLOT)
                    self._free.append(slot)

    def close(self) -> None:
        """The run has ended and nothing of it is under way."""
        self._path.unlink(missing_ok=True)
        self._page.close()
        os.close(self._file)


@dataclass(frozen=True, slots=True)
class Dead:
    """A run whose process was killed: what it was called, and which rows it had begun."""

    by: str
    begun: frozenset[str]
    path: Path

    def forget(self) -> None:
        """What it had not begun stands in the queue again."""
        self.path.unlink(missing_ok=True)


class Begun:
    """The pages of this machine's workers, in a folder that they share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._boot = BOOT.read_bytes().strip()[: HEAD - len(FULL)]
        except OSError:
            self._boot = b""

    def open(self, by: str) -> Notes | None:
        """A page for the run called `by`, before it claims anything; None where none can be kept."""
        if not self._boot:
            return None
        half, size = self._folder / f"{by}.half", HEAD + SLOTS * SLOT
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError:
            return None
        try:
            os.posix_fallocate(file, 0, size)  # a page without room behind it would kill the process that writes on it
            fcntl.flock(file, fcntl.LOCK_EX)  # until this process ends, however it ends
            page = mmap.mmap(file, size)
            page[: len(self._boot)] = self._boot
            half.rename(self._folder / f"{by}.begun")
        except OSError:
            os.close(file)
            half.unlink(missing_ok=True)
            return None
        return Notes(self._folder / f"{by}.begun", file, page)

    def of_the_dead(self) -> list["Dead"]:
        """Runs whose process was killed, and the rows that each had begun."""
        found = []
        for path in sorted(self._folder.glob("*.begun")):
            with contextlib.suppress(OSError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while its process lives
                begun = self._read(file.read())
                if begun is None:
                    path.unlink(missing_ok=True)
                else:
                    found.append(Dead(path.stem, begun, path))
        return found

    def _read(self, content: bytes) -> frozenset[str] | None:
        head = content[:HEAD]
        if len(content) < HEAD + SLOTS * SLOT or not head.startswith(self._boot) or head.endswith(FULL):
            return None
        slots = (content[start : start + SLOT] for start in range(HEAD, HEAD + SLOTS * SLOT, SLOT))
        return frozenset(slot.rstrip(b"\0").decode() for slot in slots if slot.strip(b"\0"))
