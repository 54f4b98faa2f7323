"""Reads one language's YAML files into keys and texts, and names every mistake by file and line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

PLURALS = ("zero", "one", "two", "few", "many", "other")
"""The plural categories of CLDR, which a text with a count is written in."""

Text = str | dict[str, str]
"""A text, or a text for each plural category."""

_PLACEHOLDER = re.compile(r"%\{([a-z][a-z0-9_]*)\}")
_LONE_PERCENT = re.compile(r"%(?!\{[a-z][a-z0-9_]*\}|%)")
_FOREIGN_DIGITS = re.compile(r"[\u0660-\u0669\u06f0-\u06f9]")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class LocaleProblem:
    """One mistake in a language file: where it stands (line counted from 1) and what is wrong."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class LocaleError(Exception):
    """The texts cannot be used. `problems` holds every mistake found, not only the first."""

    def __init__(self, problems: list[LocaleProblem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(slots=True)
class Reading:
    """What the files of one folder said: texts by key, where each stands, and the mistakes met on the way."""

    texts: dict[str, Text] = field(default_factory=dict)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    problems: list[LocaleProblem] = field(default_factory=list)


def placeholders(template: str) -> set[str]:
    """The names between `%{` and `}` in a text."""
    return set(_PLACEHOLDER.findall(template))


def placeholders_of(text: Text) -> set[str]:
    """The same for a text that may have plural forms: the names used in any of them."""
    return placeholders(text) if isinstance(text, str) else set().union(*(placeholders(one) for one in text.values()))


def read_messages(folder: Path) -> Reading:
    """All keys of `messages.yml` and `messages.<topic>.yml` in one language's folder."""
    reading = Reading()
    files = sorted(folder.glob("messages*.yml"))
    if not files:
        reading.problems.append(LocaleProblem(f"{folder.name}/messages.yml", 1, "there is no such file"))
    for path in files:
        name = f"{folder.name}/{path.name}"
        root = _compose(path, name, reading.problems)
        if root is not None:
            _walk(root, "", name, reading)
    return reading


def read_mapping(path: Path, problems: list[LocaleProblem]) -> Mapping[str, object]:
    """The plain content of a small YAML file such as `meta.yml`; mistakes are added to `problems`."""
    name = f"{path.parent.name}/{path.name}"
    if not path.is_file():
        problems.append(LocaleProblem(name, 1, "there is no such file"))
        return {}
    root = _compose(path, name, problems)
    if root is None:
        return {}
    return {str(key): value for key, value in _plain(root).items()}


def _compose(path: Path, name: str, problems: list[LocaleProblem]) -> yaml.MappingNode | None:
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
    except UnicodeDecodeError:
        problems.append(LocaleProblem(name, 1, "is not UTF-8"))
        return None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problems.append(LocaleProblem(name, line, f"is not YAML: {error.problem}"))
        return None
    except yaml.YAMLError as error:
        problems.append(LocaleProblem(name, 1, f"is not YAML: {error}"))
        return None
    if not isinstance(root, yaml.MappingNode):
        problems.append(LocaleProblem(name, 1, "must be a mapping from key to text"))
        return None
    return root


def _plain(root: yaml.MappingNode) -> dict[object, object]:
    # Scalars stay text: YAML 1.1 would read the word `no` as false and `12:30` as a number.
    def value(node: yaml.Node) -> object:
        if isinstance(node, yaml.MappingNode):
            return {key.value: value(item) for key, item in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [value(item) for item in node.value]
        return None if node.tag.endswith(":null") else node.value

    return {key.value: value(item) for key, item in root.value}


def _walk(node: yaml.MappingNode, prefix: str, file: str, reading: Reading) -> None:
    for key_node, value in node.value:
        key = f"{prefix}{key_node.value}"
        line = key_node.start_mark.line + 1
        if isinstance(value, yaml.MappingNode) and not _is_plural(value):
            _walk(value, f"{key}.", file, reading)
            continue
        if key in reading.texts:
            other_file, other_line = reading.places[key]
            message = f"{key} is already given in {other_file}:{other_line}"
            reading.problems.append(LocaleProblem(file, line, message))
            continue
        text = _text(value)
        if text is None:
            reading.problems.append(LocaleProblem(file, line, f"{key} must be a text"))
            continue
        reading.texts[key] = text
        reading.places[key] = (file, line)
        reading.problems.extend(LocaleProblem(file, line, f"{key} {mistake}") for mistake in _mistakes(text))


def _is_plural(node: yaml.MappingNode) -> bool:
    keys = {key.value for key, _ in node.value}
    return "other" in keys and keys <= set(PLURALS) and all(isinstance(item, yaml.ScalarNode) for _, item in node.value)


def _text(node: yaml.Node) -> Text | None:
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): str(value.value) for key, value in node.value}
    return None


def _mistakes(text: Text) -> Iterator[str]:
    for one in [text] if isinstance(text, str) else text.values():
        if not one.strip():
            yield "is empty"
        if _LONE_PERCENT.search(one):
            yield "has a % that begins no placeholder (write %% for the sign, %{name} for a value)"
        if _FOREIGN_DIGITS.search(one):
            yield "has digits that are not 0-9"
