"""The gateway's only HTTP client: one request, one answer, and an honest word about what was left in between.

No retries and no redirects: repeating a send is the outbox's decision, and a redirect would carry credentials away.
"""

import ssl
import time
from typing import Protocol

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    ProxyError,
    SSLError,
)

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

    def send(self, request: HttpRequest) -> HttpResponse:
        deadline = time.monotonic() + self._read_seconds
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
        except (NewConnectionError, ConnectTimeoutError, ProxyError, LocationValueError) as error:
            raise Unreachable(type(error).__name__) from None
        except SSLError as error:
            if error.args and isinstance(error.args[0], ssl.SSLCertVerificationError):
                raise Unreachable("the certificate is not to be trusted") from None
            raise OutcomeUnknown(type(error).__name__) from None
        except (HTTPError, OSError) as error:
            raise OutcomeUnknown(type(error).__name__) from None
        return self._read(answer, deadline)

    def close(self) -> None:
        """Give up the idle connections."""
        self._pool.clear()

    @staticmethod
    def _read(answer: urllib3.BaseHTTPResponse, deadline: float) -> HttpResponse:
        body = bytearray()
        try:
            for piece in answer.stream(65536):
                body += piece
                if len(body) > MAX_ANSWER or time.monotonic() > deadline:
                    answer.close()
                    raise OutcomeUnknown("the answer is too long or too slow")
        except (HTTPError, OSError) as error:
            raise OutcomeUnknown(type(error).__name__) from None
        finally:
            answer.release_conn()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return HttpResponse(answer.status, headers, bytes(body))
