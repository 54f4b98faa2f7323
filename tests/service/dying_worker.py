"""A worker for tests to kill: `python -m tests.service.dying_worker VAR`. Its provider writes each message that it takes to
VAR/taken, and after SOME of them takes its time for ever."""

import json
import sys
import threading
import time
from pathlib import Path

from bot.settings import Settings
from bot.wiring import Channels, Services
from sms_gateway.types import HttpRequest, HttpResponse
from tests.service.world import simulators

SOME = 5


class Provider:
    """Takes messages, one after the other on the disk."""

    def __init__(self, folder: Path, *, stalls: bool) -> None:
        self._file, self._stalls = folder / "taken", stalls
        self._lock, self._number = threading.Lock(), 0

    def send(self, request: HttpRequest) -> HttpResponse:
        with self._lock:
            self._number += 1
            number = self._number
            with self._file.open("a") as file:
                file.write(f"{json.loads(request.body)['reference']}\n")
        if self._stalls and number > SOME:
            time.sleep(3600)
        return HttpResponse(200, {}, json.dumps({"id": f"p{number}-{self._stalls}"}).encode())


def services(var: Path, *, stalls: bool) -> Services:
    channels = Channels(dict(simulators()), {})
    return Services(Settings(var=var), transport=Provider(var, stalls=stalls), channels=channels)


if __name__ == "__main__":
    services(Path(sys.argv[1]), stalls=True).delivery.run("sim-sms")
