"""The gateway's only HTTP client: one request, one answer, and an honest word about what was left in between.

No retries and no redirects: repeating a send is the outbox's decision, and a redirect would carry credentials away.
"""

import threading
import time
from typing import Any, Protocol

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from sms_gateway.errors import OutcomeUnknown, Unreachable
from sms_gateway.types import HttpRequest, HttpResponse

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
"""A provider's own limits towards us are 5 s to connect and 15 s in all (Twilio's webhook defaults); we ask no more."""

MAX_ANSWER = 1024 * 1024
POOL_PER_HOST = 32


class Transport(Protocol):
    """Whatever carries a request to a provider: the real client, or a fake in tests."""

    def send(self, request: HttpRequest) -> HttpResponse:
        """The provider's answer, whatever its status.

        Raises Unreachable when nothing left, OutcomeUnknown when the request left and no whole answer came.
        """


_progress = threading.local()
"""Whether the request of this thread has begun to leave: the library's errors do not tell a failed TLS handshake, where
nothing left, from a lost answer."""


class _Connection(HTTPConnection):
    def send(self, data: Any) -> None:  # noqa: ANN401  as declared by http.client
        if self.sock is None:
            self.connect()
        _progress.left = True
        super().send(data)


class _TlsConnection(HTTPSConnection):
    def send(self, data: Any) -> None:  # noqa: ANN401  as declared by http.client
        if self.sock is None:
            self.connect()
        _progress.left = True
        super().send(data)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class HttpTransport:
    """A pool of kept-alive connections, safe to share between threads."""

    def __init__(
        self,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        pool_per_host: int = POOL_PER_HOST,
    ) -> None:
        self._read_seconds = read_seconds
        self._pool = urllib3.PoolManager(
            num_pools=16,
            maxsize=pool_per_host,
            retries=False,
            timeout=urllib3.Timeout(connect=connect_seconds, read=read_seconds),
        )
        self._pool.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def send(self, request: HttpRequest) -> HttpResponse:
        deadline = time.monotonic() + self._read_seconds
        _progress.left = False
        # `from None`: the library's messages quote the address, and what is quoted ends in a log.
        try:
            answer = self._pool.request(
                request.method,
                request.url,
                body=request.body,
                headers=dict(request.headers),
                redirect=False,
                preload_content=False,
            )
            return _read(answer, deadline)
        except (HTTPError, OSError) as error:
            kind = OutcomeUnknown if _progress.left else Unreachable
            raise kind(type(error).__name__) from None

    def close(self) -> None:
        """Give up the idle connections."""
        self._pool.clear()


def _read(answer: urllib3.BaseHTTPResponse, deadline: float) -> HttpResponse:
    body = bytearray()
    try:
        for piece in answer.stream(65536):
            body += piece
            if len(body) > MAX_ANSWER or time.monotonic() > deadline:
                answer.close()
                raise OutcomeUnknown("the answer is too long or too slow")
    finally:
        answer.release_conn()
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return HttpResponse(answer.status, headers, bytes(body))
