"""A small typed language for conditions: fields, literals, comparison, and/or/not, date arithmetic. Nothing else.

There are no calls, no attributes, no loops and no `eval`. Reading a condition can fail (`ExpressionError`); judging one
never does: a field that is not there is null, and a comparison that makes no sense is false.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from flows.types import Json

Value = Json | date | timedelta
"""What an expression can be worth; `datetime` is a `date` here. Moments are local wall time without an offset."""

Kind = Literal["any", "bool", "number", "text", "moment", "span", "null"]

_MOST_CHARACTERS = 300  # keeps every reading bounded; the longest condition in use has under 80
_DEEPEST = 20  # brackets and negations in each other

_TOKEN = re.compile(
    r"\s*(?:(?P<path>@[a-z][a-z0-9_]*(?:\.[a-z0-9][a-z0-9_]*)*)"
    r"|(?P<span>(?:[0-9]{1,5}[wdhm])+(?![a-z0-9_]))"
    r"|(?P<number>[0-9]{1,12}(?:\.[0-9]{1,6})?(?![a-z0-9_]))"
    r"|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\""
    r"|(?P<op>==|!=|<=|>=|<|>|\+|-|\(|\))"
    r"|(?P<word>[a-z]+))"
)
_SPAN = re.compile(r"([0-9]{1,5})([wdhm])")
_UNITS = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_CONSTANTS: Mapping[str, Json] = {"true": True, "false": False, "null": None}
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


class ExpressionError(ValueError):
    """The text is not an expression of this language; the message says why, in words for the flow's author."""


@dataclass(frozen=True, slots=True)
class Term:
    """One node of a read expression: a literal, a path, `now`/`today`, or an operation on other terms."""

    op: str
    value: Value = None
    terms: tuple["Term", ...] = ()


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition or value as its author wrote it (`text`), already read and checked."""

    text: str
    term: Term

    @property
    def roots(self) -> frozenset[str]:
        """The names of the variables it looks at."""
        return frozenset(_roots(self.term))

    def value(self, scope: Mapping[str, Json], now: datetime) -> Json:
        """What it is worth as JSON: moments become ISO local wall time, spans of time become whole minutes."""
        found = _judge(self.term, scope, _wall(now, now), now)
        if isinstance(found, datetime):
            return found.isoformat(timespec="minutes")
        if isinstance(found, date):
            return found.isoformat()
        if isinstance(found, timedelta):
            return int(found.total_seconds() // 60)
        return found

    def holds(self, scope: Mapping[str, Json], now: datetime) -> bool:
        """Whether it is true. Null, false, zero, empty text and empty lists are not."""
        return bool(_judge(self.term, scope, _wall(now, now), now))


def read_span(text: str) -> timedelta:
    """A length of time such as `4h`, `3d`, `1h30m`, `2w`, `-24h` (`m` is minutes). ExpressionError if it is not one."""
    found = re.fullmatch(r"([+-]?)((?:[0-9]{1,5}[wdhm])+)", text.strip())
    if not found:
        raise ExpressionError(f"“{text}” is not a length of time: write 30m, 4h, 3d or 2w")
    length = sum((int(n) * _UNITS[unit] for n, unit in _SPAN.findall(found[2])), timedelta())
    return -length if found[1] == "-" else length


def read(text: str) -> Expression:
    """Read one expression. ExpressionError if it is not one or compares things of different kinds."""
    if len(text) > _MOST_CHARACTERS:
        raise ExpressionError(f"a condition has at most {_MOST_CHARACTERS} characters")
    term = _Parser(_tokens(text)).whole()
    _kind(term)
    return Expression(text, term)


def moment(text: Json, now: datetime | None = None) -> datetime | date | None:
    """The day or local wall time an ISO text stands for; one with an offset is put into the zone of `now`."""
    if not isinstance(text, str) or len(text) < len("2026-01-01"):
        return None
    try:
        if len(text) == len("2026-01-01"):
            return date.fromisoformat(text)
        return _wall(datetime.fromisoformat(text), now)
    except ValueError:
        return None


def _wall(at: datetime, now: datetime | None) -> datetime:
    if at.tzinfo is not None and now is not None and now.tzinfo is not None:
        at = at.astimezone(now.tzinfo)
    return at.replace(tzinfo=None)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if not found or found.lastgroup is None:
            raise ExpressionError(f"“{text[at:].strip()[:20]}” cannot be read in “{text}”")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    return tokens


class _Parser:
    """Recursive descent, loosest first: or, and, not, comparison, + and -, single things."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def whole(self) -> Term:
        term = self.either()
        if self.at < len(self.tokens):
            raise ExpressionError(f"“{self.tokens[self.at][1]}” was not expected")
        return term

    def take(self, *wanted: str) -> str | None:
        if self.at < len(self.tokens):
            group, text = self.tokens[self.at]
            if group in ("op", "word") and text in wanted:
                self.at += 1
                return text
        return None

    def either(self) -> Term:
        term = self.both()
        while self.take("or"):
            term = Term("or", None, (term, self.both()))
        return term

    def both(self) -> Term:
        term = self.negated()
        while self.take("and"):
            term = Term("and", None, (term, self.negated()))
        return term

    def negated(self) -> Term:
        if self.take("not"):
            return Term("not", None, (self.deeper(self.negated),))
        return self.compared()

    def compared(self) -> Term:
        term = self.added()
        if op := self.take(*_COMPARISONS):
            return Term(op, None, (term, self.added()))
        return term

    def added(self) -> Term:
        term = self.single()
        while op := self.take("+", "-"):
            term = Term(op, None, (term, self.single()))
        return term

    def deeper(self, part: Callable[[], Term]) -> Term:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ExpressionError("the condition is nested too deeply")
        term = part()
        self.depth -= 1
        return term

    def single(self) -> Term:
        if self.take("("):
            return self.bracketed()
        if self.at >= len(self.tokens):
            raise ExpressionError("something is missing at the end")
        group, text = self.tokens[self.at]
        self.at += 1
        if group == "path":
            return Term("path", text[1:])
        if group == "word" and text in ("now", "today"):
            return Term(text)
        return Term("value", _literal(group, text))

    def bracketed(self) -> Term:
        term = self.deeper(self.either)
        if not self.take(")"):
            raise ExpressionError("a bracket is not closed")
        return term


