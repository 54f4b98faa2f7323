"""Reads one state of a flow: exactly one kind each, with the fields that kind has."""

from collections.abc import Callable
from typing import TypedDict

from flows.expressions import Expression, read
from flows.nodes import Place
from flows.schema import (
    Action,
    Ask,
    Choose,
    End,
    HandOver,
    If,
    Jump,
    Named,
    Option,
    Otherwise,
    Pick,
    Silence,
    State,
    Tell,
    Template,
    Text,
)

KINDS = ("choose", "pick", "ask", "do", "if", "handover", "end", "go")
"""The fields that make a state what it is; a state with none of them has `say` and `to`."""

ASK_TYPES = (
    "text", "date", "time", "datetime", "interval", "duration", "recurrence", "number", "blood_pressure", "glucose",
    "temperature", "weight", "pulse", "dose", "place", "person", "medicine", "phone",
)  # fmt: skip
"""What an `ask` can ask for: free text, or a type of entity that understanding finds."""

_MOST_PICKED = 10  # a WhatsApp list has at most ten rows; it is also all that fits a person's patience
_QUESTION = ("say", "with", "otherwise", "silent")
_OTHERWISE = Otherwise()


class _QuestionFields(TypedDict):
    say: Text
    otherwise: Otherwise
    silent: Silence | None


def read_state(place: Place, otherwise: Otherwise) -> State | None:
    """The state at that place, or None if its kind cannot be told. `otherwise` is the flow's own default."""
    found = place.fields()
    kinds = [kind for kind in KINDS if kind in found]
    if len(kinds) > 1:
        place.fail(f"a state is one thing: it cannot have {' and '.join(kinds)}")
        return None
    if kinds:
        return _READERS[kinds[0]](place, otherwise)
    if "to" in found:
        fields = place.fields("say", "with", "to", need=("say",))
        return Tell(_say(fields, place), _word(fields, "to"))
    if place.is_map:
        place.fail(f"a state has one of: {', '.join(KINDS)}, to")
    return None


def read_otherwise(place: Place) -> Otherwise:
    """An `otherwise:` block; what it leaves out is as in `Otherwise()`."""
    fields = place.fields("say", "with", "times", "then")
    return Otherwise(
        _say(fields, place) if "say" in fields else _OTHERWISE.say,
        fields["times"].whole(0, 5) if "times" in fields else _OTHERWISE.times,
        fields["then"].word() if "then" in fields else None,
    )


def _say(fields: dict[str, Place], place: Place) -> Text:
    params = _params(fields)
    if "say" not in fields:
        place.fail(f"“{place.name}” asks something, so it needs “say”")
        return Text("")
    return Text(fields["say"].key(), params)


def _params(fields: dict[str, Place]) -> dict[str, Template]:
    return {name: value.template() for name, value in fields["with"].fields().items()} if "with" in fields else {}


def _word(fields: dict[str, Place], name: str) -> str:
    return fields[name].word() if name in fields else ""


def _label(place: Place) -> Text:
    if not place.is_map:
        return Text(place.key())
    fields = place.fields("key", "with", need=("key",))
    return Text(fields["key"].key() if "key" in fields else "", _params(fields))


def _options(place: Place, *, worth_id: bool = False) -> tuple[Option, ...]:
    """The fixed choices. One without a `value` is worth its id to a `choose`, and null beside something asked for."""
    options = []
    for id_, each in place.fields().items():
        unsaid = id_ if worth_id else None
        if not each.is_map:
            options.append(Option(id_, each.word(), Text(f"choice.{id_}"), (), unsaid))
            continue
        fields = each.fields("to", "accept", "label", "value", need=("to",))
        options.append(
            Option(
                id_,
                _word(fields, "to"),
                _label(fields["label"]) if "label" in fields else Text(f"choice.{id_}"),
                fields["accept"].words() if "accept" in fields else (),
                fields["value"].template() if "value" in fields else unsaid,
            )
        )
    if place.is_map and not options:
        place.fail(f"“{place.name}” offers nothing")
    return tuple(options)


def _question(fields: dict[str, Place], place: Place, otherwise: Otherwise) -> _QuestionFields:
    silent = None
    if "silent" in fields:
        parts = fields["silent"].fields("after", "to", need=("after", "to"))
        if "after" in parts and "to" in parts:
            silent = Silence(parts["after"].span(), parts["to"].word())
            if silent.after.total_seconds() <= 0:
                parts["after"].fail("silence lasts longer than nothing")
    if "otherwise" in fields:
        otherwise = read_otherwise(fields["otherwise"])
    return {"say": _say(fields, place), "otherwise": otherwise, "silent": silent}


