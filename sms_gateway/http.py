"""The gateway's only HTTP client: one request, one answer, and an honest word about what was left in between.

No retries and no redirects: repeating a send is the outbox's decision, and a redirect would carry credentials away.

It stands on the standard library's `http.client` with a pool of kept-alive connections of its own, which costs a third
of the processor time that urllib3's pools do (134 against 337 µs a request, measured beside the fake provider; ADR 11).
"""

import http.client
import select
import ssl
import threading
import time
import zlib
from functools import cached_property, lru_cache
from typing import NamedTuple, Protocol
from urllib.parse import quote, urlsplit

from sms_gateway.errors import OutcomeUnknown, Unreachable
from sms_gateway.types import HttpRequest, HttpResponse

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
"""A provider's own limits towards us are 5 s to connect and 15 s in all (Twilio's webhook defaults); we ask no more."""

MAX_ANSWER = 1024 * 1024
POOL_PER_HOST = 64
"""Idle connections kept to one host: as many as its channels have requests under way at a time."""
PIECE = 65536


class Transport(Protocol):
    """Whatever carries a request to a provider: the real client, or a fake in tests."""

    def send(self, request: HttpRequest) -> HttpResponse:
        """The provider's answer, whatever its status.

        Raises Unreachable when nothing left, OutcomeUnknown when the request left and no whole answer came.
        """


class _Place(NamedTuple):
    tls: bool
    host: str
    port: int


Connection = http.client.HTTPConnection


class HttpTransport:
    """A pool of kept-alive connections, safe to share between threads."""

    def __init__(
        self,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        pool_per_host: int = POOL_PER_HOST,
    ) -> None:
        self._connect_seconds, self._read_seconds, self._most = connect_seconds, read_seconds, pool_per_host
        self._idle: dict[_Place, list[Connection]] = {}
        self._lock = threading.Lock()

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def send(self, request: HttpRequest) -> HttpResponse:
        # `from None`: the library's messages quote the address, and what is quoted ends in a log.
        try:
            place, target = _where(request.url)
            connection = self._connected(place)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Unreachable(type(error).__name__) from None
        whole = False
        try:
            answer, reusable = self._exchange(connection, request, target)
            whole = True
        except (OSError, ValueError, http.client.HTTPException, zlib.error) as error:
            raise OutcomeUnknown(type(error).__name__) from None
        finally:
            if not whole:
                connection.close()
        self._keep(place, connection, reusable=reusable)
        return answer

    def close(self) -> None:
        """Give up the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for connections in idle.values():
            for connection in connections:
                connection.close()

    def _connected(self, place: _Place) -> Connection:
        while (connection := self._kept(place)) is not None:
            if _lives(connection):
                return connection
            connection.close()
        made: Connection
        if place.tls:
            made = http.client.HTTPSConnection(
                place.host, place.port, timeout=self._connect_seconds, context=self._trusted
            )
        else:
            made = http.client.HTTPConnection(place.host, place.port, timeout=self._connect_seconds)
        made.connect()
        return made

    def _kept(self, place: _Place) -> Connection | None:
        with self._lock:
            idle = self._idle.get(place)
            return idle.pop() if idle else None

    def _keep(self, place: _Place, connection: Connection, *, reusable: bool) -> None:
        if reusable:
            with self._lock:
                idle = self._idle.setdefault(place, [])
                if len(idle) < self._most:
                    idle.append(connection)
                    return
        connection.close()

    def _exchange(self, connection: Connection, request: HttpRequest, target: str) -> tuple[HttpResponse, bool]:
        deadline = time.monotonic() + self._read_seconds
        connection.sock.settimeout(self._read_seconds)
        connection.request(request.method, target, request.body or None, dict(request.headers))
        answer = connection.getresponse()
        body = bytearray()
        while piece := answer.read1(PIECE):
            body += piece
            if len(body) > MAX_ANSWER or time.monotonic() > deadline:
                raise OutcomeUnknown("the answer is too long or too slow")
        if answer.length:
            raise http.client.IncompleteRead(b"")
        answer.close()  # read1 leaves an answer of known length open, and its connection busy
        headers: dict[str, str] = {}
        for name, value in answer.getheaders():
            known = headers.get(name.lower())
            headers[name.lower()] = f"{known}, {value}" if known is not None else value
        whole = _plain(bytes(body), headers.get("content-encoding", ""))
        return HttpResponse(answer.status, headers, whole), not answer.will_close


@lru_cache(maxsize=1024)
def _where(url: str) -> tuple[_Place, str]:
    """The server and the request's target. Raises ValueError for what is no http(s) address."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("not an http(s) address")
    tls = parts.scheme == "https"
    target = quote(parts.path or "/", safe="/%:=@!$&'()*+,;~") + (f"?{parts.query}" if parts.query else "")
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode("ascii")
    return _Place(tls, host, parts.port or (443 if tls else 80)), quote(target, safe="/%:=@!$&'()*+,;~?#[]")


def _lives(connection: Connection) -> bool:
    """Whether a kept connection is still open: one that can be read from was closed, or says what nobody asked."""
    if connection.sock is None:
        return False
    asked = select.poll()
    asked.register(connection.sock, select.POLLIN)
    return not asked.poll(0)


def _plain(body: bytes, encoding: str) -> bytes:
    """The body without the compression that we did not ask for. Raises zlib.error or OutcomeUnknown."""
    if encoding.lower() not in {"gzip", "deflate"} or not body:
        return body
    opened = zlib.decompressobj(32 + zlib.MAX_WBITS)
    plain = opened.decompress(body, MAX_ANSWER)
    if opened.unconsumed_tail or not opened.eof:
        raise OutcomeUnknown("the answer is too long, or not whole")
    return plain