def _literal(group: str, text: str) -> Value:
    match group:
        case "span":
            return read_span(text)
        case "number":
            return float(text) if "." in text else int(text)
        case "single" | "double":
            return text
        case "word" if text in _CONSTANTS:
            return _CONSTANTS[text]
    raise ExpressionError(f"“{text}” was not expected; texts stand in quotes, variables begin with @")


def _roots(term: Term) -> set[str]:
    if term.op == "path":
        return {str(term.value).partition(".")[0]}
    return {name for part in term.terms for name in _roots(part)}


def _kind(term: Term) -> Kind:
    """The kind of a term as far as it is known before any variable is. ExpressionError where two can never meet."""
    if term.op == "path":
        return "any"
    if term.op in ("now", "today"):
        return "moment"
    if term.op == "value":
        return _kind_of(term.value)
    kinds = [_kind(part) for part in term.terms]
    if term.op in ("and", "or", "not"):
        if any(kind not in ("any", "bool", "null") for kind in kinds):
            raise ExpressionError(f"“{term.op}” joins conditions, not values")
        return "bool"
    left, right = kinds
    if term.op in _COMPARISONS:
        if not _comparable(left, right) or (term.op not in ("==", "!=") and "bool" in kinds):
            raise ExpressionError(f"a {left} and a {right} cannot be compared with {term.op}")
        return "bool"
    return _sum_kind(term.op, left, right)


def _kind_of(value: Value) -> Kind:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "text"
        case timedelta():
            return "span"
        case _:
            return "null"


def _comparable(left: Kind, right: Kind) -> bool:
    # An ISO text may stand for a moment, so a quoted day can be compared with now.
    return left == right or "any" in (left, right) or "null" in (left, right) or {left, right} == {"moment", "text"}


