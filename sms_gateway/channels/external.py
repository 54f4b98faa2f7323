"""Any aggregator that speaks HTTP, by a mapping in the settings: names and addresses, no code, no templates. PURE.

In:   messages and reports by GET, form or JSON; the settings say which field is which, with alternatives (`from|sender`)
      and dots into nested JSON (`data.sms.from`). A list of messages may be the whole body or stand under any key.
Out:  `send.method` to `send.url` with `send.body`. Placeholders `{{to}} {{to_no_plus}} {{from}} {{from_no_plus}} {{text}}
      {{reference}} {{status_url}}` are written as the place wants them: percent-encoded in the address, form-encoded in a
      form, escaped inside the strings of JSON, as they are (without line ends) in headers.

A provider that signs needs a channel file of its own: here the token of the address is the only proof.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from sms_gateway import webhook
from sms_gateway.answers import code_of, refusal
from sms_gateway.channel import Capabilities
from sms_gateway.encoding import nfc, smart_encode
from sms_gateway.errors import InvalidUrn, MalformedRequest, Misconfigured, Rejected
from sms_gateway.mapping import events_of, found_in, headers_of, pairs_of
from sms_gateway.msisdn import from_network, takes_sms
from sms_gateway.reading import MAX_ID, reference
from sms_gateway.settings import is_http_url, read_settings
from sms_gateway.types import (
    Accepted,
    DeliveryReport,
    HttpRequest,
    HttpResponse,
    Inbound,
    Outbound,
    Part,
    Status,
    Urn,
)

T = TypeVar("T")

PLACEHOLDERS = frozenset({"to", "to_no_plus", "from", "from_no_plus", "text", "reference", "status_url"})

TYPES = {"form": webhook.FORM, "json": "application/json"}
FORM_BODY = "to={{to}}&from={{from}}&text={{text}}"
JSON_BODY = '{"to":"{{to}}","from":"{{from}}","text":"{{text}}"}'

MAX_TEXT = 670
"""Units where `send.max_length` says nothing: ten segments of UCS-2."""

ANSWER_IDS = (
    "id|message_id|messageId|message_uuid|uuid|sid|msgid|data.id|data.message_id|data.messageId|message.id"
    "|messages.0.id|messages.0.messageId|data.0.id|results.0.id|0.id"
)
"""Where aggregators commonly put their id in the answer to a send; without one a report finds us by our reference."""

REFUSED = frozenset({"error", "failed", "failure", "rejected", "refused", "invalid"})
"""Words of an answer that took nothing."""

FINAL = frozenset(range(400, 500)) - {408, 425, 429}
"""HTTP statuses that trying again does not change: with those the provider's own code is kept."""

STATUSES: dict[str, Status] = {status.value: status for status in Status}

_PLACEHOLDER = re.compile(r"\{\{\s*([a-z_]*)\s*\}\}")
_QUOTE = re.compile(r'(?<!\\)"')
_METHODS = ("GET", "POST", "PUT")


def _key(key: str, default: str = "", *, shown: bool = True, choices: tuple[str, ...] = ()) -> Any:  # noqa: ANN401  dataclasses.field's own
    return field(default=default, repr=shown, metadata={"key": key} | ({"choices": choices} if choices else {}))


