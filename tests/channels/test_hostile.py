"""Whatever is posted, signed or not: a value, ForbiddenRequest or MalformedRequest, and never another exception."""

import contextlib
import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sms_gateway.channel import Channel
from sms_gateway.errors import ChannelError, ForbiddenRequest, MalformedRequest
from sms_gateway.reading import MAX_BODY
from sms_gateway.registry import make
from sms_gateway.types import Accepted, HttpRequest, HttpResponse, Outbound, Part, Urn
from tests.channels.cases import CHANNELS, configs

SECURED = [
    make(kind, name, config)
    for kind in CHANNELS
    for name, config in configs(kind).items()
    if not name.startswith("open")  # a provider that signs nothing, and a configuration without a token
]
MADE = [make(kind, name, config) for kind in CHANNELS for name, config in configs(kind).items()]
KNOWN = [
    "From", "To", "Body", "MessageSid", "SmsSid", "MessageStatus", "SmsStatus", "ErrorCode", "NumMedia", "MediaUrl0",
    "MediaContentType0", "Latitude", "Longitude", "ExternalUserId", "ListId", "ButtonPayload", "sessionId",
    "phoneNumber", "text", "status", "id", "from", "sent_at", "name", "choice", "media", "session", "accumulated",
    "messages", "reports", "code", "reference", "url", "type", "new", "ended", "sid", "error_code", "error",
]  # fmt: skip
WORDS = [
    "+212612345678", "whatsapp:+212612345678", "whatsapp:MA.1", "MA.1", "SM1", "received", "delivered", "failed",
    "21610", "-1", "10", "99999999999", "٣", "2026-11-22T00:00:00+00:00", "0001-01-01T00:00:00+14:00", "\x00", "\ud800",
    "queued", "A" * 64, "",
]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(WORDS), st.text(max_size=30))
FORMS = st.lists(st.tuples(st.sampled_from(KNOWN), TEXTS), max_size=14).map(
    lambda pairs: "&".join(f"{name}={quote_plus(v.encode('utf-8', 'surrogatepass'))}" for name, v in pairs).encode(),
)
JSONS = st.recursive(
    st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.floats()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KNOWN), inner, max_size=8)),
    max_leaves=20,
).map(lambda value: json.dumps(value).encode())
RETRY_CODES = {
    "429", "503", "20429", "21611", "30001", "63018", "30003", "30410", "unreachable", "throttled",
    "1", "2", "4", "10", "430", "471", "1011", "1015", "1016",
}  # fmt: skip
BODIES = st.one_of(FORMS, JSONS, st.binary(max_size=120))
EDGES = [
    b"",
    b"\xff\xfe",
    b"\x00",
    b"{",
    b"[]",
    b"null",
    b"1" * 6000,
    b"[" * 200_000,
    b'{"a":' * 100_000,
    b'{"messages":' + b"[" * 100_000,
    b'{"id":' + b"9" * 5000 + b"}",
    b'{"id":"x","from":"+212612345678","sent_at":"9999-12-31T23:59:59-14:00"}',
    b'{"messages":' + json.dumps([{}] * 501).encode() + b"}",
    b"text=%ed%a0%80&sessionId=1&phoneNumber=0612345678",
    b"From=%2B212612345678&MessageSid=" + b"S" * 5000,
    b"From=%2B212612345678&MessageSid=S%00%0a1&Body=x",
    b"&".join([b"a=1"] * 2000),
    b"a" * MAX_BODY,
    b"a" * (MAX_BODY + 1),
    b"Body=" + b"%D8%B4" * 170_000 + b"&From=%2B212612345678&MessageSid=SM1",
]


def try_all(channel: Channel, request: HttpRequest) -> None:
    with contextlib.suppress(ForbiddenRequest):
        channel.verify(request)
    for parse in (channel.parse_inbound, channel.parse_status):
        try:
            events: list[Any] = list(parse(request))
        except MalformedRequest:
            continue
        for event in events:
            assert event.external_id
            stored = [getattr(event, field, None) or "" for field in ("external_id", "text", "name", "choice", "code")]
            for text in stored:
                assert "\x00" not in text
                text.encode()  # a lone surrogate would raise here, and in the database
            if event.urn:
                assert str(event.urn).isascii()


@pytest.mark.parametrize("body", EDGES, ids=range(len(EDGES)))
@pytest.mark.parametrize("channel", MADE, ids=repr)
def test_edges(channel: Channel, body: bytes) -> None:
    try_all(channel, HttpRequest("POST", "https://hub.example.ma/in?reference=%00%ff", {}, body))


@pytest.mark.parametrize("channel", SECURED, ids=repr)
@pytest.mark.parametrize("url", ["", "https://[", "https://h:x/", "https://h/?token=\ud800&bodySHA256=\x00"])
@pytest.mark.parametrize("method", ["GET", "POST", ""])
def test_odd_requests(channel: Channel, url: str, method: str) -> None:
    headers = dict.fromkeys(("x-twilio-signature", "x-sahti-signature", "x-webhook-token"), "é�")
    with pytest.raises(ForbiddenRequest):
        channel.verify(HttpRequest(method, url, headers, b"a=1"))
    try_all(channel, HttpRequest(method, url, headers, b"a=1"))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(MADE), BODIES)
def test_any_body(channel: Channel, body: bytes) -> None:
    try_all(channel, HttpRequest("POST", "https://hub.example.ma/in?token=x", {}, body))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(MADE),
    st.sampled_from([100, 200, 201, 204, 301, 400, 401, 404, 409, 429, 500, 502, 503, 504, 599]),
    st.one_of(TEXTS, st.sampled_from(["7", "1.5", "-3", "9" * 400, "Sun, 22 Nov 2026 20:00:30 GMT", "Sun, 99"])),
    BODIES,
)
def test_any_answer_to_a_send(channel: Channel, status: int, wait: str, body: bytes) -> None:
    headers = {"retry-after": wait, "date": "Sun, 22 Nov 2026 20:00:00 GMT"}
    outcome = outcome_of(channel, HttpResponse(status, headers, body))
    if isinstance(outcome, ChannelError):
        assert 0 <= (getattr(outcome, "wait", None) or 0) <= 3600
        assert len(outcome.code or "") <= 40
        # After a success or an unexplained 5xx the message may be on its way: no error then invites another try.
        assert not outcome.retry or outcome.code in RETRY_CODES
    else:
        assert status in {200, 201, 202}
        assert outcome.external_id != ""


def outcome_of(channel: Channel, response: HttpResponse) -> Accepted | ChannelError:
    try:
        return channel.read_send(response)
    except ChannelError as error:
        return error


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(MADE),
    st.sampled_from(["tel", "whatsapp", "bsuid", "x"]),
    st.one_of(TEXTS, st.sampled_from(["212612345678", "MA.1"])),
    TEXTS,
)
def test_any_text_to_any_address(channel: Channel, scheme: str, path: str, text: str) -> None:
    with contextlib.suppress(ChannelError):
        built = channel.build_send(Outbound("ref", Urn(scheme, path), Part(text)))
        assert built.method in {"GET", "POST"}
        built.body.decode()
        assert "\n" not in "".join(built.headers.values())
