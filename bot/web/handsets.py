"""The simulated network of a demonstration: the handset of each number, and true delivery reports a moment later.

Numbers ending in 98 cannot be reached, those ending in 99 stay at `sent`.
Everything is in the memory of the web process and bounded; a demonstration that restarts begins with empty handsets.
"""

import heapq
import json
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlencode

from bot.wiring import Services
from sms_gateway.channels.simulator import SIGNATURE, Simulator
from sms_gateway.errors import ChannelError
from sms_gateway.segments import count
from sms_gateway.types import HttpRequest, HttpResponse
from sms_gateway.verify import body_signature, form_signature

MOST_NUMBERS = 200
MOST_NOTES = 200
MOST_CHARACTERS = 100_000
"""Numbers kept, and messages and characters of each: enough for a demonstration, and never more than some 80 MB."""
MOST_WAITING = 5000
SAYS_PER_WINDOW, WINDOW_SECONDS = 60, 10.0
"""What one number may send: more than a person types, and than a scripted demonstration needs."""
SENT_AFTER, DELIVERED_AFTER = 0.05, 0.3
AGAIN_AFTER = (1.0, 5.0)
"""Seconds after which a report that was not taken is posted once more: the hub answers 503 when it is too busy."""
UNREACHABLE, SILENT = "98", "99"
SWITCHED_OFF = "30003"
"""How a provider that reports by form names a handset that cannot be reached (docs/channels.md)."""


