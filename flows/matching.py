"""Which of the things a question offers an answer means. The order of the attempts is policy: see `docs/flows.md`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from flows.expressions import Expression, moment, read
from flows.schema import Ask, Choose, Option, Pick, Template, Text
from flows.types import Answer, Choice, Json

_NUMBERED = re.compile(
    r"(?:(?:n|no|nr|num|numero|numéro|choix|choice|option|ra9m|raqm|رقم|n°|nº|№|#)\s*[.:]?\s*)?"
    r"([0-9]{1,2})\s*[.)\-:،]?"
)
_MOMENTS = ("date", "time", "datetime", "interval")
_STARTS_AT = read("@item.starts_at")
_LONGEST_TEXT = 1000  # free text kept from one answer, in characters; more is a letter, not an answer


@dataclass(frozen=True, slots=True)
class Found:
    """Where an answer leads and what it saves."""

    to: str
    saved: Mapping[str, Json] = field(default_factory=dict)


def fill(template: Template, scope: Mapping[str, Json], now: datetime) -> Json:
    """The template with its expressions worked out."""
    if isinstance(template, Expression):
        return template.value(scope, now)
    if isinstance(template, list):
        return [fill(part, scope, now) for part in template]
    if isinstance(template, dict):
        return {name: fill(part, scope, now) for name, part in template.items()}
    return template


def filled(params: Mapping[str, Template], scope: Mapping[str, Json], now: datetime) -> dict[str, Json]:
    """Every parameter worked out."""
    return {name: fill(part, scope, now) for name, part in params.items()}


def offered(question: Choose | Pick | Ask, scope: Mapping[str, Json], now: datetime) -> tuple[Choice, ...]:
    """What the question offers now, in the order it is shown: picked things first, then the fixed choices."""
    if isinstance(question, Choose):
        return tuple(_choice(option.id, option.label, scope, now) for option in question.options)
    fixed = tuple(_choice(option.id, option.label, scope, now) for option in question.more)
    if isinstance(question, Ask):
        return fixed
    items = _items(question, scope, now)
    return tuple(_choice(id_, question.label, {**scope, "item": item}, now) for id_, item in items.items()) + fixed


def nothing_to_pick(question: Pick, scope: Mapping[str, Json], now: datetime) -> bool:
    """Whether the list is empty (or is no list)."""
    return not _items(question, scope, now)


def only_one(question: Pick, scope: Mapping[str, Json], now: datetime) -> tuple[Json, ...]:
    """The thing in a list that has one; empty where there is something to choose between."""
    items = tuple(_items(question, scope, now).values())
    return items if len(items) == 1 else ()


def match(
    question: Choose | Pick | Ask,
    choices: tuple[Choice, ...],
    answer: Answer,
    scope: Mapping[str, Json],
    now: datetime,
) -> Found | None:
    """What the answer means here, or None if it fits nothing. `choices` are those the person saw."""
    options = question.options if isinstance(question, Choose) else question.more
    if answer.choice is not None:
        return _chosen(question, options, answer.choice, scope, now)
    takes_numbers = isinstance(question, Ask) and "number" in question.accepts
    numbered = None if takes_numbers else _NUMBERED.fullmatch(answer.text.strip().casefold())
    if numbered and 1 <= int(numbered[1]) <= len(choices):
        return _chosen(question, options, choices[int(numbered[1]) - 1].id, scope, now)
    for option in options:
        if answer.intent and accepts(option, answer.intent):
            return _chosen(question, options, option.id, scope, now)
    if isinstance(question, Pick):
        return _named(question, answer, scope, now) or _elsewhere(question, answer, scope, now)
    if isinstance(question, Ask):
        return _asked(question, answer)
    return None


def accepts(option: Option, intent: str) -> bool:
    """Whether the intent, or the wider one it belongs to (`health_question` of `health_question/salt`), is accepted."""
    return any(intent == accepted or intent.startswith(f"{accepted}/") for accepted in option.accept)


def _choice(id_: str, label: Text, scope: Mapping[str, Json], now: datetime) -> Choice:
    return Choice(id_, label.key, filled(label.params, scope, now))


def _items(question: Pick, scope: Mapping[str, Json], now: datetime) -> dict[str, Json]:
    """The things to pick from by the id each is chosen with: its own `id`, or its place in the list."""
    things = question.source.value(scope, now)
    taken = {option.id for option in question.more}
    items: dict[str, Json] = {}
    for number, thing in enumerate(things[: question.limit] if isinstance(things, list) else [], start=1):
        own = thing.get("id") if isinstance(thing, dict) else None
        id_ = str(own) if isinstance(own, str | int) else str(number)
        items[f"item{number}" if id_ in taken or id_ in items else id_] = thing
    return items


def _chosen(
    question: Choose | Pick | Ask, options: tuple[Option, ...], id_: str, scope: Mapping[str, Json], now: datetime
) -> Found | None:
    for option in options:
        if option.id == id_:
            return Found(option.to, {question.save: fill(option.value, scope, now)} if question.save else {})
    if isinstance(question, Pick):
        items = _items(question, scope, now)
        if id_ in items:
            return Found(question.to, {question.save: items[id_]})
    return None


def _named(question: Pick, answer: Answer, scope: Mapping[str, Json], now: datetime) -> Found | None:
    """The one thing that everything said about it fits (“tomorrow at 10”), if it is exactly one."""
    left = list(_items(question, scope, now).values())
    narrowed = False
    for type_, value, _ in answer.entities:
        look = question.match.get(type_) or (
            question.match.get("datetime", _STARTS_AT if not question.match else None) if type_ in _MOMENTS else None
        )
        if look is not None:
            narrowed = True
            left = [item for item in left if _fits(type_, value, look.value({**scope, "item": item}, now), now)]
    return Found(question.to, {question.save: left[0]}) if narrowed and len(left) == 1 else None


def _elsewhere(question: Pick, answer: Answer, scope: Mapping[str, Json], now: datetime) -> Found | None:
    """A value that none of the things has, such as another day than those shown."""
    if question.named is None:
        return None
    for type_, value, _ in answer.entities:
        if type_ in question.named.accepts and value and value != "ASK":
            said: Json = value
            if type_ == "time" and (day := _first_day(question, scope, now)):
                said = f"{day.isoformat()}T{value}"  # an hour alone is of the day that is being talked about
            return Found(question.named.to, {question.named.save: said})
    return None


def _first_day(question: Pick, scope: Mapping[str, Json], now: datetime) -> date | None:
    look = question.match.get("datetime", _STARTS_AT)
    first = next(iter(_items(question, scope, now).values()), None)
    at = moment(look.value({**scope, "item": first}, now), now)
    return None if at is None else _midnight(at).date()


def _fits(type_: str, value: str, candidate: Json, now: datetime) -> bool:
    if type_ not in _MOMENTS:
        if isinstance(candidate, dict):
            return any(_fits(type_, value, part, now) for part in candidate.values())
        return isinstance(candidate, str | int | float) and str(candidate).casefold() == value.casefold()
    at = moment(candidate, now)
    if at is None:
        return False
    if type_ == "time":
        return isinstance(at, datetime) and at.time() == _time(value)
    if type_ == "interval":
        first, last = (moment(part, now) for part in (*value.split("/"), "", "")[:2])
        return first is not None and last is not None and _midnight(first) <= _midnight(at) < _midnight(last)
    return _same_moment(moment(value, now), at)


def _same_moment(wanted: date | None, at: date) -> bool:
    """A day fits every time of that day; a thing with a day only is not found by an hour."""
    if isinstance(wanted, datetime):
        return wanted == at
    return wanted is not None and wanted == _midnight(at).date()


def _time(value: str) -> time | None:
    try:
        return time.fromisoformat(value)
    except ValueError:
        return None


def _midnight(at: date) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, time())


def _asked(question: Ask, answer: Answer) -> Found | None:
    if "text" in question.accepts:
        text = answer.text.strip()[:_LONGEST_TEXT]
        return Found(question.to, {question.save: text}) if text else None
    values: list[Json] = []
    for type_, value, _ in answer.entities:
        taken = _taken(question, type_, value)
        if taken is not None and taken not in values:
            values.append(taken)
    if not values and "number" in question.accepts:
        taken = _taken(question, "number", answer.text.strip())
        values = [] if taken is None else [taken]
    if not values:
        return None
    return Found(question.to, {question.save: values if question.many else values[0]})


def _taken(question: Ask, type_: str, value: str) -> Json:
    """The value to save, or None: another type, out of range, or a value that understanding says must be asked for."""
    if type_ not in question.accepts or not value or value == "ASK":
        return None
    if type_ != "number":
        return value
    if not re.fullmatch(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?", value):
        return None
    number = float(value) if "." in value else int(value)
    too_low = question.low is not None and number < question.low
    too_high = question.high is not None and number > question.high
    return None if too_low or too_high else number
