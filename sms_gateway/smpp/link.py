"""A link to a message centre that stays: binds, asks whether the other side lives, binds again, keeps to the pace.

`Link.run` is the life of one thread, which reads. `send` is called from many: it is a Transport whose requests are the
channel's (sms_gateway/channels/smpp.py). What it says about a send is what the outbox must know: nothing left
(Unreachable), or no answer came for something that did (OutcomeUnknown).
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sms_gateway.channels.smpp import SEGMENTS, WAIT, Smpp
from sms_gateway.errors import OutcomeUnknown, Unreachable
from sms_gateway.smpp.connection import Connection, Lost
from sms_gateway.smpp.pacing import Pace, rebind_pause
from sms_gateway.smpp.pdu import Command, Pdu, Status, bind_transceiver, from_lines, read_id, to_lines
from sms_gateway.types import HttpRequest, HttpResponse

THROTTLES = {Status.THROTTLED, Status.QUEUE_FULL}
BEAT = 0.25
"""Seconds between two looks at the timers."""
STEADY = 10.0
"""Seconds after which a bind counts as one that held: the next pause is the shortest again."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. The first segment leaves within `send`, later ones within `answer` more, and each is answered within
    `answer`: 30 s at most, below the lease of an outbox row (45 s).
    """

    answer: float = 10.0
    """For the answer to one request; SMSC response timers are of the same order."""
    send: float = 10.0
    """Until the first segment of a message has left."""
    enquire: float | None = None
    """Of silence before enquire_link; None takes the channel's setting."""


class Refused(Exception):
    """The centre does not let this account in."""


class _NoTurn(Exception):
    """The window or the pace let nothing leave in time."""


