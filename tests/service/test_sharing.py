"""Counts over a real Valkey: processes count together, windows end, and one that hangs or goes costs a moment."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis

from bot import embedded
from bot.core.abuse import Limits
from bot.service.abuse import Watch
from bot.sharing import SharedCounts
from sms_gateway.types import Inbound, Urn

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NUMBER = "+212600009871"


@pytest.fixture
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    var: Path = tmp_path_factory.mktemp("q")
    with subprocess.Popen(embedded.command(var), stdout=subprocess.DEVNULL) as process:
        assert embedded.ready({"SAHTI_VAR": str(var)})
        yield process, f"unix://{var}/valkey.sock"
        process.send_signal(signal.SIGCONT)
        process.kill()


def test_two_processes_count_together_and_windows_end(valkey: tuple[object, str]) -> None:
    first, second = SharedCounts(valkey[1]), SharedCounts(valkey[1])
    assert [first.add("k", 1, 60), second.add("k", 5, 60), first.add("k", 1, 60)] == [1, 6, 7]
    seen = Redis.from_url(valkey[1])
    assert 0 < int(seen.ttl("sahti:limit:k")) <= 60  # type: ignore[arg-type] # the synchronous client's number
    second.add("short", 3, 1)
    time.sleep(1.2)
    assert second.add("short", 1, 1) == 1


def test_a_flood_over_two_processes_is_held_and_leaves_no_number_behind(valkey: tuple[object, str]) -> None:
    blind = lambda value: value.encode()[::-1][:2] * 8  # noqa: E731 (stands for the vault's keyed hash)
    watches = [Watch(Limits(), SharedCounts(valkey[1]).add, blind, lambda _: None) for _ in range(2)]
    messages = [Inbound(f"m{n}", Urn("tel", NUMBER), "salam") for n in range(60)]
    answered = sum(watches[n % 2].look(one, NOW) is None for n, one in enumerate(messages))
    assert 20 <= answered <= 24
    keys = b" ".join(Redis.from_url(valkey[1]).keys("*"))  # type: ignore[arg-type] # the synchronous client's list
    assert b"same:" in keys
    assert NUMBER[1:].encode() not in keys
    assert b"salam" not in keys


def test_one_that_hangs_costs_a_moment_once(valkey: tuple["subprocess.Popen[bytes]", str]) -> None:
    made = SharedCounts(valkey[1])
    made.add("k", 1, 60)
    os.kill(valkey[0].pid, signal.SIGSTOP)
    began = time.monotonic()
    assert [made.add("k", 1, 60) for _ in range(100)] == [None] * 100
    assert time.monotonic() - began < 1.0


def test_one_that_is_away_is_no_error(valkey: tuple["subprocess.Popen[bytes]", str]) -> None:
    valkey[0].kill()
    valkey[0].wait()
    assert SharedCounts(valkey[1]).add("k", 1, 60) is None
