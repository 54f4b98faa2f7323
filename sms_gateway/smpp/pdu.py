"""SMPP 3.4 protocol data units: octets in, values out, and back. PURE.

Numbers and field orders are those of the SMPP Protocol Specification v3.4, issue 1.2: sections 3 (header), 4 (bodies) and 5
(fields, optional parameters). Only what a client that binds as a transceiver says and hears is here; docs/adr/0014-smpp.md
says why no library does it.

Where a PDU travels as a request or answer of a channel it is one line of hexadecimal: see `to_lines`.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from sms_gateway.errors import MalformedRequest
from sms_gateway.reading import MAX_BODY

LARGEST = 70_000
"""Octets of one PDU: `message_payload` may hold 65,535. A longer length says that the stream is out of step."""

LONGEST_SHORT_MESSAGE = 254
"""Octets: its length is one octet, of which 255 is reserved (5.2.21). What is longer goes as `message_payload`."""

LAST_SEQUENCE = 0x7FFFFFFF

_HEADER = struct.Struct(">IIII")
_TLV = struct.Struct(">HH")
_ANSWER = 0x80000000


class Command(IntEnum):
    """What a PDU asks for. The answer to it has the highest bit set."""

    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15
    ALERT_NOTIFICATION = 0x102
    GENERIC_NACK = 0x80000000


class Status(IntEnum):
    """Values of `command_status` that this house says or tells apart."""

    OK = 0x00
    INVALID_COMMAND = 0x03
    NOT_BOUND = 0x04
    ALREADY_BOUND = 0x05
    SYSTEM_ERROR = 0x08
    INVALID_SOURCE = 0x0A
    INVALID_DESTINATION = 0x0B
    BIND_FAILED = 0x0D
    INVALID_PASSWORD = 0x0E
    INVALID_SYSTEM_ID = 0x0F
    QUEUE_FULL = 0x14
    INVALID_SERVICE_TYPE = 0x15
    SUBMIT_FAILED = 0x45
    THROTTLED = 0x58
    COME_AGAIN = 0x64
    NEVER_AGAIN = 0x65


class Tag(IntEnum):
    """Optional parameters that are read or written."""

    RECEIPTED_MESSAGE_ID = 0x001E
    USER_MESSAGE_REFERENCE = 0x0204
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427
    USSD_SERVICE_OP = 0x0501
    ITS_SESSION_INFO = 0x1383


@dataclass(frozen=True, slots=True)
class Pdu:
    """One unit: its header and its body as it travels. `repr` hides the body: it holds passwords, numbers and texts."""

    command: int
    status: int = 0
    sequence: int = 0
    body: bytes = field(default=b"", repr=False)

    @property
    def is_answer(self) -> bool:
        return bool(self.command & _ANSWER)

    def encode(self) -> bytes:
        return _HEADER.pack(_HEADER.size + len(self.body), self.command, self.status, self.sequence) + self.body

    def answer(self, status: int = 0, body: bytes = b"") -> "Pdu":
        """The answer to this request, under its own sequence number."""
        return Pdu(self.command | _ANSWER, status, self.sequence, body)

    def answers(self, command: Command) -> bool:
        """Whether this is the answer to a request of that kind, or the refusal of any."""
        return self.command in {command | _ANSWER, Command.GENERIC_NACK}


@dataclass(frozen=True, slots=True)
class Address:
    """A number or name with its type of number and numbering plan (SMPP 5.2.5, 5.2.6)."""

    value: str = field(repr=False)
    ton: int = 0
    npi: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """The body of submit_sm and deliver_sm, whose fields are the same."""

    source: Address
    destination: Address
    short_message: bytes = field(default=b"", repr=False)
    data_coding: int = 0
    esm_class: int = 0
    registered_delivery: int = 0
    service_type: str = ""
    tlvs: Mapping[int, bytes] = field(default_factory=dict, repr=False)

    @property
    def octets(self) -> bytes:
        """What was written, header included: the short message, or the payload where that is used instead."""
        return self.short_message or self.tlvs.get(Tag.MESSAGE_PAYLOAD, b"")

    def number(self, tag: Tag) -> int | None:
        """An optional parameter that is a number; None where it is absent."""
        value = self.tlvs.get(tag)
        return int.from_bytes(value, "big") if value else None

    def encode(self) -> bytes:
        """Raises ValueError for a field that is longer than SMPP allows."""
        if len(self.short_message) > LONGEST_SHORT_MESSAGE:
            raise ValueError("more than 254 octets in one short message")
        return b"".join(
            (
                _c_octets(self.service_type, 5),
                _address(self.source),
                _address(self.destination),
                bytes((self.esm_class, 0, 0)),  # esm_class, protocol_id, priority_flag
                b"\0\0",  # schedule_delivery_time, validity_period: now, and the centre's own default
                bytes((self.registered_delivery, 0, self.data_coding, 0, len(self.short_message))),
                self.short_message,
                *(_TLV.pack(tag, len(value)) + value for tag, value in self.tlvs.items()),
            )
        )


class _Reader:
    """Takes fields off the front of a body. Raises MalformedRequest where it ends too early."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def number(self) -> int:
        return self.octets(1)[0]

    def octets(self, count: int) -> bytes:
        taken = self._body[self._at : self._at + count]
        if len(taken) < count:
            raise MalformedRequest("the PDU ends too early")
        self._at += count
        return taken

    def string(self, most: int) -> str:
        end = self._body.find(b"\0", self._at, self._at + most + 1)
        if end < 0:
            raise MalformedRequest("a field of the PDU has no end")
        taken = self._body[self._at : end]
        self._at = end + 1
        return taken.decode("latin-1")

    def tlvs(self) -> dict[int, bytes]:
        """What is left as optional parameters; a broken tail is passed over, as some centres pad their PDUs."""
        found: dict[int, bytes] = {}
        while len(self._body) - self._at >= _TLV.size:
            tag, length = _TLV.unpack_from(self._body, self._at)
            value = self._body[self._at + _TLV.size : self._at + _TLV.size + length]
            if len(value) < length:
                break
            found.setdefault(tag, value)
            self._at += _TLV.size + length
        return found


