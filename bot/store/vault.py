"""Field encryption: AES-256-GCM under a ring of keys, and a keyed hash to look addresses up by.

A sealed field is `key id (1 byte) · nonce (12) · ciphertext and tag`. The additional data names the table and column, so
a value cannot be moved to another place and still open. Nonces are random: NIST SP 800-38D allows 2**32 of them a key.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.core.chance import random_bytes

NONCE = 12
KEY = 32
SEALED_NOTHING = 1 + NONCE + 16
"""Bytes of an empty text when sealed: key id, nonce and tag."""
LAST_ID = 255
LOOK_SECONDS = 1.0
"""How soon a running process seals with a key that was put in force in its key file."""


class VaultError(Exception):
    """The key file cannot be used, or a value was sealed under a key that is not on the ring."""


class Vault:
    """Seals and opens fields. `current` seals; every key on the ring opens.

    A ring that was read from a file follows it: a key added there is known to every running process within
    LOOK_SECONDS, and at once where a value sealed under it is met. So keys are rotated while the service runs.
    """

    def __init__(self, keys: Mapping[int, bytes], current: int, lookup_key: bytes, file: Path | None = None) -> None:
        self.lookup_key = lookup_key
        self.file = file
        self._adopt(keys, current)
        self._stamp = _stamp(file)
        self._looked = time.monotonic()

    def _adopt(self, keys: Mapping[int, bytes], current: int) -> None:
        # one assignment: another thread sees the whole ring as it was, or the whole new one
        self._ring = (current, dict(keys), {number: AESGCM(key) for number, key in keys.items()})

    def __repr__(self) -> str:
        return f"Vault(current={self.current}, keys={sorted(self.keys)})"

    @property
    def keys(self) -> Mapping[int, bytes]:
        """The keys of the ring by number."""
        return self._ring[1]

    @property
    def current(self) -> int:
        """Number of the key that seals."""
        return self._ring[0]

    def _look(self) -> None:
        self._looked = time.monotonic()
        stamp = _stamp(self.file)
        if self.file is None or stamp is None or stamp == self._stamp:
            return
        try:
            found = load(self.file)
        except VaultError:
            return  # half a copy, or taken away: the keys that we have still work
        self._stamp = stamp
        self._adopt(found.keys, found.current)

    def seal(self, text: str, place: str) -> bytes:
        """Encrypt `text` for one column, named `table.column`."""
        if self.file is not None and time.monotonic() - self._looked >= LOOK_SECONDS:
            self._look()
        current, _, ciphers = self._ring
        nonce = random_bytes(NONCE)
        data = text.encode("utf-8", "surrogatepass")
        return bytes([current]) + nonce + ciphers[current].encrypt(nonce, data, place.encode())

    def open(self, sealed: bytes, place: str) -> str:
        """Decrypt. Raises VaultError when the key is missing or the value was changed or moved."""
        cipher = self._ring[2].get(sealed[0]) if sealed else None
        if cipher is None:
            self._look()
            cipher = self._ring[2].get(sealed[0]) if sealed else None
        if cipher is None:
            raise VaultError(f"{place}: sealed under a key that is not on the ring")
        try:
            data = cipher.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], place.encode())
        except (InvalidTag, ValueError) as wrong:
            raise VaultError(f"{place}: the value was changed or moved") from wrong
        return data.decode("utf-8", "surrogatepass")

    def key_of(self, sealed: bytes) -> int:
        """Id of the key a value was sealed under."""
        return sealed[0]

    def blind(self, value: str) -> bytes:
        """A keyed hash (HMAC-SHA-256, first 16 bytes) that is the same for the same value: for look-ups."""
        return hmac.new(self.lookup_key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()[:16]

    @classmethod
    def fresh(cls) -> Self:
        """A ring with one new key."""
        return cls({1: secrets.token_bytes(KEY)}, 1, secrets.token_bytes(KEY))

    def with_new_key(self) -> Self:
        """The same ring with one more key, which opens but does not seal yet (see `sealing_with`)."""
        number = max(self.keys) + 1
        if number > LAST_ID:
            raise VaultError("the key ring is full")
        return type(self)({**self.keys, number: secrets.token_bytes(KEY)}, self.current, self.lookup_key, self.file)

    def sealing_with(self, number: int) -> Self:
        """The same ring, of which another key seals from now on."""
        if number not in self.keys:
            raise VaultError(f"there is no key {number} on the ring")
        return type(self)(self.keys, number, self.lookup_key, self.file)

    def without_old_keys(self) -> Self:
        """The same ring with the current key only: after every field was sealed anew."""
        return type(self)({self.current: self.keys[self.current]}, self.current, self.lookup_key, self.file)


def _stamp(file: Path | None) -> tuple[int, int, int] | None:
    try:
        found = file.stat() if file is not None else None
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size) if found else None


def load(path: Path) -> Vault:
    """Read a key file. Raises VaultError with what to do about it."""
    try:
        if path.stat().st_mode & 0o077:
            raise VaultError(f"{path.name} can be read by others: run chmod 600 on it")
        raw = json.loads(path.read_text())
        keys = {int(number): base64.b64decode(key, validate=True) for number, key in raw["keys"].items()}
        vault = Vault(keys, int(raw["current"]), base64.b64decode(raw["lookup"], validate=True), path)
    except FileNotFoundError as missing:
        raise VaultError(
            f"{path.name} is missing: without it the data cannot be read; restore it from its backup"
        ) from missing
    except (ValueError, KeyError, TypeError, AttributeError) as broken:
        raise VaultError(f"{path.name} is damaged: restore it from its backup") from broken
    if vault.current not in vault.keys or any(len(key) != KEY for key in (*keys.values(), vault.lookup_key)):
        raise VaultError(f"{path.name} is damaged: restore it from its backup")
    return vault


def save(vault: Vault, path: Path) -> None:
    """Write a key file with mode 0600, whole or not at all."""
    content = json.dumps(
        {
            "current": vault.current,
            "keys": {str(number): base64.b64encode(key).decode() for number, key in vault.keys.items()},
            "lookup": base64.b64encode(vault.lookup_key).decode(),
        },
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(f".{os.getpid()}.half")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


def load_or_make(path: Path) -> Vault:
    """The key file's ring; at the very first run a new one. Two processes that start together end with the same."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        save(Vault.fresh(), fresh)
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # another process was first: its key file is the one
        finally:
            fresh.unlink()
    return load(path)
