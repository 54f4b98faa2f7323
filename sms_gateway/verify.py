"""Checking who sent a webhook: signatures over forms and bodies, compared in constant time. PURE.

Nothing here raises anything but ForbiddenRequest, whatever a stranger posts, and no message says what was expected.
The rules of the signed form are those of the `X-Twilio-Signature` header as the vendor's own validator applies them.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qs, urlsplit, urlunsplit

from sms_gateway.errors import ForbiddenRequest, MalformedRequest
from sms_gateway.reading import MAX_BODY, form_pairs
from sms_gateway.types import HttpRequest

Algorithm = Literal["sha1", "sha256"]

DEFAULT_PORTS = {"https": 443, "http": 80}
SHA256_PREFIX = "sha256="


def same(given: str, expected: str) -> bool:
    """Whether two secrets or signatures are equal, in a time that does not tell where they part."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


def form_signature(key: str, url: str, params: Iterable[tuple[str, str]], algorithm: Algorithm = "sha1") -> str:
    """Base64 HMAC over the address followed by each distinct (name, value), sorted by name and then by value.

    Raises UnicodeEncodeError for lone surrogates.
    """
    return _signature(key, url + _joined(params), algorithm)


def _joined(params: Iterable[tuple[str, str]]) -> str:
    return "".join([name + value for name, value in sorted(set(params))])


def _signature(key: str, signed: str, algorithm: Algorithm) -> str:
    # not hmac.digest: it lets other threads in for the sake of a few hundred bytes
    return base64.b64encode(hmac.new(key.encode(), signed.encode(), algorithm).digest()).decode("ascii")


def verify_form(key: str, request: HttpRequest, signature: str, algorithm: Algorithm = "sha1") -> None:
    """Pass when `signature` fits the request's address and form, or raise ForbiddenRequest.

    The address is tried with its port and without, because senders are not consistent. A body that is not a form must
    be announced by its hash in the query (`bodySHA256`); then the address alone is signed.
    """
    if len(request.body) > MAX_BODY:
        raise ForbiddenRequest("the body is too large")
    try:
        params = _signed_params(request)
        good = False
        signed = _joined(params)
        for address in _addresses(request.url):
            # No short cut: both forms are always computed and compared.
            good |= same(signature, _signature(key, address + signed, algorithm))
    except (ValueError, MalformedRequest):
        raise ForbiddenRequest("the request cannot have been signed") from None
    if not good:
        raise ForbiddenRequest("wrong signature")


def body_signature(key: str, body: bytes) -> str:
    """`sha256=` and the hexadecimal HMAC-SHA256 of the raw body."""
    return SHA256_PREFIX + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def verify_body(key: str, body: bytes, signature: str, most: int = MAX_BODY) -> None:
    """Pass when `signature` is `body_signature` of exactly these octets, or raise ForbiddenRequest."""
    if len(body) > most:
        raise ForbiddenRequest("the body is too large")
    if not same(signature, body_signature(key, body)):
        raise ForbiddenRequest("wrong signature")


def verify_token(expected: str, given: str) -> None:
    """Pass when the shared token was given, or raise ForbiddenRequest. An empty expectation never passes."""
    if not expected or not same(given, expected):
        raise ForbiddenRequest("wrong token")


def _signed_params(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    if not request.body:
        return ()
    if "json" not in request.headers.get("content-type", "").lower():
        return form_pairs(request.body)
    announced = parse_qs(urlsplit(request.url).query).get("bodySHA256", [""])[0]
    if not same(announced, hashlib.sha256(request.body).hexdigest()):
        raise ForbiddenRequest("the body is not the one announced")
    return ()


@lru_cache(maxsize=64)  # a provider posts to the same address again and again
def _addresses(url: str) -> tuple[str, str]:
    """The address without a port, and with its own or the scheme's; userinfo and IPv6 brackets are kept."""
    parts = urlsplit(url)
    port = parts.port
    host = parts.netloc.removesuffix(f":{port}") if port is not None else parts.netloc.removesuffix(":")
    given = port if port is not None else DEFAULT_PORTS.get(parts.scheme, 80)
    if "?" in url and not parts.query:
        return url, url  # an empty query does not survive taking the address apart
    return urlunsplit(parts._replace(netloc=host)), urlunsplit(parts._replace(netloc=f"{host}:{given}"))
