"""People in danger who write while something is wrong: each is answered within the request (P6)."""

import http.client
import re
import threading
import time
from typing import Self

from tests import planted
from tests.processes.load import post, signed

PATIENCE = 15.0
"""Seconds after which providers give a request up."""
EMERGENCY = re.compile(rb"\b(15|141|150)\b")
OK = 200


class Alarms:
    """Somebody in danger writes every second while the fault lasts, from another phone each time (P6)."""

    def __init__(self, url: str) -> None:
        self.worst = 0.0
        self.wrong: list[str] = []
        self.answered = 0
        self._url, self._over = url, threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._ringing = threading.Thread(target=self._ring)
        self._ringing.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._ringing.join()
        for thread in self._threads:
            thread.join()

    def _ring(self) -> None:
        while not self._over.wait(1.0):
            thread = threading.Thread(target=self._write, args=(f"+21263{int(time.time() * 10) % 10_000_000:07d}",))
            thread.start()
            self._threads.append(thread)

    def _write(self, number: str) -> None:
        began = time.monotonic()
        try:
            status, body = post(signed(self._url, "code", number, planted.BLEEDING, f"alarm-{number}-0"), PATIENCE)
        except TimeoutError:
            self.wrong.append("no answer")
            return
        except (OSError, http.client.HTTPException):
            return  # nobody listens, or whoever did was killed: there was no request to answer within
        self.worst = max(self.worst, time.monotonic() - began)
        self.answered += 1
        if status != OK or not EMERGENCY.search(body):
            self.wrong.append(f"{status}")
