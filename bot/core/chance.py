"""Random bytes from the operating system, taken by the block and handed out once each."""

import os
import threading

BLOCK = 4096


class Chance:
    """`os.urandom`, asked seldom: each question lets other threads in, and one message needs a dozen answers.

    No byte is handed out twice, also not by a process that was forked off: it begins with a block of its own.
    """

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._block = b""
        self._at = 0

    def __call__(self, size: int) -> bytes:
        """`size` random bytes, fit for keys and nonces."""
        with self._lock:
            if self._at + size > len(self._block):
                self._block, self._at = os.urandom(max(BLOCK, size)), 0
            start, self._at = self._at, self._at + size
            return self._block[start : self._at]


random_bytes = Chance()
"""The source of this process."""
