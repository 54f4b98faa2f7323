"""What a flow is, once it has been read: frozen values, checked for shape. `docs/flows.md` describes the file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from flows.expressions import Expression
from flows.types import Json

SCHEMA = 1
"""The version of the file format that this release reads."""

GIVEN = ("form", "medium", "shared")
"""Variables that the hub gives to every flow: language and script, the kind of channel, and whether several people stand
behind the number."""

Template = None | bool | int | float | str | Expression | list["Template"] | dict[str, "Template"]
"""JSON in which some texts were expressions (`"@slot.id"`) and are worked out when the state is entered."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a file. `line` and `column` count from 1; `file` is the name the text was loaded by."""

    line: int
    column: int
    message: str
    file: str = ""

    def __str__(self) -> str:
        return f"{self.file or 'flow'}:{self.line}:{self.column}: {self.message}"


class FlowError(Exception):
    """A flow cannot be read, or cannot go on. `problems` has every mistake found, in the order of the file."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Text:
    """A text by its key, with its parameters."""

    key: str
    params: Mapping[str, Template] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Option:
    """One fixed choice: where it leads, how it is labelled, which intents mean it, what is saved for it."""

    id: str
    to: str
    label: Text
    accept: tuple[str, ...] = ()
    value: Template = None


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What happens to an answer that fits nothing: `say` and ask again, `times` times, then go to `then`.

    Without `then` a person takes over, for the reason `not_understood`.
    """

    say: Text = Text("common.not_understood")
    times: int = 2
    then: str | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """When nobody answers for `after`, the flow goes to `to`."""

    after: timedelta
    to: str


@dataclass(frozen=True, slots=True)
class Question:
    """What every open question has."""

    say: Text
    otherwise: Otherwise
    silent: Silence | None


@dataclass(frozen=True, slots=True)
class Choose(Question):
    """A question with fixed choices. The chosen id (or its `value`) is saved as `save`."""

    options: tuple[Option, ...]
    save: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """What may be named beside the things in a list, such as another day: a value of a type in `accepts`."""

    accepts: tuple[str, ...]
    save: str
    to: str


@dataclass(frozen=True, slots=True)
class Pick(Question):
    """A question whose choices are the things in a list; the picked one is saved. An empty list goes to `none`.

    With `one`, a list of one thing is not asked about: it is saved, and the flow goes there. With `named`, a value that
    fits none of the things is saved too, and the flow goes where that says.
    """

    source: Expression
    save: str
    label: Text
    to: str
    none: str
    match: Mapping[str, Expression]
    more: tuple[Option, ...]
    limit: int
    one: str | None = None
    named: Named | None = None


@dataclass(frozen=True, slots=True)
class Ask(Question):
    """An open question for one kind of value (`type`), taken from entities of the types in `accepts`, or free text."""

    type: str
    accepts: tuple[str, ...]
    save: str
    to: str
    more: tuple[Option, ...]
    many: bool = False
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """Something the hub does; its result's branch says where to go. `always` stands for every branch."""

    action: str
    params: Mapping[str, Template]
    to: Mapping[str, str]
    always: str | None = None
    save: str | None = None


@dataclass(frozen=True, slots=True)
class If:
    """The first condition that holds says where to go, else `otherwise`."""

    cases: tuple[tuple[Expression, str], ...]
    otherwise: str


@dataclass(frozen=True, slots=True)
class Tell:
    """A text, then straight on."""

    say: Text
    to: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """The flow ends and a person takes over."""

    reason: str
    say: Text | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The flow ends with this outcome."""

    outcome: str
    say: Text | None = None


@dataclass(frozen=True, slots=True)
class Jump:
    """The flow ends and another begins with these variables."""

    flow: str
    vars: Mapping[str, Template] = field(default_factory=dict)


State = Choose | Pick | Ask | Action | If | Tell | HandOver | End | Jump


@dataclass(frozen=True, slots=True)
class Source:
    """Where the content comes from and when it was, and must again be, looked at. `reviewed_by` None: by nobody yet."""

    title: str
    reviewed: date | None
    review_by: date | None
    reviewed_by: str | None = None
    section: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """One conversation. `version` is given by whoever publishes it; a session ends on the version it began."""

    id: str
    start: str
    states: Mapping[str, State]
    languages: tuple[str, ...]
    channels: tuple[str, ...]
    sources: tuple[Source, ...]
    expires: timedelta
    starts_with: Mapping[str, Json] = field(default_factory=dict)
    clinical: bool = False
    version: int = 1
    tests: tuple[Mapping[str, Json], ...] = ()
    name: str = field(default="", compare=False)
    """The name the text was loaded by; problems carry it."""
    marks: Mapping[str, tuple[int, int]] = field(default_factory=dict, repr=False, compare=False)
    """Line and column of every place in the file, by its dotted path (`states.ask.choose.come.to`)."""

    def problem(self, path: str, message: str) -> Problem:
        """A problem at that path; where the file has no such place, at the nearest one around it."""
        while path and path not in self.marks:
            path = path.rpartition(".")[0]
        line, column = self.marks.get(path, (1, 1))
        return Problem(line, column, message, self.name)