def read_message(body: bytes) -> Message:
    """The body of a submit_sm or deliver_sm. Raises MalformedRequest."""
    reader = _Reader(body)
    service_type = reader.string(6)
    source = _read_address(reader)
    destination = _read_address(reader)
    esm_class = reader.octets(3)[0]
    _ = reader.string(17), reader.string(17)
    registered_delivery, _, data_coding, _ = reader.octets(4)
    short_message = reader.octets(reader.number())
    return Message(
        source, destination, short_message, data_coding, esm_class, registered_delivery, service_type, reader.tlvs()
    )


def read_id(body: bytes) -> str | None:
    """The message's id in the body of a submit_sm_resp; None where there is none or it is no id."""
    given = body.partition(b"\0")[0].decode("latin-1").strip()
    return given if given and given.isascii() and given.isprintable() and len(given) <= 65 else None  # noqa: PLR2004  SMPP 4.4.2


def bind_transceiver(system_id: str, password: str, system_type: str) -> Pdu:
    """The request that opens a session in both directions, in SMPP 3.4 (0x34), for any number."""
    body = _c_octets(system_id, 15) + _c_octets(password, 8) + _c_octets(system_type, 12) + b"\x34\0\0\0"
    return Pdu(Command.BIND_TRANSCEIVER, body=body)


def take(buffer: bytearray) -> Pdu | None:
    """The first whole PDU, taken off the front of what was received; None until it is whole.

    Raises MalformedRequest when the stream is out of step: then nothing that follows can be trusted.
    """
    if len(buffer) < _HEADER.size:
        return None
    length, command, status, sequence = _HEADER.unpack_from(buffer)
    if not _HEADER.size <= length <= LARGEST:
        raise MalformedRequest("a PDU of this length does not exist")
    if len(buffer) < length:
        return None
    body = bytes(buffer[_HEADER.size : length])
    del buffer[:length]
    return Pdu(command, status, sequence, body)


def to_lines(pdus: Iterable[Pdu]) -> bytes:
    """PDUs as the body of a request: hexadecimal, one a line, so that people and JSON can carry them."""
    return "\n".join(pdu.encode().hex() for pdu in pdus).encode()


def from_lines(body: bytes) -> list[Pdu]:
    """What `to_lines` wrote. Raises MalformedRequest."""
    if len(body) > MAX_BODY:
        raise MalformedRequest("the body is too large")
    found: list[Pdu] = []
    for line in body.split():
        try:
            buffer = bytearray.fromhex(line.decode("ascii"))
        except ValueError:
            raise MalformedRequest("the body is not PDUs in hexadecimal") from None
        pdu = take(buffer)
        if pdu is None or buffer:
            raise MalformedRequest("a line is not one PDU")
        found.append(pdu)
    if not found:
        raise MalformedRequest("the body holds no PDU")
    return found


def _c_octets(value: str, most: int) -> bytes:
    octets = value.encode("latin-1", "strict")
    if len(octets) > most or 0 in octets:
        raise ValueError(f"more than {most} characters")
    return octets + b"\0"


def _address(address: Address) -> bytes:
    return bytes((address.ton, address.npi)) + _c_octets(address.value, 20)


def _read_address(reader: _Reader) -> Address:
    ton, npi = reader.number(), reader.number()
    return Address(reader.string(21), ton, npi)
