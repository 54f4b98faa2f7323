"""Group commit: what queued while the last batch was committing forms the next one.

The first request goes at once. Two messages of one contact never share a batch, so each sees what the one before left.
The queue is bounded: a hub that is full says so (503) and the provider repeats.
"""

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

LARGEST = 64
LONGEST_QUEUE = 1024
GATHER = 0.005
"""Seconds that the next batch is waited for, at most, until it is as large as the last: one twice as large costs hardly
more. A message that comes alone never waits."""
LONGEST_WAIT = 10.0
"""Seconds a request waits for its commit; providers give up at about 15, and a danger sign must be answered before."""
HANGS = 3.0
"""Seconds after which a batch under way counts as hanging: batches take milliseconds, and each request that waited
longer would hold one of the web process's few threads."""
LOOK_SECONDS = 0.5
"""How often a waiting request looks whether its batch hangs."""


class Overloaded(Exception):
    """More is waiting than can be answered in time."""


@dataclass(slots=True)
class _Waiting(Generic[Item, Answer]):
    item: Item
    key: Hashable
    answer: "Future[Answer] | asyncio.Future[Answer]"
    loop: asyncio.AbstractEventLoop | None = None
    """Whose future it is; None for a thread's."""

    def wanted(self) -> bool:
        """Whether somebody still waits for the answer."""
        if isinstance(self.answer, Future):
            return self.answer.set_running_or_notify_cancel()
        return not self.answer.done()


class Batcher(Generic[Item, Answer]):
    """Hands items to `handle` in batches on one thread of its own, started at the first item (after any fork)."""

    def __init__(
        self,
        handle: Callable[[Sequence[Item]], Sequence[Answer | Exception]],
        key: Callable[[Item], Hashable],
        *,
        largest: int = LARGEST,
    ) -> None:
        self._handle = handle
        self._key = key
        self._largest = largest
        self._enough = threading.Condition()
        self._queue: deque[_Waiting[Item, Answer]] = deque()
        self._wanted = 0
        """How many must wait before the thread is woken; 0 while it is at work."""
        self._thread: threading.Thread | None = None
        self._began: float | None = None

    def hangs(self) -> bool:
        """Whether the batch under way has been at it for much too long."""
        began = self._began
        return began is not None and time.monotonic() - began > HANGS

    def answer(self, item: Item) -> Answer:
        """The item's answer after its commit. Raises Overloaded, TimeoutError, or what `handle` gave for it.

        After a TimeoutError the item has no effect any more, unless its batch was already under way.
        """
        if self.hangs():
            raise TimeoutError
        waiting = self.submit(item)
        until = time.monotonic() + LONGEST_WAIT
        while True:
            try:
                return waiting.result(LOOK_SECONDS)
            except TimeoutError:
                if waiting.done():
                    return waiting.result()
                if self.hangs() or time.monotonic() > until:
                    waiting.cancel()
                    raise

    async def answer_on_loop(self, item: Item) -> Answer:
        """The same for a coroutine, which holds no thread meanwhile; a whole batch wakes its loop once."""
        if self.hangs():
            raise TimeoutError
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._put(_Waiting(item, self._key(item), answer, loop))
        watch = loop.call_later(LOOK_SECONDS, self._look, loop, answer, loop.time() + LONGEST_WAIT)
        try:
            return await answer
        finally:
            watch.cancel()

    def _look(self, loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[Answer]", until: float) -> None:
        if answer.done():
            return
        if self.hangs() or loop.time() > until:
            answer.set_exception(TimeoutError())
        else:
            loop.call_later(LOOK_SECONDS, self._look, loop, answer, until)

    def submit(self, item: Item) -> "Future[Answer]":
        """Queue an item. The future gives its answer after the commit. Raises Overloaded when the queue is full."""
        answer = Future[Answer]()
        self._put(_Waiting(item, self._key(item), answer))
        return answer

    def _put(self, waiting: _Waiting[Item, Answer]) -> None:
        with self._enough:
            if len(self._queue) >= LONGEST_QUEUE:
                raise Overloaded("too many messages are waiting")
            self._queue.append(waiting)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="batcher", daemon=True)
                self._thread.start()
            elif 0 < self._wanted <= len(self._queue):
                self._enough.notify()

    def _run(self) -> None:
        size = 1
        while True:
            batch = [waiting for waiting in self._next(size) if waiting.wanted()]
            size = len(batch)
            if not batch:
                continue
            self._began = time.monotonic()
            try:
                answers = self._handle([waiting.item for waiting in batch])
            except Exception as failed:  # noqa: BLE001 (each waiting request is told; the thread lives on)
                answers = [failed] * len(batch)
            self._began = None
            told: dict[asyncio.AbstractEventLoop | None, list[tuple[_Waiting[Item, Answer], Answer | Exception]]] = {}
            for waiting, answer in zip(batch, answers, strict=True):
                told.setdefault(waiting.loop, []).append((waiting, answer))
            for loop, pairs in told.items():
                if loop is None:
                    _tell(pairs)
                else:
                    with contextlib.suppress(RuntimeError):  # the loop has ended, and with it whoever asked
                        loop.call_soon_threadsafe(_tell, pairs)

    def _next(self, last: int) -> list[_Waiting[Item, Answer]]:
        with self._enough:
            if last > 1 and len(self._queue) < last:
                self._wait(last, GATHER)
            if not self._queue:
                self._wait(1, None)
            return self._taken()

    def _wait(self, wanted: int, seconds: float | None) -> None:
        self._wanted = wanted
        self._enough.wait_for(lambda: len(self._queue) >= wanted, seconds)
        self._wanted = 0

    def _taken(self) -> list[_Waiting[Item, Answer]]:
        """Takes the first of each key from the queue."""
        batch: list[_Waiting[Item, Answer]] = []
        later: list[_Waiting[Item, Answer]] = []
        keys: set[Hashable] = set()
        while self._queue and len(batch) < self._largest and len(later) < self._largest:
            waiting = self._queue.popleft()
            (later if waiting.key in keys else batch).append(waiting)
            keys.add(waiting.key)
        self._queue.extendleft(reversed(later))
        return batch


def _tell(pairs: Sequence[tuple[_Waiting[Item, Answer], Answer | Exception]]) -> None:
    for waiting, answer in pairs:
        if waiting.answer.done():
            continue  # given up
        if isinstance(answer, Exception):
            waiting.answer.set_exception(answer)
        else:
            waiting.answer.set_result(answer)
