"""Whatever people say and actions answer: nothing raises, a state survives JSON, a turn is bounded."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import engine
from flows.actions import ACTIONS
from flows.load import load_folder, load_text
from flows.schema import Action, Flow
from flows.types import Answer, FlowState, Json, Say, Step

from .examples import NOW, PLACES, SLOTS, VISIT

DEFINITIONS = load_folder(Path(engine.__file__).parent / "definitions")
FLOWS = [load_text(VISIT, name="visit.yaml"), *DEFINITIONS.values()]

_THINGS: st.SearchStrategy[Json] = st.sampled_from(
    [None, [], list(PLACES), list(SLOTS), {"id": 1}, "2026-11-24T10:00", 3, [{}], [None, 1], [{"id": "more"}] * 3]
)
_ENTITIES = st.lists(
    st.tuples(
        st.sampled_from(["date", "time", "datetime", "interval", "number", "place", "medicine"]),
        st.sampled_from(
            ["2026-11-24", "10:00", "2026-11-24T10:00", "ASK", "", "x/y", "2026-11-24/2026-11-25", "7", "-1e9"]
        ),
        st.just("words"),
    ),
    max_size=3,
).map(tuple)
_ANSWERS = st.builds(
    Answer,
    text=st.sampled_from(["1", "2", " 3.", "رقم 4", "99", "", "iyyeh", "²", "١"]) | st.text(max_size=12),
    choice=st.none() | st.sampled_from(["come", "s1", "7", "more", "nothing"]),
    intent=st.none() | st.sampled_from(["affirm", "deny", "book_appointment", "health_question/salt"]),
    entities=_ENTITIES,
)


def kept(step: Step) -> Step:
    """The step, having checked all that must be true of any step."""
    assert len(step.effects) <= engine.MOST_MOVES + 1
    assert (step.state is None) is (step.outcome is not None)
    if step.do:
        assert step.state is not None
        json.dumps(dict(step.do.params))
    if step.state:
        assert FlowState.from_json(json.loads(json.dumps(step.state.to_json()))) == step.state
        if step.do is None:
            asked = step.effects[-1]
            assert isinstance(asked, Say)
            assert asked.choices == step.state.choices
            assert len({choice.id for choice in asked.choices}) == len(asked.choices)
    return step


def go_on(flow: Flow, state: FlowState, data: st.DataObject) -> Step | None:
    node = flow.states[state.state]
    now = NOW + timedelta(hours=data.draw(st.integers(0, 100)))
    if isinstance(node, Action):
        branch = data.draw(st.sampled_from(list(node.to) or list(ACTIONS[node.action].results)))
        return engine.resume(flow, state, {"branch": branch, "value": data.draw(_THINGS)}, now)
    if data.draw(st.booleans()):
        return engine.answer(flow, state, data.draw(_ANSWERS), now)
    return engine.silent(flow, state, now)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.id)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_conversation_goes_on_until_it_ends(flow: Flow, data: st.DataObject) -> None:
    first = {name: data.draw(_THINGS) for name in flow.starts_with if data.draw(st.booleans())}
    step = kept(engine.start(flow, first, NOW))
    waited = 0
    for _ in range(25):
        if step.state is None:
            return
        before = step.state
        following = go_on(flow, before, data)
        if following is None:
            continue
        step = kept(following)
        waited = waited + 1 if step.do else 0
        if waited > 20:
            return


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.id)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_nonsense_alone_always_ends_or_leads_somewhere_else(flow: Flow, data: st.DataObject) -> None:
    step = engine.start(flow, {}, NOW)
    for _ in range(12):
        if step.state is None or step.do:
            return
        before = step.state
        step = kept(engine.answer(flow, before, Answer("§§§"), NOW))
        if step.state and step.state.state == before.state and before.choices:
            assert step.state.tries == before.tries + 1
            assert not step.understood
    assert step.state is None or step.do or step.state.tries <= 5


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5))
def test_what_is_no_state_is_refused(stored: Json) -> None:
    with pytest.raises(ValueError, match=r"not the state of a conversation|isoformat"):
        FlowState.from_json({"flow": "visit", "version": 1, "state": stored, "choices": stored, "asked_at": "x"})
