"""WhatsApp in Meta's shape: the signature's vectors, the handshake, the largest body, and every limit of a message."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sms_gateway.channel import Channel
from sms_gateway.channels.whatsapp_cloud import SIGNATURE
from sms_gateway.errors import (
    ContactOptedOut,
    ForbiddenRequest,
    InvalidUrn,
    MalformedRequest,
    Misconfigured,
    OutsideWindow,
    Rejected,
    Throttled,
    Unreachable,
)
from sms_gateway.meta.events import MAX_BODY
from sms_gateway.meta.refusals import ERRORS
from sms_gateway.registry import make
from sms_gateway.types import Button, HttpRequest, Media, Menu, Outbound, Part, Urn
from sms_gateway.verify import body_signature

SECRET = "appsecret"
URL = "https://hub.example.ma/channels/wa/inbound"
CLOUD = {"phone_number_id": "1", "access_token": "t", "app_secret": SECRET, "verify_token": "word&more=1"}
HELLO = {"from": "212612345678", "id": "wamid.1", "timestamp": "1795435200", "type": "text", "text": {"body": "salam"}}
LINK = "https://media.example.ma/plan.png"


@pytest.fixture
def cloud() -> Channel:
    return make("whatsapp_cloud", "wa", CLOUD)


def signed(body: bytes, secret: str = SECRET) -> HttpRequest:
    return HttpRequest("POST", URL, {SIGNATURE: body_signature(secret, body)}, body)


def entry(*messages: object) -> bytes:
    value = {"metadata": {"phone_number_id": "1"}, "messages": list(messages)}
    changes = [{"field": "messages", "value": value}]
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"changes": changes}]}).encode()


@pytest.mark.parametrize(
    ("body", "digest"),
    [
        (
            b'{"object":"whatsapp_business_account","entry":[]}',
            "09eceea024af6e6343b760cc9bd3ae7c056938dd636e24e92109eb8219500384",
        ),
        (
            '{"text":{"body":"مرحبا"}}'.encode(),
            "dd5c7cbf2f2e0a7ab60f7ec98b4251920d0340461a86b0df5ea130b43e960f93",
        ),
        (
            rb'{"text":{"body":"\u0645\u0631\u062d\u0628\u0627"}}',
            "cc75ed300d2eb0fc587172934049da89824de7ffe7c002be92a312789d391730",
        ),
    ],
)
def test_the_signature_is_of_the_raw_octets(cloud: Channel, body: bytes, digest: str) -> None:
    cloud.verify(HttpRequest("POST", URL, {SIGNATURE: f"sha256={digest}"}, body))
    wrong = [digest, f"sha256={digest[:-1]}", f"sha256={digest}0", f"sha1={digest}", f"sha256={digest.upper()}", ""]
    for given in wrong:
        with pytest.raises(ForbiddenRequest):
            cloud.verify(HttpRequest("POST", URL, {SIGNATURE: given}, body))
    with pytest.raises(ForbiddenRequest):
        cloud.verify(HttpRequest("POST", URL, {SIGNATURE: f"sha256={digest}"}, body + b" "))


def test_the_handshake_gives_the_challenge_back_as_plain_text(cloud: Channel) -> None:
    query = "hub.mode=subscribe&hub.challenge=%3Cb%3E1158%3C%2Fb%3E&hub.verify_token=word%26more%3D1"
    answer = cloud.handshake(HttpRequest("GET", f"{URL}?{query}", {}))
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"<b>1158</b>")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=word",
        "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=word%26more%3D1",
        "hub.challenge=1&hub.verify_token=word%26more%3D1",
    ],
)
def test_any_other_get_is_refused(cloud: Channel, query: str) -> None:
    for channel in (cloud, make("whatsapp_cloud", "wa", {"phone_number_id": "1", "access_token": "t"})):
        with pytest.raises(ForbiddenRequest):
            channel.handshake(HttpRequest("GET", f"{URL}?{query}", {}))
        with pytest.raises(ForbiddenRequest):
            channel.verify(HttpRequest("GET", f"{URL}?{query}", {}))


def test_a_body_of_three_megabytes_is_read_and_one_octet_more_is_not(cloud: Channel) -> None:
    assert cloud.capabilities.max_body == MAX_BODY
    filled = entry(HELLO | {"padding": ""})
    body = filled.replace(b'"padding": ""', b'"padding": "' + b"x" * (MAX_BODY - len(filled)) + b'"')
    assert len(body) == MAX_BODY
    cloud.verify(signed(body))
    assert [message.text for message in cloud.parse_inbound(signed(body))] == ["salam"]
    with pytest.raises(ForbiddenRequest):
        cloud.verify(signed(body + b" "))
    with pytest.raises(MalformedRequest):
        cloud.parse_inbound(signed(body + b" "))


def test_a_repeated_request_keeps_its_ids(cloud: Channel) -> None:
    request = signed(entry(HELLO, HELLO | {"id": "wamid.2"}))
    assert [message.external_id for message in cloud.parse_inbound(request)] == ["wamid.1", "wamid.2"]
    assert cloud.parse_inbound(request) == cloud.parse_inbound(request)


def test_a_message_that_is_there_twice_counts_once_and_where_it_stood_first(cloud: Channel) -> None:
    second, again = HELLO | {"id": "wamid.2"}, HELLO | {"text": {"body": "autre"}}
    found = cloud.parse_inbound(signed(entry(HELLO, second, again)))
    assert [(message.external_id, message.text) for message in found] == [("wamid.1", "salam"), ("wamid.2", "salam")]


@pytest.mark.parametrize("odd", [None, 5, [1], {"a": 1}, True, "\x00", 1e400])
@pytest.mark.parametrize("key", [*HELLO, "context", "group_id", "errors"])
def test_an_odd_field_never_costs_the_neighbours(cloud: Channel, key: str, odd: object) -> None:
    for broken in (HELLO | {key: odd}, {name: value for name, value in HELLO.items() if name != key}):
        found = cloud.parse_inbound(signed(entry(HELLO | {"id": "wamid.0"}, broken, HELLO | {"id": "wamid.9"})))
        assert (found[0].external_id, found[-1].external_id) == ("wamid.0", "wamid.9")


def sent(channel: Channel, **part: Any) -> dict[str, Any]:
    message = Outbound("ref-1", Urn("whatsapp", "212612345678"), Part(**({"text": "x"} | part)))
    built: dict[str, Any] = json.loads(channel.build_send(message).body)
    return built


SCRIPTS = ["a", "é", "ش", "ⵣ", "🙏"]


def exactly(letter: str, units: int) -> str:
    width = len(letter.encode("utf-16-le")) // 2
    return letter * (units // width) + "a" * (units % width)


def button(title: str, id_: str = "1") -> Button:
    return Button(id_, title)


@pytest.mark.parametrize("letter", SCRIPTS)
@pytest.mark.parametrize("kind", ["whatsapp_cloud", "dialog360", "turn"])
def test_a_text_at_each_limit_goes_out_whole_and_one_more_is_refused(kind: str, letter: str) -> None:
    config = {"whatsapp_cloud": CLOUD, "dialog360": {"api_key": "k"}, "turn": {"access_token": "t"}}
    channel = make(kind, "wa", config[kind])
    photo = (Media("image/png", url=LINK),)
    limits: list[tuple[int, Callable[[str], dict[str, Any]]]] = [
        (4096, lambda text: {"text": text}),
        (1024, lambda text: {"text": text, "media": photo}),
        (1024, lambda text: {"text": text, "buttons": (button("ok"),)}),
        (1024, lambda text: {"text": text, "menu": Menu("ok", (button("ok"),))}),
        (20, lambda text: {"buttons": (button(text),)}),
        (20, lambda text: {"menu": Menu(text, (button("ok"),))}),
        (256, lambda text: {"buttons": (button("ok", text),)}),
        (24, lambda text: {"menu": Menu("ok", (button(text),))}),
        (200, lambda text: {"menu": Menu("ok", (button("ok", text),))}),
        (72, lambda text: {"menu": Menu("ok", (Button("1", "ok", text),))}),
    ]
    for most, part in limits:
        text = exactly(letter, most)
        assert text in json.dumps(sent(channel, **part(text)), ensure_ascii=False)
        with pytest.raises(Rejected, match="too long"):
            sent(channel, **part(text + "a"))


def test_three_buttons_and_ten_rows_go_out_and_one_more_does_not(cloud: Channel) -> None:
    buttons, rows = tuple(button(str(n), str(n)) for n in range(4)), tuple(button(str(n), str(n)) for n in range(11))
    assert len(sent(cloud, buttons=buttons[:3])["interactive"]["action"]["buttons"]) == 3
    assert len(sent(cloud, menu=Menu("ok", rows[:10]))["interactive"]["action"]["sections"][0]["rows"]) == 10
    for part in ({"buttons": buttons}, {"menu": Menu("ok", rows)}, {"menu": Menu("ok", ())}):
        with pytest.raises(Rejected):
            sent(cloud, **part)
    carried = cloud.capabilities
    assert (carried.buttons, carried.list_rows, carried.max_units, carried.rich_units) == (3, 10, 4096, 1024)


CLASSES = {
    OutsideWindow: [131047],
    ContactOptedOut: [131050],
    Throttled: [4, 80007, 130429, 131048, 131049, 131056, 133016],
    Unreachable: [1, 2, 131000, 131016, 131053, 131057],
    InvalidUrn: [131026],
    Rejected: [131008, 131009, 131021, 131051, 130472, 132000, 132005, 132008, 132012, 131062],
    Misconfigured: [
        0, 3, 10, 190, 200, 250, 299, 368, 131005, 131031, 131042, 131045, 130497, 132001, 132007, 132015, 132016,
    ],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "codes"), CLASSES.items())
def test_every_code_costs_what_the_table_says(kind: type[Exception], codes: list[int]) -> None:
    assert {ERRORS[str(code)] for code in codes} == {kind}