def _choose(place: Place, otherwise: Otherwise) -> State:
    fields = place.fields(*_QUESTION, "choose", "save")
    return Choose(
        **_question(fields, place, otherwise),
        options=_options(fields["choose"], worth_id=True),
        save=_word(fields, "save") or None,
    )


def _pick(place: Place, otherwise: Otherwise) -> State:
    fields = place.fields(*_QUESTION, "pick")
    needed = ("from", "save", "label", "to", "none")
    parts = fields["pick"].fields(*needed, "match", "more", "limit", "one", "named", need=needed)
    match = parts["match"].fields(*ASK_TYPES) if "match" in parts else {}
    more = _options(parts["more"]) if "more" in parts else ()
    return Pick(
        **_question(fields, place, otherwise),
        source=parts["from"].expression() if "from" in parts else _nothing(),
        save=_word(parts, "save"),
        label=_label(parts["label"]) if "label" in parts else Text(""),
        to=_word(parts, "to"),
        none=_word(parts, "none"),
        match={type_: value.expression() for type_, value in match.items()},
        more=more,
        limit=parts["limit"].whole(1, _MOST_PICKED) if "limit" in parts else max(1, _MOST_PICKED - len(more)),
        one=_word(parts, "one") or None,
        named=_named(parts["named"]) if "named" in parts else None,
    )


def _named(place: Place) -> Named:
    needed = ("accepts", "save", "to")
    fields = place.fields(*needed, need=needed)
    return Named(
        fields["accepts"].words(ASK_TYPES) if "accepts" in fields else (), _word(fields, "save"), _word(fields, "to")
    )


def _ask(place: Place, otherwise: Otherwise) -> State:
    fields = place.fields(*_QUESTION, "ask")
    needed = ("type", "save", "to")
    parts = fields["ask"].fields(*needed, "accepts", "more", "many", "min", "max", need=needed)
    type_ = parts["type"].one_of(ASK_TYPES) if "type" in parts else ""
    return Ask(
        **_question(fields, place, otherwise),
        type=type_,
        accepts=parts["accepts"].words(ASK_TYPES) if "accepts" in parts else (type_,),
        save=_word(parts, "save"),
        to=_word(parts, "to"),
        more=_options(parts["more"]) if "more" in parts else (),
        many=parts["many"].truth() if "many" in parts else False,
        low=parts["min"].number() if "min" in parts else None,
        high=parts["max"].number() if "max" in parts else None,
    )


def _do(place: Place, _otherwise: Otherwise) -> State:
    fields = place.fields("do", "with", "save", "to", need=("to",))
    to: dict[str, str] = {}
    always = None
    if "to" in fields and fields["to"].is_map:
        to = {branch: target.word() for branch, target in fields["to"].fields().items()}
    elif "to" in fields:
        always = fields["to"].word()
    return Action(fields["do"].dotted(), _params(fields), to, always, _word(fields, "save") or None)


def _if(place: Place, _otherwise: Otherwise) -> State:
    fields = place.fields("if", "else", need=("else",))
    cases = []
    for item in fields["if"].items():
        parts = item.fields("when", "to", need=("when", "to"))
        if "when" in parts and "to" in parts:
            cases.append((parts["when"].expression(), parts["to"].word()))
    return If(tuple(cases), _word(fields, "else"))


def _closing(fields: dict[str, Place], place: Place) -> Text | None:
    if "say" not in fields:
        if "with" in fields:
            fields["with"].fail("“with” belongs to a text, and this state has no “say”")
        return None
    return _say(fields, place)


def _handover(place: Place, _otherwise: Otherwise) -> State:
    fields = place.fields("say", "with", "handover")
    return HandOver(fields["handover"].word(), _closing(fields, place))


def _end(place: Place, _otherwise: Otherwise) -> State:
    fields = place.fields("say", "with", "end")
    return End(fields["end"].word(), _closing(fields, place))


def _go(place: Place, _otherwise: Otherwise) -> State:
    if "say" in place.fields():
        place.fail("a state that goes to another flow says nothing: put the text in a state before it, with “to”")
        return Jump("")
    fields = place.fields("go", "with")
    return Jump(fields["go"].word(), _params(fields))


def _nothing() -> Expression:
    return read("null")


_READERS: dict[str, Callable[[Place, Otherwise], State]] = {
    "choose": _choose,
    "pick": _pick,
    "ask": _ask,
    "do": _do,
    "if": _if,
    "handover": _handover,
    "end": _end,
    "go": _go,
}
