"""A flow as ways between states: what `lint` walks over."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from flows.expressions import Expression
from flows.schema import Action, Ask, Choose, End, Flow, HandOver, If, Jump, Option, Pick, State, Tell, Template, Text

Why = Literal["answer", "straight", "unclear", "silence"]
"""What makes the flow go this way: an answer, nothing at all, answers that fit nothing, or no answer."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way from the state `at`: where to, why, what is saved on it, and where it stands in the file."""

    to: str
    why: Why
    path: str
    saves: frozenset[str] = frozenset()
    at: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """One text or value of a state: where it stands, its key (None for a value), and the variables it looks at."""

    path: str
    key: str | None
    roots: frozenset[str]


def options(node: State) -> tuple[tuple[str, Option], ...]:
    """The fixed choices of a state with their places in the file."""
    match node:
        case Choose():
            return tuple((f"choose.{option.id}", option) for option in node.options)
        case Pick():
            return tuple((f"pick.more.{option.id}", option) for option in node.more)
        case Ask():
            return tuple((f"ask.more.{option.id}", option) for option in node.more)
    return ()


def ways(flow: Flow, name: str) -> list[Way]:
    """Every way out of the state, in the order of the file. Ends have none."""
    return [Way(way.to, way.why, f"states.{name}.{way.path}", way.saves, name) for way in _ways(flow.states[name])]


def _ways(node: State) -> Iterator[Way]:
    match node:
        case Tell():
            yield Way(node.to, "straight", "to")
        case If():
            for number, (_, to) in enumerate(node.cases):
                yield Way(to, "straight", f"if.{number}.to")
            yield Way(node.otherwise, "straight", "else")
        case Action():
            saves = frozenset({node.save} if node.save else ())
            for branch, to in node.to.items():
                yield Way(to, "straight", f"to.{branch}", saves)
            if node.always is not None:
                yield Way(node.always, "straight", "to", saves)
        case Choose() | Pick() | Ask():
            yield from _question_ways(node)


def _question_ways(node: Choose | Pick | Ask) -> Iterator[Way]:
    saves = frozenset({node.save} if node.save else ())
    if isinstance(node, Pick):
        yield Way(node.to, "answer", "pick.to", saves)
        yield Way(node.none, "straight", "pick.none")
        if node.one is not None:
            yield Way(node.one, "straight", "pick.one", saves)
        if node.named is not None:
            yield Way(node.named.to, "answer", "pick.named.to", frozenset({node.named.save}))
    elif isinstance(node, Ask):
        yield Way(node.to, "answer", "ask.to", saves)
    for path, option in options(node):
        yield Way(option.to, "answer", f"{path}.to", saves)
    if node.otherwise.then is not None:
        yield Way(node.otherwise.then, "unclear", "otherwise.then")
    if node.silent:
        yield Way(node.silent.to, "silence", "silent.to")


def uses(flow: Flow, name: str) -> list[Use]:
    """Every text and value of the state."""
    return [Use(f"states.{name}.{use.path}", use.key, use.roots) for use in _uses(flow.states[name])]


def _uses(node: State) -> Iterator[Use]:
    match node:
        case Choose() | Pick() | Ask():
            yield _text("say", node.say)
            yield _text("otherwise.say", node.otherwise.say)
            for path, option in options(node):
                yield _text(f"{path}.label", option.label)
                yield Use(f"{path}.value", None, _roots(option.value))
            if isinstance(node, Pick):
                yield from _pick_uses(node)
        case Tell() | HandOver() | End() if node.say:
            yield _text("say", node.say)
        case If():
            for number, (when, _) in enumerate(node.cases):
                yield Use(f"if.{number}.when", None, when.roots)
        case Action():
            yield Use("with", None, _all_roots(node.params))
        case Jump():
            yield Use("with", None, _all_roots(node.vars))


def _pick_uses(node: Pick) -> Iterator[Use]:
    item = {"item"}  # the thing itself is known to its label and its match
    yield Use("pick.from", None, node.source.roots)
    label = _text("pick.label", node.label)
    yield Use(label.path, label.key, label.roots - item)
    for type_, look in node.match.items():
        yield Use(f"pick.match.{type_}", None, look.roots - item)


def _text(path: str, text: Text) -> Use:
    return Use(path, text.key, _all_roots(text.params))


def _all_roots(params: Mapping[str, Template]) -> frozenset[str]:
    return frozenset(name for part in params.values() for name in _roots(part))


def _roots(template: Template) -> frozenset[str]:
    if isinstance(template, Expression):
        return template.roots
    parts: Iterable[Template] = ()
    if isinstance(template, dict):
        parts = template.values()
    elif isinstance(template, list):
        parts = template
    return frozenset(name for part in parts for name in _roots(part))


def reached(flow: Flow, first: Iterable[str], follow: Callable[[Way], bool]) -> set[str]:
    """The states that can be reached from those, the first ones included, on ways that `follow` allows."""
    seen: set[str] = set()
    waiting = [name for name in first if name in flow.states]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [way.to for way in ways(flow, name) if way.to in flow.states and follow(way)]
    return seen


def endings(flow: Flow) -> set[str]:
    """The states from which answers can bring the flow to an end."""
    found = {name for name, node in flow.states.items() if isinstance(node, HandOver | End | Jump)}
    grown = True
    while grown:
        more = {
            name
            for name in flow.states
            if name not in found
            and any(way.to in found and way.why in ("answer", "straight") for way in ways(flow, name))
        }
        grown = bool(more)
        found |= more
    return found


def saved_before(flow: Flow) -> dict[str, frozenset[str]]:
    """For every state that can be reached, the variables that are there on every way to it."""
    known: dict[str, frozenset[str]] = {flow.start: frozenset(flow.starts_with)}
    waiting = [flow.start] if flow.start in flow.states else []
    while waiting:
        name = waiting.pop()
        for way in ways(flow, name):
            if way.to not in flow.states:
                continue
            here = known[name] | way.saves
            before = known.get(way.to)
            after = here if before is None else before & here
            if after != before:
                known[way.to] = after
                waiting.append(way.to)
    return known
