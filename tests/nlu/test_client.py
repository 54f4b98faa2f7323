import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.client import LONGEST, Breaker, NluClient, Parse, askable, read

GOOD = {"intent": {"name": "health_question.diabetes", "confidence": 0.9}, "model_version": "abc"}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Fake:
    """A stand-in for Rasa's server: answers what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body = json.dumps(GOOD).encode()
        self.delay = 0.0
        self.drip = 0.0
        self.asked: list[tuple[str, dict[str, str]]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                fake.asked.append((self.path, json.loads(content)))
                time.sleep(fake.delay)
                self.send_response(fake.status)
                self.send_header("Content-Length", str(len(fake.body)))
                self.end_headers()
                try:
                    if not fake.drip:
                        self.wfile.write(fake.body)
                        return
                    for letter in fake.body:
                        self.wfile.write(bytes([letter]))
                        self.wfile.flush()
                        time.sleep(fake.drip)
                except OSError:
                    self.close_connection = True

            def log_message(self, *args: object) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def fake() -> Iterator[Fake]:
    fake = Fake()
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


@pytest.fixture
def client(fake: Fake) -> Iterator[NluClient]:
    client = NluClient(fake.url, "to/ken", failures=2, rest=5)
    yield client
    client.close()


@pytest.mark.loopback
@pytest.mark.allow_hosts(["127.0.0.1"])
class TestParse:
    def test_gives_intent_confidence_and_model(self, client: NluClient, fake: Fake) -> None:
        assert client.parse("chno howa sokkar") == Parse("health_question/diabetes", 0.9, "abc")
        [(path, body)] = fake.asked
        assert urlsplit(path).path == "/model/parse"
        assert parse_qs(urlsplit(path).query) == {"token": ["to/ken"]}
        assert body == {"text": "chno howa sokkar"}

    @pytest.mark.parametrize("text", ["", "  ", "/greet", " /restart", "😀", "…!?", "a" * (LONGEST + 1)])
    def test_some_texts_never_reach_rasa(self, client: NluClient, fake: Fake, text: str) -> None:
        assert client.parse(text) is None
        assert fake.asked == []
        assert not client.breaker.is_open

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (500, b"{}"),
            (401, b"no"),
            (302, b""),
            (200, b""),
            (200, b"<html>"),
            (200, b"[]"),
            (200, b"null"),
            (200, b'{"intent": null}'),
            (200, b'{"intent": {"name": "greet"}}'),
            (200, b'{"intent": {"name": "greet", "confidence": 7}}'),
            (200, b'{"intent": {"name": "greet", "confidence": NaN}}'),
            (200, b'{"intent": {"name": 3, "confidence": 0.5}}'),
            (200, b"\xff\xfe"),
            (200, b" " * 300_000 + b"{}"),
        ],
    )
    def test_broken_answers_give_none_and_open_the_breaker(
        self, client: NluClient, fake: Fake, status: int, body: bytes
    ) -> None:
        fake.status, fake.body = status, body
        assert client.parse("salam") is None
        assert client.parse("salam") is None
        assert client.breaker.is_open
        assert client.parse("salam") is None
        assert len(fake.asked) == 2

    def test_no_intent_is_no_failure(self, client: NluClient, fake: Fake) -> None:
        fake.body = b'{"intent": {"name": null, "confidence": 0.0}}'
        assert [client.parse("salam") for _ in range(3)] == [None, None, None]
        assert not client.breaker.is_open

    def test_a_slow_answer_is_not_waited_for(self, fake: Fake) -> None:
        fake.delay = 1.0
        began = time.monotonic()
        assert NluClient(fake.url, "t", deadline=0.15).parse("salam") is None
        assert time.monotonic() - began < 0.6

    def test_a_dripping_answer_is_not_waited_for(self, fake: Fake) -> None:
        fake.drip = 0.05
        began = time.monotonic()
        assert NluClient(fake.url, "t", deadline=0.15).parse("salam") is None
        assert time.monotonic() - began < 0.6

    def test_nobody_there_gives_none_at_once(self, fake: Fake) -> None:
        fake.server.shutdown()
        fake.server.server_close()
        began = time.monotonic()
        assert NluClient(fake.url, "t").parse("salam") is None
        assert time.monotonic() - began < 0.6

    def test_comes_back_by_itself(self, fake: Fake) -> None:
        clock = Clock()
        client = NluClient(fake.url, "t", failures=2, rest=5, clock=clock)
        fake.status = 500
        client.parse("salam")
        client.parse("salam")
        fake.status = 200
        assert client.parse("salam") is None
        clock.now += 5
        assert client.parse("salam") is not None
        assert client.parse("salam") is not None
        assert not client.breaker.is_open


def test_half_open_lets_one_caller_through() -> None:
    clock = Clock()
    breaker = Breaker(2, 5, clock)
    breaker.failed()
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    clock.now += 5
    assert breaker.allows()
    assert not breaker.allows()
    breaker.failed()
    clock.now += 4.9
    assert not breaker.allows()
    clock.now += 0.2
    assert breaker.allows()
    breaker.succeeded()
    assert breaker.allows()
    assert breaker.allows()


def test_failures_must_be_in_a_row() -> None:
    breaker = Breaker(2, 5, Clock())
    for _ in range(3):
        breaker.failed()
        breaker.succeeded()
    assert not breaker.is_open


@pytest.mark.parametrize("text", ["salam", "ⴰⵣⵓⵍ", "السلام", "15", "😀 ok", "a" * LONGEST])
def test_ordinary_texts_may_be_asked(text: str) -> None:
    assert askable(text)


@given(st.binary(max_size=60))
def test_reading_an_answer_raises_nothing_but_value_error(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert read(content) is None


def test_an_unstamped_model_has_no_version() -> None:
    assert read(b'{"intent": {"name": "greet", "confidence": 1.0000001}}') == Parse("greet", 1.0, None)
