"""Webhooks of providers that sign nothing: their fields, their token, the reference and the time they echo. PURE.

What they share: parameters in the query, in a form or in JSON, whichever the account is set to; no signature, so a token
of ours in the address stands in for one; and often no id of the message.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, quote_plus, unquote_to_bytes, urlencode, urlsplit

from sms_gateway.errors import ForbiddenRequest, MalformedRequest
from sms_gateway.msisdn import is_country
from sms_gateway.reading import MAX_BODY, MAX_FIELDS, clean, reference
from sms_gateway.settings import is_http_url
from sms_gateway.types import HttpRequest, Part
from sms_gateway.verify import verify_token

TOKEN_HEADER = "x-webhook-token"  # noqa: S105  a header's name
FORM = "application/x-www-form-urlencoded"
REFERENCE = "reference"
TIMES = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M",
    "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y%m%dT%H%M%S", "%d/%m/%y %H:%M:%S", "%d/%m/%y %H:%M", "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y", "%b %d, %Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d", "%d/%m/%Y",
)  # fmt: skip
"""How providers write a moment besides ISO 8601. The day stands before the month, as in Morocco and in French."""

CENTURY = "20"
DIGITS = {
    (8, True): ("%Y%m%d",),
    (10, False): ("%y%m%d%H%M",),
    (12, True): ("%Y%m%d%H%M",),
    (12, False): ("%y%m%d%H%M%S",),
    (14, True): ("%Y%m%d%H%M%S",),
}
"""And in digits alone: by how many they are, and whether they begin with the century."""

EPOCHS = (946_684_800, 2_500_000_000)
"""Seconds from 2000 to 2049. As epochs, `YYMMDDhhmm` and `YYMMDDhhmmss` of these years lie outside."""

_EPOCH = re.compile(r"-?[0-9]{9,19}(\.[0-9]{1,9})?")
_ZONE_WORD = re.compile(r" ?(?:\(?(?:UTC|GMT)\)?|\[UTC\])$")
_LOST_PLUS = re.compile(r"^([0-9]{4}-[0-9-]{5}[T ][0-9:.]+) ([0-9]{2}:?[0-9]{2})$")
_PARAMETER = re.compile(r"[A-Za-z0-9_.-]{1,40}")


def check(request: HttpRequest, token: str, methods: Iterable[str] = ("GET", "POST")) -> None:
    """Pass a request that this provider can have made, or raise ForbiddenRequest.

    Where a token is configured it must stand in the query (`?token=…`) or in the `x-webhook-token` header.
    """
    if request.method not in methods or len(request.body) > MAX_BODY:
        raise ForbiddenRequest("not a webhook of this channel")
    if token:
        try:
            in_query = dict(reversed(parse_qsl(urlsplit(request.url).query))).get("token", "")
        except ValueError:
            raise ForbiddenRequest("the address cannot be read") from None
        verify_token(token, request.headers.get(TOKEN_HEADER) or in_query)


def raw_fields(request: HttpRequest) -> dict[str, bytes]:
    """The fields of query and form as the octets that were sent; of a repeated one the first, the body before the query.

    Raises MalformedRequest.
    """
    if len(request.body) > MAX_BODY:
        raise MalformedRequest("the body is too large")
    body = b"" if "json" in request.headers.get("content-type", "").lower() else request.body
    try:
        query = urlsplit(request.url).query.encode("utf-8", "replace")
    except ValueError:
        raise MalformedRequest("the address cannot be read") from None
    found: dict[str, bytes] = {}
    for source in (body, query):
        pairs = source.split(b"&")
        if len(pairs) > MAX_FIELDS:
            raise MalformedRequest("too many fields")
        for pair in pairs:
            name, _, value = pair.partition(b"=")
            if name:
                key = clean(unquote_to_bytes(name.replace(b"+", b" ")).decode("utf-8", "replace"))
                found.setdefault(key, unquote_to_bytes(value.replace(b"+", b" ")))
    return found


def fields(request: HttpRequest) -> dict[str, str]:
    """The fields of query and form as text, cleaned; what is not UTF-8 is read as Latin-1. Raises MalformedRequest."""
    return {name: text_of(value) for name, value in raw_fields(request).items()}


def text_of(octets: bytes) -> str:
    """UTF-8, or Latin-1 where it is none; cleaned."""
    try:
        return clean(octets.decode())
    except UnicodeDecodeError:
        return clean(octets.decode("latin-1"))


def first(found: Mapping[str, str], *names: str) -> str:
    """The first of these fields that holds something, stripped; empty where none does."""
    return next((value for name in names if (value := found.get(name, "").strip())), "")


def echoed(request: HttpRequest, parameter: str) -> str | None:
    """Our own reference in the query of a report's address; None for anything that we cannot have written."""
    try:
        pairs = parse_qsl(urlsplit(request.url).query, max_num_fields=MAX_FIELDS)
    except ValueError:
        return None
    return next((reference(value) for name, value in pairs if name == parameter), None)


