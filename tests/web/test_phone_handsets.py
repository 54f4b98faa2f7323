import threading
import time
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.web.handsets import (
    MOST_CHARACTERS,
    MOST_NOTES,
    MOST_NUMBERS,
    MOST_WAITING,
    SAYS_PER_WINDOW,
    WINDOW_SECONDS,
    Handsets,
    JsonReport,
    Later,
    Network,
)
from bot.wiring import Services
from sms_gateway.types import HttpRequest, HttpResponse


def put(handsets: Handsets, number: str, text: str = "salam") -> str:
    return handsets.put(number, "sms", text, mine=False, state="queued", at="2026-11-23T12:00:00+00:00").id


def test_a_handset_keeps_its_newest_messages() -> None:
    handsets = Handsets()
    ids = [put(handsets, "+212600000001") for _ in range(MOST_NOTES + 3)]
    kept, _ = handsets.since("+212600000001", 0)
    assert [note.id for note in kept] == ids[3:]


def test_long_messages_make_room_for_one_another() -> None:
    handsets = Handsets()
    half = "a" * (MOST_CHARACTERS // 2)
    ids = [put(handsets, "+212600000001", text) for text in ("salam", half, half)]
    assert [note.id for note in handsets.since("+212600000001", 0)[0]] == ids[1:]
    last = put(handsets, "+212600000001")
    assert [note.id for note in handsets.since("+212600000001", 0)[0]] == [ids[2], last]


def test_the_number_longest_unused_is_forgotten() -> None:
    handsets = Handsets()
    numbers = [f"+2126000{n:05}" for n in range(MOST_NUMBERS)]
    for number in numbers:
        put(handsets, number)
    put(handsets, numbers[0])
    put(handsets, "+212611111111")
    assert handsets.since(numbers[1], 0)[0] == []
    assert len(handsets.since(numbers[0], 0)[0]) == 2


def test_asking_for_a_number_does_not_make_room_for_it() -> None:
    handsets = Handsets()
    put(handsets, "+212600000001")
    for n in range(MOST_NUMBERS + 1):
        handsets.since(f"+2126111{n:05}", 0)
    assert len(handsets.since("+212600000001", 0)[0]) == 1


def test_a_changed_message_is_told_again_and_a_forgotten_one_is_not() -> None:
    handsets = Handsets()
    first, second = put(handsets, "+212600000001"), put(handsets, "+212600000001")
    _, after = handsets.since("+212600000001", 0)
    handsets.mark("+212600000001", first, "delivered")
    handsets.mark("+212600000001", "net-unknown", "delivered")
    handsets.mark("+212600000002", second, "delivered")
    told, _ = handsets.since("+212600000001", after)
    assert [(note.id, note.state) for note in told] == [(first, "delivered")]


def test_texts_stay_out_of_what_is_printed() -> None:
    handsets = Handsets()
    put(handsets, "+212600000001", "secret words")
    assert "secret" not in repr(handsets.since("+212600000001", 0))


def test_a_number_may_say_so_much_in_a_while() -> None:
    handsets = Handsets()
    assert all(handsets.may_say("+212600000001", 100.0) for _ in range(SAYS_PER_WINDOW))
    assert not handsets.may_say("+212600000001", 100.0 + WINDOW_SECONDS - 0.1)
    assert handsets.may_say("+212600000002", 100.0)
    assert handsets.may_say("+212600000001", 100.0 + WINDOW_SECONDS)


def test_what_comes_later_comes_in_order_and_a_fault_ends_nothing() -> None:
    done: list[str] = []
    faults: list[str] = []
    over = threading.Event()
    later = Later(lambda where, failed: faults.append(f"{where} {type(failed).__name__}"))

    def broken() -> None:
        raise ValueError

    later.after(0.15, lambda: (done.append("last"), over.set()))
    later.after(0.05, lambda: done.append("first"))
    later.after(0.1, broken)
    assert over.wait(5)
    assert done == ["first", "last"]
    assert faults == ["phone_report ValueError"]


def test_only_so_much_waits() -> None:
    later = Later(lambda *_: None)
    assert all(later.after(60, time.monotonic) for _ in range(MOST_WAITING))
    assert not later.after(60, time.monotonic)


class Recorded:
    """A transport that keeps where requests were to go, and refuses the first so many."""

    def __init__(self, busy: int = 0) -> None:
        self.urls: list[str] = []
        self.busy = busy
        self.enough = threading.Event()

    def send(self, request: HttpRequest) -> HttpResponse:
        self.urls.append(request.url)
        if len(self.urls) > self.busy:
            self.enough.set()
            return HttpResponse(200)
        return HttpResponse(503)


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("sahti.local", "sahti.local")],
)
def test_our_own_door_is_reached_wherever_the_process_listens(var: Path, host: str, address: str) -> None:
    transport = Recorded()
    settings = Settings(var=var, demo=True, host=host, port=8123, public_url="https://sahti.example.ma")
    Network(Services(settings, transport=transport)).post("/channels/sim-sms/status", {}, b"")
    assert transport.urls == [f"http://{address}:8123/channels/sim-sms/status"]


def test_a_report_that_was_not_taken_is_posted_once_more(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.handsets.AGAIN_AFTER", (0.05, 0.05))
    transport = Recorded(busy=2)
    network = Network(Services(Settings(var=var, demo=True), transport=transport))
    note = network.take("+212600000099", "sms", "salam", {})
    network.report("+212600000099", note, JsonReport("/channels/sim-sms/status", "secret", "r"))
    assert transport.enough.wait(5)
    time.sleep(0.3)
    assert len(transport.urls) == 3
