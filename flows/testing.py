"""Holds the talks that stand in a flow's own `tests:` and says where one went otherwise. Pure: no words, no hub.

Between any two turns the state goes through JSON, so every test also proves that a conversation can be put away.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from flows import engine
from flows.actions import ACTIONS
from flows.expressions import ExpressionError, read_span
from flows.schema import Action, Flow, FlowError, Problem
from flows.types import Answer, Effect, FlowState, Go, Handover, Json, Say, Step

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""When a talk takes place that does not say when."""

Understand = Callable[[str, str, FlowState], Answer]
"""From a text, the form (`fr`, `ary-Latn`, …) and the open state: what it means. Without one, see `plain_answer`."""

Render = Callable[[Say, str, str], str]
"""The words of a Say in a form on a channel; needed only by transcripts that quote words instead of keys."""

Kind = Literal["bot", "me", "do", "wait", "end", "handover", "go"]

KINDS: tuple[Kind, ...] = ("bot", "me", "do", "wait", "end", "handover", "go")

_BELONGS: Mapping[Kind, set[str]] = {
    "bot": {"with", "choices"},
    "me": {"choice", "intent", "entities"},
    "do": {"action", "branch", "value", "with"},
    "wait": set(),
    "end": set(),
    "handover": set(),
    "go": {"with"},
}
"""What may stand beside the word of a turn."""

_MEANING = re.compile(r"(?P<text>.*?)\s*\[(?P<meaning>[^\[\]]*)\]")
_KEY = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9][a-z0-9_]*)+")


