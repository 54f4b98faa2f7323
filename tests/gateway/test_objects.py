"""Reading bent JSON: a value of the wrong kind counts as absent, a bad event loses none of its neighbours."""

from collections.abc import Mapping
from typing import Any

import pytest

from sms_gateway.errors import MalformedRequest
from sms_gateway.objects import MAX_EVENTS, child, children, each, flat, identifier, scalar
from sms_gateway.types import HttpRequest

URL = "https://hub.example.ma/in"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"), ("a\x00b", "ab"), (7, "7"), (0, "0"), (-7.5899, "-7.5899"), (True, ""), (None, ""), ([], ""), ({}, ""),
        (10**40, ""), (float("nan"), ""), (float("inf"), ""),
    ],
)  # fmt: skip
def test_a_scalar_is_a_string_or_a_number(value: object, text: str) -> None:
    assert scalar({"x": value}, "x") == text
    assert scalar({}, "x") == ""


def test_children_are_objects() -> None:
    assert child({"x": {"y": 1}}, "x") == {"y": 1}
    assert child({"x": [1]}, "x") == {}
    assert children({"x": [1, {"y": 1}, None]}, "x") == [{"y": 1}]
    assert children({"x": {"y": 1}}, "x") == []


def test_one_flat_object_or_form_with_what_the_address_adds() -> None:
    said = b'{"a": 1, "b": null, "c": "x"}'
    assert flat(HttpRequest("POST", f"{URL}?a=0&d=4", {"content-type": "application/json"}, said)) == {
        "a": "1",
        "c": "x",
        "d": "4",
    }
    assert flat(HttpRequest("POST", URL, {}, b" " + said)) == {"a": "1", "c": "x"}
    assert flat(HttpRequest("POST", f"{URL}?d=4", {}, b"a=1&c=%7B")) == {"a": "1", "c": "{", "d": "4"}
    assert flat(HttpRequest("GET", f"{URL}?d=4", {"content-type": "application/json"}, b"")) == {"d": "4"}
    with pytest.raises(MalformedRequest):
        flat(HttpRequest("POST", URL, {"content-type": "application/json"}, b"a=1"))


def test_an_id_is_short_and_printable() -> None:
    assert identifier(" a1 ") == "a1"
    assert identifier("a\nb") == ""
    assert identifier("a" * 201) == ""


def test_a_bad_event_loses_no_neighbour() -> None:
    def read(item: Mapping[str, Any]) -> str | None:
        if item.get("bad"):
            raise MalformedRequest("bad")
        return scalar(item, "x") or None

    assert each({"e": [{"x": 1}, 7, {"bad": 1}, {}, {"x": 2}]}, "e", read) == ["1", "2"]
    assert each({"e": []}, "e", read) == []
    assert each({"e": [{}]}, "e", read) == []
    for hopeless in ({}, {"e": {}}, {"e": [7]}, {"e": [{"bad": 1}, {}]}, {"e": [{"x": 1}] * (MAX_EVENTS + 1)}):
        with pytest.raises(MalformedRequest):
            each(hopeless, "e", read)
