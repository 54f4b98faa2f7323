"""Reads programmes: which message goes out when, counted from an appointment or at a contact's own hours."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from flows.load import read_sources
from flows.nodes import Place, parse
from flows.schema import FlowError, Problem, Source

Quiet = Literal["respect", "ignore"]

AT_HOURS = "at_hours"
"""`daily: at_hours`: every day at the hours the enrolment was made with."""

_HOUR = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_STEP_NEEDED = ("id", "flow", "say", "expires")


@dataclass(frozen=True, slots=True)
class ProgrammeStep:
    """One reminder. Either `offset` from the enrolment's anchor (negative: before it) or `daily`.

    `daily` is AT_HOURS or fixed hours (`08:00`, local wall time). The text `say` is sent, and a reply opens `flow`.
    What could not be sent within `expires` after its time is skipped. `quiet` says whether quiet hours hold it back.
    """

    id: str
    flow: str
    say: str
    expires: timedelta
    offset: timedelta | None = None
    daily: str | tuple[str, ...] | None = None
    quiet: Quiet = "respect"


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme with its steps in the order of the file."""

    id: str
    sources: tuple[Source, ...]
    steps: tuple[ProgrammeStep, ...]
    clinical: bool = False
    name: str = field(default="", compare=False)


def load_programme(yaml_text: str, *, name: str) -> Programme:
    """One programme from its YAML text. FlowError with every mistake."""
    root, notes = parse(yaml_text, name)
    programme = _programme(root) if root else None
    if programme is None or notes.problems:
        raise FlowError(sorted(set(notes.problems)))
    return programme


def load_programmes(path: Path) -> dict[str, Programme]:
    """Every `*.yaml` of a folder, by programme id. FlowError with the mistakes of all files together."""
    programmes: dict[str, Programme] = {}
    problems: list[Problem] = []
    for file in sorted(path.glob("*.yaml")):
        try:
            programme = load_programme(file.read_text(encoding="utf-8"), name=file.name)
        except FlowError as error:
            problems += error.problems
        except UnicodeDecodeError:
            problems.append(Problem(1, 1, "the file is not UTF-8 text", file.name))
        else:
            if programme.id in programmes or programme.id != file.stem:
                problems.append(
                    Problem(1, 1, f"the programme “{programme.id}” belongs in {programme.id}.yaml", file.name)
                )
            programmes[programme.id] = programme
    if problems:
        raise FlowError(problems)
    return programmes


def _programme(root: Place) -> Programme | None:
    fields = root.fields("id", "schema", "title", "source", "clinical", "steps", need=("id", "source", "steps"))
    if "schema" in fields:
        fields["schema"].whole(1, 1)
    places = fields["steps"].items() if "steps" in fields else []
    steps = tuple(step for place in places if (step := _step(place)))
    ids = [step.id for step in steps]
    for place, step in zip(places, steps, strict=False):
        if ids.count(step.id) > 1:
            place.fail(f"the step “{step.id}” stands here twice")
    if "id" not in fields or "source" not in fields:
        return None
    if "steps" in fields and not places:
        fields["steps"].fail("a programme has at least one step")
    clinical = fields["clinical"].truth() if "clinical" in fields else False
    return Programme(fields["id"].word(), read_sources(fields["source"]), steps, clinical, root.notes.name)


def _step(place: Place) -> ProgrammeStep | None:
    fields = place.fields("id", "offset", "daily", "flow", "say", "expires", "quiet", need=_STEP_NEEDED)
    if ("offset" in fields) == ("daily" in fields):
        place.fail("a step has either “offset” or “daily”")
    if any(name not in fields for name in _STEP_NEEDED):
        return None
    expires = fields["expires"].span()
    if expires <= timedelta():
        fields["expires"].fail("a reminder stays useful for longer than nothing")
    quiet: Quiet = "respect"
    if "quiet" in fields and fields["quiet"].one_of(("respect", "ignore")) == "ignore":
        quiet = "ignore"
    return ProgrammeStep(
        id=fields["id"].word(),
        flow=fields["flow"].word(),
        say=fields["say"].key(),
        expires=expires,
        offset=fields["offset"].span() if "offset" in fields else None,
        daily=_daily(fields["daily"]) if "daily" in fields else None,
        quiet=quiet,
    )


def _daily(place: Place) -> str | tuple[str, ...]:
    if place.is_list:
        return tuple(item.text(_HOUR, "an hour like 08:00") for item in place.items())
    return place.one_of((AT_HOURS,))
