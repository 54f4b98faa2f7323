"""USSD over SMPP: which hop a deliver_sm is, and the parameters of the submit_sm that answers it. PURE.

`ussd_service_op` (0x0501) says what is asked; its values are as gateways use them (docs/channels.md): 1 a person begins, 2 we
ask, 17 we end, 18 a person answers. The session is named by `its_session_info` (0x1383: session number, then sequence
and end bit; SMPP 3.4, 5.3.2.43) or, where that is absent, by `user_message_reference` (0x0204).
"""

import hashlib
import hmac

from sms_gateway.smpp.pdu import Message, Tag
from sms_gateway.types import DialogSession, HttpResponse, Part

BEGINS, BEGINS_PROCESS, ASKS, ENDS, ANSWERS = 1, 0, 2, 17, 18
TAGS = (Tag.USSD_SERVICE_OP, Tag.ITS_SESSION_INFO, Tag.USER_MESSAGE_REFERENCE)

OP = "ussd-service-op"
"""Header of an answer to a hop: the operation that shows its page."""

END_BIT = 1


def answer(page: Part | None) -> HttpResponse:
    """The page as the answer to a hop; without one the session ends with an empty screen."""
    op = ASKS if page is not None and not page.end else ENDS
    text = page.text if page is not None else ""
    return HttpResponse(200, {OP: str(op)}, text.encode("utf-8", "replace"))


def text_of(response: HttpResponse) -> str:
    return response.body.decode("utf-8", "replace")


def awaits(message: Message) -> bool:
    """Whether a page must follow this hop. A deliver_sm without the parameter is taken for a hop."""
    return _op(message) in {BEGINS, BEGINS_PROCESS, ANSWERS, None} and not _ended(message)


def session(message: Message, key: bytes) -> DialogSession:
    """The session of a hop. Its id is a keyed hash: session numbers are small and reused, so it stands on the number too."""
    info, reference = message.tlvs.get(Tag.ITS_SESSION_INFO, b""), message.tlvs.get(Tag.USER_MESSAGE_REFERENCE, b"")
    facts = (message.source.value, message.destination.value, info[:1].hex() or reference.hex())
    id_ = hmac.new(key, repr(facts).encode(), hashlib.sha256).hexdigest()[:32]
    return DialogSession(id_, new=_op(message) in {BEGINS, BEGINS_PROCESS}, ended=not awaits(message))


def answer_tlvs(hop: Message, response: HttpResponse) -> dict[int, bytes]:
    """What ties the page to its session."""
    ends = response.headers.get(OP) != str(ASKS)
    tlvs: dict[int, bytes] = {Tag.USSD_SERVICE_OP: bytes((ENDS if ends else ASKS,))}
    info = hop.tlvs.get(Tag.ITS_SESSION_INFO)
    if info is not None and len(info) == 2:  # noqa: PLR2004  session number, then sequence and end bit
        tlvs[Tag.ITS_SESSION_INFO] = bytes((info[0], info[1] & ~END_BIT | (END_BIT if ends else 0)))
    if Tag.USER_MESSAGE_REFERENCE in hop.tlvs:
        tlvs[Tag.USER_MESSAGE_REFERENCE] = hop.tlvs[Tag.USER_MESSAGE_REFERENCE]
    return tlvs


def _op(message: Message) -> int | None:
    return message.number(Tag.USSD_SERVICE_OP)


def _ended(message: Message) -> bool:
    info = message.tlvs.get(Tag.ITS_SESSION_INFO, b"")
    return len(info) == 2 and bool(info[1] & END_BIT)  # noqa: PLR2004  session number, then sequence and end bit
