"""Conversations and parts survive the encrypted columns, whatever stands in them."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.core import codec
from bot.core.model import Conversation
from flows.types import Choice, FlowState
from sms_gateway.types import Button, Menu, Part, Template

TEXT = st.text(max_size=20)
PARAMS = st.dictionaries(
    TEXT, st.none() | st.booleans() | st.integers() | TEXT | st.lists(TEXT, max_size=3), max_size=3
)
CHOICES = st.lists(st.builds(Choice, TEXT, TEXT, PARAMS), max_size=3).map(tuple)
WHEN = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (made aware)
FLOWS = st.builds(
    FlowState, TEXT, st.integers(1, 99), TEXT, PARAMS, st.integers(0, 9), CHOICES, st.none() | WHEN, st.integers(0, 9)
)
BUTTONS = st.lists(st.builds(Button, TEXT, TEXT, st.none() | TEXT), max_size=3).map(tuple)
PARTS = st.builds(
    Part,
    TEXT,
    BUTTONS,
    st.none() | st.builds(Menu, TEXT, BUTTONS),
    st.none() | st.builds(Template, TEXT, TEXT, st.lists(TEXT, max_size=3).map(tuple), st.none() | TEXT),
    st.booleans(),
)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    pages = draw(st.lists(TEXT, max_size=4).map(tuple))
    session = draw(st.none() | TEXT.filter(bool))
    return Conversation(
        flow=draw(st.none() | FLOWS),
        choices=draw(CHOICES),
        pages=pages,
        page=draw(st.integers(0, len(pages) - 1)) if pages else 0,
        session_id=session,
        seen=draw(TEXT) if session else "",
        expires_at=draw(st.none() | WHEN),
    )


@given(conversations(), WHEN)
def test_a_conversation_comes_back_as_it_was(one: Conversation, when: datetime) -> None:
    assert codec.load_conversation(codec.dump_conversation(one), when) == replace(one, updated_at=when)


@given(st.lists(PARTS, max_size=3).map(tuple))
def test_parts_come_back_as_they_were(parts: tuple[Part, ...]) -> None:
    assert codec.load_parts(codec.dump_parts(parts)) == parts
    for part in parts:
        assert codec.load_part(codec.dump_part(part)) == part


def test_an_empty_conversation_of_any_release_opens() -> None:
    assert codec.dump_conversation(Conversation()) == "{}"
    assert codec.load_conversation("{}") == Conversation()
    assert codec.load_conversation('{"of a later release": 1}') == Conversation()