@dataclass(frozen=True, slots=True)
class ExternalSettings:
    """Where things stand in the provider's requests, and how it wants ours.

    `status.values` are `THEIRS=ours` pairs joined by commas (`DELIVRD|OK=delivered,UNDELIV=failed`); our own words need
    no pair. `send.headers` are `Name: value` pairs joined by `|`. What is not set is looked for under common names.
    """

    inbound_from: str = _key("inbound.from", "from|sender|msisdn|phone")
    inbound_text: str = _key("inbound.text", "text|message|content|body")
    inbound_date: str = _key("inbound.date", "date|time|timestamp|sent_at|received_at")
    inbound_id: str = _key("inbound.id", "id|message_id|messageId")
    status_id: str = _key("status.id", "id|message_id|messageId")
    status_status: str = _key("status.status", "status|state")
    status_values: str = _key("status.values")
    send_url: str = _key("send.url", shown=False)
    send_method: str = _key("send.method", "POST", choices=_METHODS)
    send_body: str = _key("send.body", shown=False)
    send_content_type: str = _key("send.content_type", "form", choices=tuple(TYPES))
    send_headers: str = _key("send.headers", shown=False)
    send_max_length: str = _key("send.max_length")
    send_smart_encoding: str = _key("send.smart_encoding")
    sender: str = ""
    country: str = "MA"
    reference_param: str = webhook.REFERENCE
    webhook_url: str = ""
    webhook_token: str = field(default="", repr=False)

    def problems(self) -> Iterable[str]:
        yield from webhook.common_problems(self.country, self.reference_param, {"webhook_url": self.webhook_url})
        if self.send_url and not is_http_url(_PLACEHOLDER.sub("x", self.send_url)):
            yield "send.url: must be a whole http(s) address"
        if _PLACEHOLDER.search(self.send_url.partition("?")[0].partition("://")[2].partition("/")[0]):
            yield "send.url: no placeholder in the name of the host"
        for key, value in (("url", self.send_url), ("body", self.send_body), ("headers", self.send_headers)):
            wrong = [name for name in _PLACEHOLDER.findall(value) if name not in PLACEHOLDERS]
            if wrong:
                yield f"send.{key}: knows only the placeholders {', '.join(sorted(PLACEHOLDERS))}"
        if self.send_content_type == "json" and self.send_body and not _is_json(self.send_body):
            yield "send.body: must be JSON with the placeholders inside its strings"
        if any(theirs == "" or ours not in STATUSES for theirs, ours in pairs_of(self.status_values, ",", "=")):
            yield f"status.values: must be THEIRS=ours pairs joined by commas, ours one of {', '.join(STATUSES)}"
        try:
            headers_of(self.send_headers)
        except ValueError:
            yield "send.headers: must be Name: value pairs joined by |"
        if self.send_max_length and not (self.send_max_length.isascii() and self.send_max_length.isdigit()):
            yield "send.max_length: must be a whole number"
        if self.send_smart_encoding.lower() not in {"", "true", "false", "yes", "no", "1", "0"}:
            yield "send.smart_encoding: must be true or false"