class Link:
    """One bind. `say(event, code)` tells the log; neither holds a number, a name or a text."""

    def __init__(
        self,
        channel: Smpp,
        *,
        on_deliver: Callable[[int, Pdu], None],
        on_accepted: Callable[[list[str]], None],
        on_late: Callable[[str, str], None],
        say: Callable[[str, str], None],
        chance: Callable[[], float],
        timing: Timing | None = None,
    ) -> None:
        """`on_deliver(connection, pdu)` takes each deliver_sm and must not wait; `on_accepted` hears the ids of all
        segments of a message; `on_late(reference, id)` hears that a message given up on was accepted after all.
        """
        self.channel, self.bound = channel, threading.Event()
        self._on_deliver, self._on_accepted, self._on_late = on_deliver, on_accepted, on_late
        self._say, self._chance, self._timing = say, chance, timing or Timing()
        self._enquire = self._timing.enquire or float(channel.settings.enquire_seconds)
        self._pace, self._pacing = Pace(float(channel.settings.per_second)), threading.Lock()
        self._connection: Connection | None = None
        self._connections = 0
        self._lost: list[Callable[[int], None]] = []

    def on_lost(self, hear: Callable[[int], None]) -> None:
        """Have `hear(connection)` called when a connection has ended."""
        self._lost.append(hear)

    def run(self, stop: threading.Event) -> None:
        """Keep the link until `stop` is set; then unbind."""
        failures = 0
        while not stop.is_set():
            began, refused = time.monotonic(), False
            try:
                self._once(stop)
            except Refused as failed:
                refused = True
                self._say("bind_refused", str(failed))
            except (Lost, OSError) as failed:
                self._say("link_lost", str(failed) if isinstance(failed, Lost) else type(failed).__name__)
            failures = 0 if time.monotonic() - began > STEADY else failures + 1
            if not stop.is_set():
                stop.wait(rebind_pause(max(failures - 1, 0), self._chance(), refused=refused))

    def answer(self, connection: int, pdu: Pdu, status: int) -> bool:
        """Answer a deliver_sm on the connection that brought it; False where that is gone."""
        current = self._connection
        if current is None or current.number != connection:
            return False
        try:
            current.write(pdu.answer(status, b"\0"))
        except Lost:
            return False
        return True

    def quiet(self) -> float:
        """Seconds for which sending would only wait."""
        with self._pacing:
            return self._pace.wait(time.monotonic())

    def send(self, request: HttpRequest) -> HttpResponse:
        """Submit every segment in order; the answers so far, the first refusal last.

        Raises Unreachable when no segment left, OutcomeUnknown when one did whose answer did not come; 429 is answered
        when the pace or the window left no time for it. A segment that the centre was too busy for is tried again where
        one before it was taken, since half a text helps nobody.
        """
        segments, reference = from_lines(request.body), request.headers.get("reference", "")
        until = time.monotonic() + self._timing.send
        if not self.bound.wait(self._timing.send):
            raise Unreachable("the link is down")
        turn = self._places(len(segments), until)
        if turn is None:
            return self._too_slow()
        answers: list[Pdu] = []
        for index, segment in enumerate(segments):
            hears_late = reference if index + 1 == len(segments) else ""
            while True:
                try:
                    answer = self._submit(segment, turn, until, begun=bool(answers), reference=hears_late)
                except _NoTurn:
                    if answers:
                        raise OutcomeUnknown("no time was left for the next segment") from None
                    return self._too_slow()
                if answer.status not in THROTTLES or not answers:
                    break
            answers.append(answer)
            if answer.status:
                break
            turn += 1.0 / float(self.channel.settings.per_second)
            until += self._timing.answer if index == 0 else 0.0
        else:
            self._on_accepted([id_ for answer in answers if (id_ := read_id(answer.body))])
        return HttpResponse(200, {SEGMENTS: str(len(segments)), WAIT: f"{self.quiet():.3f}"}, to_lines(answers))

    def _too_slow(self) -> HttpResponse:
        return HttpResponse(429, {WAIT: f"{max(self.quiet(), BEAT):.3f}"})

    def _places(self, count: int, until: float) -> float | None:
        """When the first of so many segments may leave. Their places are taken together: begun texts are not held up."""
        with self._pacing:
            now = time.monotonic()
            return now + self._pace.turn(now, count) if now + self._pace.wait(now) <= until else None

    def _submit(self, segment: Pdu, turn: float, until: float, *, begun: bool, reference: str) -> Pdu:
        not_left = OutcomeUnknown if begun else Unreachable
        self._wait_for(turn, until)
        if not self.bound.wait(max(0.0, until - time.monotonic())):
            raise not_left("the link is down")
        connection = self._connection
        if connection is None:
            raise not_left("the link is down")
        if not connection.window.acquire(timeout=max(0.0, until - time.monotonic())):
            raise _NoTurn
        try:
            late = (lambda answer: self._late(reference, answer)) if reference else None
            answer = connection.ask(segment, self._timing.answer, late)
        except Unreachable:
            raise not_left("the link is down") from None
        finally:
            connection.window.release()
        with self._pacing:
            now = time.monotonic()
            self._pace.throttled(now) if answer.status in THROTTLES else self._pace.accepted(now)
        return answer

    def _wait_for(self, turn: float, until: float) -> None:
        """Wait until it is this segment's turn. Raises _NoTurn when that is too late."""
        while True:
            with self._pacing:
                now = time.monotonic()
                silence = self._pace.silence(now)
                if silence and turn < now + silence:
                    turn = now + self._pace.turn(now)  # after a silence everybody stands in the row anew
            if turn <= now:
                return
            if turn > until:
                raise _NoTurn
            time.sleep(turn - now)

    def _late(self, reference: str, answer: Pdu) -> None:
        id_ = read_id(answer.body)
        if not answer.status and id_:
            self._on_late(reference, id_)

    def _once(self, stop: threading.Event) -> None:
        """One connection from its beginning to its end. Raises Refused, Lost or OSError."""
        settings = self.channel.settings
        self._connections += 1
        connection = Connection(settings.host, int(settings.port), self._connections, int(settings.window))
        try:
            self._bind(connection, stop)
            self._connection = connection
            self.bound.set()
            self._say("bound", "")
            self._serve(connection, stop)
        finally:
            self.bound.clear()
            self._connection = None
            connection.close()
            for hear in self._lost:
                hear(connection.number)

    def _bind(self, connection: Connection, stop: threading.Event) -> None:
        settings = self.channel.settings
        connection.write(bind_transceiver(settings.system_id, settings.password, settings.system_type))
        until = time.monotonic() + self._timing.answer
        while not stop.is_set():
            if time.monotonic() > until:
                raise Lost("no answer to the bind")
            answer = connection.read(BEAT)
            if answer is None or not answer.answers(Command.BIND_TRANSCEIVER):
                continue
            if answer.status:
                raise Refused(f"0x{answer.status:02X}")
            return

    def _serve(self, connection: Connection, stop: threading.Event) -> None:
        asked: float | None = None
        while not stop.is_set():
            heard = connection.heard
            pdu = connection.read(BEAT)
            now = time.monotonic()
            if connection.heard > heard:
                asked = None
            if asked is None and now - connection.heard >= self._enquire:
                connection.write(Pdu(Command.ENQUIRE_LINK))
                asked = now
            if asked is not None and now - asked > self._timing.answer:
                raise Lost("the centre is silent")
            if pdu is not None:
                self._take(connection, pdu)
        self._unbind(connection)

    def _take(self, connection: Connection, pdu: Pdu) -> None:
        if pdu.command == Command.DELIVER_SM:
            self._on_deliver(connection.number, pdu)
        elif pdu.command == Command.ENQUIRE_LINK:
            connection.write(pdu.answer())
        elif pdu.command == Command.UNBIND:
            connection.write(pdu.answer())
            raise Lost("unbound by the centre")
        elif not pdu.is_answer and pdu.command != Command.ALERT_NOTIFICATION:
            connection.write(Pdu(Command.GENERIC_NACK, Status.INVALID_COMMAND, pdu.sequence))

    def _unbind(self, connection: Connection) -> None:
        """Say goodbye, once what is on its way has been answered or had its time."""
        until = time.monotonic() + self._timing.answer
        while connection.unanswered and time.monotonic() < until:
            if (pdu := connection.read(BEAT)) is not None:
                self._take(connection, pdu)
        connection.write(Pdu(Command.UNBIND))
        until = time.monotonic() + 2 * BEAT
        while time.monotonic() < until:
            pdu = connection.read(BEAT)
            if pdu is not None and pdu.answers(Command.UNBIND):
                return
