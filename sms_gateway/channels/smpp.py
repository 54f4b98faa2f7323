"""SMPP 3.4: an operator's short code or sender, for SMS or for USSD. PURE.

In:   deliver_sm. A person's message, a delivery receipt, or a hop of a USSD session; never HTTP: `verify` refuses whatever
      does not come over the link, which writes it as a request to `smpp://<channel>/…` with one PDU a line.
Out:  submit_sm, one a segment, as lines of a request to `smpp://<channel>`. The process `sahti smpp` holds the connection
      (sms_gateway/smpp/link.py) and hands back the submit_sm_resp PDUs in the same way.

Fields and status codes: SMPP Protocol Specification v3.4, issue 1.2, sections 4.4, 4.6 and 5.1.3. What the values of
`ussd_service_op` mean there is for the vendors to say (5.3.2.44); those that gateways agree on are used.

A message of a person has no id in SMPP. Its `external_id` is a keyed hash of sender, destination, the octets and
references of all parts, and the millisecond in which it first came. The link keeps that moment for a repeat of which it
cannot know that the answer arrived (sms_gateway/smpp/repeats.py), so that a repeat has one effect and a second "1" is a
second "1".
"""

import hashlib
import hmac
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sms_gateway.answers import refusal
from sms_gateway.channel import Capabilities
from sms_gateway.errors import (
    ChannelError,
    ForbiddenRequest,
    InvalidUrn,
    MalformedRequest,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unreachable,
)
from sms_gateway.msisdn import e164, may_sms
from sms_gateway.reading import clean
from sms_gateway.settings import read_settings
from sms_gateway.smpp import concatenation, receipts, ussd
from sms_gateway.smpp.alphabet import Alphabet, written
from sms_gateway.smpp.pdu import (
    LONGEST_SHORT_MESSAGE,
    Address,
    Command,
    Message,
    Pdu,
    Status,
    Tag,
    from_lines,
    read_id,
    read_message,
    to_lines,
)
from sms_gateway.types import Accepted, DeliveryReport, HttpRequest, HttpResponse, Inbound, Media, Outbound, Part, Urn

SCHEME = "smpp"
METHOD = "POST"
RECEIVED, MESSAGE_ID, SEGMENTS, WAIT = "received", "message-id", "segments", "retry-after"
"""Headers of what the link hands over: when a message first came (seconds since the epoch), the id under which a receipt's message is known,
how many answers belong to a send, seconds to wait."""

ERRORS: dict[int, type[ChannelError]] = {
    Status.INVALID_COMMAND: Misconfigured,
    Status.NOT_BOUND: Unreachable,
    Status.SYSTEM_ERROR: Unreachable,
    Status.INVALID_SOURCE: Misconfigured,
    Status.INVALID_DESTINATION: InvalidUrn,
    Status.BIND_FAILED: Misconfigured,
    Status.INVALID_PASSWORD: Misconfigured,
    Status.INVALID_SYSTEM_ID: Misconfigured,
    Status.QUEUE_FULL: Throttled,
    Status.INVALID_SERVICE_TYPE: Misconfigured,
    0x48: Misconfigured,  # source TON
    0x49: Misconfigured,  # source NPI
    Status.THROTTLED: Throttled,
    Status.COME_AGAIN: Unreachable,
}
"""A refusal says that the message was not taken. What is not named here (0x45 among it, whose meaning is the operator's)
is refused for good and its code kept."""

PAGE_GSM7, PAGE_UCS2 = 160, 70
"""Characters of a USSD page: the standard's 160 octets hold more, handsets and gateways often less."""

LONGEST_SENDER = 20
ALPHANUMERIC, SHORT_CODE, INTERNATIONAL, ISDN = 5, 3, 1, 1
SHORT_CODE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class SmppSettings:
    """What the operator's sheet says. `alphabet` is what their data_coding 0 means; `per_second` counts segments."""

    host: str
    port: str
    system_id: str = field(repr=False)
    password: str = field(repr=False)
    sender: str
    system_type: str = ""
    service: str = field(default="sms", metadata={"choices": ("sms", "ussd")})
    alphabet: str = field(default="gsm7", metadata={"choices": ("gsm7", "latin1")})
    sender_ton: str = ""
    sender_npi: str = ""
    window: str = "10"
    enquire_seconds: str = "30"
    per_second: str = "10"
    reports: str = field(default="yes", metadata={"choices": ("yes", "no")})

    def problems(self) -> Iterable[str]:
        # sizes of SMPP 3.4 4.1.5; the centre compares what arrives, so a cut password would only be refused
        for name, most in (("system_id", 15), ("password", 8), ("system_type", 12), ("sender", LONGEST_SENDER)):
            value = getattr(self, name)
            if len(value) > most or not value.isascii() or not value.isprintable():
                yield f"{name}: at most {most} plain characters"
        for name, least, most in (("port", 1, 65535), ("window", 1, 10), ("enquire_seconds", 30, 60)):
            if not _whole(getattr(self, name), least, most):
                yield f"{name}: a number from {least} to {most}"
        for name in ("sender_ton", "sender_npi"):
            if getattr(self, name) and not _whole(getattr(self, name), 0, 18):
                yield f"{name}: a number from 0 to 18"
        if not _rate(self.per_second):
            yield "per_second: a number above 0, at most 1000"