class External:
    """One account with an aggregator, configured by ExternalSettings."""

    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        """Raises InvalidSettings."""
        self.name = name
        self.settings = settings = read_settings(ExternalSettings, config)
        pairs = pairs_of(settings.status_values, ",", "=")
        self._values = {word.strip().lower(): STATUSES[ours] for words, ours in pairs for word in words.split("|")}
        self._headers = headers_of(settings.send_headers)
        sent = (settings.send_url, settings.send_body, settings.send_headers)
        self._names_us = any("reference" in _PLACEHOLDER.findall(template) for template in sent)
        self._smart = settings.send_smart_encoding.lower() in {"true", "yes", "1"}
        self.capabilities = Capabilities(
            medium="sms", max_units=int(settings.send_max_length or MAX_TEXT) or MAX_TEXT, delivery_reports=True
        )

    def __repr__(self) -> str:
        return f"External({self.name!r})"

    def verify(self, request: HttpRequest) -> None:
        webhook.check(request, self.settings.webhook_token, methods=("GET", "POST", "PUT"))

    def handshake(self, request: HttpRequest) -> HttpResponse | None:  # noqa: ARG002 (this provider checks nothing)
        return None

    def parse_inbound(self, request: HttpRequest) -> list[Inbound]:
        settings = self.settings
        return _each(events_of(request, settings.inbound_from, settings.inbound_text), self._message)

    def parse_status(self, request: HttpRequest) -> list[DeliveryReport]:
        ours = webhook.echoed(request, self.settings.reference_param)
        events = events_of(request, self.settings.status_status, self.settings.status_id)
        return _each(events, lambda event: self._report(event, ours if len(events) == 1 else None))

    def acknowledge(self, replies: Sequence[Part]) -> HttpResponse:
        """200 `OK`. Raises ValueError for any reply: what is said here goes nowhere."""
        webhook.nothing_rides(replies)
        return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"}, b"OK")

    def build_send(self, message: Outbound) -> HttpRequest:
        settings = self.settings
        if not settings.send_url:
            raise Misconfigured("send.url is needed to send")
        if message.urn.scheme != "tel" or not takes_sms(message.urn.path):
            raise InvalidUrn
        values = self._placed(message)
        url = _filled(settings.send_url, values, lambda value: quote(value, safe="", errors="replace"))
        headers = {name: _filled(value, values, _one_line) for name, value in self._headers.items()}
        in_the_address = not settings.send_body and "text" in _PLACEHOLDER.findall(settings.send_url)
        if settings.send_method == "GET" or in_the_address:
            return HttpRequest(settings.send_method, url, headers)
        if settings.send_content_type == "json":
            body = _filled_json(settings.send_body or JSON_BODY, values)
        else:
            body = _filled(settings.send_body or FORM_BODY, values, lambda value: quote_plus(value, errors="replace"))
        headers = {"content-type": TYPES[settings.send_content_type]} | headers
        return HttpRequest(settings.send_method, url, headers, body.encode("utf-8", "replace"))

    def read_send(self, response: HttpResponse) -> Accepted:
        """A message taken, with the provider's id where the answer has one in a usual place.

        An answer without an id that says `success: false` or a status of failure is Rejected, whatever its HTTP status.
        """
        answer = _answer(response)
        if response.status not in {200, 201, 202}:
            raise refusal(response, _error_code(answer) if response.status in FINAL else None, {})
        named = found_in(answer, ANSWER_IDS).strip()
        usable = named.isprintable() and 0 < len(named) <= MAX_ID
        if not usable and isinstance(answer, dict):
            word = found_in(answer, "status|state").strip().lower()
            if answer.get("success") is False or word in REFUSED or self._values.get(word) is Status.FAILED:
                raise Rejected(code=_error_code(answer))
        return Accepted(named if usable else None, Status.SENT)

    def _message(self, event: object) -> Inbound:
        settings = self.settings
        number = from_network(found_in(event, settings.inbound_from), settings.country)
        if number is None:
            raise MalformedRequest("inbound.from is not a number")
        text = found_in(event, settings.inbound_text, strict=True)
        when = found_in(event, settings.inbound_date)
        named = found_in(event, settings.inbound_id).strip()
        if not (named.isprintable() and 0 < len(named) <= MAX_ID):
            named = webhook.made_id(settings.webhook_token, number, settings.sender, text, when)
        return Inbound(named, Urn("tel", number), text, webhook.moment(when))

    def _report(self, event: object, ours: str | None) -> DeliveryReport:
        named = found_in(event, self.settings.status_id).strip() or ours or ""
        word = found_in(event, self.settings.status_status).strip()
        if not (named.isprintable() and 0 < len(named) <= MAX_ID):
            raise MalformedRequest("status.id is missing")
        if not word:
            raise MalformedRequest("status.status is missing")
        status = self._values.get(word.lower()) or STATUSES.get(word.lower(), Status.UNKNOWN)
        told = status in {Status.FAILED, Status.UNKNOWN}
        echo = ours or (reference(named) if self._names_us else None)
        return DeliveryReport(named, status, code_of(word) if told else None, echo)

    def _placed(self, message: Outbound) -> dict[str, str]:
        settings, to = self.settings, message.urn.path
        text = smart_encode(message.part.text) if self._smart else nfc(message.part.text)
        echo = {settings.reference_param: message.reference}
        return {
            "to": to,
            "to_no_plus": to.removeprefix("+"),
            "from": settings.sender,
            "from_no_plus": settings.sender.removeprefix("+"),
            "text": text,
            "reference": message.reference,
            "status_url": webhook.status_url(settings.webhook_url, settings.webhook_token, echo)
            if settings.webhook_url
            else "",
        }


def _each(events: Sequence[object], read: Callable[[object], T]) -> list[T]:
    """Everything in the batch that can be read; MalformedRequest only when nothing of it can."""
    good: list[T] = []
    bad: MalformedRequest | None = None
    for event in events:
        try:
            good.append(read(event))
        except MalformedRequest as error:
            bad = error
    if bad and not good:
        raise bad
    return good


def _filled(template: str, values: Mapping[str, str], written: Callable[[str], str]) -> str:
    """The template with each placeholder's value, once: a value that looks like a placeholder stays a value."""
    return _PLACEHOLDER.sub(lambda match: written(values.get(match[1], "")), template)


def _filled_json(template: str, values: Mapping[str, str]) -> str:
    """The JSON with each placeholder's value: escaped where it stands inside a string, a whole string where it does not."""
    pieces: list[str] = []
    end, inside = 0, False
    for match in _PLACEHOLDER.finditer(template):
        between = template[end : match.start()]
        inside ^= len(_QUOTE.findall(between)) % 2 == 1
        whole = json.dumps(values.get(match[1], ""), ensure_ascii=False)
        pieces += [between, whole[1:-1] if inside else whole]
        end = match.end()
    return "".join([*pieces, template[end:]])


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _is_json(template: str) -> bool:
    try:
        json.loads(_filled_json(template, {}))
    except ValueError:
        return False
    return True


def _answer(response: HttpResponse) -> object:
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        return None


def _error_code(answer: object) -> str | None:
    """The provider's own code for a refusal where its answer has one in a usual place."""
    written = found_in(answer, "error.code|error_code|errorCode|code|errors.0.code|error|status")
    return code_of(written) if written else None
