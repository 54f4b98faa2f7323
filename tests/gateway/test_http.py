import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from sms_gateway.channel import Channel
from sms_gateway.dispatch import dispatch
from sms_gateway.errors import Misconfigured, OutcomeUnknown, Throttled, Unreachable
from sms_gateway.http import MAX_ANSWER, HttpTransport
from sms_gateway.registry import make
from sms_gateway.types import HttpRequest, Outbound, Part, Status, Urn
from tests.gateway.provider import FakeProvider, fake_provider

pytestmark = [pytest.mark.loopback, pytest.mark.allow_hosts(["127.0.0.1"])]

TOKEN, SECRET = "a-token-for-the-tests-0001", "a-secret-for-the-tests-0001"
TO = Urn("tel", "+212612345678")


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    made = HttpTransport(connect_seconds=0.5, read_seconds=0.5)
    yield made
    made.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeProvider]:
    with fake_provider(tmp_path_factory.mktemp("ledger") / "sent.jsonl", auth_token=TOKEN, secret=SECRET) as made:
        yield made


@pytest.fixture
def provider(running: FakeProvider) -> FakeProvider:
    running.order(reset=True)
    return running


@pytest.fixture(params=["twilio", "simulator"])
def channel(request: pytest.FixtureRequest, provider: FakeProvider) -> Channel:
    if request.param == "twilio":
        return twilio(provider)
    config = {"service": "sms", "secret": SECRET, "network_url": f"{provider.url}/simulator/messages"}
    return make("simulator", "sim", config)


def twilio(provider: FakeProvider, **more: str) -> Channel:
    config = {"service": "sms", "account_sid": "AC1", "auth_token": TOKEN, "sender": "SAHTI", "base_url": provider.url}
    return make("twilio", "tw", config | more)


def say(text: str = "Bonjour", reference: str = "out-1") -> Outbound:
    return Outbound(reference, TO, Part(text))


