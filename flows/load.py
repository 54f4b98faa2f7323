"""Reads flows from YAML. A file with mistakes is refused with all of them at once, each with its line."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from flows.nodes import WORD, Notes, Place, parse
from flows.schema import SCHEMA, Flow, FlowError, Otherwise, Problem, Source, State
from flows.states import read_otherwise, read_state
from flows.types import Json

T = TypeVar("T")

__all__ = ["FlowError", "Problem", "load_folder", "load_text"]

FORMS = ("ary-Arab", "ary-Latn", "ar", "fr", "zgh-Tfng", "zgh-Latn")
"""Language and script tags a flow can declare."""

CHANNELS = ("whatsapp", "sms", "ussd")
"""Kinds of channel a flow can be held on."""

_FIELDS = (
    "id", "schema", "languages", "channels", "source", "clinical", "expires", "starts_with", "otherwise", "start",
    "states", "tests", "title", "version",
)  # fmt: skip
_NEEDED = ("id", "schema", "languages", "channels", "source", "expires", "start", "states")
_TEST_FIELDS = ("name", "on", "lang", "now", "vars", "talk")


def load_text(yaml_text: str, *, name: str) -> Flow:
    """One flow from its YAML text. FlowError with every mistake in its shape; `lint` judges its sense.

    `name` (a file name or flow id) is what problems are reported under.
    """
    root, notes = parse(yaml_text, name)
    flow = _flow(root, notes) if root else None
    if flow is None or notes.problems:
        raise FlowError(sorted(set(notes.problems)))
    return flow


def load_folder(path: Path) -> dict[str, Flow]:
    """Every `*.yaml` of a folder, by flow id. FlowError with the mistakes of all files together."""
    flows: dict[str, Flow] = {}
    problems: list[Problem] = []
    for file in sorted(path.glob("*.yaml")):
        try:
            flow = load_text(file.read_text(encoding="utf-8"), name=file.name)
        except FlowError as error:
            problems += error.problems
        except UnicodeDecodeError:
            problems.append(Problem(1, 1, "the file is not UTF-8 text", file.name))
        else:
            if flow.id in flows:
                problems.append(flow.problem("id", f"the flow “{flow.id}” is also in {flows[flow.id].name}"))
            if flow.id != file.stem:
                problems.append(flow.problem("id", f"the flow “{flow.id}” belongs in {flow.id}.yaml"))
            flows[flow.id] = flow
    if problems:
        raise FlowError(problems)
    return flows


def _flow(root: Place, notes: Notes) -> Flow | None:
    fields = root.fields(*_FIELDS, need=_NEEDED)
    if "schema" in fields and fields["schema"].json() != SCHEMA:
        fields["schema"].fail(f"this release reads schema {SCHEMA}")
    if any(name not in fields for name in _NEEDED):
        # The states are read all the same, so that their mistakes are seen at once too.
        _states(fields)
        return None
    clinical = fields["clinical"].truth() if "clinical" in fields else False
    tests = _tests(fields["tests"]) if "tests" in fields else ()
    expires = fields["expires"].span()
    if expires.total_seconds() <= 0:
        fields["expires"].fail("a conversation lasts longer than nothing")
    return Flow(
        id=fields["id"].word(),
        start=fields["start"].word(),
        states=_states(fields),
        languages=_some(fields["languages"], FORMS),
        channels=_some(fields["channels"], CHANNELS),
        sources=read_sources(fields["source"]),
        expires=expires,
        starts_with=_vars(fields["starts_with"]) if "starts_with" in fields else {},
        clinical=clinical,
        version=fields["version"].whole(1, 1_000_000) if "version" in fields else 1,
        tests=tests,
        name=notes.name,
        marks=dict(notes.marks),
    )


def _some(place: Place, allowed: tuple[str, ...]) -> tuple[str, ...]:
    words = place.words(allowed)
    if not words or len(set(words)) < len(words):
        place.fail(f"“{place.name}” names at least one, and none twice")
    return words


def _states(fields: dict[str, Place]) -> dict[str, State]:
    otherwise = read_otherwise(fields["otherwise"]) if "otherwise" in fields else Otherwise()
    states: dict[str, State] = {}
    places = fields["states"].fields() if "states" in fields else {}
    for name, place in places.items():
        if not WORD.fullmatch(name):
            place.fail(f"“{name[:60]}” is not a name for a state: small letters, digits and _")
        state = read_state(place, otherwise)
        if state is not None:
            states[name] = state
    if "states" in fields and not places:
        fields["states"].fail("a flow has at least one state")
    return states


def _vars(place: Place) -> dict[str, Json]:
    return {name: value.json() for name, value in place.fields().items()}


def read_sources(place: Place) -> tuple[Source, ...]:
    """The one source of a file, or its list of them."""
    return (_source(place),) if place.is_map else tuple(_source(item) for item in place.items())


def _source(place: Place) -> Source:
    fields = place.fields("title", "section", "url", "reviewed", "review_by", "reviewed_by", need=("title",))
    return Source(
        title=fields["title"].text() if "title" in fields else "",
        reviewed=_given(fields, "reviewed", Place.day),
        review_by=_given(fields, "review_by", Place.day),
        reviewed_by=_given(fields, "reviewed_by", Place.text),
        section=_given(fields, "section", Place.text),
        url=_given(fields, "url", Place.text),
    )


def _given(fields: dict[str, Place], name: str, reader: Callable[[Place], T | None]) -> T | None:
    return reader(fields[name]) if name in fields and not fields[name].is_null else None


def _tests(place: Place) -> tuple[dict[str, Json], ...]:
    tests = []
    for item in place.items():
        fields = item.fields(*_TEST_FIELDS, need=("talk",))
        if "talk" in fields:
            for turn in fields["talk"].items():
                turn.fields()
        tests.append({name: value.json() for name, value in fields.items()})
    return tuple(tests)
