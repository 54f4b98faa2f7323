import base64
import hashlib
import hmac
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from sms_gateway.errors import ForbiddenRequest
from sms_gateway.reading import MAX_BODY
from sms_gateway.types import HttpRequest
from sms_gateway.verify import body_signature, form_signature, verify_body, verify_form, verify_token

KEY = "12345"
CALL = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
FIRST = "https://mycompany.com/myapp.php?foo=1&bar=2"
WITH_PORT = "https://mycompany.com:443/myapp.php?foo=1&bar=2"
ARABIC = [
    ("MessageSid", "SM00000000000000000000000000000001"),
    ("From", "+212612345678"),
    ("To", "+15005550006"),
    ("Body", "مرحبا"),
    ("NumMedia", "0"),
]
PHOTO = [
    ("From", "whatsapp:+212612345678"),
    ("Body", ""),
    ("NumMedia", "1"),
    ("MediaUrl0", "https://api.twilio.com/x"),
]
FORM_TYPE = {"content-type": "application/x-www-form-urlencoded"}
JSON_TYPE = {"content-type": "application/json"}


def form_request(url: str, params: list[tuple[str, str]]) -> HttpRequest:
    return HttpRequest("POST", url, FORM_TYPE, urlencode(params).encode())


@pytest.mark.parametrize(
    ("url", "params", "algorithm", "signature"),
    [
        (FIRST, CALL, "sha1", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (WITH_PORT, CALL, "sha1", "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (FIRST, CALL, "sha256", "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s="),
        ("https://hub.example.ma/twilio/sms?lang=ar", ARABIC, "sha1", "50UYDn//fVo0rD4nN5IxITTmaQA="),
        ("https://hub.example.ma/twilio/sms", PHOTO, "sha1", "BAGHbD5fbf9xacTv0/Y4oFOOwTs="),
    ],
)
def test_known_signatures(url: str, params: list[tuple[str, str]], algorithm: str, signature: str) -> None:
    assert form_signature(KEY, url, params, algorithm) == signature  # type: ignore[arg-type]
    verify_form(KEY, form_request(url, params), signature, algorithm)  # type: ignore[arg-type]
    other = "sha256" if algorithm == "sha1" else "sha1"
    with pytest.raises(ForbiddenRequest):
        verify_form(KEY, form_request(url, params), signature, other)  # type: ignore[arg-type]


def test_the_port_may_be_there_or_not_on_either_side() -> None:
    for signed_with in ("RSOYDt4T1cUTdK1PDd93/VVr8B8=", "kvajT1Ptam85bY51eRf/AJRuM3w="):
        verify_form(KEY, form_request(FIRST, CALL), signed_with)
        verify_form(KEY, form_request(WITH_PORT, CALL), signed_with)
    with pytest.raises(ForbiddenRequest):
        verify_form(KEY, form_request(FIRST.replace(".com", ".com:8443"), CALL), "kvajT1Ptam85bY51eRf/AJRuM3w=")


@pytest.mark.parametrize("address", ["https://name:word@hub.example.ma/in", "https://[2001:db8::1]/in"])
def test_userinfo_and_ipv6_are_not_mangled(address: str) -> None:
    with_port = address.replace("/in", ":443/in")
    for asked in (address, with_port):
        for signed in (address, with_port):
            verify_form(KEY, form_request(asked, CALL), form_signature(KEY, signed, CALL))


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
URLS = st.builds(
    "{}://{}{}/{}{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["hub.example.ma", "10.0.0.1", "a.b"]),
    st.sampled_from(["", ":80", ":443", ":8443"]),
    st.sampled_from(["", "in", "channels/tw/inbound"]),
    st.sampled_from(["", "?a=1", "?a=1&b=%2F"]),
)


class Repeated(dict):  # type: ignore[type-arg]
    def getlist(self, name: str) -> list[str]:
        return self[name]


@given(URLS, st.lists(st.tuples(NAMES, VALUES), max_size=12), st.sampled_from(["sha1", "sha256"]), st.booleans())
def test_the_vendors_validator_says_the_same(
    url: str,
    pairs: list[tuple[str, str]],
    algorithm: str,
    right: bool,  # noqa: FBT001
) -> None:
    repeated = Repeated()
    for name, value in pairs:
        repeated.setdefault(name, []).append(value)
    vendor, named = RequestValidator(KEY), f"HMAC_{algorithm.upper()}"
    signature = vendor.compute_signature(url, repeated, named)
    assert form_signature(KEY, url, pairs, algorithm) == signature  # type: ignore[arg-type]
    given_signature = signature if right else form_signature("another", url, pairs, algorithm)  # type: ignore[arg-type]
    theirs = vendor.validate(url, repeated, given_signature, named)
    try:
        verify_form(KEY, form_request(url, pairs), given_signature, algorithm)  # type: ignore[arg-type]
        ours = True
    except ForbiddenRequest:
        ours = False
    assert ours == theirs == right


def test_a_json_body_is_announced_by_its_hash() -> None:
    body = '{"text":"مرحبا"}'.encode()
    url = f"https://hub.example.ma/in?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = form_signature(KEY, url, [])
    verify_form(KEY, HttpRequest("POST", url, JSON_TYPE, body), signature)
    assert RequestValidator(KEY).validate(url, body.decode(), signature)
    for bad_url, bad_body in ((url, body + b" "), ("https://hub.example.ma/in", body)):
        with pytest.raises(ForbiddenRequest):
            verify_form(KEY, HttpRequest("POST", bad_url, JSON_TYPE, bad_body), form_signature(KEY, bad_url, []))


def test_a_repeated_value_counts_once_and_an_empty_one_counts() -> None:
    assert form_signature(KEY, FIRST, [("a", "1"), ("a", "1")]) == form_signature(KEY, FIRST, [("a", "1")])
    assert form_signature(KEY, FIRST, [("a", "2"), ("a", "1")]) == form_signature(KEY, FIRST, [("a", "1"), ("a", "2")])
    assert form_signature(KEY, FIRST, [("a", "")]) != form_signature(KEY, FIRST, [])


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("POST", "https://[broken/in", FORM_TYPE, b"a=1"),
        HttpRequest("POST", "https://hub.example.ma:port/in", FORM_TYPE, b"a=1"),
        HttpRequest("POST", "https://hub.example.ma/\ud800", FORM_TYPE, b"a=1"),
        HttpRequest("POST", FIRST, FORM_TYPE, b"a=%ff"),
        HttpRequest("POST", FIRST, FORM_TYPE, b"\xff"),
        HttpRequest("POST", FIRST, FORM_TYPE, b"&".join([b"a=1"] * 2000)),
        HttpRequest("POST", FIRST, FORM_TYPE, b"a" * (MAX_BODY + 1)),
        HttpRequest("POST", FIRST, JSON_TYPE, b"{}"),
    ],
)
@pytest.mark.parametrize("signature", ["", "x", "é\ud800", "RSOYDt4T1cUTdK1PDd93/VVr8B8="])
def test_whatever_a_stranger_posts_is_only_forbidden(request_: HttpRequest, signature: str) -> None:
    with pytest.raises(ForbiddenRequest):
        verify_form(KEY, request_, signature)