@dataclass(frozen=True, slots=True)
class Turn:
    """One line of a talk: its kind, its word or text, what belongs to it, and where it stands."""

    kind: Kind
    text: str
    more: Mapping[str, Json] = field(default_factory=dict)
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation to hold: who speaks how and when, with which first variables."""

    turns: tuple[Turn, ...]
    form: str
    channel: str
    now: datetime = MONDAY
    vars: Mapping[str, Json] = field(default_factory=dict)
    name: str = ""


class _Otherwise(Exception):
    """What the flow did instead."""


def run_tests(
    flow: Flow, *, understand: Understand | None = None, render: Render | None = None, now: datetime = MONDAY
) -> list[Problem]:
    """Every way in which the flow's own tests went otherwise; none means they all hold.

    `now` is used by the tests that name no time. Each problem has the line of the turn in the flow's file.
    """
    problems: list[Problem] = []
    for number, test in enumerate(flow.tests):
        try:
            talk = _read(flow, f"tests.{number}", test, now)
        except (ValueError, ExpressionError) as error:
            problems.append(flow.problem(f"tests.{number}", f"this test cannot be read: {error}"))
            continue
        problems += hold(flow, talk, understand=understand, render=render)
    return problems


def hold(
    flow: Flow, talk: Talk, *, understand: Understand | None = None, render: Render | None = None
) -> list[Problem]:
    """Hold the talk with the flow. The first turn that goes otherwise is the problem; the rest is not held."""
    name = talk.name or flow.name
    if talk.form not in flow.languages or talk.channel not in flow.channels:
        first = talk.turns[0] if talk.turns else Turn("bot", "")
        return [Problem(first.line, first.column, f"the flow is not held in {talk.form} on {talk.channel}", name)]
    held = _Held(flow, talk, understand, render)
    for turn in talk.turns:
        try:
            held.turn(turn)
        except (_Otherwise, FlowError, ExpressionError) as error:
            return [Problem(turn.line, turn.column, str(error), name)]
    left = held.heard()
    if left:
        last = talk.turns[-1] if talk.turns else Turn("bot", "")
        return [Problem(last.line, last.column, f"the talk ends, but the flow goes on: {left}", name)]
    return []


def plain_answer(text: str) -> Answer:
    """What a text means by itself: digits and words as typed, and what stands behind it in square brackets.

    `waxa [affirm]` has an intent, `ghdda 10h [datetime=2026-11-24T10:00]` an entity, `Oui [choice=come]` a tapped choice.
    """
    found = _MEANING.fullmatch(text)
    if not found:
        return Answer(text)
    intent, choice, entities = None, None, []
    for part in found["meaning"].split():
        name, has_value, value = part.partition("=")
        if not has_value:
            intent = name
        elif name == "choice":
            choice = value
        else:
            entities.append((name, value, found["text"]))
    return Answer(found["text"], choice, intent, tuple(entities))


def _meant(turn: Turn) -> Answer:
    answer = plain_answer(turn.text)
    choice, intent, found = (turn.more.get(name) for name in ("choice", "intent", "entities"))
    entities = (
        tuple((type_, str(value), answer.text) for type_, value in found.items()) if isinstance(found, dict) else ()
    )
    return Answer(
        answer.text,
        str(choice) if choice is not None else answer.choice,
        str(intent) if intent is not None else answer.intent,
        answer.entities + entities,
    )


class _Held:
    """A conversation under way."""

    def __init__(self, flow: Flow, talk: Talk, understand: Understand | None, render: Render | None) -> None:
        self.flow = flow
        self.talk = talk
        self.understand = understand
        self.render = render
        self.now = talk.now
        self.waiting: list[Effect] = []
        self.step = Step(None)
        self.begun = False

    def turn(self, turn: Turn) -> None:
        if not self.begun:
            self.begun = True
            self.take(engine.start(self.flow, self.talk.vars, self.now))
        match turn.kind:
            case "bot":
                self.bot(turn)
            case "me":
                self.me(turn)
            case "do":
                self.do(turn)
            case "wait":
                self.wait(turn)
            case "handover" | "go":
                self.close(turn)
            case "end":
                self.all_heard()
                if self.step.outcome != turn.text:
                    raise _Otherwise(f"the flow has not ended as “{turn.text}” but {self.place()}")

    def take(self, step: Step) -> None:
        self.step = step
        self.waiting += step.effects
        if step.do:
            json.dumps(dict(step.do.params))
        if step.state:
            again = FlowState.from_json(json.loads(json.dumps(step.state.to_json())))
            if again != step.state:
                raise _Otherwise(f"the state at “{step.state.state}” does not survive JSON")

    def heard(self) -> str:
        return ", ".join(_words(effect) for effect in self.waiting)

    def all_heard(self) -> None:
        if self.waiting:
            raise _Otherwise(f"before this the flow has: {self.heard()}")

    def place(self) -> str:
        if self.step.do:
            return f"waits for {self.step.do.action}"
        return f"is at “{self.step.state.state}”" if self.step.state else f"is over ({self.step.outcome})"

    def open(self) -> FlowState:
        self.all_heard()
        if self.step.state is None:
            raise _Otherwise(f"nobody is listening: the flow {self.place()}")
        return self.step.state

    def bot(self, turn: Turn) -> None:
        if not self.waiting:
            raise _Otherwise(f"the flow says nothing more: it {self.place()}")
        effect = self.waiting.pop(0)
        if not isinstance(effect, Say):
            raise _Otherwise(f"expected {turn.text}, got {_words(effect)}")
        if _KEY.fullmatch(turn.text):
            if effect.key != turn.text:
                raise _Otherwise(f"expected {turn.text}, got {effect.key}")
        elif self.render is None:
            raise _Otherwise("this talk quotes words, and no words were given to the tester")
        elif (said := self.render(effect, self.talk.form, self.talk.channel)).split() != turn.text.split():
            raise _Otherwise(f"expected “{turn.text}”, got “{said}”")
        if "with" in turn.more and turn.more["with"] != dict(effect.params):
            raise _Otherwise(f"{effect.key} was said with {json.dumps(dict(effect.params), ensure_ascii=False)}")
        choices: Json = [choice.id for choice in effect.choices]
        if "choices" in turn.more and turn.more["choices"] != choices:
            raise _Otherwise(f"{effect.key} offers {choices}")

    def me(self, turn: Turn) -> None:
        state = self.open()
        answer = _meant(turn)
        if self.understand and answer == Answer(turn.text):
            answer = self.understand(turn.text, self.talk.form, state)
        self.take(engine.answer(self.flow, state, answer, self.now))

    def do(self, turn: Turn) -> None:
        state = self.open()
        if self.step.do is None:
            raise _Otherwise(f"no action is waited for: the flow {self.place()}")
        action = self.step.do.action
        if turn.text and turn.text != action:
            raise _Otherwise(f"expected {turn.text}, got {action}")
        if "with" in turn.more and turn.more["with"] != dict(self.step.do.params):
            raise _Otherwise(f"{action} was given {json.dumps(dict(self.step.do.params), ensure_ascii=False)}")
        branch = turn.more.get("branch") or self.only_branch(state, action)
        self.take(engine.resume(self.flow, state, {"branch": branch, "value": turn.more.get("value")}, self.now))

    def only_branch(self, state: FlowState, action: str) -> str:
        node = self.flow.states[state.state]
        known = list(node.to) if isinstance(node, Action) else []
        known = known or list(ACTIONS[action].results if action in ACTIONS else ())
        if len(known) != 1:
            raise _Otherwise(f"{action} can turn out {', '.join(known)}: the test must say which (branch: …)")
        return known[0]

    def wait(self, turn: Turn) -> None:
        state = self.open()
        self.now += read_span(turn.text)
        step = engine.silent(self.flow, state, self.now)
        if step:
            self.take(step)

    def close(self, turn: Turn) -> None:
        effect = self.waiting.pop(0) if self.waiting else None
        word = {"handover": Handover, "go": Go}[turn.kind]
        found = effect.reason if isinstance(effect, Handover) else effect.flow if isinstance(effect, Go) else None
        if not isinstance(effect, word) or found != turn.text:
            got = _words(effect) if effect else f"the flow {self.place()}"
            raise _Otherwise(f"expected {turn.kind} {turn.text}, got: {got}")
        if isinstance(effect, Go) and "with" in turn.more and turn.more["with"] != dict(effect.vars):
            raise _Otherwise(f"{effect.flow} begins with {json.dumps(dict(effect.vars), ensure_ascii=False)}")


def _words(effect: Effect) -> str:
    match effect:
        case Say():
            return f"bot {effect.key}"
        case Handover():
            return f"handover {effect.reason}"
        case Go():
            return f"go {effect.flow}"


def _read(flow: Flow, path: str, test: Mapping[str, Json], now: datetime) -> Talk:
    talk = test.get("talk")
    first = test.get("vars") or {}
    if not isinstance(talk, list) or not isinstance(first, dict):
        raise ValueError("“talk” is a list of turns, “vars” a mapping")  # noqa: TRY004 - a mistake in a file
    return Talk(
        turns=tuple(_turn(flow, f"{path}.talk.{number}", turn) for number, turn in enumerate(talk)),
        form=str(test.get("lang", flow.languages[0])),
        channel=str(test.get("on", flow.channels[0])),
        now=datetime.fromisoformat(str(test["now"])) if "now" in test else now,
        vars=first,
    )


def _turn(flow: Flow, path: str, turn: Json) -> Turn:
    kinds = [kind for kind in KINDS if isinstance(turn, dict) and kind in turn]
    if len(kinds) != 1 or not isinstance(turn, dict):
        raise ValueError(f"a turn has one of: {', '.join(KINDS)}")
    said = turn[kinds[0]]
    more = {name: value for name, value in turn.items() if name != kinds[0]}
    if isinstance(said, dict):  # `do: {branch: some, value: …}` names the result only
        more, said = {**said, **more}, said.get("action", "")
    unknown = set(more) - _BELONGS[kinds[0]]
    if unknown:
        raise ValueError(f"“{min(unknown)}” does not belong to “{kinds[0]}”")
    at = flow.problem(path, "")
    return Turn(kinds[0], str(said), more, at.line, at.column)
