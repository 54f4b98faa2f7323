"""The load client: keep-alive connections that each send prepared requests one after another, and time the answers.

Requests are signed and written out before the clock starts, so that the client costs little while it runs.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run saw. `seconds` is its length, `times` the seconds of each answer, sorted."""

    seconds: float
    times: Sequence[float]
    refused: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds

    def quantile(self, share: float) -> float:
        """Milliseconds within which this share of the answers came."""
        return 1000 * self.times[min(len(self.times) - 1, int(len(self.times) * share))] if self.times else 0.0


class _Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last has come whole."""

    def __init__(self, requests: Iterator[bytes], until: float, times: list[float]) -> None:
        self._requests, self._until, self._times = requests, until, times
        self._buffer = b""
        self._sent = 0.0
        self._transport: asyncio.Transport | None = None
        self.refused = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(HEAD_END)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(LENGTH)
        length = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + len(HEAD_END) + length:
            return
        if head[9:12] != b"200":
            self.refused += 1
        self._buffer = b""
        self._times.append(time.perf_counter() - self._sent)
        self._next()

    def connection_lost(self, _reason: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _next(self) -> None:
        now = time.perf_counter()
        request = next(self._requests, None) if now < self._until else None
        if self._transport is None or request is None:
            if self._transport is not None:
                self._transport.close()
            return
        self._sent = now
        self._transport.write(request)


async def _run(port: int, requests: Sequence[Sequence[bytes]], seconds: float) -> Measured:
    loop = asyncio.get_running_loop()
    times: list[float] = []
    began = time.perf_counter()
    made = []
    for mine in requests:
        connection = _Connection(iter(mine), began + seconds, times)
        await loop.create_connection(lambda connection=connection: connection, "127.0.0.1", port)  # type: ignore[misc]
        made.append(connection)
    await asyncio.gather(*(connection.done for connection in made))
    return Measured(time.perf_counter() - began, sorted(times), sum(connection.refused for connection in made))


def run(port: int, requests: Sequence[Sequence[bytes]], seconds: float) -> Measured:
    """Send each list over a connection of its own until it or the time is used up."""
    return asyncio.run(_run(port, requests, seconds))
