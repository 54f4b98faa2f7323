"""Fetching from real servers on this machine: redirects, names that change their mind, too much, too slow, not the same."""

import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sms_gateway.fetch_http import MediaClient, MediaUnreachable
from sms_gateway.fetching import MediaRefused
from sms_gateway.types import HttpRequest, HttpResponse, Media

pytestmark = [pytest.mark.loopback, pytest.mark.allow_hosts(["127.0.0.1"])]

PHOTO = b"\xff\xd8\xff" + bytes(range(256)) * 40
Behave = Callable[[socket.socket, bytes], object]


def answer(status: str = "200 OK", body: bytes = PHOTO, **headers: str) -> bytes:
    given = {
        "content-type": "image/jpeg",
        "content-length": str(len(body)),
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


class Server:
    """A server of one answer after the other; `heard` has the requests."""

    def __init__(self, behave: Behave, secure: ssl.SSLContext | None = None) -> None:
        self.heard: list[bytes] = []
        self._behave, self._secure = behave, secure
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                talk, _ = self._listener.accept()
            except OSError:
                return
            try:
                talk.settimeout(5)
                with self._secure.wrap_socket(talk, server_side=True) if self._secure else talk as plain:
                    asked = plain.recv(65536)
                    if asked:
                        self.heard.append(asked)
                        self._behave(plain, asked)
            except OSError:
                continue

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Behave], Server]]:
    made: list[Server] = []

    def start(behave: Behave) -> Server:
        made.append(Server(behave))
        return made[-1]

    yield start
    for one in made:
        one.close()


def says(data: bytes) -> Behave:
    return lambda talk, _: talk.sendall(data)


def get(server: Server, path: str = "/m/1", client: MediaClient | None = None, **given: str) -> bytes:
    media = Media(given.pop("type", "image/jpeg"), url=server.origin + path, **given)
    return (client or MediaClient(seconds=2)).fetch(object(), media, (server.origin,)).content


def test_a_photo_comes_whole(serve: Callable[[Behave], Server]) -> None:
    server = serve(says(answer()))
    assert get(server, sha256=hashlib.sha256(PHOTO).hexdigest()) == PHOTO
    head = server.heard[0].decode().lower()
    assert head.startswith("get /m/1 http/1.1\r\n")
    assert f"host: 127.0.0.1:{server.port}\r\n" in head
    assert "cookie" not in head
    assert "authorization" not in head


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1:1/x",
        "https://127.0.0.1/x",
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/latest/meta-data/",
        "http://[::1]/x",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "gopher://127.0.0.1/x",
        "https://evil.example/x",
        "",
    ],
)
def test_a_redirect_elsewhere_is_refused_and_nothing_is_asked_there(to: str, serve: Callable[[Behave], Server]) -> None:
    server = serve(says(answer("302 Found", b"", location=to)))
    asked: list[str] = []

    def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return [host]

    with pytest.raises(MediaRefused):
        get(server, client=MediaClient(resolve, seconds=2))
    assert asked == ["127.0.0.1"]
    assert len(server.heard) == 1


def test_a_redirect_to_another_server_of_this_machine_is_refused(serve: Callable[[Behave], Server]) -> None:
    inner = serve(says(answer(body=b"secret of this machine")))
    outer = serve(says(answer("302 Found", b"", location=f"{inner.origin}/admin")))
    with pytest.raises(MediaRefused):
        get(outer)
    assert inner.heard == []


def test_redirects_end(serve: Callable[[Behave], Server]) -> None:
    round_and_round = serve(says(answer("302 Found", b"", location="/m/1")))
    with pytest.raises(MediaRefused, match="hops"):
        get(round_and_round)
    assert len(round_and_round.heard) == 4

    def thrice(talk: socket.socket, asked: bytes) -> None:
        step = int(asked.split(b" ")[1].rpartition(b"/")[2])
        talk.sendall(answer() if step == 4 else answer("307 Temporary Redirect", b"", location=f"/m/{step + 1}"))

    assert get(serve(thrice)) == PHOTO


