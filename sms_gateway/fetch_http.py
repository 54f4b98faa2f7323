"""Fetching an attachment: the one client that asks an address which came in a message.

It decides nothing: `sms_gateway.fetching` says which addresses may be asked and what may be kept. A name is looked up
once a hop, all its addresses are judged, and the connection goes to one of those very addresses, so a name that
answers differently the second time gains nothing. No cookies, no proxy, no kept-alive connections.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence

from sms_gateway.fetching import (
    MOST_BYTES,
    MOST_HOPS,
    REDIRECTS,
    Fetched,
    FetchesMedia,
    MediaRefused,
    Target,
    announced,
    matches,
    pinned,
    plain,
    redirected,
    target,
    type_of,
)
from sms_gateway.types import HttpRequest, HttpResponse, Media

SECONDS = 20.0
"""All hops of one attachment together: 5 MB at 2 Mbit/s, a slow line of a health centre."""
CONNECT_SECONDS = 5.0
TRIED = 3
"""Addresses of one name that are tried."""
MOST_STEPS = 2
"""Requests of the provider's own before the content: one that says where it is, and the content."""

Resolve = Callable[[str, int], Sequence[str]]


class MediaUnreachable(Exception):
    """The attachment could not be had now; trying again may help. The text is a word, never an address."""


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a name, by the system. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class MediaClient:
    """Fetches attachments. One instance may be used from several threads: it keeps nothing between two fetches."""

    def __init__(
        self,
        resolve: Resolve = look_up,
        *,
        seconds: float = SECONDS,
        most_bytes: int = MOST_BYTES,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._resolve, self._seconds, self._most = resolve, seconds, most_bytes
        self._context = context or ssl.create_default_context()

    def fetch(self, channel: object, media: Media, hosts: Sequence[str]) -> Fetched:
        """The attachment, whole and of a type that is kept. `hosts` is the channel's list.

        Raises MediaRefused (a rule forbids it, for good) or MediaUnreachable (try again).
        """
        until = time.monotonic() + self._seconds
        own = channel if isinstance(channel, FetchesMedia) else None
        request = own.build_media(media) if own else plain(media)
        for _ in range(MOST_STEPS):
            response = self._followed(request, hosts, until)
            following = own.read_media(response, media) if own else None
            if following is None:
                return self._judged(response, media)
            request = following
        raise MediaRefused("hops")

    @staticmethod
    def _judged(response: HttpResponse, media: Media) -> Fetched:
        kind = type_of(response, media.type)
        if not matches(response.body, media.sha256):
            raise MediaRefused("hash")
        return Fetched(kind, response.body)

    def _followed(self, request: HttpRequest, hosts: Sequence[str], until: float) -> HttpResponse:
        for _ in range(1 + MOST_HOPS):
            where = target(request.url, hosts)
            response = self._asked(request, where, until)
            if response.status == 200:  # noqa: PLR2004 (OK: the only answer with the content)
                return response
            if response.status not in REDIRECTS:
                _judge_status(response.status)
            request = redirected(request, where, response, hosts)
        raise MediaRefused("hops")

    def _asked(self, request: HttpRequest, where: Target, until: float) -> HttpResponse:
        try:
            addresses = pinned(self._resolve(where.host, where.port), where)
        except (OSError, UnicodeError):
            raise MediaUnreachable("name") from None
        for address in addresses[:TRIED]:
            left = until - time.monotonic()
            if left <= 0:
                raise MediaUnreachable("slow")
            try:
                connected = socket.create_connection((address, where.port), min(CONNECT_SECONDS, left))
            except OSError:
                continue
            return self._talk(connected, request, where, until)
        raise MediaUnreachable("connect")

    def _talk(self, connected: socket.socket, request: HttpRequest, where: Target, until: float) -> HttpResponse:
        left = max(0.01, until - time.monotonic())
        connected.settimeout(left)
        # a peer that sends a byte now and then never runs into a socket's own timeout
        guard = threading.Timer(left, _hang_up, (connected,))
        guard.daemon = True
        guard.start()
        try:
            response = self._exchange(connected, request, where)
        except (OSError, ValueError, http.client.HTTPException):
            raise MediaUnreachable("slow" if time.monotonic() >= until else "connection") from None
        finally:
            guard.cancel()
            connected.close()
        # the library takes a head that was broken off for a whole one
        if time.monotonic() >= until or (response.status == 200 and not response.body):  # noqa: PLR2004 (OK)
            raise MediaUnreachable("slow")
        return response

    def _exchange(self, connected: socket.socket, request: HttpRequest, where: Target) -> HttpResponse:
        talk = http.client.HTTPConnection(where.host, where.port)
        secure = None
        if where.scheme == "https":
            # detached: the guard keeps the plain socket, whose shutdown ends the secure one as well
            secure = self._context.wrap_socket(connected.dup(), server_hostname=where.host)
        talk.sock = secure or connected
        try:
            headers = {**request.headers, "host": where.authority, "accept-encoding": "identity", "connection": "close"}
            talk.request("GET", where.path, headers=headers)
            answer = talk.getresponse()
            said = {name.lower(): value for name, value in answer.getheaders()}
            body = b"" if answer.status in REDIRECTS else self._read(answer, said)
            return HttpResponse(answer.status, said, body)
        finally:
            if secure is not None:
                secure.close()

    def _read(self, answer: http.client.HTTPResponse, said: dict[str, str]) -> bytes:
        announced(said, self._most)
        body = bytearray()
        while piece := answer.read1(65536):
            body += piece
            if len(body) > self._most:
                raise MediaRefused("too_large")
        if answer.length:  # what was announced and did not come
            raise http.client.IncompleteRead(bytes(0), answer.length)
        return bytes(body)


def _hang_up(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _judge_status(status: int) -> None:
    """Raises for every status that is neither the content nor a redirect."""
    if status in {408, 425, 429} or status >= 500:  # noqa: PLR2004 (RFC 9110: the server's own trouble, or too soon)
        raise MediaUnreachable("status")
    raise MediaRefused("gone" if status in {404, 410} else "status")