@given(st.binary(max_size=200), st.text(min_size=1, max_size=20))
def test_a_body_signature_is_the_plain_hmac_of_the_octets(body: bytes, key: str) -> None:
    secret = key.encode("utf-8", "surrogatepass").hex()
    expected = "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()
    assert body_signature(secret, body) == expected
    verify_body(secret, body, expected)
    with pytest.raises(ForbiddenRequest):
        verify_body(secret, body + b" ", expected)


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (
            '{"object":"whatsapp_business_account","entry":[]}',
            "09eceea024af6e6343b760cc9bd3ae7c056938dd636e24e92109eb8219500384",
        ),
        ('{"text":{"body":"مرحبا"}}', "dd5c7cbf2f2e0a7ab60f7ec98b4251920d0340461a86b0df5ea130b43e960f93"),
        (
            '{"text":{"body":"\\u0645\\u0631\\u062d\\u0628\\u0627"}}',
            "cc75ed300d2eb0fc587172934049da89824de7ffe7c002be92a312789d391730",
        ),
    ],
)
def test_known_body_signatures(body: str, signature: str) -> None:
    assert body_signature("appsecret", body.encode()) == f"sha256={signature}"


def test_a_body_over_a_megabyte_is_forbidden_even_when_signed() -> None:
    body = b"x" * (MAX_BODY + 1)
    with pytest.raises(ForbiddenRequest):
        verify_body(KEY, body, body_signature(KEY, body))


def test_tokens() -> None:
    verify_token("secret", "secret")
    for expected, given_token in (("secret", "secreT"), ("secret", ""), ("", ""), ("secret", "\ud800")):
        with pytest.raises(ForbiddenRequest):
            verify_token(expected, given_token)


def test_comparison_is_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def recording(given_bytes: bytes, expected: bytes) -> bool:
        compared.append((given_bytes, expected))
        return real(given_bytes, expected)

    monkeypatch.setattr("sms_gateway.verify.hmac.compare_digest", recording)
    verify_form(KEY, form_request(FIRST, CALL), "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    assert len(compared) == 2  # both addresses, also when the first one fits
    assert all(base64.b64decode(expected) for _, expected in compared)
