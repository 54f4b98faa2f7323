"""Verified raw requests on disk while the database is down: sealed, fsynced, replayed in order, corrupt ones set apart.

The folder is its own index (docs/adr/0018-spool-order.md). A request waits once for each sender it is about, as
`waiting/<two digits>/<number>-<key>.request`: the key is a keyed hash of the sender, the number rises for each sender.
Several processes of one machine share the folder; nothing about it is remembered elsewhere, so nothing can disagree.
"""

import base64
import contextlib
import errno
import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from bot.service.batching import Overloaded
from bot.store.database import DatabaseDown
from bot.store.vault import Vault, VaultError
from sms_gateway.types import HttpRequest

LARGEST = 256 * 1024 * 1024
"""Bytes on disk; some hundred thousand messages."""
PLACE = "spool.request"
SUFFIX = ".request"
WAVE = 64
"""Requests taken at a time, each of another sender: as many as the hub commits together."""
AT_ONCE = 32
"""Threads that take them."""
MEASURED_FOR = 1.0
"""Seconds that the measured size is trusted, at least: what this process adds meanwhile is counted."""
HALF_LIVES = 3600.0
"""Seconds after which a half-written file belongs to nobody any more."""
FOR_LATER = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}
"""Why a file could not be read just now, although nothing is wrong with it."""
KEY_DIGITS = 16


Outcome = Literal["taken", "corrupt", "stop"] | Exception | None
"""What became of one kept request; None where another process had it."""


class SpoolFull(Exception):
    """Nothing more can be kept: the provider must be told to come again (503)."""


class CorruptRequest(Exception):
    """A kept request could not be opened and was set apart."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A request as it was kept, with what was done about it then. `key` is empty where it is about everybody in it."""

    channel: str
    kind: str
    request: HttpRequest
    at: datetime | None
    answered: frozenset[str]
    """External ids of the danger signs that were certainly answered: they are not answered once more."""
    key: str


@dataclass(slots=True)
class Replayed:
    """What one replay did. `stopped` when the database was still away; `failures` were set apart, as were `corrupt`."""

    taken: int = 0
    corrupt: int = 0
    failures: tuple[Exception, ...] = ()
    stopped: bool = False

    def add(self, outcomes: Sequence[Outcome]) -> None:
        self.taken += sum(outcome == "taken" for outcome in outcomes)
        self.corrupt += sum(outcome == "corrupt" for outcome in outcomes)
        self.failures += tuple(outcome for outcome in outcomes if isinstance(outcome, Exception))
        self.stopped = self.stopped or "stop" in outcomes


@dataclass(frozen=True, slots=True)
class Holding:
    """What lies in the folder: requests and bytes that wait, seconds since the oldest was kept, files set apart."""

    requests: int
    bytes: int
    oldest: float
    set_apart: int


