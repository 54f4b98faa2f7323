"""Field encryption and the key file."""

import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store import vault as vaults
from bot.store.vault import Vault, VaultError

RING = Vault({1: b"a" * 32, 2: b"b" * 32}, 2, b"c" * 32)


@given(st.text(st.characters(exclude_categories=())), st.sampled_from(["contacts.name_enc", "inbound.text_enc"]))
def test_what_was_sealed_opens_at_its_place_only(text: str, place: str) -> None:
    sealed = RING.seal(text, place)
    assert RING.open(sealed, place) == text
    with pytest.raises(VaultError):
        RING.open(sealed, place + "x")


@given(st.text(min_size=1), st.data())
def test_a_changed_value_does_not_open(text: str, data: st.DataObject) -> None:
    sealed = bytearray(RING.seal(text, "p"))
    where = data.draw(st.integers(0, len(sealed) - 1))
    sealed[where] ^= data.draw(st.integers(1, 255))
    with pytest.raises(VaultError):
        RING.open(bytes(sealed), "p")


@pytest.mark.parametrize("broken", [b"", b"\x02", b"\x02short", b"\x09" + b"x" * 40])
def test_what_was_never_sealed_is_a_vault_error(broken: bytes) -> None:
    with pytest.raises(VaultError):
        RING.open(broken, "p")


def test_the_same_text_never_looks_the_same_and_its_hash_always_does() -> None:
    assert RING.seal("x", "p") != RING.seal("x", "p")
    assert RING.blind("tel:+2126") == RING.blind("tel:+2126") != RING.blind("tel:+2127")
    other = Vault(RING.keys, 2, b"d" * 32)
    assert other.blind("tel:+2126") != RING.blind("tel:+2126")
    assert len(RING.blind("x")) == 16


def test_a_ring_never_shows_its_keys() -> None:
    assert "aaaa" not in repr(RING)
    assert "cccc" not in repr(RING)


def test_old_keys_open_and_the_current_one_seals() -> None:
    one = Vault({1: b"a" * 32}, 1, b"c" * 32)
    sealed = one.seal("x", "p")
    two = one.with_new_key()
    assert (two.current, sorted(two.keys)) == (1, [1, 2])
    two = two.sealing_with(2)
    assert two.open(sealed, "p") == "x"
    assert two.key_of(two.seal("x", "p")) == 2
    assert two.blind("x") == one.blind("x")
    only = two.without_old_keys()
    assert sorted(only.keys) == [2]
    with pytest.raises(VaultError):
        only.open(sealed, "p")
    with pytest.raises(VaultError):
        only.sealing_with(1)
    with pytest.raises(VaultError):
        Vault({255: b"a" * 32}, 255, b"c" * 32).with_new_key()


def test_the_key_file_comes_back_and_is_private(var: Path) -> None:
    file = var / "keys.json"
    vaults.save(RING, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    read = vaults.load(file)
    assert (read.keys, read.current, read.lookup_key) == (RING.keys, RING.current, RING.lookup_key)
    file.chmod(0o640)
    with pytest.raises(VaultError, match="chmod 600"):
        vaults.load(file)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"current": 1, "keys": {"1": "YQ=="}, "lookup": "YQ=="}'])
def test_a_damaged_key_file_says_what_to_do(var: Path, content: str) -> None:
    file = var / "keys.json"
    file.touch(mode=0o600)
    file.write_text(content)
    with pytest.raises(VaultError, match="backup"):
        vaults.load(file)


def test_a_missing_key_file_says_what_to_do(var: Path) -> None:
    with pytest.raises(VaultError, match="backup"):
        vaults.load(var / "keys.json")


def test_processes_that_start_together_end_with_one_ring(var: Path) -> None:
    file = var / "new" / "keys.json"
    found: list[Vault] = []
    real = os.getpid
    numbers = iter(range(1000, 2000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            os, "getpid", lambda: next(numbers) if threading.current_thread().name.startswith("p") else real()
        )
        threads = [
            threading.Thread(target=lambda: found.append(vaults.load_or_make(file)), name=f"p{n}") for n in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == 6
    assert len({one.lookup_key for one in found}) == 1
    assert [one.name for one in file.parent.iterdir()] == ["keys.json"]


def test_a_running_process_follows_its_key_file(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = var / "keys.json"
    running, other = vaults.load_or_make(file), vaults.load(file)
    old = running.seal("x", "p")
    vaults.save(other.with_new_key().sealing_with(2), file)
    new = vaults.load(file).seal("y", "p")
    assert running.key_of(running.seal("x", "p")) == 1  # it has not looked yet
    assert running.open(new, "p") == "y"  # what it cannot open makes it look at once
    assert running.key_of(running.seal("x", "p")) == 2
    monkeypatch.setattr(vaults, "LOOK_SECONDS", 0.0)
    assert other.key_of(other.seal("x", "p")) == 2
    file.write_text("half a copy")
    assert other.open(old, "p") == "x"
    file.unlink()
    assert other.key_of(other.seal("x", "p")) == 2
