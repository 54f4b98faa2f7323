"""Group commit: what queued while the last batch was committing forms the next one.

The first request goes at once. Two messages of one contact never share a batch, so each sees what the one before left.
The queue is bounded: a hub that is full says so (503) and the provider repeats.
"""

import queue
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

LARGEST = 64
LONGEST_QUEUE = 1024
GATHER = 0.003
"""Seconds the next batch is waited for while more than one message comes at a time: half again as large a batch costs
hardly more (an eighth more messages a second, measured). A message that comes alone never waits."""
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
    answer: "Future[Answer]"


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
        self._queue: queue.Queue[_Waiting[Item, Answer]] = queue.Queue(LONGEST_QUEUE)
        self._started = threading.Lock()
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

    def submit(self, item: Item) -> "Future[Answer]":
        """Queue an item. The future gives its answer after the commit. Raises Overloaded when the queue is full."""
        if self._thread is None or not self._thread.is_alive():
            self._start()
        waiting = _Waiting(item, self._key(item), Future[Answer]())
        try:
            self._queue.put_nowait(waiting)
        except queue.Full as full:
            raise Overloaded("too many messages are waiting") from full
        return waiting.answer

    def _start(self) -> None:
        with self._started:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="batcher", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        held: list[_Waiting[Item, Answer]] = []
        batch: list[_Waiting[Item, Answer]] = []
        while True:
            taken, held = self._next(held, gather=len(batch) > 1)
            batch = [waiting for waiting in taken if waiting.answer.set_running_or_notify_cancel()]
            if not batch:
                continue
            self._began = time.monotonic()
            try:
                answers = self._handle([waiting.item for waiting in batch])
            except Exception as failed:  # noqa: BLE001 (each waiting request is told; the thread lives on)
                answers = [failed] * len(batch)
            self._began = None
            for waiting, answer in zip(batch, answers, strict=True):
                if isinstance(answer, Exception):
                    waiting.answer.set_exception(answer)
                else:
                    waiting.answer.set_result(answer)

    def _next(
        self, held: list[_Waiting[Item, Answer]], *, gather: bool
    ) -> tuple[list[_Waiting[Item, Answer]], list[_Waiting[Item, Answer]]]:
        candidates = held or [self._queue.get()]
        if gather:
            time.sleep(GATHER)
        while len(candidates) < self._largest * 2:
            try:
                candidates.append(self._queue.get_nowait())
            except queue.Empty:
                break
        batch: list[_Waiting[Item, Answer]] = []
        later: list[_Waiting[Item, Answer]] = []
        keys: set[Hashable] = set()
        for waiting in candidates:
            if waiting.key in keys or len(batch) >= self._largest:
                later.append(waiting)
            else:
                batch.append(waiting)
            keys.add(waiting.key)
        return batch, later