class Smpp:
    """One bind with one operator, configured by SmppSettings."""

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = read_settings(SmppSettings, config)
        self.alphabet: Alphabet = "latin1" if self.settings.alphabet == "latin1" else "gsm7"
        self.on_ussd = self.settings.service == "ussd"
        self.capabilities = Capabilities(
            medium=self.settings.service,
            inline_reply=self.on_ussd,
            max_parts=1 if self.on_ussd else 10,
            max_units=PAGE_GSM7 if self.on_ussd else 1600,
            page_gsm7=PAGE_GSM7 if self.on_ussd else None,
            page_ucs2=PAGE_UCS2 if self.on_ussd else None,
            tifinagh=not self.on_ussd,
            delivery_reports=self.settings.reports == "yes" and not self.on_ussd,
            per_second=float(self.settings.per_second),
            own_process=True,
        )
        self._key = f"{self.settings.system_id}:{self.settings.password}".encode()
        self._source = _source(self.settings)

    def __repr__(self) -> str:
        return f"Smpp({self.name!r}, {self.settings.service})"

    def verify(self, request: HttpRequest) -> None:
        """Only the link may pass: our public address is http or https, so no webhook can claim its scheme."""
        if not request.url.startswith(f"{SCHEME}://{self.name}/") or request.method != METHOD:
            raise ForbiddenRequest("this channel has no webhook")

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (there is no webhook to check)
        return None

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        """People's messages, parts put together. Raises MalformedRequest when there are some and none can be read."""
        delivered = [message for message in self._delivered(request) if not receipts.is_receipt(message)]
        moment = request.headers.get(RECEIVED, "")
        good: list[Inbound] = []
        bad: MalformedRequest | None = None
        for whole in concatenation.wholes(delivered):
            try:
                good.append(self._inbound(whole, moment))
            except MalformedRequest as malformed:
                bad = malformed
        if bad and not good:
            raise bad
        return good

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        known_as = request.headers.get(MESSAGE_ID)
        found = [receipts.read_receipt(one) for one in self._delivered(request) if receipts.is_receipt(one)]
        read = [receipt for receipt in found if receipt is not None]
        if found and not read:
            raise MalformedRequest("the receipt names no message")
        return [DeliveryReport(known_as or receipt.id, receipt.status, receipt.code) for receipt in read]

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """Nothing for an SMS, which is answered by deliver_sm_resp; for a hop its page. Raises ValueError for more."""
        if len(replies) > (1 if self.on_ussd else 0):
            raise ValueError("more replies than this answer can carry")
        return ussd.answer(replies[0] if replies else None) if self.on_ussd else HttpResponse(200)

    def build_send(self, message: Outbound) -> HttpRequest:
        """All segments of the text, in order. Raises also Rejected for one of more than 255 segments."""
        if self.on_ussd:
            raise Misconfigured("USSD answers; it cannot begin")
        if message.urn.scheme != "tel" or not may_sms(message.urn.path):
            raise InvalidUrn
        coding, segments = written(clean(message.part.text), self.alphabet)
        if len(segments) > concatenation.MOST_SEGMENTS:
            raise Rejected("the text is too long", code="too_long")
        reference = hashlib.sha256(message.reference.encode()).digest()[0]
        pdus = []
        for number, segment in enumerate(segments, 1):
            several = len(segments) > 1
            head = concatenation.header(reference, len(segments), number) if several else b""
            one = Message(
                source=self._source,
                destination=Address(message.urn.path.removeprefix("+"), INTERNATIONAL, ISDN),
                short_message=head + segment,
                data_coding=coding,
                esm_class=concatenation.HAS_HEADER if several else 0,
                registered_delivery=1 if self.capabilities.delivery_reports else 0,
            )
            pdus.append(Pdu(Command.SUBMIT_SM, body=one.encode()))
        headers = {SEGMENTS: str(len(pdus)), "reference": message.reference}
        return HttpRequest(METHOD, f"{SCHEME}://{self.name}", headers, to_lines(pdus))

    def read_send(self, response: HttpResponse) -> Accepted:
        """Taken when every segment was; the id is that of the last. OutcomeUnknown when some were and others not."""
        if response.status != 200:  # noqa: PLR2004  the link's own word for "answered"
            raise refusal(response, None, {})
        try:
            answers = from_lines(response.body)
        except MalformedRequest:
            raise OutcomeUnknown("the answers cannot be read") from None
        if any(not answer.answers(Command.SUBMIT_SM) for answer in answers):
            raise OutcomeUnknown("answers to something else")
        refused = next((answer for answer in answers if answer.status), None)
        taken = sum(1 for answer in answers if not answer.status)
        if refused is not None and not taken:
            raise _error(refused, response)
        if refused is not None or taken != int(_digits(response.headers.get(SEGMENTS, "")) or taken):
            raise OutcomeUnknown("some segments were taken", code=_code(refused) if refused else None)
        return Accepted(read_id(answers[-1].body))

    def fingerprint(self, request: HttpRequest) -> str:
        """The same for messages that cannot be told apart by anything but when they came; it shows nothing of them."""
        digest = hmac.new(self._key, digestmod=hashlib.sha256)
        for message in self._delivered(request):
            place = concatenation.piece(message).place
            session = sorted((tag, message.tlvs[tag]) for tag in ussd.TAGS if tag in message.tlvs)
            facts = (message.source.value, message.destination.value, message.data_coding, place, session)
            digest.update(repr(facts).encode() + message.octets)
        return digest.hexdigest()[:32]

    def page(self, request: HttpRequest, response: HttpResponse) -> HttpRequest | None:
        """The submit_sm that shows the page of this answer in the session of that hop; None where none is awaited."""
        hops = [message for message in self._delivered(request) if ussd.awaits(message)]
        return self._page(hops[-1], response) if hops and self.on_ussd else None

    def _page(self, hop: Message, response: HttpResponse) -> HttpRequest:
        coding, segments = written(clean(ussd.text_of(response)), self.alphabet)
        octets, tlvs = b"".join(segments), ussd.answer_tlvs(hop, response)
        if len(octets) > LONGEST_SHORT_MESSAGE:
            octets, tlvs = b"", tlvs | {Tag.MESSAGE_PAYLOAD: octets}
        page = Message(
            source=hop.destination,
            destination=hop.source,
            short_message=octets,
            data_coding=coding,
            service_type="USSD",
            tlvs=tlvs,
        )
        body = to_lines([Pdu(Command.SUBMIT_SM, body=page.encode())])
        return HttpRequest(METHOD, f"{SCHEME}://{self.name}", {SEGMENTS: "1"}, body)

    def _delivered(self, request: HttpRequest) -> list[Message]:
        return [read_message(pdu.body) for pdu in from_lines(request.body) if pdu.command == Command.DELIVER_SM]

    def _inbound(self, whole: Sequence[Message], moment: str) -> Inbound:
        first = whole[0]
        number = _number(first.source)
        if number is None:
            raise MalformedRequest("the sender is not a number")
        session = ussd.session(first, self._key) if self.on_ussd else None
        text = concatenation.text(whole, self.alphabet)
        if session is not None and (session.new or session.ended):
            text = ""  # the code that was dialled, or a notice: nobody typed it as an answer
        request = HttpRequest(METHOD, "", {}, to_lines(Pdu(Command.DELIVER_SM, body=one.encode()) for one in whole))
        digest = hmac.new(self._key, f"{self.fingerprint(request)}|{moment}".encode(), hashlib.sha256)
        return Inbound(
            external_id=f"mo-{digest.hexdigest()[:32]}",
            urn=Urn("tel", number),
            text=text or "",
            media=(Media("file"),) if text is None else (),
            session=session,
        )


