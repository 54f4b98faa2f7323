"""Group commit: order within a key, nobody twice in a batch, failures told to those they concern."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from bot.service import batching
from bot.service.batching import LONGEST_QUEUE, Batcher, Overloaded

Item = tuple[str, int]


class Recorder:
    """Handles batches, slowly at first, and remembers them."""

    def __init__(self) -> None:
        self.batches: list[list[Item]] = []
        self.go = threading.Event()

    def __call__(self, batch: Sequence[Item]) -> list[str | Exception]:
        self.go.wait(10)
        self.batches.append(list(batch))
        return [ValueError("odd") if number == 13 else f"{key}{number}" for key, number in batch]


def test_messages_of_one_key_keep_their_order_and_never_share_a_batch() -> None:
    handle = Recorder()
    batcher: Batcher[Item, str] = Batcher(handle, lambda item: item[0], largest=8)
    items = [(key, number) for number in range(10) for key in "abcdefghijkl"]
    futures = [batcher.submit(item) for item in items]
    handle.go.set()
    assert [future.result(10) for future in futures] == [f"{key}{number}" for key, number in items]
    assert max(len(batch) for batch in handle.batches) <= 8
    assert all(len({key for key, _ in batch}) == len(batch) for batch in handle.batches)
    for key in "abcdefghijkl":
        assert [n for batch in handle.batches for k, n in batch if k == key] == list(range(10))


def test_the_first_goes_at_once_and_the_rest_together() -> None:
    handle = Recorder()
    batcher: Batcher[Item, str] = Batcher(handle, lambda item: item[0])
    first = batcher.submit(("a", 1))
    while batcher._queue:  # noqa: SLF001 (until it is being handled)
        pass
    rest = [batcher.submit((key, 1)) for key in "bcdef"]
    handle.go.set()
    assert first.result(10) == "a1"
    assert [future.result(10) for future in rest] == ["b1", "c1", "d1", "e1", "f1"]
    assert [len(batch) for batch in handle.batches] == [1, 5]


def test_an_error_is_told_to_its_own_message_only() -> None:
    handle = Recorder()
    handle.go.set()
    batcher: Batcher[Item, str] = Batcher(handle, lambda item: item[0])
    bad, good = batcher.submit(("a", 13)), batcher.submit(("b", 1))
    assert good.result(10) == "b1"
    with pytest.raises(ValueError, match="odd"):
        bad.result(10)


def test_a_batch_that_breaks_is_told_to_all_and_the_next_goes_on() -> None:
    broken = [True]

    def handle(batch: Sequence[Item]) -> list[str | Exception]:
        if broken.pop() if broken else False:
            raise RuntimeError("all of it")
        return ["fine"] * len(batch)

    batcher: Batcher[Item, str] = Batcher(handle, lambda item: item[0])
    with pytest.raises(RuntimeError, match="all of it"):
        batcher.submit(("a", 1)).result(10)
    assert batcher.submit(("a", 2)).result(10) == "fine"


def test_a_batch_that_hangs_holds_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "HANGS", 0.2)
    monkeypatch.setattr(batching, "LOOK_SECONDS", 0.05)
    handle = Recorder()
    batcher: Batcher[Item, str] = Batcher(handle, lambda item: item[0])
    first = batcher.submit(("a", 1))
    while batcher._queue:  # noqa: SLF001 (until it is being handled)
        pass
    with pytest.raises(TimeoutError):
        batcher.answer(("b", 1))
    assert batcher.hangs()
    with pytest.raises(TimeoutError):
        batcher.answer(("c", 1))
    assert len(batcher._queue) == 1  # noqa: SLF001 (while it hangs nothing more is queued)
    handle.go.set()
    assert first.result(10) == "a1"
    assert batcher.answer(("d", 1)) == "d1"
    assert not batcher.hangs()
    assert [item for batch in handle.batches for item in batch] == [("a", 1), ("d", 1)]  # who gave up has no effect


def test_an_error_of_the_handlers_own_is_not_taken_for_hanging() -> None:
    batcher: Batcher[Item, str] = Batcher(lambda batch: [TimeoutError("mine")] * len(batch), lambda item: item[0])
    with pytest.raises(TimeoutError, match="mine"):
        batcher.answer(("a", 1))


def test_a_coroutine_is_told_on_its_own_loop_and_one_that_gave_up_has_no_effect() -> None:
    handle = Recorder()
    batcher: Batcher[Item, str] = Batcher(handle, lambda item: item[0])
    held = batcher.submit(("x", 0))
    while batcher._queue:  # noqa: SLF001 (until it is being handled)
        pass

    async def ask() -> list[object]:
        loop = asyncio.get_running_loop()
        given_up = loop.create_task(batcher.answer_on_loop(("a", 1)))
        asked = [loop.create_task(batcher.answer_on_loop(item)) for item in (("a", 2), ("b", 13), ("c", 3))]
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.sleep(0)
        handle.go.set()
        return list(await asyncio.gather(*asked, return_exceptions=True))

    first, odd, last = asyncio.run(ask())
    assert (first, last, held.result(10)) == ("a2", "c3", "x0")
    assert isinstance(odd, ValueError)
    assert ("a", 1) not in [item for batch in handle.batches for item in batch]


def test_a_batch_that_hangs_holds_no_coroutine_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "HANGS", 0.2)
    monkeypatch.setattr(batching, "LOOK_SECONDS", 0.05)
    handle = Recorder()
    batcher: Batcher[Item, str] = Batcher(handle, lambda item: item[0])
    first = batcher.submit(("a", 1))
    while batcher._queue:  # noqa: SLF001 (until it is being handled)
        pass
    with pytest.raises(TimeoutError):
        asyncio.run(batcher.answer_on_loop(("b", 1)))
    with pytest.raises(TimeoutError):
        asyncio.run(batcher.answer_on_loop(("c", 1)))
    handle.go.set()
    assert first.result(10) == "a1"
    assert batcher.answer(("d", 1)) == "d1"
    assert [item for batch in handle.batches for item in batch] == [("a", 1), ("d", 1)]


def test_a_full_queue_says_so() -> None:
    handle = Recorder()
    batcher: Batcher[Item, str] = Batcher(handle, lambda item: item[0])
    batcher.submit(("busy", 0))
    while batcher._queue:  # noqa: SLF001 (until it is being handled)
        pass
    asked = [batcher.submit((str(number), number)) for number in range(20, 20 + LONGEST_QUEUE)]
    with pytest.raises(Overloaded):
        batcher.submit(("late", 0))
    handle.go.set()
    assert asked[-1].result(10) == f"{19 + LONGEST_QUEUE}{19 + LONGEST_QUEUE}"