def status_url(webhook_url: str, token: str, fields_: Mapping[str, str]) -> str:
    """The address on which a report of one message is to come back: with our reference, and the token that we ask for."""
    return with_query(f"{webhook_url.rstrip('/')}/status", {**fields_, **({"token": token} if token else {})})


def with_query(url: str, fields_: Mapping[str, str]) -> str:
    """The address with these fields after those it has; spaces as `%20`, which every server reads."""
    joint = "" if url.endswith(("?", "&")) else "&" if "?" in url else "?"
    return url + joint + urlencode(fields_, quote_via=quote, errors="replace")


def form_body(fields_: Mapping[str, str]) -> bytes:
    """The fields as a form; a lone surrogate becomes `?`."""
    return urlencode(fields_, quote_via=quote_plus, errors="replace").encode("ascii")


def made_id(key: str, *pieces: str) -> str:
    """32 hexadecimal digits for a message without an id: the same for the same pieces, and telling nothing of them."""
    joined = "\x1f".join(pieces).encode("utf-8", "replace")
    return hmac.new(key.encode("utf-8", "replace"), joined, hashlib.sha256).hexdigest()[:32]


def moment(written: str) -> datetime | None:
    """When something happened, in UTC: ISO 8601, epoch seconds or milliseconds, or one of `TIMES`; None for the rest.

    A time without a zone is taken as UTC, which is also Morocco's. A bad time must not lose a message.
    """
    text = _ZONE_WORD.sub("", " ".join(written.split()))
    text = _LOST_PLUS.sub(r"\1+\2", text)  # an address in which the plus was not encoded
    if _EPOCH.fullmatch(text) and (when := _from_epoch(float(text))) is not None:
        return when
    digits = text.isascii() and text.isdigit()
    if not digits:
        try:
            return _in_utc(datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            pass
    for form in DIGITS.get((len(text), text[:2] == CENTURY), ()) if digits else TIMES:
        try:
            return _in_utc(datetime.strptime(text, form))  # noqa: DTZ007  its zone is set just below
        except (ValueError, OverflowError):
            continue
    return None


def common_problems(country: str, reference_param: str, urls: Mapping[str, str]) -> Iterable[str]:
    """What is wrong with the settings that every such channel takes."""
    if not is_country(country):
        yield "country: must be two capital letters, such as MA"
    if not _PARAMETER.fullmatch(reference_param):
        yield "reference_param: must be the name of a query parameter"
    for key, value in urls.items():
        if value and not is_http_url(value):
            yield f"{key}: must be a whole http(s) address"


def nothing_rides(replies: Sequence[Part]) -> None:
    """Raises ValueError where a reply is to ride on an answer that carries none."""
    if replies:
        raise ValueError("more replies than this answer can carry")


def _from_epoch(value: float) -> datetime | None:
    """Seconds, milliseconds or microseconds, whichever lies in this century's first half: the digits of a date do not."""
    for unit in (1.0, 1e3, 1e6):
        if EPOCHS[0] <= value / unit < EPOCHS[1]:
            return datetime.fromtimestamp(value / unit, UTC)
    return None


def _in_utc(when: datetime) -> datetime:
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