class Spool:
    """A folder of sealed requests that several processes share."""

    def __init__(self, folder: Path, vault: Vault, clock: Callable[[], datetime]) -> None:
        self._folder, self._vault, self._clock = folder, vault, clock
        self._waiting, self._halves = folder / "waiting", folder / "half"
        self._measured, self._trusted_until = 0, 0.0

    def key(self, sender: str) -> str:
        """What stands for a sender in names of files: a keyed hash, the same in every process."""
        return self._vault.blind(f"spool:{sender}").hex()[:KEY_DIGITS]

    def holds(self, keys: Collection[str]) -> bool:
        """Whether anything of one of these senders waits. A few microseconds: every message asks."""
        for key in keys:
            with contextlib.suppress(FileNotFoundError), os.scandir(f"{self._waiting}/{key[:2]}") as files:
                if any(key in file.name for file in files):
                    return True
        return False

    def keep(
        self, channel: str, kind: str, request: HttpRequest, keys: Collection[str], answered: Collection[str] = ()
    ) -> None:
        """Write one request, about these senders; when this returns it survives a power cut. Raises SpoolFull.

        `answered` are the external ids of danger signs in it that were certainly answered.
        """
        value = {
            "channel": channel,
            "kind": kind,
            "method": request.method,
            "url": request.url,
            "headers": dict(request.headers),
            "body": base64.b64encode(request.body).decode(),
            "at": self._clock().isoformat(),
            "answered": sorted(answered),
        }
        sealed = self._vault.seal(json.dumps(value), PLACE)
        try:
            self._require_room(len(sealed))
            half = self._written(sealed)
            try:
                for key in sorted(set(keys)):
                    self._link(half, key)
            finally:
                half.unlink(missing_ok=True)
        except OSError as failed:
            raise SpoolFull("the spool cannot be written") from failed

    def _require_room(self, more: int) -> None:
        now = time.monotonic()
        if now >= self._trusted_until:
            self._measured = self.holding().bytes
            taken = time.monotonic() - now
            self._trusted_until = now + max(MEASURED_FOR, 20 * taken)
        if self._measured + more > LARGEST:
            self._trusted_until = 0.0
            raise SpoolFull("the spool is full")
        self._measured += more

    def _written(self, sealed: bytes) -> Path:
        self._halves.mkdir(parents=True, exist_ok=True)
        half = self._halves / secrets.token_hex(16)
        try:
            with half.open("wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                half.unlink()  # gives back what the disk had left
            raise
        return half

    def _link(self, half: Path, key: str) -> None:
        """Give the file its place behind everything of the same sender, whatever the clock says."""
        folder = self._waiting / key[:2]
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            for above in (self._waiting, self._folder, self._folder.parent):
                _sync(above)
        last = max((_number_of(file) for file in folder.iterdir() if _key_of(file) == key), default=0)
        number = max(int(self._clock().timestamp() * 1000), last + 1)
        while True:
            try:
                (folder / f"{number:020d}-{key}{SUFFIX}").hardlink_to(half)
            except FileExistsError:
                number += 1  # another process keeps one of the same sender at this moment
            else:
                break
        _sync(folder)

    def empty(self) -> bool:
        """Whether nothing waits."""
        return next(self._files(), None) is None

    def size(self) -> int:
        """Bytes waiting."""
        return self.holding().bytes

    def holding(self) -> Holding:
        """What lies here now."""
        requests = size = 0
        oldest = time.time()
        for file in self._files():
            with contextlib.suppress(FileNotFoundError):
                found = file.stat()
                requests += 1
                size += -(-found.st_size // max(1, found.st_nlink))
                oldest = min(oldest, found.st_mtime)
        apart = sum(len(list((self._folder / where).glob(f"*{SUFFIX}"))) for where in ("corrupt", "failed"))
        return Holding(requests, size, time.time() - oldest if requests else 0.0, apart)

    def keys(self) -> set[int]:
        """Numbers of the encryption keys that waiting requests are sealed under."""
        found: set[int] = set()
        for file in self._files():
            with contextlib.suppress(FileNotFoundError), file.open("rb") as sealed:
                found.update(sealed.read(1))
        return found

    def _files(self) -> Iterator[Path]:
        # by hand into the folder itself: what was set apart and mended, or kept by an older version
        yield from self._folder.glob(f"*{SUFFIX}")
        yield from self._waiting.glob(f"??/*{SUFFIX}")

    def replay(self, take: Callable[[Kept], None], *, seconds: float = 5.0) -> Replayed:
        """Hand what waits to `take`, in order, and remove each once that returned. One process at a time does it.

        Requests of different senders are taken side by side, those of one sender one after the other. Stops at the
        first for which the database is away or too busy, and after `seconds`. One that cannot be read is set apart
        under `corrupt/`, one that fails for a reason of its own under `failed/`: it must not hold up those behind it.
        """
        done = Replayed()
        if self.empty():
            return done
        with self._alone() as alone, ThreadPoolExecutor(AT_ONCE, thread_name_prefix="replay") as threads:
            if not alone:
                return done
            self._forget_halves()
            until, passed, size = time.monotonic() + seconds, set[Path](), 1
            while queue := [file for file in self._ordered() if file not in passed]:
                while queue:
                    wave, queue = self._wave(queue, size)
                    outcomes = list(threads.map(lambda file: self._attempt(file, take), wave))
                    done.add(outcomes)
                    if done.stopped or time.monotonic() > until:
                        return done
                    passed.update(file for file in wave if file.exists())
                    size = WAVE  # the first alone asked whether the database is there
        return done

    def _ordered(self) -> list[Path]:
        return sorted(self._files(), key=lambda file: (file.parent != self._folder, file.name))

    def _wave(self, queue: list[Path], size: int) -> tuple[list[Path], list[Path]]:
        """The first request of each sender, at most `size` of them, and the rest."""
        if queue[0].parent == self._folder:
            return queue[:1], queue[1:]  # it may be about anybody: it goes alone
        wave: list[Path] = []
        rest: list[Path] = []
        seen: set[str] = set()
        for number, file in enumerate(queue):
            if len(wave) == size:
                return wave, rest + queue[number:]
            key = _key_of(file)
            (rest if key in seen else wave).append(file)
            seen.add(key)
        return wave, rest

    def _attempt(self, file: Path, take: Callable[[Kept], None]) -> Outcome:
        kept = self._opened(file)
        if not isinstance(kept, Kept):
            return kept
        try:
            take(kept)
        except (DatabaseDown, Overloaded, TimeoutError):
            return "stop"
        except Exception as failed:  # noqa: BLE001 (handed on; those behind it have their turn first)
            self._set_apart(file, "failed")
            return failed
        file.unlink(missing_ok=True)
        return "taken"

    def _opened(self, file: Path) -> Kept | Literal["corrupt", "stop"] | None:
        try:
            return self._read(file)
        except FileNotFoundError:
            return None
        except OSError as failed:
            if failed.errno in FOR_LATER:
                return "stop"
        except (VaultError, ValueError, KeyError, TypeError, AttributeError):
            pass  # whatever it is, it is no request of ours
        return "corrupt" if self._set_apart(file, "corrupt") else None

    def _read(self, file: Path) -> Kept:
        value = json.loads(self._vault.open(file.read_bytes(), PLACE))
        body = base64.b64decode(value["body"], validate=True)
        at = value.get("at")
        return Kept(
            channel=str(value["channel"]),
            kind=str(value["kind"]),
            request=HttpRequest(value["method"], value["url"], value["headers"], body),
            at=datetime.fromisoformat(at) if at else None,
            answered=frozenset(value.get("answered", ())),
            key=_key_of(file),
        )

    def _set_apart(self, file: Path, where: str) -> bool:
        with contextlib.suppress(OSError):  # on a full disk it stays where it is, and is passed over
            (self._folder / where).mkdir(exist_ok=True)
            file.rename(self._folder / where / file.name)
            return True
        return False

    def _forget_halves(self) -> None:
        for half in self._halves.glob("*"):
            with contextlib.suppress(OSError):
                if time.time() - half.stat().st_mtime > HALF_LIVES:
                    half.unlink()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether no other process replays; the kernel frees the lock of one that dies."""
        folder = os.open(self._folder, os.O_RDONLY)  # the folder itself: a full disk has no room for a lock file
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(folder)


def _key_of(file: Path) -> str:
    """The sender's key in a name; empty where the name carries none."""
    return file.name.removesuffix(SUFFIX).partition("-")[2]


def _number_of(file: Path) -> int:
    digits = file.name.partition("-")[0]
    return int(digits) if digits.isdecimal() else 0


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
