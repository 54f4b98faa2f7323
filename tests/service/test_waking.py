"""A queue that hangs costs one message a second, and not every message; the work is done all the same."""

import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import waking
from bot.waking import Waker


@pytest.fixture
def hanging() -> Iterator[str]:
    """A server that takes connections and never says a word, as one that was stopped does."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        address = str(Path(folder) / "queue.sock")
        server.bind(address)
        server.listen(64)
        yield f"unix://{address}"


def test_a_queue_that_hangs_is_asked_once_in_a_while(hanging: str) -> None:
    done: list[str] = []
    both = threading.Event()

    def otherwise(channel: str) -> None:
        done.append(channel)
        if {"sms", "whatsapp"} <= set(done):
            both.set()

    waker = Waker(hanging, otherwise)
    began = time.monotonic()
    for _ in range(20):
        waker.wake("sms")
        waker.wake("whatsapp")
    assert time.monotonic() - began < 20  # forty messages would wait for forty seconds
    assert both.wait(10)
    waker.connection.close()


def test_it_is_asked_again_after_a_while(hanging: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(waking, "AWAY_SECONDS", 0.2)
    waker = Waker(hanging, lambda _channel: None)
    monkeypatch.setattr(waker._redis, "set", lambda *given, **_named: asked.append(given[0]))  # noqa: SLF001
    waker._away_until = time.monotonic() + 0.2  # noqa: SLF001
    waker.wake("sms")
    assert asked == []
    time.sleep(0.3)
    waker.wake("sms")
    assert asked == ["sahti:wake:sms"]