@dataclass(frozen=True, slots=True)
class Note:
    """One message on a handset. `mine` was written on it; `change` grows with every change of any message."""

    id: str
    medium: str
    mine: bool
    text: str = field(repr=False)
    state: str
    at: str
    """ISO date-time in UTC."""
    change: int
    shown: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Buttons, menu and template, as the channel sent them."""

    def as_json(self) -> dict[str, Any]:
        """The message for the page, with its coding and SMS segments."""
        counted = count(self.text)
        return {
            "id": self.id,
            "medium": self.medium,
            "mine": self.mine,
            "text": self.text,
            "state": self.state,
            "at": self.at,
            "change": self.change,
            "coding": counted.encoding,
            "units": counted.units,
            "segments": counted.segments,
            **self.shown,
        }


@dataclass(slots=True)
class Handset:
    notes: OrderedDict[str, Note] = field(default_factory=OrderedDict)
    characters: int = 0
    said: deque[float] = field(default_factory=lambda: deque(maxlen=SAYS_PER_WINDOW))


class Handsets:
    """Messages by number (E.164); the numbers longest unused are forgotten first. Safe to use from many threads."""

    def __init__(self) -> None:
        self.run = secrets.token_hex(4)
        """Names this life of the process: a page that sees another one begins anew."""
        self._by_number: OrderedDict[str, Handset] = OrderedDict()
        self._lock = threading.Lock()
        self._change = 0

    def put(
        self,
        number: str,
        medium: str,
        text: str,
        *,
        mine: bool,
        state: str,
        at: str,
        shown: Mapping[str, Any] | None = None,
    ) -> Note:
        """Keep a message. Its id is new."""
        with self._lock:
            handset = self._handset(number)
            self._change += 1
            note = Note(f"net-{secrets.token_hex(12)}", medium, mine, text, state, at, self._change, shown or {})
            handset.notes[note.id] = note
            handset.characters += len(text)
            while len(handset.notes) > MOST_NOTES or handset.characters > MOST_CHARACTERS:
                handset.characters -= len(handset.notes.popitem(last=False)[1].text)
            return note

    def mark(self, number: str, id_: str, state: str) -> None:
        """Change where a message is; one that is no longer kept is left alone."""
        with self._lock:
            handset = self._by_number.get(number)
            note = handset.notes.get(id_) if handset else None
            if handset and note:
                self._change += 1
                handset.notes[id_] = replace(note, state=state, change=self._change)

    def since(self, number: str, after: int) -> tuple[list[Note], int]:
        """Messages that are new or changed after `after`, oldest first, and what to ask with next time."""
        with self._lock:
            handset = self._by_number.get(number)
            notes = [note for note in handset.notes.values() if note.change > after] if handset else []
            return notes, self._change

    def may_say(self, number: str, now: float) -> bool:
        """Whether this number may send one more message; `now` is a monotonic time in seconds."""
        with self._lock:
            said = self._handset(number).said
            if len(said) == SAYS_PER_WINDOW and now - said[0] < WINDOW_SECONDS:
                return False
            said.append(now)
            return True

    def _handset(self, number: str) -> Handset:
        handset = self._by_number.setdefault(number, Handset())
        self._by_number.move_to_end(number)
        while len(self._by_number) > MOST_NUMBERS:
            self._by_number.popitem(last=False)
        return handset


class Later:
    """Runs small pieces of work a moment later, in order of their time, in one thread that starts with the first."""

    def __init__(self, on_fault: Callable[[str, Exception], None]) -> None:
        self._on_fault = on_fault
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def after(self, seconds: float, work: Callable[[], None]) -> bool:
        """Have `work` run in so many seconds; False when too much waits already."""
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                return False
            self._count += 1
            heapq.heappush(self._waiting, (time.monotonic() + seconds, self._count, work))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="phone-reports", daemon=True)
                self._thread.start()
            self._changed.notify()
            return True

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting or self._waiting[0][0] > time.monotonic():
                    self._changed.wait(self._waiting[0][0] - time.monotonic() if self._waiting else None)
                _, _, work = heapq.heappop(self._waiting)
            try:
                work()
            except Exception as failed:  # noqa: BLE001 (one report that fails must not end those of the others)
                self._on_fault("phone_report", failed)


class Report(Protocol):
    """How one provider words and signs its reports of a message."""

    @property
    def path(self) -> str:
        """Where on our own web process the report goes."""

    def signed(self, id_: str, state: str) -> tuple[dict[str, str], bytes]:
        """Headers and body of a report that the message called `id_` is `sent`, `delivered` or `failed`."""


@dataclass(frozen=True, slots=True)
class JsonReport:
    """A report of the simulated provider."""

    path: str
    secret: str = field(repr=False)
    reference: str

    def signed(self, id_: str, state: str) -> tuple[dict[str, str], bytes]:
        said = {"id": id_, "status": state, "reference": self.reference}
        return sign(self.secret, said | ({"code": "unreachable"} if state == "failed" else {}))


@dataclass(frozen=True, slots=True)
class FormReport:
    """A report as a form whose signature covers the address that was asked for with the message."""

    path: str
    url: str = field(repr=False)
    header: str
    secret: str = field(repr=False)
    to: str = field(repr=False)

    def signed(self, id_: str, state: str) -> tuple[dict[str, str], bytes]:
        failed = state == "failed"
        fields = {"MessageSid": id_, "MessageStatus": "undelivered" if failed else state, "To": self.to}
        fields |= {"ErrorCode": SWITCHED_OFF} if failed else {}
        signature = form_signature(self.secret, self.url, fields.items())
        return {"content-type": "application/x-www-form-urlencoded", self.header: signature}, urlencode(fields).encode()


def sign(secret: str, said: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
    """Headers and body of what the simulated provider posts."""
    body = json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")
    return {"content-type": "application/json", SIGNATURE: body_signature(secret, body)}, body


class Network:
    """The simulated network of one application."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.handsets = Handsets()
        self._later = Later(services.on_fault)

    def now(self) -> str:
        return self.services.clock().astimezone(UTC).isoformat(timespec="milliseconds")

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Post to the hub's own door, over loopback. Raises a ChannelError when no whole answer comes."""
        settings = self.services.settings
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 (where to, not bound)
        address = f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
        return self.services.transport.send(HttpRequest("POST", address + path, headers, body))

    def say(self, channel: Simulator, said: Mapping[str, Any]) -> HttpResponse:
        """Post what a handset sent, as the simulated provider does. Raises a ChannelError when no whole answer comes."""
        return self.post(f"/channels/{channel.name}/inbound", *sign(channel.settings.secret, said))

    def take(self, number: str, medium: str, text: str, shown: Mapping[str, Any]) -> Note:
        """Put a message that a channel sent on its handset."""
        return self.handsets.put(number, medium, text, mine=False, state="queued", at=self.now(), shown=shown)

    def report(self, number: str, note: Note, report: Report | None) -> None:
        """Let the message arrive, or not; each step is reported where a report was asked for."""
        last = [] if number.endswith(SILENT) else ["failed" if number.endswith(UNREACHABLE) else "delivered"]
        for state, wait in zip(["sent", *last], (SENT_AFTER, DELIVERED_AFTER), strict=False):
            self._later.after(wait, partial(self._step, number, note.id, state, report))

    def _step(self, number: str, id_: str, state: str, report: Report | None) -> None:
        self.handsets.mark(number, id_, state)
        if report is not None:
            self._post_report(report, id_, state, AGAIN_AFTER)

    def _post_report(self, report: Report, id_: str, state: str, waits: tuple[float, ...]) -> None:
        try:
            busy = self.post(report.path, *report.signed(id_, state)).status >= 500  # noqa: PLR2004 (server errors)
        except ChannelError:
            busy = True
        if busy and waits:
            self._later.after(waits[0], partial(self._post_report, report, id_, state, waits[1:]))
