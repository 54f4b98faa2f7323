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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
KEY = 32
LAST_ID = 255


class VaultError(Exception):
    """The key file cannot be used, or a value was sealed under a key that is not on the ring."""


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals and opens fields. `current` seals; every key on the ring opens."""

    keys: dict[int, bytes] = field(repr=False)
    current: int
    lookup_key: bytes = field(repr=False)
    _ciphers: dict[int, AESGCM] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ciphers", {number: AESGCM(key) for number, key in self.keys.items()})

    def seal(self, text: str, place: str) -> bytes:
        """Encrypt `text` for one column, named `table.column`."""
        nonce = os.urandom(NONCE)
        data = text.encode("utf-8", "surrogatepass")
        return bytes([self.current]) + nonce + self._ciphers[self.current].encrypt(nonce, data, place.encode())

    def open(self, sealed: bytes, place: str) -> str:
        """Decrypt. Raises VaultError when the key is missing or the value was changed or moved."""
        cipher = self._ciphers.get(sealed[0]) if sealed else None
        if cipher is None:
            raise VaultError(f"{place}: sealed under a key that is not on the ring")
        try:
            data = cipher.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], place.encode())
        except InvalidTag as wrong:
            raise VaultError(f"{place}: the value was changed or moved") from wrong
        return data.decode("utf-8", "surrogatepass")

    def key_of(self, sealed: bytes) -> int:
        """Id of the key a value was sealed under."""
        return sealed[0]

    def blind(self, value: str) -> bytes:
        """A keyed hash (HMAC-SHA-256, first 16 bytes) that is the same for the same value: for look-ups."""
        return hmac.digest(self.lookup_key, value.encode("utf-8", "surrogatepass"), hashlib.sha256)[:16]

    @classmethod
    def fresh(cls) -> Self:
        """A ring with one new key."""
        return cls({1: secrets.token_bytes(KEY)}, 1, secrets.token_bytes(KEY))

    def with_new_key(self) -> Self:
        """The same ring with one more key, which seals from now on."""
        number = max(self.keys) + 1
        if number > LAST_ID:
            raise VaultError("the key ring is full")
        return type(self)({**self.keys, number: secrets.token_bytes(KEY)}, number, self.lookup_key)

    def without_old_keys(self) -> Self:
        """The same ring with the current key only: after every field was sealed anew."""
        return type(self)({self.current: self.keys[self.current]}, self.current, self.lookup_key)


def load(path: Path) -> Vault:
    """Read a key file. Raises VaultError with what to do about it."""
    try:
        if path.stat().st_mode & 0o077:
            raise VaultError(f"{path.name} can be read by others: run chmod 600 on it")
        raw = json.loads(path.read_text())
        keys = {int(number): base64.b64decode(key, validate=True) for number, key in raw["keys"].items()}
        vault = Vault(keys, int(raw["current"]), base64.b64decode(raw["lookup"], validate=True))
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
