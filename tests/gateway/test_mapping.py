import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_gateway.channels.external import External
from sms_gateway.errors import InvalidSettings, MalformedRequest
from sms_gateway.mapping import MAX_EVENTS, events_of, found_in, headers_of, pairs_of
from sms_gateway.types import HttpRequest, Outbound, Part, Urn

URL = "https://hub.example.ma/channels/x/inbound"
JSON = {"content-type": "application/json"}


def post(body: object, query: str = "") -> HttpRequest:
    return HttpRequest("POST", URL + query, JSON, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("a", "1"), ("b.c", "deep"), ("b.d.0.e", "first"), ("b.d.7.e", ""), ("x.y", "dotted"), ("n", ""), ("t", ""),
        ("b", ""), ("missing|a", "1"), ("n| a ", "1"), ("f", "2"), ("", ""), ("b.c.d", ""), ("..", ""),
    ],
)  # fmt: skip
def test_a_value_by_its_name(names: str, found: str) -> None:
    event = {"a": 1, "b": {"c": "deep", "d": [{"e": "first"}]}, "x.y": "dotted", "n": None, "t": True, "f": 2.0}
    assert found_in(event, names) == found


@pytest.mark.parametrize("event", [{}, {"a": None}, {"a": []}, {"a": {}}, {"a": True}, [], "a", None, 7])
def test_what_must_be_there_and_is_not(event: object) -> None:
    with pytest.raises(MalformedRequest):
        found_in(event, "a", strict=True)


def test_an_empty_text_is_there() -> None:
    assert found_in({"a": ""}, "a", strict=True) == ""


@pytest.mark.parametrize(
    "body",
    [
        [{"from": "x", "text": "y"}, {"from": "x", "text": "y"}],
        {"messages": [{"from": "x", "text": "y"}, {"from": "x", "text": "y"}], "status": "ok"},
        {"data": {"items": [{"from": "x", "text": "y"}, {"from": "x", "text": "y"}]}},
    ],
)
def test_a_list_wherever_it_stands(body: object) -> None:
    events = events_of(post(body), "from", "text")
    assert [found_in(event, "from") for event in events] == ["x", "x"]


def test_an_item_answers_to_the_path_from_the_top() -> None:
    (event,) = events_of(post({"data": {"items": [{"from": "x", "text": "y"}]}}), "data.items.from", "data.items.text")
    assert found_in(event, "data.items.from") == "x"


def test_the_query_is_seen_beside_a_single_event_only() -> None:
    (event,) = events_of(post({"text": "y"}, "?from=x"), "from", "text")
    assert (found_in(event, "from"), found_in(event, "text")) == ("x", "y")
    two = events_of(post([{"text": "y"}, {"text": "z"}], "?id=1"), "from", "text")
    assert [found_in(event, "id") for event in two] == ["", ""]


@pytest.mark.parametrize("body", [[{}] * (MAX_EVENTS + 1), 7, "text", None, True])
def test_bodies_that_hold_no_events(body: object) -> None:
    with pytest.raises(MalformedRequest):
        events_of(post(body), "from")


def test_pairs_and_headers() -> None:
    assert pairs_of("A=b, C = d ,,E", ",", "=") == [("A", "b"), ("C", "d"), ("E", "")]
    wanted = {"authorization": "Bearer a=b:c", "x-key": "1, 2"}
    assert headers_of("Authorization: Bearer a=b:c|X-Key: 1, 2") == wanted
    assert headers_of("Authorization=Bearer a=b:c,X-Key=1, 2") == wanted
    assert headers_of('{"Authorization": "Bearer a=b:c", "X-Key": "1, 2"}') == wanted
    assert headers_of("") == {}


@given(st.text(max_size=60), st.sampled_from(["form", "json"]))
def test_a_text_can_neither_break_out_nor_be_taken_for_a_placeholder(text: str, kind: str) -> None:
    body = '{"to":{{to}},"text":"{{text}}","again":{{text}}}' if kind == "json" else "text={{text}}&to={{to}}"
    config = {"send.url": "https://x.ma/{{text}}?q={{text}}", "send.content_type": kind, "send.body": body}
    channel = External("x", config | {"send.method": "PUT", "send.headers": "X-Text: {{text}}"})
    built = channel.build_send(Outbound("ref", Urn("tel", "+212612345678"), Part(text)))
    assert built.method == "PUT"
    assert built.url.isascii()
    assert not set(built.url) & set(' "<>\\{}|^`\n')
    assert "\n" not in built.headers["x-text"]
    if kind == "json":
        said = json.loads(built.body)
        assert said["to"] == "+212612345678"
        assert said["text"] == said["again"]
        assert set(said) == {"to", "text", "again"}
    else:
        assert built.body.count(b"&") == 1
        assert built.body.endswith(b"&to=%2B212612345678")


def test_settings_with_dots_are_named_with_dots() -> None:
    with pytest.raises(InvalidSettings) as raised:
        External("x", {"send.method": "TRACE", "inbound.form": "from", "send_url": "https://x.ma"})
    problems = "\n".join(raised.value.problems)
    assert "send.method: must be one of GET, POST, PUT" in problems
    assert "inbound.form: unknown setting" in problems
    assert "send_url: unknown setting" in problems
