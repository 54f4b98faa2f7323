"""No random byte is handed out twice."""

import os
import threading

from bot.core.chance import BLOCK, Chance


def test_pieces_are_of_the_size_asked_and_all_different() -> None:
    chance = Chance()
    pieces = [chance(12) for _ in range(3 * BLOCK // 12)]
    assert {len(piece) for piece in pieces} == {12}
    assert len(set(pieces)) == len(pieces)
    assert len(chance(BLOCK * 2)) == BLOCK * 2


def test_threads_share_a_source_and_never_a_byte() -> None:
    chance = Chance()
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.extend(chance(16) for _ in range(500))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 4000


def test_a_forked_process_begins_with_a_block_of_its_own() -> None:
    chance = Chance()
    chance(12)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, chance(12))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 12) != chance(12)
