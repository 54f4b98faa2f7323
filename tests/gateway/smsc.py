"""A message centre for tests: takes binds, keeps texts, sends receipts and people's messages, and misbehaves when asked.

Its PDUs are read and written by another implementation than the gateway's (the `smpp34` package, in Rust), so that both
do not share one misunderstanding. Only frames and the PDUs without fields are done by hand here.
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Self

import smpp34

BIND, SUBMIT, DELIVER, UNBIND, ENQUIRE = 0x09, 0x04, 0x05, 0x06, 0x15
ANSWER = 0x80000000
DROP, SILENT, DROP_BEFORE = "drop", "silent", "drop before"
"""What may become of a submit besides an answer: taken, and the connection is cut instead of an answer; taken, and never
answered; cut without being taken."""

WITHIN = 30.0


@dataclass
class Submitted:
    """One segment that was taken, with the id it was given."""

    pdu: smpp34.SubmitSm
    id: str
    at: float
    tlvs: dict[int, bytes] = field(default_factory=dict)


@dataclass(eq=False)
class Session:
    """One connection of a client."""

    socket: socket.socket
    writing: threading.Lock = field(default_factory=threading.Lock)
    bound: bool = False
    closed: bool = False
    sequence: int = 0
    answers: dict[int, "list[int]"] = field(default_factory=dict)
    answered: threading.Condition = field(default_factory=threading.Condition)

    def write(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        with self.writing:
            self.socket.sendall(struct.pack(">IIII", 16 + len(body), command, status, sequence) + body)

    def close(self) -> None:
        self.closed = True
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        with self.answered:
            self.answered.notify_all()


class Smsc:
    """Listens on loopback. What it does is set by its attributes, which may change while it runs."""

    def __init__(self, *, system_id: str = "sahti", password: str = "secret") -> None:
        self.account = (system_id, password)
        self.next: list[int | str] = []
        """What becomes of the next submits: a status, DROP, SILENT; then what `usual` says."""
        self.usual: Callable[[], int | str] = lambda: 0
        self.delay = 0.0
        self.answers_enquire = True
        self.refuses_binds_with = 0
        self.receipts: str | None = None
        """None, `after` the answer or `before` it."""
        self.receipt_id: Callable[[str], str] = str
        self.receipt_says = "DELIVRD"
        self.taken: list[Submitted] = []
        self.refused = 0
        self.binds: list[tuple[str, str]] = []
        self.enquired = 0
        self.unbound = 0
        self.most_in_flight = 0
        self._in_flight = 0
        self._number = 0x1A00
        self._sessions: list[Session] = []
        self._changed = threading.Condition()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def wait(self, condition: Callable[[], object], seconds: float = WITHIN) -> None:
        """Until something is so; fails the test when it does not become so."""
        with self._changed:
            until = time.monotonic() + seconds
            while not condition():
                assert time.monotonic() < until, "this did not come about in time"
                self._changed.wait(0.02)

    def cut(self) -> None:
        """Cut every connection, as a network does."""
        for session in list(self._sessions):
            session.close()

    def texts(self) -> list[str]:
        """What a phone would show: the segments taken so far, each text put together."""
        texts: dict[tuple[str, int], list[tuple[int, bytes, int]]] = {}
        for index, one in enumerate(self.taken):
            octets, head = one.pdu.short_message, (0, 1, 1)
            if one.pdu.esm_class & 0x40:
                head, octets = (octets[3], octets[4], octets[5]), octets[6:]
            key = (one.pdu.destination_addr, head[0] if head[1] > 1 else 1000 + index)
            texts.setdefault(key, []).append((head[2], octets, one.pdu.data_coding))
        shown = []
        for segments in texts.values():
            ordered = sorted(segments)
            octets = b"".join(one[1] for one in ordered)
            shown.append(octets.decode("utf-16-be") if ordered[0][2] == 8 else gsm7(octets))
        return shown

    def deliver(self, text: bytes, *, sender: str = "212612345678", again: bool = True, **given: object) -> int:
        """Hand over a person's message; the status that the gateway answered. -1 when the connection went before that."""
        session = self.session()
        given.setdefault("source_addr_ton", 1)
        given.setdefault("source_addr_npi", 1)
        sequence = self._sequence(session)
        pdu = smpp34.DeliverSm(sender, "5010", text, sequence_number=sequence, **given)  # type: ignore[arg-type]
        return self._asked(session, sequence, pdu.encode())

    def session(self) -> Session:
        """The bound session."""
        self.wait(lambda: any(one.bound and not one.closed for one in self._sessions))
        return next(one for one in reversed(self._sessions) if one.bound and not one.closed)

    def receipt(
        self, id_: str, says: str = "DELIVRD", *, error: str = "000", tlvs: list[smpp34.Tlv] | None = None
    ) -> int:
        """Send a delivery receipt; the status that the gateway answered."""
        text = f"id:{id_} sub:001 dlvrd:001 submit date:2611221200 done date:2611221201 stat:{says} err:{error} text:x"
        return self.deliver(text.encode(), sender="212612345678", esm_class=0x04, tlvs=tlvs or [])

    def enquire(self) -> None:
        """Ask whether the client lives."""
        session = self.session()
        sequence = self._sequence(session)
        assert self._asked(session, sequence, struct.pack(">IIII", 16, ENQUIRE, 0, sequence)) == 0

    def raw(self, octets: bytes) -> None:
        """Write whatever these octets are."""
        self.session().socket.sendall(octets)

    def _sequence(self, session: Session) -> int:
        with session.answered:
            session.sequence += 1
            return session.sequence

    def _asked(self, session: Session, sequence: int, octets: bytes) -> int:
        with session.writing:
            session.socket.sendall(octets)
        with session.answered:
            until = time.monotonic() + WITHIN
            while sequence not in session.answers and not session.closed and time.monotonic() < until:
                session.answered.wait(0.05)
            return session.answers.get(sequence, [-1])[0]

    def _accept(self) -> None:
        while self._open:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            session = Session(connection)
            self._sessions.append(session)
            threading.Thread(target=self._serve, args=(session,), daemon=True).start()

    def _serve(self, session: Session) -> None:
        try:
            for octets in _frames(session.socket):
                self._take(session, octets)
        except OSError:
            pass
        finally:
            session.close()

    def _take(self, session: Session, octets: bytes) -> None:
        _, command, status, sequence = struct.unpack(">IIII", octets[:16])
        if command & ANSWER:
            with session.answered:
                session.answers[sequence] = [status]
                session.answered.notify_all()
        elif command == BIND:
            system_id, password = (part.decode() for part in octets[16:].split(b"\0")[:2])
            self._bind(session, sequence, (system_id, password))
        elif command == ENQUIRE:
            self.enquired += 1
            if self.answers_enquire:
                session.write(ENQUIRE | ANSWER, 0, sequence)
        elif command == UNBIND:
            self.unbound += 1
            session.write(UNBIND | ANSWER, 0, sequence)
            session.close()
        elif command == SUBMIT:
            pdu = smpp34.decode(octets)
            assert isinstance(pdu, smpp34.SubmitSm)
            with self._changed:
                self._in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self._in_flight)
                behaviour = self.next.pop(0) if self.next else self.usual()
                one = self._kept(pdu, behaviour)
            if self.delay:
                threading.Timer(self.delay, self._answer, (session, sequence, behaviour, one)).start()
            else:
                self._answer(session, sequence, behaviour, one)

    def _bind(self, session: Session, sequence: int, account: tuple[str, str]) -> None:
        status = self.refuses_binds_with or (0 if account == self.account else 0x0E)
        session.write(BIND | ANSWER, status, sequence, b"" if status else b"centre\0")
        session.bound = not status
        with self._changed:
            self.binds.append(account)
            self._changed.notify_all()

    def _kept(self, pdu: smpp34.SubmitSm, behaviour: int | str) -> Submitted | None:
        if (isinstance(behaviour, int) and behaviour) or behaviour == DROP_BEFORE:
            self.refused += 1
            return None
        self._number += 1
        one = Submitted(pdu, f"{self._number:X}", time.monotonic(), {tlv.tag: bytes(tlv.value) for tlv in pdu.tlvs})
        self.taken.append(one)
        self._changed.notify_all()
        return one

    def _answer(self, session: Session, sequence: int, behaviour: int | str, one: Submitted | None) -> None:
        with self._changed:
            self._in_flight -= 1
        if behaviour in {DROP, DROP_BEFORE}:
            session.close()
            return
        if behaviour == SILENT:
            return
        with contextlib.suppress(OSError):
            if one and self.receipts == "before" and one.pdu.registered_delivery:
                self._send_receipt(session, one)
            session.write(SUBMIT | ANSWER, int(behaviour), sequence, one.id.encode() + b"\0" if one else b"")
            if one and self.receipts == "after" and one.pdu.registered_delivery:
                self._send_receipt(session, one)

    def _send_receipt(self, session: Session, one: Submitted) -> None:
        text = f"id:{self.receipt_id(one.id)} sub:001 dlvrd:001 submit date:2611221200 done date:2611221201"
        text += f" stat:{self.receipt_says} err:000 text:"
        sequence = self._sequence(session)
        pdu = smpp34.DeliverSm(one.pdu.destination_addr, "5010", text.encode(), esm_class=4, sequence_number=sequence)
        with session.writing:
            session.socket.sendall(pdu.encode())


def _frames(connection: socket.socket) -> Iterator[bytes]:
    buffer = b""
    while True:
        while len(buffer) >= 4 and len(buffer) >= (size := int.from_bytes(buffer[:4], "big")):
            yield buffer[:size]
            buffer = buffer[size:]
        received = connection.recv(65536)
        if not received:
            return
        buffer += received


def gsm7(octets: bytes) -> str:
    """Unpacked GSM 7-bit as a phone shows it; only the letters that the tests use."""
    letters = {0: "@", 2: "$", 4: "è", 5: "é", 6: "ù", 8: "ò", 10: "\n", 0x7F: "à", 0x40: "¡", 0x11: "_"}
    text, escaped = "", False
    for octet in octets:
        if escaped:
            text += {0x65: "€", 0x28: "{", 0x29: "}"}[octet]
            escaped = False
        elif octet == 0x1B:
            escaped = True
        else:
            text += letters.get(octet) or chr(octet)
    return text
