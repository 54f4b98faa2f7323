"""What an `ask` takes for a value, and what a `choose` saves."""

import pytest

from flows import engine
from flows.load import load_text
from flows.schema import Flow
from flows.types import Answer, Choice, Json

from .examples import NOW

HEAD = """\
id: asking
schema: 1
languages: [fr]
channels: [sms]
source: {title: t, reviewed: 2026-11-20, review_by: 2027-11-20}
expires: 1d
start: q
states:
  done: {go: next, with: {got: "@got"}}
  q: {say: x.q, """


def flow(question: str) -> Flow:
    return load_text(f"{HEAD}{question}}}\n", name="asking")


def got(question: str, answer: Answer) -> Json:
    """What the answer saved; `"?"` if it was not understood."""
    asking = flow(question)
    begun = engine.start(asking, {}, NOW)
    assert begun.state is not None
    step = engine.answer(asking, begun.state, answer, NOW)
    return step.effects[-1].vars["got"] if step.understood else "?"  # type: ignore[union-attr]


HOURS = "ask: {type: time, many: true, save: got, to: done}"
NUMBER = "ask: {type: number, min: 1, max: 6, save: got, to: done}"
TEXT = "ask: {type: text, save: got, to: done, more: {skip: {to: done, accept: [deny]}}}"
DAY = "ask: {type: date, accepts: [date, interval], save: got, to: done, more: {soonest: {to: done, value: {n: 1}}}}"
VALUES = (
    "choose: {twice: {to: done, value: ['08:00', '20:00']}, same: {to: done, value: '@got'}, once: done}, save: got"
)


@pytest.mark.parametrize(
    ("question", "answer", "saved"),
    [
        (HOURS, Answer("8h w 20h", entities=(("time", "08:00", "8h"), ("time", "20:00", "20h"))), ["08:00", "20:00"]),
        (HOURS, Answer("8h 8h", entities=(("time", "08:00", "8h"), ("time", "08:00", "8h"))), ["08:00"]),
        (HOURS, Answer("8h", entities=(("date", "2026-11-24", "8h"),)), "?"),
        (NUMBER, Answer("3"), 3),
        (NUMBER, Answer("tlata", entities=(("number", "3", "tlata"),)), 3),
        (NUMBER, Answer("2.5"), 2.5),
        (NUMBER, Answer("7"), "?"),
        (NUMBER, Answer("0"), "?"),
        (NUMBER, Answer("1e5"), "?"),
        (NUMBER, Answer("9", entities=(("number", "9", "9"), ("number", "4", "4"))), 4),
        (TEXT, Answer("  hada chi 7aja  "), "hada chi 7aja"),
        (TEXT, Answer("x" * 5000), "x" * 1000),
        (TEXT, Answer("   "), "?"),
        (TEXT, Answer("la", intent="deny"), None),
        (TEXT, Answer("1"), None),
        (TEXT, Answer("wa7ed", intent="book_appointment"), "wa7ed"),
        (DAY, Answer("1"), {"n": 1}),
        (DAY, Answer("", choice="soonest"), {"n": 1}),
        (DAY, Answer("ghdda", entities=(("date", "2026-11-23", "ghdda"),)), "2026-11-23"),
        (DAY, Answer("simana jaya", entities=(("interval", "2026-11-30/2026-12-07", "…"),)), "2026-11-30/2026-12-07"),
        (DAY, Answer("10h", entities=(("time", "10:00", "10h"),)), "?"),
        (VALUES, Answer("1"), ["08:00", "20:00"]),
        (VALUES, Answer("2"), None),
        (VALUES, Answer("3"), "once"),
    ],
)
def test_what_is_saved(question: str, answer: Answer, saved: Json) -> None:
    assert got(question, answer) == saved


def test_what_spoken_values_are_compared_with_can_be_said() -> None:
    picking = (
        'pick: {from: "@things", save: got, label: {key: x.l, with: {n: "@item.name"}}, to: done, none: done,'
        ' match: {place: "@item.name", number: "@item.size"}}'
    )
    asking = flow(picking)
    things: Json = [{"name": {"Latn": "Agdal", "Arab": "أكدال"}, "size": 2}, {"name": {"Latn": "Yacoub"}, "size": 2}]
    state = engine.start(asking, {"things": things}, NOW).state
    assert state is not None
    assert [choice.id for choice in state.choices] == ["1", "2"]

    def heard(*entities: tuple[str, str, str]) -> bool:
        return engine.answer(asking, state, Answer("…", entities=entities), NOW).understood

    assert heard(("place", "agdal", "agdal"))
    assert heard(("place", "أكدال", "أكدال"), ("number", "2", "2"))
    assert not heard(("number", "2", "2"))
    assert not heard(("place", "salé", "salé"))
    assert not heard(("date", "2026-11-24", "ghdda"))


def test_things_that_share_an_id_with_a_fixed_choice_can_all_be_chosen() -> None:
    asking = flow('pick: {from: "@things", save: got, label: x.l, to: done, none: done, more: {later: done}}')
    state = engine.start(asking, {"things": [{"id": "later"}, {"id": "a"}, {"id": "a"}]}, NOW).state
    assert state is not None
    assert state.choices == tuple(
        Choice(id_, key) for id_, key in [("item1", "x.l"), ("a", "x.l"), ("item3", "x.l"), ("later", "choice.later")]
    )


def test_a_persons_words_stay_out_of_what_a_log_could_show() -> None:
    asking = flow(TEXT)
    begun = engine.start(asking, {}, NOW)
    assert begun.state is not None
    said = Answer("ana f Salé", entities=(("place", "Salé", "Salé"),))
    step = engine.answer(asking, begun.state, said, NOW)
    kept = engine.start(asking, {"name": "Salé"}, NOW)
    assert "Salé" not in f"{said!r} {step!r} {kept!r}"
