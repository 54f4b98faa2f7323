"""Ids that sort by time: UUID version 7 (RFC 9562 §5.7), as 32 hexadecimal digits."""

import os
import time
from collections.abc import Callable

IdSource = Callable[[], str]


def uuid7(milliseconds: int, randomness: bytes) -> str:
    """48 bits of time, version and variant bits, 74 random bits (10 bytes are given, 6 bits of them go unused)."""
    value = int.from_bytes(randomness[:10], "big")
    high, low = (value >> 62) & 0xFFF, value & ((1 << 62) - 1)
    return f"{(milliseconds << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low:032x}"


def new_id() -> str:
    """An id of now. Only edges call it; decisions take an IdSource."""
    return uuid7(time.time_ns() // 1_000_000, os.urandom(10))
