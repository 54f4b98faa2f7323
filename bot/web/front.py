"""The short way to the exchange: ASGI in front of the application (docs/adr/0019-asgi-front.md).

POST of a message is the one request that comes by the thousand. It is answered on the server's loop, where waiting for
the commit costs a future and not a thread; whatever has to wait for Rasa, a provider or the queue goes to a thread, and
everything else goes on to Flask.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING

from bot.web.exchange import Exchange, Opened, is_quiet
from sms_gateway.types import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from a2wsgi.asgi_typing import ASGIApp, HTTPScope, Receive, ReceiveEvent, Scope, Send

ROOT, INBOUND = "/channels/", "/inbound"


class Front:
    """An ASGI application before `pages`, which gets every request but the posted messages."""

    def __init__(
        self, pages: "ASGIApp", exchange: Exchange, on_fault: Callable[[str, Exception], None], *, threads: int
    ) -> None:
        self._pages, self._exchange, self._on_fault = pages, exchange, on_fault
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="message")

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        name = _channel(scope) if scope["type"] == "http" else None
        if scope["type"] != "http" or name is None:
            await self._pages(scope, _coroutine(receive), send)
            return
        try:
            answer = await self._take(name, scope, receive)
        except Exception as failed:  # noqa: BLE001 (the provider gets an answer whatever went wrong, and repeats)
            self._on_fault("web:front", failed)
            answer = HttpResponse(HTTPStatus.INTERNAL_SERVER_ERROR)
        headers = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in answer.headers.items()]
        headers += [(b"content-length", b"%d" % len(answer.body)), (b"x-content-type-options", b"nosniff")]
        await send({"type": "http.response.start", "status": int(answer.status), "headers": headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})

    async def _take(self, name: str, scope: "HTTPScope", receive: "Receive") -> HttpResponse:
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        announced = headers.get("content-length", "")
        length = int(announced) if announced.isascii() and announced.isdigit() else None
        refused = self._exchange.refusal(name, "POST", headers.get("content-type", ""), length)
        if refused is not None:
            return refused
        body = await _body(receive, self._exchange.most(name))
        if body is None:
            return HttpResponse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        url = self._exchange.url(scope["path"], scope["query_string"].decode("latin-1"))
        opened = self._exchange.open(name, HttpRequest("POST", url, headers, body))
        return opened if isinstance(opened, HttpResponse) else await self._answered(opened)

    async def _answered(self, opened: Opened) -> HttpResponse:
        loop = asyncio.get_running_loop()
        try:
            answered = await self._exchange.take_on_loop(opened)
        except Exception as failed:  # noqa: BLE001 (told apart there)
            return await loop.run_in_executor(self._threads, self._exchange.failed, opened, failed)
        if answered is None:
            return await loop.run_in_executor(self._threads, self._exchange.take, opened)
        if is_quiet(answered):
            return self._exchange.answer(opened, answered)
        return await loop.run_in_executor(self._threads, self._exchange.answer, opened, answered)


def _coroutine(receive: "Receive") -> "Receive":
    """The server's own is awaitable and no coroutine, which the bridge to WSGI insists on when it reads a body."""

    async def again() -> "ReceiveEvent":
        return await receive()

    return again


def _channel(scope: "HTTPScope") -> str | None:
    """The channel that a posted message is for; None for any other request."""
    path = scope["path"]
    if scope["method"] != "POST" or not path.startswith(ROOT) or not path.endswith(INBOUND):
        return None
    name = path[len(ROOT) : -len(INBOUND)]
    return name if name and "/" not in name else None


async def _body(receive: "Receive", most: int) -> bytes | None:
    """The whole body; None when it is longer than it may be, or never came whole."""
    body, more = b"", True
    while more and len(body) <= most:
        message = await receive()
        if message["type"] != "http.request":  # whoever asked has hung up
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body if len(body) <= most else None
