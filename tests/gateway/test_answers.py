from datetime import UTC, datetime

import pytest

from sms_gateway.answers import code_of, refusal, retry_after
from sms_gateway.channels.twilio import ERRORS
from sms_gateway.errors import (
    ChannelError,
    ContactOptedOut,
    InvalidUrn,
    Misconfigured,
    OutcomeUnknown,
    OutsideWindow,
    Rejected,
    Throttled,
    Unreachable,
)
from sms_gateway.types import HttpResponse

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, OutcomeUnknown),  # a success that is not the promised one
        (206, OutcomeUnknown),
        (301, Misconfigured),
        (400, Rejected),
        (401, Misconfigured),
        (403, Misconfigured),
        (404, Misconfigured),
        (408, Unreachable),
        (413, Rejected),
        (425, Unreachable),
        (429, Throttled),
        (500, OutcomeUnknown),
        (502, OutcomeUnknown),
        (503, Unreachable),
        (504, OutcomeUnknown),
        (520, OutcomeUnknown),
        (522, Unreachable),
        (524, OutcomeUnknown),
    ],
)
def test_what_a_status_means(status: int, kind: type[ChannelError]) -> None:
    error = refusal(HttpResponse(status), None, {})
    assert type(error) is kind
    assert error.code == str(status)


@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_the_providers_own_code_weighs_more(status: int) -> None:
    assert type(refusal(HttpResponse(status), "42", {"42": ContactOptedOut})) is ContactOptedOut
    assert refusal(HttpResponse(status), "43", {"42": ContactOptedOut}).code == "43"


def test_an_outcome_that_is_unknown_is_never_retried() -> None:
    retried = {kind for kind in ChannelError.__subclasses__() if kind.retry}
    assert retried == {Unreachable, Throttled}


def test_a_wait_makes_unreachable_throttled() -> None:
    error = refusal(HttpResponse(503, {"retry-after": "12"}), None, {})
    assert isinstance(error, Throttled)
    assert error.wait == 12
    assert type(refusal(HttpResponse(500, {"retry-after": "12"}), None, {})) is OutcomeUnknown


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        (" 1.5 ", 1.5),
        ("86400", 3600.0),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        ("nan", None),
        ("Sun, 22 Nov 2026 20:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 19:00:00 GMT", 0.0),
        ("Mon, 23 Nov 2026 20:00:00 GMT", 3600.0),
        ("Sun, 99 Nov 2026", None),
    ],
)
def test_how_long_to_wait(value: str, seconds: float | None) -> None:
    assert retry_after(HttpResponse(429, {"retry-after": value}), NOW) == seconds
    dated = HttpResponse(429, {"retry-after": value, "date": "Sun, 22 Nov 2026 20:00:00 GMT"})
    assert retry_after(dated) == seconds


def test_a_date_without_a_clock_says_nothing() -> None:
    assert retry_after(HttpResponse(429, {"retry-after": "Sun, 22 Nov 2026 20:00:30 GMT"})) is None


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (21610, "21610"),
        ("spam", "spam"),
        (0, None),
        (True, None),
        (None, None),
        ("", None),
        ({"code": 1}, None),
        ("two words", None),
        ("x" * 41, None),
        ("\ud800", None),
    ],
)
def test_a_code_is_short_and_plain(value: object, code: str | None) -> None:
    assert code_of(value) == code


@pytest.mark.parametrize(
    ("codes", "permanent"),
    [
        ("21610", {ContactOptedOut}),
        ("21211 21614 21612 21604 21602 21617 21408 30004 30005 30006 30007", {InvalidUrn, Rejected}),
        ("63003 63005 63013 63014 63024 63032 63033", {InvalidUrn, Rejected}),
        ("20429 21611 30001 30003 30410 63018", {Throttled, Unreachable}),
        ("30008", {OutcomeUnknown}),
        ("63016", {OutsideWindow}),
        ("20003 20404 21212 21606 21608 21703 21704 30002 63007", {Misconfigured}),
    ],
)
def test_every_documented_twilio_code_has_its_class(codes: str, permanent: set[type[ChannelError]]) -> None:
    assert {ERRORS[code] for code in codes.split()} == permanent
