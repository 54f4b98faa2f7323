"""Holds a conversation: pure functions from a state and an answer to the next state and what is to happen.

Nothing here sends, saves, looks at a clock or waits. A turn enters at most `MOST_MOVES` states; a question's state
holds everything needed to go on, and survives JSON. `now` is either always aware, in the contact's zone, or always the
zone-less local wall time; times in variables are zone-less local ones, or have an offset if `now` is aware.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from flows.matching import filled, match, nothing_to_pick, offered, only_one
from flows.schema import (
    Action,
    Ask,
    Choose,
    End,
    Flow,
    FlowError,
    HandOver,
    If,
    Jump,
    Pick,
    State,
    Tell,
    Text,
)
from flows.types import Answer, Do, Effect, FlowState, Go, Handover, Json, Say, Step

MOST_MOVES = 50
"""States entered without a word from the person. The longest way in the flows that ship enters fewer than ten."""

_MOST_UNHEARD = 30  # after this many moves on silence alone the flow stops asking and waits


def start(flow: Flow, vars: Mapping[str, Json], now: datetime) -> Step:  # noqa: A002 - the word of the file format
    """Begin the flow with these variables over its own `starts_with`. FlowError if it cannot reach a resting place."""
    first = FlowState(flow.id, flow.version, flow.start, {**flow.starts_with, **vars})
    return _enter(flow, first, flow.start, now)


def answer(flow: Flow, state: FlowState, answer: Answer, now: datetime) -> Step:
    """Go on with what the person said. An answer that fits nothing gives a Step with `understood` False.

    While an action is waited for, the state stays and the action is given again. FlowError if the state is not one of
    this flow and version.
    """
    node = _node(flow, state)
    if isinstance(node, Action):
        return Step(state, do=_do(node, state.vars, now), understood=False)
    if not isinstance(node, Choose | Pick | Ask):
        raise FlowError([flow.problem(f"states.{state.state}", "no question is open here")])
    heard = replace(state, moves=0)
    found = match(node, state.choices, answer, state.vars, now)
    if found:
        return _enter(flow, replace(heard, vars={**state.vars, **found.saved}), found.to, now)
    return replace(_not_understood(flow, heard, node, now), understood=False)


def resume(flow: Flow, state: FlowState, result: Json, now: datetime) -> Step:
    """Go on with the result of the action: `{"branch": word, "value": anything}`.

    FlowError if no action is waited for or the flow has no way for the branch; the state given is still good then.
    """
    node = _node(flow, state)
    place = f"states.{state.state}"
    if not isinstance(node, Action):
        raise FlowError([flow.problem(place, "no action is waited for here")])
    if not isinstance(result, dict) or not isinstance(result.get("branch"), str):
        raise FlowError([flow.problem(place, f"the result of {node.action} names no branch")])
    to = node.to.get(str(result["branch"]), node.always)
    if to is None:
        raise FlowError([flow.problem(f"{place}.to", f"there is no way for “{result['branch']}” of {node.action}")])
    kept = {**state.vars, node.save: result.get("value")} if node.save else state.vars
    return _enter(flow, replace(state, vars=kept), to, now)


def again(flow: Flow, state: FlowState, now: datetime) -> Step:
    """Put the open question once more, as after a dropped USSD session; its choices are worked out anew.

    An action that is waited for is given again. FlowError if the state is not one of this flow and version.
    """
    _node(flow, state)
    return _enter(flow, replace(state, moves=0), state.state, now)


def silent_at(flow: Flow, state: FlowState) -> datetime | None:
    """When the silence after the open question means something. None if never."""
    node = flow.states.get(state.state)
    if not isinstance(node, Choose | Pick | Ask) or node.silent is None or state.asked_at is None:
        return None
    return None if state.moves > _MOST_UNHEARD else state.asked_at + node.silent.after


def silent(flow: Flow, state: FlowState, now: datetime) -> Step | None:
    """Go on because nobody answered. None if it is not yet time for that, or this question may stay open."""
    node = _node(flow, state)
    at = silent_at(flow, state)
    if at is None or now < at or not isinstance(node, Choose | Pick | Ask) or node.silent is None:
        return None
    return _enter(flow, state, node.silent.to, now)


def expires_at(flow: Flow, state: FlowState) -> datetime | None:
    """When the conversation counts as abandoned, by the flow's `expires`. None while an action is waited for."""
    return state.asked_at + flow.expires if state.asked_at else None


def _node(flow: Flow, state: FlowState) -> State:
    if (state.flow, state.version) != (flow.id, flow.version):
        raise FlowError(
            [flow.problem("id", f"the state is of {state.flow} version {state.version}, not of version {flow.version}")]
        )
    return _state(flow, state.state)


def _state(flow: Flow, name: str) -> State:
    if name not in flow.states:
        raise FlowError([flow.problem(f"states.{name}", f"there is no state “{name}”")])
    return flow.states[name]


def _say(text: Text, scope: Mapping[str, Json], now: datetime) -> Say:
    return Say(text.key, filled(text.params, scope, now))


def _do(node: Action, scope: Mapping[str, Json], now: datetime) -> Do:
    return Do(node.action, filled(node.params, scope, now))


def _enter(flow: Flow, state: FlowState, name: str, now: datetime) -> Step:
    """Enter states from `name` on until one rests: a question, an action, or an end."""
    effects: list[Effect] = []
    scope = state.vars
    for moves in range(state.moves + 1, MOST_MOVES + 1):
        node = _state(flow, name)
        here = replace(state, state=name, tries=0, choices=(), asked_at=None, moves=moves)
        match node:
            case Tell():
                effects.append(_say(node.say, scope, now))
                name = node.to
            case If():
                name = next((to for when, to in node.cases if when.holds(scope, now)), node.otherwise)
            case Pick() if nothing_to_pick(node, scope, now):
                name = node.none
            case Pick() if node.one is not None and (only := only_one(node, scope, now)):
                scope = {**scope, node.save: only[0]}
                state = replace(state, vars=scope)
                name = node.one
            case Choose() | Pick() | Ask():
                choices = offered(node, scope, now)
                effects.append(replace(_say(node.say, scope, now), choices=choices))
                return Step(replace(here, choices=choices, asked_at=now), tuple(effects))
            case Action():
                return Step(here, tuple(effects), do=_do(node, scope, now))
            case HandOver() | End() | Jump():
                return _close(node, effects, scope, now)
    raise FlowError([flow.problem(f"states.{name}", f"more than {MOST_MOVES} states were entered in one turn")])


def _close(node: HandOver | End | Jump, effects: list[Effect], scope: Mapping[str, Json], now: datetime) -> Step:
    if isinstance(node, Jump):
        return Step(None, (*effects, Go(node.flow, filled(node.vars, scope, now))), outcome="go")
    if node.say:
        effects.append(_say(node.say, scope, now))
    if isinstance(node, End):
        return Step(None, tuple(effects), outcome=node.outcome)
    return Step(None, (*effects, Handover(node.reason)), outcome="handover")


def _not_understood(flow: Flow, state: FlowState, node: Choose | Pick | Ask, now: datetime) -> Step:
    tries = state.tries + 1
    if tries > node.otherwise.times:
        if node.otherwise.then is None:
            return Step(None, (Handover("not_understood"),), outcome="handover")
        return _enter(flow, state, node.otherwise.then, now)
    again = replace(_say(node.say, state.vars, now), choices=state.choices)
    return Step(
        replace(state, tries=tries, asked_at=now),
        (_say(node.otherwise.say, state.vars, now), again),
    )