def _sum_kind(op: str, left: Kind, right: Kind) -> Kind:
    sums: dict[tuple[str, str, str], Kind] = {
        ("+", "moment", "span"): "moment",
        ("-", "moment", "span"): "moment",
        ("-", "moment", "moment"): "span",
        ("+", "span", "span"): "span",
        ("-", "span", "span"): "span",
        ("+", "number", "number"): "number",
        ("-", "number", "number"): "number",
        ("+", "any", "span"): "any",
        ("-", "any", "span"): "any",
    }
    if (op, left, right) in sums:
        return sums[op, left, right]
    if "any" in (left, right) and not {left, right} & {"bool", "text", "null"}:
        return "any"
    raise ExpressionError(f"a {left} and a {right} cannot be joined with {op}")


def _judge(term: Term, scope: Mapping[str, Json], now: datetime, zone: datetime) -> Value:  # noqa: PLR0911 - one branch an operator
    match term.op:
        case "value":
            return term.value
        case "path":
            return _walk(str(term.value).split("."), scope)
        case "now":
            return now
        case "today":
            return now.date()
        case "not":
            return not _judge(term.terms[0], scope, now, zone)
        case "and":
            return all(_judge(part, scope, now, zone) for part in term.terms)
        case "or":
            return any(_judge(part, scope, now, zone) for part in term.terms)
    left, right = (_judge(part, scope, now, zone) for part in term.terms)
    if term.op in ("+", "-"):
        return _sum(term.op, left, right, zone)
    return _compare(term.op, left, right, zone)


def _walk(names: list[str], scope: Mapping[str, Json]) -> Json:
    found: Json = scope.get(names[0])
    for name in names[1:]:
        if isinstance(found, dict):
            found = found.get(name)
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found


def _sum(op: str, left: Value, right: Value, zone: datetime) -> Value:
    sign = 1 if op == "+" else -1
    try:
        match _at_a_time(left, zone), _at_a_time(right, zone):
            case (bool(), _) | (_, bool()):
                return None
            case (datetime() | timedelta() as start, timedelta() as span):
                return start + sign * span
            case (datetime() as end, datetime() as start) if op == "-":
                return end - start
            case (int() | float() as first, int() | float() as second):
                return first + sign * second
    except OverflowError:  # a date beyond the calendar is as good as none
        return None
    return None


def _at_a_time(value: Value, zone: datetime) -> Value:
    """The value ready for arithmetic: an ISO text or a day as a moment, anything else as it is."""
    found = moment(value, zone) if isinstance(value, str) else value
    if isinstance(found, date) and not isinstance(found, datetime):
        return datetime.combine(found, time())
    return found


def _compare(op: str, left: Value, right: Value, zone: datetime) -> bool:
    left, right = _met(left, right, zone)
    if isinstance(left, bool) is not isinstance(right, bool):
        return op == "!="
    if op in ("==", "!="):
        return (left == right) is (op == "==")
    match left, right:
        case (bool(), _):
            return False
        case (int() | float() as first, int() | float() as second):
            order = (first > second) - (first < second)
        case (date() as first, date() as second):
            order = (first > second) - (first < second)
        case (timedelta() as first, timedelta() as second):
            order = (first > second) - (first < second)
        case (str() as first, str() as second):
            order = (first > second) - (first < second)
        case _:
            return False
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[op]


def _met(left: Value, right: Value, zone: datetime) -> tuple[Value, Value]:
    """Both sides as moments where both can be, else both as they are. Beside a day, a time counts as its day."""
    first = moment(left, zone) if isinstance(left, str) else left
    second = moment(right, zone) if isinstance(right, str) else right
    if not (isinstance(first, date) and isinstance(second, date)):
        return left, right
    if isinstance(first, datetime) and isinstance(second, datetime):
        return first, second
    return _day(first), _day(second)


def _day(at: date) -> date:
    return at.date() if isinstance(at, datetime) else at
