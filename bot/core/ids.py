"""Ids that sort by time: UUID version 7 (RFC 9562 §5.7), as 32 hexadecimal digits."""

import threading
import time
from collections.abc import Callable

from bot.core.chance import random_bytes

IdSource = Callable[[], str]
RANDOM_BITS = 74


def uuid7(milliseconds: int, randomness: bytes) -> str:
    """48 bits of time, version and variant bits, 74 random bits (10 bytes are given, 6 bits of them go unused)."""
    value = int.from_bytes(randomness[:10], "big")
    high, low = (value >> 62) & 0xFFF, value & ((1 << 62) - 1)
    return f"{(milliseconds << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low:032x}"


class Rising:
    """Ids of one process, each greater than the one before, also within a millisecond and when the clock goes back.

    Two messages of one answer are sent in the order of their ids (RFC 9562 §6.2, method 2).
    """

    def __init__(self, clock: Callable[[], int] = time.time_ns, random: Callable[[int], bytes] = random_bytes) -> None:
        self._clock, self._random = clock, random
        self._last = 0
        self._lock = threading.Lock()

    def __call__(self) -> str:
        random = int.from_bytes(self._random(14), "big")
        value = (self._clock() // 1_000_000 << RANDOM_BITS) | (random >> 38)
        with self._lock:
            if value <= self._last:
                value = self._last + 1 + (random & 0xFFFFFFFF)
            self._last = value
        return uuid7(value >> RANDOM_BITS, (value & ((1 << RANDOM_BITS) - 1)).to_bytes(10, "big"))


new_id: IdSource = Rising()
"""An id of now. Only edges call it; decisions take an IdSource."""