def _number(source: Address) -> str | None:
    """The sender in E.164; None for names, short codes and withheld numbers."""
    if source.ton == ALPHANUMERIC:
        return None
    value = source.value.strip()
    international = source.ton == INTERNATIONAL and value.isascii() and value.isdigit() and not value.startswith("0")
    return e164(f"+{value}" if international else value)


def _source(settings: SmppSettings) -> Address:
    name = not settings.sender.removeprefix("+").isdigit()
    digits = settings.sender.removeprefix("+")
    short = not name and len(digits) <= SHORT_CODE_DIGITS
    ton, npi = (ALPHANUMERIC, 0) if name else (SHORT_CODE, 0) if short else (INTERNATIONAL, ISDN)
    return Address(
        settings.sender if name else digits, int(settings.sender_ton or ton), int(settings.sender_npi or npi)
    )


def _error(refused: Pdu, response: HttpResponse) -> ChannelError:
    kind = ERRORS.get(refused.status, Rejected)
    if kind is Throttled:
        wait = response.headers.get(WAIT, "")
        return Throttled(code=_code(refused), wait=float(wait) if _rate(wait) else None)
    return kind(code=_code(refused))


def _code(refused: Pdu) -> str:
    return f"0x{refused.status:02X}"


def _digits(value: str) -> str:
    return value if value.isascii() and value.isdigit() and len(value) < 4 else ""  # noqa: PLR2004  at most 255 parts


def _whole(value: str, least: int, most: int) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= 5 and least <= int(value) <= most  # noqa: PLR2004  65535


def _rate(value: str) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return math.isfinite(number) and 0 < number <= 1000  # noqa: PLR2004  far more than any operator sells
