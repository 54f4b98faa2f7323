from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_gateway import webhook
from sms_gateway.errors import ForbiddenRequest, MalformedRequest
from sms_gateway.reading import MAX_BODY
from sms_gateway.types import HttpRequest

AT = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
URL = "https://hub.example.ma/channels/x/inbound"


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-22T20:00:00Z", "2026-11-22T20:00:00+00:00", "2026-11-22T21:00:00+01:00", "2026-11-22T21:00:00+0100",
        "2026-11-22T20:00:00.000Z", "2026-11-22 20:00:00", "2026-11-22 20:00", "2026-11-22 21:00:00 +0100",
        "2026/11/22 20:00:00", "22/11/2026 20:00:00", "22/11/2026 20:00", "22-11-2026 20:00:00", "22.11.2026 20:00",
        "20261122200000", "20261122T200000", "20261122T200000Z", "1795377600", "1795377600.0", "1795377600000",
        "1795377600000000", " 2026-11-22  20:00:00 ", "Sun, 22 Nov 2026 20:00:00 GMT", "Sun, 22 Nov 2026 21:00:00 +0100",
        "2026-11-22T21:00:00 01:00", "2026-11-22T21:00:00 0100", "2026-11-22 20:00:00 UTC", "22 Nov 2026 20:00:00",
        "Sun, 22 Nov 2026 20:00:00 +0000 (UTC)", "Sun Nov 22 20:00:00 2026", "Nov 22, 2026 8:00:00 PM", "22/11/26 20:00",
        "2611222000", "261122200000", "202611222000", "2026-11-22T20:00Z", "2026-11-22T20:00:00.0000000Z",
    ],
)  # fmt: skip
def test_a_moment_in_every_common_form(written: str) -> None:
    assert webhook.moment(written) == AT


@pytest.mark.parametrize("written", ["2026-11-22", "20261122", "22/11/2026"])
def test_a_day_is_its_first_moment(written: str) -> None:
    assert webhook.moment(written) == datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "soon",
        "32/13/2026 20:00",
        "9" * 400,
        "-",
        "0001-01-01T00:00:00+14:00",
        "2026-11-22T25:00:00",
        "1e9",
        "12345",
    ],
)
def test_a_moment_that_cannot_be_read_is_none(written: str) -> None:
    assert webhook.moment(written) is None


@given(st.text(max_size=40))
def test_any_text_gives_a_moment_or_none(written: str) -> None:
    found = webhook.moment(written)
    assert found is None or found.utcoffset() is not None


def test_the_token_stands_in_the_query_or_the_header() -> None:
    webhook.check(HttpRequest("GET", f"{URL}?a=1&token=se%20cret", {}), "se cret")
    webhook.check(HttpRequest("POST", URL, {"x-webhook-token": "se cret"}), "se cret")
    webhook.check(HttpRequest("POST", URL, {}), "")


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("POST", URL, {}),
        HttpRequest("POST", f"{URL}?token=", {}),
        HttpRequest("POST", f"{URL}?token=Secret", {}),
        HttpRequest("POST", f"{URL}?token=wrong&token=secret", {}),  # the first counts, for us and whoever logs it
        HttpRequest("POST", f"{URL}?token=secret", {"x-webhook-token": "wrong"}),
        HttpRequest("DELETE", f"{URL}?token=secret", {}),
        HttpRequest("POST", f"{URL}?token=secret", {}, b"a" * (MAX_BODY + 1)),
        HttpRequest("POST", "https://[", {}),
    ],
)
def test_a_request_without_the_token_is_forbidden(request_: HttpRequest) -> None:
    with pytest.raises(ForbiddenRequest):
        webhook.check(request_, "secret")


def test_of_a_field_in_query_and_body_the_body_counts() -> None:
    found = webhook.fields(HttpRequest("POST", f"{URL}?a=1&b=2&b=3&%C3%A9=%C3%A0", {}, b"a=4&c=a+b%2Bc&d"))
    assert found == {"a": "4", "c": "a b+c", "d": "", "b": "2", "é": "à"}
    assert webhook.fields(HttpRequest("GET", f"{URL}?a=%e9", {})) == {"a": "é"}


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("POST", URL, {}, b"&".join([b"a=1"] * 1001)),
        HttpRequest("POST", URL, {}, b"a" * (MAX_BODY + 1)),
        HttpRequest("GET", "https://[", {}),
    ],
)
def test_fields_that_are_none(request_: HttpRequest) -> None:
    with pytest.raises(MalformedRequest):
        webhook.fields(request_)


def test_only_what_we_can_have_written_is_a_reference() -> None:
    assert webhook.echoed(HttpRequest("GET", f"{URL}?ref=out-7f3a", {}), "ref") == "out-7f3a"
    for query in ("", "?ref=", "?ref=a%20b", "?ref=%00", "?reference=out-7f3a", "?ref=" + "a" * 65):
        assert webhook.echoed(HttpRequest("GET", URL + query, {}), "ref") is None
    assert webhook.echoed(HttpRequest("GET", "https://[", {}), "ref") is None


def test_an_address_keeps_what_it_has() -> None:
    assert webhook.with_query("https://x.ma/s", {"a": "b c&d"}) == "https://x.ma/s?a=b%20c%26d"
    assert webhook.with_query("https://x.ma/s?u=1", {"a": "é"}) == "https://x.ma/s?u=1&a=%C3%A9"
    assert webhook.with_query("https://x.ma/s?", {"a": "1"}) == "https://x.ma/s?a=1"


def test_an_id_that_is_made_tells_nothing_and_stays_the_same() -> None:
    made = webhook.made_id("key", "+212612345678", "1")
    assert made == webhook.made_id("key", "+212612345678", "1")
    assert len(made) == 32
    assert int(made, 16) >= 0
    assert len({made, webhook.made_id("key", "+21261234567", "81"), webhook.made_id("", "+212612345678", "1")}) == 3
