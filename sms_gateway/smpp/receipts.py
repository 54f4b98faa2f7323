"""Delivery receipts: what a centre says became of a message, and under which of its two names. PURE.

A receipt is a deliver_sm whose `esm_class` says so (SMPP 3.4, 5.2.12). Its text is the vendors' habit (appendix B of the same),
its optional parameters the standard. The id is often written in hexadecimal in the answer to the send and in decimal in
the receipt, or the other way round.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sms_gateway.reading import MAX_ID
from sms_gateway.smpp.pdu import Message, Tag
from sms_gateway.types import Status

_KINDS = 0x3C
"""Bits of `esm_class` that say what a deliver_sm is."""
RECEIPT, ACKNOWLEDGEMENT, INTERMEDIATE = 0x04, 0x08, 0x20

STATES = {
    0: "SCHEDULED", 1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN",
    8: "REJECTD",
}  # fmt: skip
"""`message_state` (5.2.28; 0 is of SMPP 5.0) as the words of a receipt's text."""

STATUS = {
    "SCHEDULED": Status.SENT,
    "ENROUTE": Status.SENT,
    "ACCEPTD": Status.SENT,
    "DELIVRD": Status.DELIVERED,
    "EXPIRED": Status.FAILED,
    "DELETED": Status.FAILED,
    "UNDELIV": Status.FAILED,
    "REJECTD": Status.FAILED,
    "UNKNOWN": Status.UNKNOWN,
}

_FIELD = re.compile(r"\b(id|stat|err):\s*([^\s:]+)", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message, by the id that the centre uses here; `code` is its word or number for a failure."""

    id: str
    status: Status
    code: str | None = None


def is_receipt(message: Message) -> bool:
    """Whether this deliver_sm speaks of a message of ours, rather than being one of a person's."""
    kind = message.esm_class & _KINDS
    told = Tag.RECEIPTED_MESSAGE_ID in message.tlvs and Tag.MESSAGE_STATE in message.tlvs
    return kind in {RECEIPT, ACKNOWLEDGEMENT, INTERMEDIATE} or told


def read_receipt(message: Message) -> Receipt | None:
    """The receipt; None where it names no message. An unknown word for the state is kept as the code."""
    said = {name.lower(): value for name, value in reversed(_FIELD.findall(message.octets.decode("latin-1")))}
    named = message.tlvs.get(Tag.RECEIPTED_MESSAGE_ID, b"").partition(b"\0")[0].decode("latin-1").strip()
    id_ = named or said.get("id", "")
    if not id_ or len(id_) > MAX_ID or not (id_.isascii() and id_.isprintable()):
        return None
    state = message.number(Tag.MESSAGE_STATE)
    word = (said.get("stat") or STATES.get(-1 if state is None else state, "")).upper() or f"state-{state}"
    status = STATUS.get(word, Status.UNKNOWN)
    if message.esm_class & _KINDS == INTERMEDIATE and status is not Status.DELIVERED:
        status = Status.SENT  # on its way: whatever it says is not the end
    return Receipt(id_, status, _code(word, said.get("err", ""), status))


def _code(word: str, error: str, status: Status) -> str | None:
    if status not in {Status.FAILED, Status.UNKNOWN}:
        return None
    code = f"{word}-{error}" if error.strip("0") else word
    return code if _CODE.fullmatch(code) else None


def other_names(id_: str) -> tuple[str, ...]:
    """The same id as the other side may write it: a decimal number in hexadecimal and the other way round."""
    found: list[str] = []
    if id_.isdigit():
        plain = f"{int(id_):x}"
        found += [plain, plain.upper(), plain.zfill(8), plain.zfill(8).upper(), str(int(id_))]
    if re.fullmatch(r"(0[xX])?[0-9A-Fa-f]{1,16}", id_):
        value = int(id_, 16)
        found += [str(value), str(value).zfill(10), f"{value:x}", f"{value:X}"]
    return tuple(dict.fromkeys(name for name in found if name != id_))


def names(id_: str, *, other_form: bool) -> tuple[str, ...]:
    """Every name of a message whose receipt says this id, the likelier first."""
    return (*other_names(id_), id_) if other_form else (id_, *other_names(id_))


class Sent:
    """Which segments make up which message: it is delivered when all of them are, failed when one is.

    Remembers the last `most` messages of several segments. What is forgotten, a restart included, is known by its last
    segment alone, whose id is the message's own.
    """

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._whole_of: dict[str, str] = {}
        self._segments_of: dict[str, tuple[str, ...]] = {}
        self._delivered: dict[str, set[str]] = {}
        self._early: dict[str, Receipt] = {}

    def accepted(self, ids: Iterable[str]) -> Receipt | None:
        """A message went out under these ids, in order. What receipts that came before said of it, if that is enough."""
        segments = tuple(dict.fromkeys(ids))
        if len(segments) < 2:  # noqa: PLR2004  one segment is its own whole
            return None
        whole = segments[-1]
        self._segments_of[whole] = segments
        self._delivered[whole] = set()
        self._whole_of.update(dict.fromkeys(segments, whole))
        while len(self._segments_of) > self._most:
            self._forget(next(iter(self._segments_of)))
        early = [self._early[name] for id_ in segments for name in (id_, *other_names(id_)) if name in self._early]
        said = [self.whole(receipt) for receipt in early if whole in self._segments_of]
        return next((receipt for receipt in reversed(said) if receipt is not None), None)

    def whole(self, receipt: Receipt, *, other_form: bool = False) -> Receipt | None:
        """What this receipt says of the whole message; None where others are still to come.

        `other_form`: this centre is known to write ids otherwise in its receipts.
        """
        segment = next((name for name in names(receipt.id, other_form=other_form) if name in self._whole_of), None)
        if segment is None:
            self._early[receipt.id] = receipt
            if len(self._early) > self._most:
                del self._early[next(iter(self._early))]
            return receipt
        whole = self._whole_of[segment]
        if receipt.status is Status.DELIVERED:
            self._delivered[whole].add(segment)
            if len(self._delivered[whole]) < len(self._segments_of[whole]):
                return None
        if receipt.status in {Status.DELIVERED, Status.FAILED}:
            self._forget(whole)
        elif segment != whole:
            return None
        return Receipt(whole, receipt.status, receipt.code)

    def _forget(self, whole: str) -> None:
        self._delivered.pop(whole, None)
        for segment in self._segments_of.pop(whole, ()):
            self._whole_of.pop(segment, None)
