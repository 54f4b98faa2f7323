from datetime import UTC, datetime

import pytest

from sms_gateway.errors import MalformedRequest
from sms_gateway.reading import MAX_BODY, MAX_ID, clean, form, form_pairs, identifier, instant, reference, string
from sms_gateway.registry import make


def test_a_form_keeps_order_repeats_and_empty_values() -> None:
    assert form_pairs(b"b=1&a=&b=2") == (("b", "1"), ("a", ""), ("b", "2"))
    assert form(b"b=1&a=&b=2") == {"b": "1", "a": ""}


@pytest.mark.parametrize("body", [b"&".join([b"a=1"] * 1001), b"a=%ff", b"\xff", b"a" * (MAX_BODY + 1)])
def test_a_form_that_is_none(body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        form_pairs(body)


def test_clean_text_can_be_stored() -> None:
    assert clean("a\x00b\ud83dc😀") == "ab\ufffdc😀"


@pytest.mark.parametrize("value", ["", " ", "a\nb", "a\x7fb", "x" * (MAX_ID + 1), None, 7, ["a"]])
def test_what_is_no_id(value: object) -> None:
    with pytest.raises(MalformedRequest):
        identifier({"id": value}, "id")


def test_the_first_id_present_is_taken() -> None:
    assert identifier({"a": "", "b": " x ", "c": "y"}, "a", "b", "c") == "x"
    assert identifier({"id": "x" * MAX_ID}, "id") == "x" * MAX_ID


def test_a_string_of_another_type_is_malformed() -> None:
    assert string({}, "a") == ""
    with pytest.raises(MalformedRequest):
        string({"a": 7}, "a")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T21:00:00+01:00", datetime(2026, 11, 22, 20, tzinfo=UTC)),
        ("2026-11-22T20:00:00Z", datetime(2026, 11, 22, 20, tzinfo=UTC)),
        ("2026-11-22T20:00:00", None),  # whose time?
        ("tomorrow", None),
        ("", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_an_instant_has_an_offset(text: str, moment: datetime | None) -> None:
    assert instant(text) == moment


@pytest.mark.parametrize(("value", "kept"), [("out-7f3a", True), ("", False), ("a b", False), ("x" * 65, False)])
def test_a_reference_is_one_that_we_may_have_written(value: str, kept: bool) -> None:  # noqa: FBT001
    assert reference(value) == (value if kept else None)


def test_settings_are_stripped_and_blank_means_absent() -> None:
    config = {"service": " sms ", "secret": " a-secret\n", "network_url": "  "}
    settings = make("simulator", "x", config).settings  # type: ignore[attr-defined]
    assert (settings.service, settings.secret, settings.network_url) == ("sms", "a-secret", "")