class Provider:
    """A channel of two steps: where it is, then the content; its token goes with both."""

    def __init__(self, base: str, content: str) -> None:
        self._base, self._content = base, content

    def build_media(self, media: Media) -> HttpRequest:
        return HttpRequest("GET", f"{self._base}/{media.id}", {"authorization": "Bearer token"})

    def read_media(self, response: HttpResponse, media: Media) -> HttpRequest | None:
        if response.headers.get("content-type") != "application/json":
            return None
        return HttpRequest("GET", self._content, {"authorization": "Bearer token"})


def test_a_provider_may_need_two_steps_and_its_token_goes_to_its_own_hosts_only(
    serve: Callable[[Behave], Server],
) -> None:
    store = serve(says(answer()))
    first = serve(says(answer(body=b"{}", content_type="application/json")))
    hosts = (first.origin, store.origin)
    channel = Provider(first.origin, f"{store.origin}/z")
    assert MediaClient(seconds=2).fetch(channel, Media("image/jpeg", id="77"), hosts).content == PHOTO
    assert b"GET /77 " in first.heard[0]
    assert b"Bearer token" in store.heard[0]
    with pytest.raises(MediaRefused, match="scheme"):
        MediaClient(seconds=2).fetch(channel, Media("image/jpeg", id="77"), (first.origin,))
    assert len(store.heard) == 1


def test_credentials_do_not_follow_a_redirect(serve: Callable[[Behave], Server]) -> None:
    store = serve(says(answer()))
    first = serve(says(answer("302 Found", b"", location=f"{store.origin}/z")))
    channel = Provider(first.origin, "")
    assert (
        MediaClient(seconds=2).fetch(channel, Media("image/jpeg", id="77"), (first.origin, store.origin)).content
        == PHOTO
    )
    assert b"Bearer" in first.heard[0]
    assert b"Bearer" not in store.heard[0]


@pytest.mark.parametrize("headers", [{}, {"content_length": ""}], ids=["announced", "unannounced"])
def test_more_than_the_limit_is_not_taken(headers: dict[str, str], serve: Callable[[Behave], Server]) -> None:
    sent = 0

    def pour(talk: socket.socket, _: bytes) -> None:
        nonlocal sent
        talk.sendall(answer(body=b"", **({"content_length": "50000000"} | headers)))
        while True:
            talk.sendall(bytes(65536))
            sent += 65536

    with pytest.raises(MediaRefused, match="too_large"):
        get(serve(pour), client=MediaClient(seconds=5, most_bytes=1_000_000))
    assert sent < 20_000_000


def drip_body(talk: socket.socket, _: bytes) -> None:
    talk.sendall(answer(body=b"", content_length="1000"))
    for _ in range(40):
        time.sleep(0.1)
        talk.sendall(b"x")


def drip_head(talk: socket.socket, _: bytes) -> None:
    talk.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(40):
        time.sleep(0.1)
        talk.sendall(f"x-{number}: y\r\n".encode())


@pytest.mark.parametrize("behave", [drip_body, drip_head, lambda *_: time.sleep(3)], ids=["body", "head", "silent"])
def test_a_drop_at_a_time_ends_at_the_limit(behave: Behave, serve: Callable[[Behave], Server]) -> None:
    began = time.monotonic()
    with pytest.raises(MediaUnreachable, match="slow"):
        get(serve(behave), client=MediaClient(seconds=0.6))
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (answer("404 Not Found", b""), "gone"),
        (answer("410 Gone", b""), "gone"),
        (answer("401 Unauthorized", b""), "status"),
        (answer("206 Partial Content"), "status"),
        (answer(content_type="text/html"), "type"),
        (answer(content_type="image/svg+xml"), "type"),
        (answer(content_encoding="gzip"), "encoding"),
    ],
)
def test_what_is_not_kept(data: bytes, reason: str, serve: Callable[[Behave], Server]) -> None:
    with pytest.raises(MediaRefused, match=reason):
        get(serve(says(data)))


