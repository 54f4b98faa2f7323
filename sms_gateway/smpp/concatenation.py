"""Long messages: the header that each part carries, and the whole that the parts make. PURE.

Three ways of saying "part 2 of 3" are read: the user data header with an 8-bit or a 16-bit reference (3GPP TS 23.040,
9.2.3.24.1 and 9.2.3.24.8), the `sar_*` parameters, and none at all with everything in `message_payload` (SMPP 3.4, 5.3.2).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sms_gateway.reading import clean
from sms_gateway.smpp.alphabet import Alphabet, read
from sms_gateway.smpp.pdu import Message, Tag

HAS_HEADER = 0x40
"""Bit of `esm_class`: the text begins with a user data header."""

MOST_SEGMENTS = 255
GAP = " … "
"""Stands where a part never came: the reader sees that something is missing."""

_SHORT_REFERENCE, _LONG_REFERENCE = 0x00, 0x08


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part belongs: which text of its sender, which of how many, counted from 1."""

    reference: int
    total: int
    number: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A message taken apart: its octets without the header, and its place in a longer text where it has one."""

    octets: bytes = field(repr=False)
    place: Place | None = None


def header(reference: int, total: int, number: int) -> bytes:
    """The user data header of one part, with an 8-bit reference: six octets."""
    return bytes((5, _SHORT_REFERENCE, 3, reference & 0xFF, total, number))


def piece(message: Message) -> Piece:
    """What a message carries, and where it belongs. A header that makes no sense is taken for none."""
    octets = message.octets
    if message.esm_class & HAS_HEADER and octets and len(octets) > octets[0]:
        elements, octets = octets[1 : octets[0] + 1], octets[octets[0] + 1 :]
        return Piece(octets, _from_header(elements) or _from_tlvs(message))
    return Piece(octets, _from_tlvs(message))


def group(message: Message) -> tuple[str, str, int, int] | None:
    """What the parts of one text have in common: sender, destination, reference, total; None for a text of one part."""
    place = piece(message).place
    return (message.source.value, message.destination.value, place.reference, place.total) if place else None


def complete(messages: Iterable[Message]) -> bool:
    """Whether every part of the text is here."""
    places = [place for message in messages if (place := piece(message).place)]
    return bool(places) and len({place.number for place in places}) == places[0].total


def wholes(messages: Sequence[Message]) -> list[list[Message]]:
    """Messages put together: each text's parts in order, texts in the order of their first part, repeats left out."""
    found: dict[object, dict[int, Message]] = {}
    for index, message in enumerate(messages):
        place = piece(message).place
        key: object = group(message) or index
        found.setdefault(key, {}).setdefault(place.number if place else 1, message)
    return [[parts[number] for number in sorted(parts)] for parts in found.values()]


def text(parts: Sequence[Message], alphabet: Alphabet) -> str | None:
    """The text of parts in order, a gap where one is missing; None where it is no text.

    Octets are joined before they are read: some handsets part a pair.
    """
    runs: list[tuple[int, bytes]] = []
    last = 0
    for message in parts:
        one = piece(message)
        number = one.place.number if one.place else 1
        if runs and number == last + 1 and runs[-1][0] == message.data_coding:
            runs[-1] = (message.data_coding, runs[-1][1] + one.octets)
        else:
            runs.append((message.data_coding, one.octets))
        last = number
    read_runs = [read(octets, coding, alphabet) for coding, octets in runs]
    texts = [one for one in read_runs if one is not None]
    if not texts:
        return None
    first, end = piece(parts[0]).place, piece(parts[-1]).place
    before = GAP if first and first.number > 1 else ""
    after = GAP if end and end.number < end.total else ""
    # runs part where a number is missing, or where the coding changes within one text
    joints = [GAP if _gap(parts, index) else "" for index in _borders(parts)]
    joined = texts[0] + "".join(joint + one for joint, one in zip(joints, texts[1:], strict=False))
    return clean(before.lstrip() + joined + after.rstrip())


def _borders(parts: Sequence[Message]) -> list[int]:
    """Indexes at which a new run begins."""
    return [
        index
        for index in range(1, len(parts))
        if _gap(parts, index) or parts[index].data_coding != parts[index - 1].data_coding
    ]


def _gap(parts: Sequence[Message], index: int) -> bool:
    before, here = piece(parts[index - 1]).place, piece(parts[index]).place
    return bool(before and here and here.number != before.number + 1)


def _from_header(elements: bytes) -> Place | None:
    at = 0
    while at + 2 <= len(elements):
        kind, length = elements[at], elements[at + 1]
        value = elements[at + 2 : at + 2 + length]
        if kind == _SHORT_REFERENCE and len(value) == 3:  # noqa: PLR2004  reference, total, number
            return _place(value[0], value[1], value[2])
        if kind == _LONG_REFERENCE and len(value) == 4:  # noqa: PLR2004  a reference of two octets
            return _place(int.from_bytes(value[:2], "big"), value[2], value[3])
        at += 2 + length
    return None


def _from_tlvs(message: Message) -> Place | None:
    reference, total, number = (message.number(tag) for tag in (Tag.SAR_REFERENCE, Tag.SAR_TOTAL, Tag.SAR_NUMBER))
    if reference is None or total is None or number is None:
        return None
    return _place(reference, total, number)


def _place(reference: int, total: int, number: int) -> Place | None:
    return Place(reference, total, number) if 1 < total <= MOST_SEGMENTS and 1 <= number <= total else None
