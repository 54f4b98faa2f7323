from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.expressions import ExpressionError, moment, read, read_span
from flows.types import Json

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=timezone(timedelta(hours=1)))
SCOPE: dict[str, Json] = {
    "consent": "given",
    "count": 3,
    "none": None,
    "yes": True,
    "slots": [{"starts_at": "2026-11-22T11:00"}],
    "appointment": {"starts_at": "2026-11-22T12:00", "place": {"id": 7}},
    "zoned": "2026-11-22T08:30:00+00:00",
    "day": "2026-11-22",
}


@pytest.mark.parametrize(
    "text",
    [
        "@consent == 'given'",
        '@consent != "refused"',
        "@consent == 'given' and @count > 2",
        "@consent == 'x' or @count >= 3 and not @none",
        "not (@consent == 'x' or @none)",
        "not not @yes",
        "@appointment.starts_at - 2h > now",
        "@appointment.starts_at - 3h < now",
        "@appointment.place.id == 7",
        "@slots.0.starts_at > now",
        "@slots.1.starts_at == null",
        "@missing == null",
        "@missing.deeper == null",
        "@consent.deeper == null",
        "@yes",
        "@slots",
        "@yes == true",
        "@zoned == now",
        "@day == today",
        "@appointment.starts_at == today",
        "@day <= '2026-11-22'",
        "@day + 1d > now",
        "now < '2026-11-22T09:31'",
        "@appointment.starts_at - now == 2h30m",
        "@count + 1 == 4",
        "@count - 1.5 == 1.5",
        "1w == 7d",
        "'10:00' < '11:00'",
    ],
)
def test_true(text: str) -> None:
    assert read(text).holds(SCOPE, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "@none",
        "@missing",
        "@consent == 'Given'",
        "@count == '3'",
        "@yes == 1",
        "@yes < 2",
        "@consent > 3",
        "@missing > now",
        "@missing < now",
        "@missing - 2h > now",
        "@consent + 2h > now",
        "@yes + 1 == 2",
        "@appointment.starts_at + 99999w + 99999w + 99999w + 99999w + 99999w > now",
        "@appointment.starts_at > today",
        "@slots.first == 1",
    ],
)
def test_not_true(text: str) -> None:
    assert not read(text).holds(SCOPE, NOW)


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("@appointment.starts_at - 2h", "2026-11-22T10:00"),
        ("@day + 2d", "2026-11-24T00:00"),
        ("now", "2026-11-22T09:30"),
        ("today", "2026-11-22"),
        ("@appointment.starts_at - now", 150),
        ("@appointment.place", {"id": 7}),
        ("@count - 1", 2),
        ("@missing - 2h", None),
        ("@consent == 'given'", True),
    ],
)
def test_worth_as_json(text: str, worth: Json) -> None:
    assert read(text).value(SCOPE, NOW) == worth


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "@",
        "@Consent",
        "consent == 'given'",
        "@a ==",
        "@a = 1",
        "@a == 'open",
        "(@a",
        "@a)",
        "@a @b",
        "@a == 1 == 1",
        "len(@a)",
        "@a.__class__",
        "@a[0]",
        "@a; @b",
        "@a | upper",
        "now > 3",
        "'x' > 1",
        "2h == 2",
        "now + now",
        "true + 1",
        "2h and @a",
        "not 'x'",
        "1 and 2",
        "true < false",
        "3 - 2h",
        "'x' + 'y'",
        "-1 > @a",
        "import os",
        "(" * 30 + "@a" + ")" * 30,
        "not " * 40 + "@a",
        "@a or " * 100 + "@a",
    ],
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        read(text)


def test_the_variables_of_an_expression_are_its_roots() -> None:
    assert read("@a.b > now and not @c or 1 == @d.0.e").roots == {"a", "c", "d"}


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30m", timedelta(minutes=30)),
        ("4h", timedelta(hours=4)),
        ("1h30m", timedelta(minutes=90)),
        ("-24h", timedelta(days=-1)),
        ("+2w", timedelta(weeks=2)),
    ],
)
def test_spans(text: str, span: timedelta) -> None:
    assert read_span(text) == span


@pytest.mark.parametrize("text", ["", "4", "h", "4 h", "4x", "--4h", "- 4h", "999999d", "٤h"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match="not a length of time"):
        read_span(text)


def test_a_moment_with_an_offset_is_put_into_the_zone_of_now() -> None:
    assert moment("2026-11-22T23:30:00Z", NOW) == datetime(2026, 11, 23, 0, 30)  # noqa: DTZ001 - wall time
    assert moment("2026-13-01", NOW) is None
    assert moment("10:00", NOW) is None


_PARTS = st.sampled_from(
    [
        "@a",
        "@a.b",
        "@b.0",
        "now",
        "today",
        "2h",
        "3",
        "'x'",
        "'2026-11-22'",
        "null",
        "true",
        "(",
        ")",
        "not",
        "and",
        "or",
        "==",
        "!=",
        "<",
        ">=",
        "+",
        "-",
        "@",
        "§",
    ],
)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from(["", "x", "2026-11-22", "9999-12-31T23:59", "ASK"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    max_leaves=4,
)


@given(st.lists(_PARTS, max_size=9).map(" ".join), st.dictionaries(st.sampled_from(["a", "b"]), _VALUES))
def test_reading_either_refuses_or_gives_something_that_can_always_be_judged(text: str, scope: dict[str, Json]) -> None:
    try:
        expression = read(text)
    except ExpressionError:
        return
    assert expression.holds(scope, NOW) in (True, False)
    expression.value(scope, NOW)
