"""One TCP connection to a message centre: PDUs out, PDUs in, answers matched to their requests. The only sockets here.

One thread reads; any thread may write. An answer goes to the thread that waits for it; whatever else arrives is handed
to the reader.
"""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

from sms_gateway.errors import ChannelError, MalformedRequest, OutcomeUnknown, Unreachable
from sms_gateway.smpp.pdu import LAST_SEQUENCE, Pdu, take

CONNECT_SECONDS = 5.0
WRITE_SECONDS = 10.0
"""A centre that takes nothing for so long is gone."""
MOST_LATE = 1000
"""Requests given up on whose answers are still welcome."""


class Lost(Exception):
    """The connection is of no more use."""


@dataclass(slots=True)
class _Waiting:
    answer: "Future[Pdu]"
    late: Callable[[Pdu], None] | None = None


class Connection:
    """An open connection. `number` tells it from those before and after it."""

    def __init__(self, host: str, port: int, number: int, window: int) -> None:
        """Raises OSError."""
        self.number = number
        self.window = threading.BoundedSemaphore(window)
        self._socket = socket.create_connection((host, port), CONNECT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(WRITE_SECONDS)
        self._readable = select.poll()
        self._readable.register(self._socket, select.POLLIN)
        self._buffer = bytearray()
        self._writing = threading.Lock()
        self._sequence = 0
        self._waiting: dict[int, _Waiting] = {}
        self._given_up: dict[int, Callable[[Pdu], None]] = {}
        self._open = True
        self.heard = time.monotonic()
        """When anything came last, on the monotonic clock."""

    def write(self, pdu: Pdu) -> None:
        """Send an answer, or a request whose answer the reader looks out for. Raises Lost."""
        with self._writing:
            self._write(pdu if pdu.is_answer else self._numbered(pdu))

    def ask(self, pdu: Pdu, seconds: float, late: Callable[[Pdu], None] | None = None) -> Pdu:
        """The answer to a request.

        Raises Unreachable when nothing left, OutcomeUnknown when no answer came in time; one that comes after that goes
        to `late`.
        """
        waiting = _Waiting(Future())
        with self._writing:
            if not self._open:
                raise Unreachable("the link is down")
            numbered = self._numbered(pdu)
            self._waiting[numbered.sequence] = waiting
            try:
                self._write(numbered)
            except Lost:
                self._waiting.pop(numbered.sequence, None)
                raise OutcomeUnknown("the link was lost while writing") from None
        try:
            return waiting.answer.result(seconds)
        except TimeoutError:
            self._give_up(numbered.sequence, late)
            raise OutcomeUnknown("no answer in time") from None

    def read(self, seconds: float) -> Pdu | None:
        """The next PDU that nobody waits for; None when none came within `seconds`. Raises Lost."""
        try:
            pdu = take(self._buffer)
            if pdu is None and self._readable.poll(seconds * 1000):
                received = self._socket.recv(65536)
                if not received:
                    raise Lost("closed by the centre")
                self.heard = time.monotonic()
                self._buffer += received
                pdu = take(self._buffer)
        except MalformedRequest:
            raise Lost("the stream is out of step") from None
        except OSError as failed:
            raise Lost(type(failed).__name__) from None
        return None if pdu is None or self._answered(pdu) else pdu

    @property
    def unanswered(self) -> int:
        return len(self._waiting)

    def close(self) -> None:
        """End it; whoever still waits for an answer is told that none will come."""
        with self._writing:
            self._open = False
            waiting, self._waiting = list(self._waiting.values()), {}
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
        for one in waiting:
            one.answer.set_exception(OutcomeUnknown("the link was lost before the answer"))

    def _numbered(self, pdu: Pdu) -> Pdu:
        self._sequence = self._sequence % LAST_SEQUENCE + 1
        return replace(pdu, sequence=self._sequence)

    def _write(self, pdu: Pdu) -> None:
        if not self._open:
            raise Lost("the link is down")
        try:
            self._socket.sendall(pdu.encode())
        except OSError as failed:
            # a PDU that left half would put the stream out of step
            self._open = False
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            raise Lost(type(failed).__name__) from None

    def _answered(self, pdu: Pdu) -> bool:
        if not pdu.is_answer:
            return False
        with self._writing:
            waiting = self._waiting.pop(pdu.sequence, None)
            late = self._given_up.pop(pdu.sequence, None)
        if waiting is not None:
            waiting.answer.set_result(pdu)
        elif late is not None:
            with contextlib.suppress(ChannelError):
                late(pdu)
        return waiting is not None or late is not None

    def _give_up(self, sequence: int, late: Callable[[Pdu], None] | None) -> None:
        with self._writing:
            if self._waiting.pop(sequence, None) is not None and late is not None and len(self._given_up) < MOST_LATE:
                self._given_up[sequence] = late