def serving(behave: Callable[[socket.socket], object]) -> tuple[str, socket.socket]:
    """A server of one connection at a time that does `behave` with it after reading the request."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                talk, _ = listener.accept()
            except OSError:
                return
            with talk:
                talk.settimeout(5)
                try:
                    if talk.recv(65536):
                        behave(talk)
                except OSError:
                    continue

    threading.Thread(target=run, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}", listener


def post(url: str) -> HttpRequest:
    return HttpRequest("POST", url, {"content-type": "text/plain"}, b"text of a message")


def test_nothing_listens(transport: HttpTransport) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/secret-path"
    with pytest.raises(Unreachable) as raised:
        transport.send(post(url))
    assert "secret-path" not in repr(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("url", ["http://", "http://[x/", "ftp://127.0.0.1/"])
def test_an_address_that_is_none(transport: HttpTransport, url: str) -> None:
    with pytest.raises(Unreachable):
        transport.send(post(url))


def test_a_failed_handshake_sent_nothing(transport: HttpTransport) -> None:
    url, listener = serving(lambda talk: talk.sendall(b"this is not TLS\r\n\r\n"))
    with closing(listener), pytest.raises(Unreachable):
        transport.send(post(url.replace("http:", "https:")))


def test_a_silent_handshake_sent_nothing(transport: HttpTransport) -> None:
    url, listener = serving(lambda _: time.sleep(1.5))
    with closing(listener), pytest.raises(Unreachable):
        transport.send(post(url.replace("http:", "https:")))


@pytest.mark.parametrize(
    ("behave", "reason"),
    [
        (lambda _: None, "closed without an answer"),
        (lambda _: time.sleep(1.5), "no answer in time"),
        (lambda talk: talk.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"), "half an answer"),
        (lambda talk: talk.sendall(b"rubbish\r\n\r\n"), "not HTTP"),
        (
            lambda talk: talk.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + b"x" * (MAX_ANSWER + 100_000)),
            "too long",
        ),
        (
            lambda talk: [
                talk.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
                *(time.sleep(0.1) or talk.sendall(b"1\r\nx\r\n") for _ in range(12)),
                talk.sendall(b"0\r\n\r\n"),
            ],
            "a drop at a time",
        ),
        (
            lambda talk: talk.sendall(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc"),
            "not what it says",
        ),
    ],
)
def test_a_request_that_left_without_a_whole_answer(
    transport: HttpTransport,
    behave: Callable[[socket.socket], object],
    reason: str,
) -> None:
    url, listener = serving(behave)
    with closing(listener), pytest.raises(OutcomeUnknown):
        transport.send(post(url))


def test_a_redirect_is_an_answer_and_not_followed(transport: HttpTransport) -> None:
    asked = []

    def behave(talk: socket.socket) -> None:
        asked.append(1)
        talk.sendall(b"HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")

    url, listener = serving(behave)
    with closing(listener):
        answer = transport.send(post(url))
    assert (answer.status, answer.headers["location"], len(asked)) == (307, "/elsewhere", 1)


def test_accepted_is_in_the_ledger(provider: FakeProvider, channel: Channel, transport: HttpTransport) -> None:
    accepted = dispatch(channel, say("سلام 🙏"), transport)
    last = provider.sent()[-1]
    assert accepted.external_id == last["id"]
    assert (last["to"], last["text"]) == ("+212612345678", "سلام 🙏")


def test_refusals_are_not_in_the_ledger(provider: FakeProvider, channel: Channel, transport: HttpTransport) -> None:
    before = len(provider.sent())
    provider.order({"status": 429, "retry_after": 3}, {"status": 503}, {"status": 500}, {"drop": "before"})
    with pytest.raises(Throttled) as throttled:
        dispatch(channel, say(), transport)
    assert throttled.value.wait == 3
    with pytest.raises(Unreachable):
        dispatch(channel, say(), transport)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            dispatch(channel, say(), transport)
    assert len(provider.sent()) == before
    dispatch(channel, say(), transport)
    assert len(provider.sent()) == before + 1


def test_taken_without_a_word(provider: FakeProvider, channel: Channel, transport: HttpTransport) -> None:
    before = len(provider.sent())
    provider.order({"drop": "after", "times": 2}, {"fail_after": 502}, {"delay": 1})
    for _ in range(4):
        with pytest.raises(OutcomeUnknown):
            dispatch(channel, say(), transport)
    assert len(provider.sent()) == before + 4


def test_a_wrong_key_is_refused(provider: FakeProvider, transport: HttpTransport) -> None:
    with pytest.raises(Misconfigured):
        dispatch(twilio(provider, auth_token="another"), say(), transport)


def test_reports_are_signed_and_carry_the_reference(provider: FakeProvider, transport: HttpTransport) -> None:
    requests: list[HttpRequest] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    base = f"http://127.0.0.1:{listener.getsockname()[1]}/channels/tw"
    channel = twilio(provider, webhook_url=base)
    accepted = dispatch(channel, say(reference="out-77"), transport)
    assert provider.sent()[-1]["reference"] == "out-77"

    def receive() -> None:
        talk, _ = listener.accept()
        with talk:
            data = talk.recv(65536)
            while b"\r\n\r\n" not in data or len(data.partition(b"\r\n\r\n")[2]) < length_of(data):
                data += talk.recv(65536)
            head, _, body = data.partition(b"\r\n\r\n")
            first, *lines = head.decode().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            url = base.removesuffix("/channels/tw") + first.split(" ")[1]
            requests.append(HttpRequest("POST", url, headers, body))
            talk.sendall(b"HTTP/1.1 204 Stored\r\nconnection: close\r\n\r\n")

    listening = threading.Thread(target=receive)
    listening.start()
    assert provider.call_back(accepted.external_id or "", "undelivered", code="30005") == "204"
    listening.join()
    listener.close()
    channel.verify(requests[0])
    (report,) = channel.parse_status(requests[0])
    assert (report.external_id, report.reference) == (accepted.external_id, "out-77")
    assert (report.status, report.code) == (Status.FAILED, "30005")


def length_of(data: bytes) -> int:
    head = data.partition(b"\r\n\r\n")[0].decode().lower()
    return next((int(line.split(":")[1]) for line in head.split("\r\n") if line.startswith("content-length:")), 0)


def test_many_threads_share_one_transport_and_nothing_is_sent_twice(tmp_path: Path) -> None:
    transport = HttpTransport()
    with fake_provider(tmp_path / "sent.jsonl", auth_token=TOKEN) as provider, ThreadPoolExecutor(16) as threads:
        channel = twilio(provider, webhook_url="https://hub.example.ma/channels/tw")
        messages = [say(reference=f"out-{number}") for number in range(400)]
        list(threads.map(lambda message: dispatch(channel, message, transport), messages))
        references = [line["reference"] for line in provider.sent()]
    transport.close()
    assert sorted(references) == sorted(message.reference for message in messages)
