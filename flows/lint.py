"""Judges the sense of a flow that could be read: does it hold together, can it end, has it all its words."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date

from flows.actions import ACTIONS, ActionSpec
from flows.graph import endings, options, reached, saved_before, uses, ways
from flows.schema import GIVEN, Action, Ask, Choose, Flow, HandOver, If, Jump, Pick, Problem, State, Tell

MOST_CHOICES = 10
"""Choices one question can show: a WhatsApp list has at most ten rows."""

GLOBAL_INTENTS: Mapping[str, str | None] = {
    "opt_out": None,
    "emergency": None,
    "talk_to_human": "a handover",
    "change_language": "language",
    "help": "help",
}
"""What works everywhere, and where a flow may lead it by itself: nowhere, to a handover, or to the flow of that name."""


def lint(
    flow: Flow,
    *,
    keys: Mapping[str, Collection[str]] | None = None,
    actions: Mapping[str, ActionSpec] = ACTIONS,
    flows: Collection[str] | None = None,
    intents: Collection[str] | None = None,
    today: date | None = None,
    publishing: bool = False,
    measure: Callable[[str, str], str | None] | None = None,
) -> list[Problem]:
    """Every problem of the flow, in the order of the file; none means it can be held.

    `keys` has the keys of the texts by form, `flows` the ids of all flows, `intents` the intents that exist; each of
    them that is None is not checked. With `today` a review that is overdue is a problem; `publishing` also refuses a
    clinical flow that nobody has reviewed. `measure` says what is wrong with the length of a text (key, form), or None.
    """
    problems = [
        *_ways(flow),
        *_rounds(flow),
        *_variables(flow),
        *_actions(flow, actions),
        *_choices(flow, intents),
        *_sources(flow, today, publishing=publishing),
        *_silences(flow),
    ]
    if keys is not None:
        problems += _texts(flow, keys)
    if measure is not None:
        problems += _lengths(flow, measure)
    if flows is not None:
        problems += _jumps(flow, flows)
    return sorted(set(problems))


def _ways(flow: Flow) -> Iterator[Problem]:
    if flow.start not in flow.states:
        yield flow.problem("start", f"there is no state “{flow.start}”")
    for name in flow.states:
        for way in ways(flow, name):
            if way.to not in flow.states:
                yield flow.problem(way.path, f"there is no state “{way.to}”")
    reachable = reached(flow, [flow.start], lambda _: True)
    ending = endings(flow)
    for name in flow.states:
        if name not in reachable and reachable:
            yield flow.problem(f"states.{name}", f"no way leads to “{name}”")
        elif name not in ending:
            yield flow.problem(f"states.{name}", f"“{name}” is a dead end: no answer leads from it to an end")


def _rounds(flow: Flow) -> Iterator[Problem]:
    """Rounds in which nobody is heard. One through an action is let be: its result may differ the next time."""
    for name, node in flow.states.items():
        straight = [way.to for way in ways(flow, name) if way.why == "straight"]
        around = reached(flow, straight, lambda way: way.why == "straight" and _changes_nothing(flow.states[way.at]))
        if name in around and _changes_nothing(node):
            yield flow.problem(f"states.{name}", f"“{name}” leads to itself without asking anything")
        silent = [way for way in ways(flow, name) if way.why == "silence"]
        around = reached(flow, [way.to for way in silent], lambda way: way.why in ("silence", "straight"))
        if name in around:
            yield flow.problem(silent[0].path, f"silence leads from “{name}” to “{name}” again")


def _changes_nothing(node: State) -> bool:
    return isinstance(node, Tell | If | Pick)


def _texts(flow: Flow, keys: Mapping[str, Collection[str]]) -> Iterator[Problem]:
    for name in flow.states:
        for use in uses(flow, name):
            missing = [form for form in flow.languages if use.key is not None and use.key not in keys.get(form, ())]
            if missing:
                yield flow.problem(use.path, f"the text “{use.key}” is missing in {', '.join(missing)}")


def _lengths(flow: Flow, measure: Callable[[str, str], str | None]) -> Iterator[Problem]:
    for name in flow.states:
        for use in uses(flow, name):
            for form in flow.languages if use.key is not None else ():
                wrong = measure(str(use.key), form)
                if wrong:
                    yield flow.problem(use.path, f"the text “{use.key}” in {form}: {wrong}")


def _variables(flow: Flow) -> Iterator[Problem]:
    for name, known in saved_before(flow).items():
        for use in uses(flow, name) if name in flow.states else ():
            for root in sorted(use.roots - known - set(GIVEN)):
                yield flow.problem(
                    use.path, f"“@{root}” is used here before it is saved; name it in starts_with if it is given"
                )


def _actions(flow: Flow, actions: Mapping[str, ActionSpec]) -> Iterator[Problem]:
    for name, node in flow.states.items():
        if not isinstance(node, Action):
            continue
        if node.action in actions:
            yield from _action(flow, f"states.{name}", node, actions[node.action])
        else:
            yield flow.problem(f"states.{name}.do", f"there is no action “{node.action}”")


def _action(flow: Flow, place: str, node: Action, spec: ActionSpec) -> Iterator[Problem]:
    for result in spec.results if node.always is None else ():
        if result not in node.to:
            yield flow.problem(f"{place}.to", f"{node.action} can turn out “{result}”, and there is no way for that")
    for branch in node.to:
        if branch not in spec.results:
            yield flow.problem(f"{place}.to.{branch}", f"{node.action} never turns out “{branch}”")
    for param in spec.params:
        if param not in node.params:
            yield flow.problem(place, f"{node.action} needs “{param}”")
    for param in node.params:
        if param not in (*spec.params, *spec.optional):
            yield flow.problem(f"{place}.with.{param}", f"{node.action} does not take “{param}”")


def _choices(flow: Flow, intents: Collection[str] | None) -> Iterator[Problem]:
    for name, node in flow.states.items():
        shown = len(options(node)) + (node.limit if isinstance(node, Pick) else 0)
        if shown > MOST_CHOICES:
            yield flow.problem(f"states.{name}", f"“{name}” can offer {shown} choices; {MOST_CHOICES} is the most")
        taken: set[str] = set()
        for path, option in options(node):
            place = f"states.{name}.{path}"
            for intent in option.accept:
                if intent in taken:
                    yield flow.problem(f"{place}.accept", f"“{intent}” is accepted by an earlier choice already")
                if intents is not None and intent.partition("/")[0] not in intents and intent not in intents:
                    yield flow.problem(f"{place}.accept", f"there is no intent “{intent}”")
                if _shadows(flow, intent, option.to):
                    yield flow.problem(f"{place}.accept", f"“{intent}” works everywhere and cannot mean something else")
                taken.add(intent)


def _shadows(flow: Flow, intent: str, to: str) -> bool:
    wide = intent.partition("/")[0]
    if wide not in GLOBAL_INTENTS:
        return False
    node = flow.states.get(to)
    for _ in flow.states:
        if isinstance(node, Tell):
            node = flow.states.get(node.to)
    allowed = GLOBAL_INTENTS[wide]
    if isinstance(node, HandOver):
        return allowed != "a handover"
    return not (isinstance(node, Jump) and allowed == node.flow)


def _sources(flow: Flow, today: date | None, *, publishing: bool) -> Iterator[Problem]:
    if not flow.sources:
        yield flow.problem("source", "a flow names its source")
    for source in flow.sources:
        if not source.title.strip():
            yield flow.problem("source", "a source has a title")
        if source.reviewed is None or source.review_by is None:
            yield flow.problem("source", f"“{source.title}” needs the days “reviewed” and “review_by”")
        elif source.review_by <= source.reviewed:
            yield flow.problem("source", "“review_by” comes after “reviewed”")
        if today and source.review_by and source.review_by < today:
            yield flow.problem("source", f"the review of “{source.title}” was due on {source.review_by.isoformat()}")
        if publishing and flow.clinical and source.reviewed_by is None:
            yield flow.problem(
                "source", f"a clinical flow is published only when a clinician has reviewed “{source.title}”"
            )


def _silences(flow: Flow) -> Iterator[Problem]:
    for name, node in flow.states.items():
        if isinstance(node, Choose | Pick | Ask) and node.silent and node.silent.after >= flow.expires:
            yield flow.problem(
                f"states.{name}.silent.after", "the conversation has expired before this silence is over"
            )


def _jumps(flow: Flow, flows: Collection[str]) -> Iterator[Problem]:
    for name, node in flow.states.items():
        if isinstance(node, Jump) and node.flow not in flows:
            yield flow.problem(f"states.{name}.go", f"there is no flow “{node.flow}”")
