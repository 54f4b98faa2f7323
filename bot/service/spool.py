"""Verified raw requests on disk while the database is down: fsynced, replayed in order, corrupt ones set apart."""

import base64
import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from bot.core.ids import IdSource
from bot.service.batching import Overloaded
from bot.store.database import DatabaseDown
from bot.store.vault import Vault, VaultError
from sms_gateway.types import HttpRequest

LARGEST = 256 * 1024 * 1024
"""Bytes on disk; some hundred thousand messages."""
PLACE = "spool.request"


class SpoolFull(Exception):
    """Nothing more can be kept: the provider must be told to come again (503)."""


class Spool:
    """A folder of sealed requests, one file each, named so that they sort by time."""

    def __init__(self, folder: Path, vault: Vault, new_id: IdSource) -> None:
        self._folder, self._vault, self._new_id = folder, vault, new_id

    def keep(self, channel: str, kind: str, request: HttpRequest) -> None:
        """Write one request; when this returns it survives a power cut. Raises SpoolFull."""
        value = {
            "channel": channel,
            "kind": kind,
            "method": request.method,
            "url": request.url,
            "headers": dict(request.headers),
            "body": base64.b64encode(request.body).decode(),
        }
        sealed = self._vault.seal(json.dumps(value), PLACE)
        name = self._new_id()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self.size() + len(sealed) > LARGEST:
                raise SpoolFull("the spool is full")
            half = self._folder / f"{name}.half"
            with half.open("wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            half.rename(self._folder / f"{name}.request")
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as failed:
            raise SpoolFull("the spool cannot be written") from failed

    def size(self) -> int:
        """Bytes waiting."""
        return sum(file.stat().st_size for file in self._folder.glob("*.request")) if self._folder.is_dir() else 0

    def keys(self) -> set[int]:
        """Numbers of the encryption keys that waiting requests are sealed under."""
        found: set[int] = set()
        for file in self._folder.glob("*.request") if self._folder.is_dir() else ():
            with contextlib.suppress(FileNotFoundError), file.open("rb") as sealed:
                found.update(sealed.read(1))
        return found

    def replay(self, take: Callable[[str, str, HttpRequest], None]) -> int:
        """Hand each kept request to `take(channel, kind, request)` in order, and remove it once that returned.

        Stops at the first for which the database is still down or too busy. One that cannot be read is set apart under
        `corrupt/`, one that fails for a reason of its own under `failed/`: it must not hold up those behind it. Returns
        how many were taken; raises the first such failure when all have had their turn.
        """
        taken = 0
        failure: Exception | None = None
        for file in sorted(self._folder.glob("*.request")) if self._folder.is_dir() else []:
            try:
                value = json.loads(self._vault.open(file.read_bytes(), PLACE))
                body = base64.b64decode(value["body"])
                request = HttpRequest(value["method"], value["url"], value["headers"], body)
                channel, kind = str(value["channel"]), str(value["kind"])
            except FileNotFoundError:
                continue  # another process replayed it
            except (VaultError, ValueError, KeyError, TypeError):
                self._set_apart(file, "corrupt")
                continue
            try:
                take(channel, kind, request)
            except (DatabaseDown, Overloaded, TimeoutError):
                raise
            except Exception as failed:  # noqa: BLE001 (raised below; those behind it have their turn first)
                failure = failure or failed
                self._set_apart(file, "failed")
                continue
            file.unlink(missing_ok=True)
            taken += 1
        if failure is not None:
            raise failure
        return taken

    def _set_apart(self, file: Path, where: str) -> None:
        (self._folder / where).mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            file.rename(self._folder / where / file.name)
