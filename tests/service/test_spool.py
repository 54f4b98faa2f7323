"""Requests kept on disk while the database is down: in order, sealed, whole, and never lost twice."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.service import spool as spools
from bot.service.spool import Spool, SpoolFull
from bot.store.database import DatabaseDown
from bot.store.vault import Vault
from sms_gateway.types import HttpRequest


def request(n: int) -> HttpRequest:
    return HttpRequest("POST", f"http://hub.test/{n}", {"x-sign": "s"}, b"planted text \xff %d" % n)


@pytest.fixture
def spool(var: Path, vault: Vault, new_id: Callable[[], str]) -> Spool:
    return Spool(var / "spool", vault, new_id)


def test_what_was_kept_comes_back_whole_in_order_and_once(spool: Spool, var: Path) -> None:
    for n in range(20):
        spool.keep("sim-sms" if n % 2 else "other", "inbound", request(n))
    assert spool.size() > 0
    found: list[tuple[str, str, HttpRequest]] = []
    assert spool.replay(lambda *one: found.append(one)) == 20
    assert [one[2] for one in found] == [request(n) for n in range(20)]
    assert found[1][:2] == ("sim-sms", "inbound")
    assert spool.size() == 0
    assert spool.replay(lambda *one: found.append(one)) == 0


def test_nothing_readable_lies_on_the_disk(spool: Spool, var: Path) -> None:
    spool.keep("sim-sms", "inbound", request(1))
    stored = b"".join(file.read_bytes() for file in (var / "spool").iterdir())
    assert b"planted" not in stored
    assert b"sim-sms" not in stored


def test_a_replay_stops_where_the_database_is_still_down_and_goes_on_there(spool: Spool) -> None:
    for n in range(4):
        spool.keep("sim-sms", "inbound", request(n))
    taken: list[bytes] = []

    def take(_channel: str, _kind: str, one: HttpRequest) -> None:
        if len(taken) == 2:
            raise DatabaseDown
        taken.append(one.body)

    with pytest.raises(DatabaseDown):
        spool.replay(take)
    assert taken == [request(0).body, request(1).body]
    rest: list[bytes] = []
    assert spool.replay(lambda _channel, _kind, one: rest.append(one.body)) == 2
    assert rest == [request(2).body, request(3).body]


@pytest.mark.parametrize("broken", [b"", b"\x01", b"rubbish" * 20])
def test_a_damaged_file_is_set_apart_and_the_next_goes_on(spool: Spool, var: Path, broken: bytes) -> None:
    for n in range(2):
        spool.keep("sim-sms", "inbound", request(n))
    first = min((var / "spool").glob("*.request"))
    first.write_bytes(broken)
    found: list[bytes] = []
    assert spool.replay(lambda _channel, _kind, one: found.append(one.body)) == 1
    assert found == [request(1).body]
    assert [file.read_bytes() for file in (var / "spool" / "corrupt").iterdir()] == [broken]


def test_half_a_file_is_no_request(spool: Spool, var: Path) -> None:
    spool.keep("sim-sms", "inbound", request(0))
    (var / "spool" / "x.half").write_bytes(b"power cut")
    assert spool.replay(lambda *_: None) == 1


def test_a_full_spool_says_so(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.keep("sim-sms", "inbound", request(0))
    monkeypatch.setattr(spools, "LARGEST", spool.size() + 10)
    with pytest.raises(SpoolFull):
        spool.keep("sim-sms", "inbound", request(1))


def test_a_full_disk_is_a_full_spool(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(SpoolFull):
        spool.keep("sim-sms", "inbound", request(0))
    monkeypatch.undo()
    assert spool.replay(lambda *_: None) == 0


def test_one_request_that_cannot_be_handled_does_not_hold_up_the_rest(spool: Spool, var: Path) -> None:
    """A request that fails for a reason of its own is set apart: only a database that is down stops the replay."""
    for n in range(3):
        spool.keep("sim-sms", "inbound", request(n))
    found: list[bytes] = []

    def take(_channel: str, _kind: str, one: HttpRequest) -> None:
        if one.body == request(0).body:
            raise RuntimeError("planted")
        found.append(one.body)

    with pytest.raises(RuntimeError, match="planted"):
        spool.replay(take)
    assert found == [request(1).body, request(2).body]
    assert len(list((var / "spool" / "failed").iterdir())) == 1
