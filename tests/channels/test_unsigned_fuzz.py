"""Forms, queries and JSON with the field names of the providers that sign nothing: events or a refusal, nothing else."""

import json
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sms_gateway.channel import Channel, answer
from sms_gateway.registry import make
from sms_gateway.types import HttpRequest, Part
from tests.channels.cases import cases, configs
from tests.channels.test_hostile import try_all

TYPES = ("africastalking", "external", "hubtel_ussd", "jasmin", "kannel")
MADE = [make(kind, name, config) for kind in TYPES for name, config in configs(kind).items()]
NAMES = [
    "sender", "from", "to", "message", "text", "content", "binary", "coding", "charset", "ts", "date", "id", "msgid",
    "status", "message_status", "dlvrd", "err", "phoneNumber", "failureReason", "sessionId", "Type", "Mobile",
    "SessionId", "Message", "Sequence", "ServiceCode", "ClientState", "msisdn", "contenu", "data", "results", "messages",
    "etat", "ref", "reference", "body", "phone", "at", "token",
]  # fmt: skip
WORDS = [
    "+212612345678", "212612345678", "0612345678", "2020", "INWI", "0", "1", "2", "8", "16", "DELIVRD", "UNDELIV",
    "ESME_ROK", "Success", "Failed", "Initiation", "Response", "Release", "*713#", "*713*7#", "713", "UTF-16BE", "gsm",
    "0634", "00e9", "zz", "1795377600", "1e400", "2026-11-22T20:00:00Z", "\x00", "\ud800", "", "9" * 400,
]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(WORDS), st.text(max_size=20))
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=12).map(
    lambda pairs: "&".join(f"{name}={quote_plus(v.encode('utf-8', 'surrogatepass'))}" for name, v in pairs),
)
JSONS = st.recursive(
    st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.floats()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES), inner, max_size=8)),
    max_leaves=25,
).map(lambda value: json.dumps(value).encode())


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(MADE), PAIRS, st.one_of(PAIRS.map(str.encode), JSONS, st.binary(max_size=80)), st.booleans())
def test_any_request(channel: Channel, query: str, body: bytes, announced: bool) -> None:  # noqa: FBT001  hypothesis gives it
    headers = {"content-type": "application/json"} if announced else {}
    request = HttpRequest("POST", f"https://hub.example.ma/in?{query}", headers, body)
    try_all(channel, request)
    try_all(channel, HttpRequest("GET", request.url, {}))
    pages = [Part("x")] if channel.capabilities.inline_reply else []
    assert answer(channel, request, pages).status == 200


@pytest.mark.parametrize("kind", TYPES)
def test_a_repeat_is_known_by_its_id(kind: str) -> None:
    compared = 0
    for case in cases("inbound"):
        if case.channel_type != kind or "raises" in case.says:
            continue
        channel, request = case.channel(), case.request()
        ids = [message.external_id for message in channel.parse_inbound(request)]
        assert ids == [message.external_id for message in case.channel().parse_inbound(request)]
        assert len(set(ids)) == len(ids)
        compared += len(ids)
    assert compared > 3


def test_the_answer_to_a_hop_names_its_session() -> None:
    channel = make("hubtel_ussd", "x", {})
    hop = {"SessionId": "s-1", "ClientState": "kept", "Sequence": 2, "Type": "Response", "Mobile": "212612345678"}
    request = HttpRequest("POST", "https://hub.example.ma/in", {}, json.dumps(hop).encode())
    said = json.loads(answer(channel, request, [Part("Au revoir", end=True)]).body)
    assert (said["SessionId"], said["ClientState"], said["Type"]) == ("s-1", "kept", "release")
    long = json.dumps(hop | {"ClientState": "x" * 5000}).encode()
    assert json.loads(answer(channel, HttpRequest("POST", "https://h/in", {}, long), []).body)["ClientState"] == ""
    with pytest.raises(ValueError, match="one page"):
        answer(channel, request, [Part("x"), Part("y")])
