"""Asks the Rasa server what a text means, within a deadline, and stops asking for a while when it does not answer.

Some texts never reach Rasa: those that begin with `/` bypass its model, empty or emoji-only ones get a confident intent
from nothing, and very long ones block its only thread for everybody.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3

from nlu.types import INTENTS

LONGEST = 500
"""Letters of a text that Rasa is given at most; its time grows with the length."""
DEADLINE = 0.3
"""Seconds for the whole parse. The table answers in less than a millisecond when they are over."""
FAILURES = 3
"""Failed parses in a row that open the breaker."""
REST = 5.0
"""Seconds that an open breaker keeps everybody from asking; then one parse tries."""
BEST = 3
"""Intents of a ranking that are kept: as many as a person is asked about."""
LARGEST_ANSWER = 256 * 1024
"""Bytes of an answer that are read at most."""


@dataclass(frozen=True, slots=True)
class Parse:
    """Rasa's answer: the full intent name (`health_question/diabetes`), confidence 0 to 1, version of its model."""

    intent: str
    confidence: float
    model: str | None
    ranking: tuple[tuple[str, float], ...] = ()
    """The likeliest intents, best first: full names and how sure. Empty where the answer holds no sound ranking."""


class Breaker:
    """Opens after `failures` in a row; after `rest` seconds lets one caller through, whose outcome decides. Thread-safe."""

    def __init__(self, failures: int, rest: float, clock: Callable[[], float]) -> None:
        self._failures = failures
        self._rest = rest
        self._clock = clock
        self._count = 0
        self._closed_until: float | None = None
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether callers are being kept away."""
        return self._closed_until is not None

    def allows(self) -> bool:
        """Whether this caller may try now. In the half-open state one caller may, and the next `rest` begins."""
        with self._lock:
            if self._closed_until is None:
                return True
            if self._clock() < self._closed_until:
                return False
            self._closed_until = self._clock() + self._rest
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._count = 0
            self._closed_until = None

    def failed(self) -> None:
        with self._lock:
            self._count += 1
            if self._count >= self._failures:
                self._closed_until = self._clock() + self._rest


class NluClient:
    """A pooled client of one Rasa server; one object serves all threads of a process.

    `url` is the server's base address, `token` its authentication token, `deadline` in seconds. `clock` counts seconds
    and never goes back. `parse` never raises.
    """

    def __init__(
        self,
        url: str,
        token: str,
        deadline: float = DEADLINE,
        *,
        failures: int = FAILURES,
        rest: float = REST,
        connections: int = 8,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._target = f"{url.rstrip('/')}/model/parse?{urlencode({'token': token})}"
        self._deadline = deadline
        self._pool = urllib3.PoolManager(maxsize=connections, retries=False)
        self._clock = clock
        self.breaker = Breaker(failures, rest, clock)

    def parse(self, text: str) -> Parse | None:
        """What Rasa reads in a text, or None: down, too slow, broken answer, or a text that it must not see."""
        if not askable(text) or not self.breaker.allows():
            return None
        try:
            parse = self._ask(text)
        except (urllib3.exceptions.HTTPError, OSError, ValueError):
            self.breaker.failed()
            return None
        self.breaker.succeeded()
        return parse

    def _ask(self, text: str) -> Parse | None:
        end = self._clock() + self._deadline
        response = self._pool.request(
            "POST",
            self._target,
            body=json.dumps({"text": text}).encode("ascii"),
            headers={"Content-Type": "application/json"},
            timeout=urllib3.Timeout(total=self._deadline),
            redirect=False,
            preload_content=False,
        )
        try:
            content = _read(response, end, self._clock)
        finally:
            response.release_conn()
        if response.status != 200:  # noqa: PLR2004 - OK
            raise ValueError(f"status {response.status}")
        return read(content)

    def close(self) -> None:
        """Ends the pooled connections."""
        self._pool.clear()


def _read(response: urllib3.BaseHTTPResponse, end: float, clock: Callable[[], float]) -> bytes:
    content = b""
    while chunk := response.read1(
        LARGEST_ANSWER
    ):  # what has come so far: a dripping answer cannot outlast the deadline
        content += chunk
        if len(content) > LARGEST_ANSWER or clock() > end:
            response.close()
            raise ValueError("an answer too long or too late")
    return content


def askable(text: str) -> bool:
    """Whether Rasa may see a text: it has a letter or a digit, does not begin with `/`, and is not too long."""
    return len(text) <= LONGEST and not text.lstrip().startswith("/") and any(letter.isalnum() for letter in text)


def read(content: bytes) -> Parse | None:
    """A parse from the body of Rasa's answer; None when it found no intent. Raises ValueError when it is none."""
    answer: Any = json.loads(content)
    try:
        name, confidence = answer["intent"]["name"], float(answer["intent"]["confidence"])
        model = answer.get("model_version")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no parse") from error
    if not name:
        return None
    if not isinstance(name, str) or not 0 <= confidence <= 1 + 1e-6:
        raise ValueError("no parse")
    version = model if isinstance(model, str) else None
    return Parse(name.replace(".", "/"), min(confidence, 1.0), version, _ranking(answer.get("intent_ranking")))


def _ranking(given: object) -> tuple[tuple[str, float], ...]:
    """A sound ranking of an answer. The intent counts without one, so an unsound one is no reason to refuse the answer."""
    ranked = []
    for one in given[:BEST] if isinstance(given, list) else ():
        name, confidence = (one.get("name"), one.get("confidence")) if isinstance(one, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(confidence, int | float) or not 0 <= confidence <= 1 + 1e-6:
            return ()
        if name.replace(".", "/").partition("/")[0] in INTENTS:
            ranked.append((name.replace(".", "/"), min(float(confidence), 1.0)))
    return tuple(ranked)
