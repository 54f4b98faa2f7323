"""YAML with its line numbers: every mistake is noted where it stands, and reading goes on to find the next one."""

import math
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeVar

import yaml

from flows.expressions import Expression, ExpressionError, read, read_span
from flows.schema import Problem, Template
from flows.types import Json

T = TypeVar("T")

_MOST_CHARACTERS = 200_000  # a flow is read by people; the longest has a tenth of this
_DEEPEST = 24
WORD = re.compile(r"[a-z][a-z0-9_]{0,59}")
_KEY = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9][a-z0-9_]*)+")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")

_BaseLoader: type[yaml.BaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Notes:
    """The problems and places found so far in one file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self.marks: dict[str, tuple[int, int]] = {}

    def add(self, line: int, column: int, message: str) -> None:
        self.problems.append(Problem(line, column, message, self.name))


class Place:
    """One place in the file. Its readers note a problem and give a harmless value when they find something else."""

    def __init__(self, node: yaml.Node, path: str, notes: Notes) -> None:
        self.node = node
        self.path = path
        self.notes = notes
        notes.marks[path] = self.mark

    @property
    def mark(self) -> tuple[int, int]:
        return self.node.start_mark.line + 1, self.node.start_mark.column + 1

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    def fail(self, message: str) -> None:
        self.notes.add(*self.mark, message)

    def below(self, node: yaml.Node, name: str) -> "Place":
        return Place(node, f"{self.path}.{name}" if self.path else name, self.notes)

    @property
    def is_map(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    @property
    def is_null(self) -> bool:
        return isinstance(self.node, yaml.ScalarNode) and _scalar(self.node) is None

    def fields(self, *known: str, need: tuple[str, ...] = ()) -> dict[str, "Place"]:
        """The fields of a mapping. With `known` names given, others are mistakes; those in `need` must be there."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fail(f"“{self.name or 'the file'}” must be a mapping (name: value)")
            return {}
        found: dict[str, Place] = {}
        for key, value in self.node.value:
            place = self.below(value, str(key.value))
            line, column = key.start_mark.line + 1, key.start_mark.column + 1
            if not isinstance(key, yaml.ScalarNode):
                self.notes.add(line, column, "a name must be a plain word")
            elif key.value in found:
                self.notes.add(line, column, f"“{key.value}” stands here twice")
            elif known and key.value not in known:
                self.notes.add(line, column, f"“{key.value}” is not known here; known are: {', '.join(known)}")
            else:
                found[key.value] = place
        for name in need:
            if name not in found:
                self.fail(f"“{name}” is missing in “{self.name or 'the file'}”")
        return found

    def items(self) -> list["Place"]:
        if not isinstance(self.node, yaml.SequenceNode):
            self.fail(f"“{self.name}” must be a list")
            return []
        return [self.below(node, str(index)) for index, node in enumerate(self.node.value)]

    def text(self, pattern: re.Pattern[str] | None = None, what: str = "a text") -> str:
        if not isinstance(self.node, yaml.ScalarNode) or self.is_null:
            self.fail(f"“{self.name}” must be {what}")
            return ""
        if pattern and not pattern.fullmatch(self.node.value):
            self.fail(f"“{self.node.value[:60]}” is not {what}")
            return ""
        return str(self.node.value)

    def word(self) -> str:
        return self.text(WORD, "a name (small letters, digits and _)")

    def key(self) -> str:
        return self.text(_KEY, "the key of a text (like menu.main)")

    def dotted(self) -> str:
        return self.text(_KEY, "an action (like appointments.book)")

    def one_of(self, allowed: tuple[str, ...]) -> str:
        found = self.text()
        if found and found not in allowed:
            self.fail(f"“{found}” is none of: {', '.join(allowed)}")
        return found

    def words(self, allowed: tuple[str, ...] = ()) -> tuple[str, ...]:
        return tuple(item.one_of(allowed) if allowed else item.text() for item in self.items())

    def whole(self, low: int, high: int) -> int:
        value = _scalar(self.node) if isinstance(self.node, yaml.ScalarNode) else None
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.fail(f"“{self.name}” must be a whole number from {low} to {high}")
            return low
        return value

    def number(self) -> float:
        value = _scalar(self.node) if isinstance(self.node, yaml.ScalarNode) else None
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.fail(f"“{self.name}” must be a number")
            return 0
        return value

    def truth(self) -> bool:
        value = _scalar(self.node) if isinstance(self.node, yaml.ScalarNode) else None
        if not isinstance(value, bool):
            self.fail(f"“{self.name}” must be true or false")
            return False
        return value

    def day(self) -> date | None:
        found = self.text()
        try:
            return date.fromisoformat(found) if found else None
        except ValueError:
            self.fail(f"“{found}” is not a day (2026-11-20)")
            return None

    def span(self) -> timedelta:
        return self._read(read_span, timedelta(minutes=1))

    def expression(self) -> Expression:
        return self._read(read, read("null"))

    def _read(self, reader: Callable[[str], T], default: T) -> T:
        found = self.text()
        try:
            return reader(found) if found else default
        except ExpressionError as error:
            self.fail(str(error))
            return default

    def json(self) -> Json:
        """The value as it is, without expressions."""
        if isinstance(self.node, yaml.ScalarNode):
            return _scalar(self.node)
        if isinstance(self.node, yaml.SequenceNode):
            return [item.json() for item in self.items()]
        return {name: place.json() for name, place in self.fields().items()}

    def template(self) -> Template:
        """The value, with every text that begins with @ read as an expression."""
        if isinstance(self.node, yaml.SequenceNode):
            return [item.template() for item in self.items()]
        if self.is_map:
            return {name: place.template() for name, place in self.fields().items()}
        value: str | float | bool | None = _scalar(self.node) if isinstance(self.node, yaml.ScalarNode) else None
        return self.expression() if isinstance(value, str) and value.startswith("@") else value


def parse(text: str, name: str) -> tuple[Place | None, Notes]:
    """The root of a YAML file. None if it is not YAML at all; the notes then say where it breaks."""
    notes = Notes(name)
    if len(text) > _MOST_CHARACTERS:
        notes.add(1, 1, f"the file is longer than {_MOST_CHARACTERS} characters")
        return None, notes
    try:
        node = yaml.compose(text, Loader=_BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        hint = "; a text with “: ” in it stands in quotes" if "mapping values" in str(error.problem) else ""
        notes.add(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, f"not YAML: {error.problem}{hint}")
        return None, notes
    except (yaml.YAMLError, RecursionError, ValueError):
        notes.add(1, 1, "not YAML that can be read: a forbidden character, or nested too deeply")
        return None, notes
    if node is None:
        notes.add(1, 1, "the file is empty")
        return None, notes
    if not _plain(node, notes, set(), 0):
        return None, notes
    return Place(node, "", notes), notes


def _plain(node: yaml.Node, notes: Notes, seen: set[int], depth: int) -> bool:
    """Whether the tree is a tree of moderate depth: no aliases, which could make a small file unbounded."""
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if id(node) in seen:
        notes.add(line, column, "anchors and aliases (& and *) are not allowed")
        return False
    if depth > _DEEPEST:
        notes.add(line, column, "nested too deeply")
        return False
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        below = list(node.value)
    elif isinstance(node, yaml.MappingNode):
        below = [part for pair in node.value for part in pair]
    else:
        below = []
    return all(_plain(part, notes, seen, depth + 1) for part in below)


def _scalar(node: yaml.ScalarNode) -> str | float | bool | None:
    """YAML 1.2's plain values only: `on`, `yes`, `10:30` and `2026-11-20` stay texts."""
    text = str(node.value)
    if node.style not in (None, ""):
        return text
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _NUMBER.fullmatch(text):
        number = float(text) if "." in text else int(text)
        return number if math.isfinite(number) else None
    return text