@pytest.mark.parametrize(
    "data",
    [
        answer("500 Internal Server Error", b""),
        answer("503 Service Unavailable", b""),
        answer("429 Too Many Requests", b""),
        answer()[:-100],
        b"HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        b"rubbish\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-type: image/jp",
        b"",
    ],
)
def test_what_is_tried_again(data: bytes, serve: Callable[[Behave], Server]) -> None:
    with pytest.raises(MediaUnreachable):
        get(serve(says(data)))


def test_another_content_than_the_message_named(serve: Callable[[Behave], Server]) -> None:
    with pytest.raises(MediaRefused, match="hash"):
        get(serve(says(answer())), sha256=hashlib.sha256(b"another").hexdigest())


def test_nothing_listens() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(MediaUnreachable, match="connect"):
        MediaClient(seconds=1).fetch(
            object(), Media("image/jpeg", url=f"http://127.0.0.1:{port}/x"), (f"http://127.0.0.1:{port}",)
        )


# names: the resolver is the test's, the rest is real


def resolving(*answers: Sequence[str]) -> tuple[Callable[[str, int], Sequence[str]], list[str]]:
    asked: list[str] = []

    def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["93.184.215.14", "127.0.0.1"],
        ["::1"],
        ["::ffff:169.254.169.254"],
        ["10.1.2.3"],
        ["100.64.0.9"],
        ["169.254.169.254"],
    ],
)
def test_a_listed_name_that_leads_inside_is_refused(addresses: list[str]) -> None:
    resolve, asked = resolving(addresses)
    with pytest.raises(MediaRefused, match="private_address"):
        MediaClient(resolve, seconds=1).fetch(
            object(), Media("image/jpeg", url="https://api.provider.example/x"), ("api.provider.example",)
        )
    assert asked == ["api.provider.example"]


def test_a_name_is_looked_up_once_and_the_checked_address_is_the_one_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # the second answer is the attack: public when it is judged, this machine when it is connected to
    resolve, asked = resolving(["93.184.215.14"], ["127.0.0.1"])
    connected: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], *_: object) -> socket.socket:
        connected.append(address)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(MediaUnreachable):
        MediaClient(resolve, seconds=1).fetch(
            object(), Media("image/jpeg", url="https://api.provider.example/x"), ("api.provider.example",)
        )
    assert asked == ["api.provider.example"]
    assert connected == [("93.184.215.14", 443)]


def test_a_name_that_is_unknown_is_tried_again() -> None:
    def nowhere(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror("no such name")

    with pytest.raises(MediaUnreachable, match="name"):
        MediaClient(nowhere, seconds=1).fetch(
            object(), Media("image/jpeg", url="https://api.provider.example/x"), ("api.provider.example",)
        )


def certificate(folder: Path, name: str) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.mark.parametrize(("name", "good"), [("media.provider.example", True), ("other.example", False)])
def test_over_tls_the_certificate_is_that_of_the_name_and_not_of_the_address(
    name: str,
    good: bool,  # noqa: FBT001 (a case)
    tmp_path: Path,
) -> None:
    server = Server(says(answer()), certificate(tmp_path, name))
    trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    client = MediaClient(lambda *_: ["127.0.0.1"], seconds=2, context=trusting)
    origin = f"https://media.provider.example:{server.port}"  # the operator's own, or 127.0.0.1 would be refused
    media = Media("image/jpeg", url=f"{origin}/x")
    with closing(server):
        if good:
            assert client.fetch(object(), media, (origin,)).content == PHOTO
        else:
            with pytest.raises(MediaUnreachable):
                client.fetch(object(), media, (origin,))
