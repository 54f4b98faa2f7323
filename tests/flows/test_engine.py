import json
from datetime import timedelta
from types import SimpleNamespace

import pytest

from flows import engine
from flows.load import FlowError, load_text
from flows.schema import Flow
from flows.types import Answer, Choice, Do, FlowState, Go, Handover, Json, Say, Step

from .examples import NOW, PLACES, SLOTS, VISIT


@pytest.fixture(scope="module")
def visit() -> Flow:
    return load_text(VISIT, name="visit.yaml")


class Talk:
    """One conversation; its state goes through JSON before every turn."""

    def __init__(self, flow: Flow, **first: Json) -> None:
        self.flow = flow
        self.now = NOW
        self.step = engine.start(flow, first, NOW)

    @property
    def state(self) -> FlowState:
        assert self.step.state is not None
        again = FlowState.from_json(json.loads(json.dumps(self.step.state.to_json())))
        assert again == self.step.state
        return again

    def me(self, text: str = "", **meaning: object) -> Step:
        said = SimpleNamespace(choice=None, intent=None, entities=())
        said.__dict__.update(meaning)
        heard = Answer(text, said.choice, said.intent, said.entities)
        self.step = engine.answer(self.flow, self.state, heard, self.now)
        return self.step

    def done(self, branch: str, value: Json = None) -> Step:
        self.step = engine.resume(self.flow, self.state, {"branch": branch, "value": value}, self.now)
        return self.step


def at_slots(flow: Flow) -> Talk:
    talk = Talk(flow)
    talk.me("2")
    talk.done("some", list(PLACES))
    talk.me("1")
    talk.me("ghdda", entities=(("date", "2026-11-24", "ghdda"),))
    talk.done("some", list(SLOTS))
    return talk


def test_a_flow_begins_with_its_question_and_its_choices_in_order(visit: Flow) -> None:
    step = engine.start(visit, {}, NOW)
    assert step.effects == (
        Say(
            "appointment.ask",
            {"day": {"day": "2026-11-24T10:00"}},
            (Choice("come", "choice.come"), Choice("cannot", "choice.no")),
        ),
    )
    assert step.state is not None
    assert (step.state.state, step.state.asked_at, step.outcome) == ("confirm", NOW, None)


def test_variables_given_at_the_start_replace_the_flows_own(visit: Flow) -> None:
    step = engine.start(visit, {"appointment": {"starts_at": "2026-12-01T08:00"}}, NOW)
    assert isinstance(step.effects[0], Say)
    assert step.effects[0].params == {"day": {"day": "2026-12-01T08:00"}}


@pytest.mark.parametrize("typed", ["1", " 1 ", "1.", "1)", "n 1", "N°1", "رقم 1", "#1", "ra9m 1"])
def test_a_typed_number_is_the_choice_of_that_number(visit: Flow, typed: str) -> None:
    assert Talk(visit).me(typed) == Step(None, (Say("appointment.thanks"),), outcome="confirmed")


@pytest.mark.parametrize("typed", ["0", "3", "12", "1 2", "1a", "", "-1", "100000000000000000"])
def test_a_number_that_is_not_offered_is_not_understood(visit: Flow, typed: str) -> None:
    step = Talk(visit).me(typed)
    assert not step.understood
    assert [e.key for e in step.effects if isinstance(e, Say)] == ["common.not_understood", "appointment.ask"]


def test_a_tapped_choice_wins_over_everything_else_in_the_message(visit: Flow) -> None:
    step = Talk(visit).me("1", choice="cannot", intent="affirm")
    assert step.do == Do("appointments.places")


def test_a_choice_that_is_no_longer_offered_is_not_understood_even_if_its_text_is_a_number(visit: Flow) -> None:
    assert not Talk(visit).me("1", choice="from_last_week").understood


def test_an_intent_is_accepted_with_those_under_it(visit: Flow) -> None:
    assert Talk(visit).me("iyyeh", intent="affirm").outcome == "confirmed"
    assert Talk(visit).me("iyyeh", intent="affirm/strongly").outcome == "confirmed"
    assert not Talk(visit).me("iyyeh", intent="affirmative").understood


def test_the_question_repeats_with_its_choices_and_then_gives_up(visit: Flow) -> None:
    talk = Talk(visit)
    for tries in (1, 2):
        step = talk.me("???", intent="book_appointment")
        assert (step.understood, talk.state.tries) == (False, tries)
        assert isinstance(step.effects[1], Say)
        assert [c.id for c in step.effects[1].choices] == ["come", "cannot"]
    last = talk.me("???")
    assert last == Step(
        None, (Say("handover.coming"), Handover("asked_for_human")), outcome="handover", understood=False
    )


def test_without_a_way_out_of_its_own_a_question_hands_over_after_the_third_time(visit: Flow) -> None:
    talk = Talk(visit)
    talk.me("2")
    talk.done("some", list(PLACES))
    talk.me("?")
    talk.me("?")
    assert talk.me("?") == Step(None, (Handover("not_understood"),), outcome="handover", understood=False)


def test_an_action_is_given_with_its_parameters_and_its_value_is_saved(visit: Flow) -> None:
    talk = Talk(visit)
    assert talk.me("2").do == Do("appointments.places")
    step = talk.done("some", list(PLACES))
    assert isinstance(step.effects[0], Say)
    assert [(c.id, c.params) for c in step.effects[0].choices] == [
        ("7", {"name": {"words": {"Latn": "Agdal"}}}),
        ("8", {"name": {"words": {"Latn": "Yacoub"}}}),
    ]
    talk.me("2")
    assert talk.state.vars["place"] == PLACES[1]
    offer = talk.me("24/11", entities=(("date", "2026-11-24", "24/11"),))
    assert offer.do == Do("appointments.offer", {"place": 8, "day": "2026-11-24", "service": None})


def test_an_answer_while_an_action_is_waited_for_loses_nothing(visit: Flow) -> None:
    talk = Talk(visit)
    talk.me("2")
    waiting = talk.state
    step = talk.me("hello?")
    assert (step.state, step.do, step.understood) == (waiting, Do("appointments.places"), False)


def test_an_empty_list_is_never_asked_about(visit: Flow) -> None:
    talk = Talk(visit)
    talk.me("2")
    assert talk.done("some", []).effects == (Say("handover.coming"), Handover("asked_for_human"))


def test_a_fixed_choice_beside_an_open_question_saves_null(visit: Flow) -> None:
    talk = Talk(visit)
    talk.me("2")
    talk.done("some", list(PLACES))
    talk.me("1")
    step = talk.me("1")
    assert step.do is not None
    assert step.do.params["day"] is None


def test_a_value_that_must_be_asked_for_is_not_saved(visit: Flow) -> None:
    talk = Talk(visit)
    talk.me("2")
    talk.done("some", list(PLACES))
    talk.me("1")
    assert not talk.me("5/6", entities=(("date", "ASK", "5/6"),)).understood


@pytest.mark.parametrize(
    ("entities", "slot"),
    [
        ([("datetime", "2026-11-24T10:00", "ghdda 10h")], "s2"),
        ([("datetime", "2026-11-24T10:00:00+01:00", "")], "s2"),
        ([("time", "09:00", "9h")], "s1"),
        ([("date", "2026-11-25", "l-arb3a")], "s3"),
        ([("date", "2026-11-24", ""), ("time", "10:00", "")], "s2"),
        ([("interval", "2026-11-25T06:00/2026-11-25T12:00", "")], "s3"),
    ],
)
def test_words_for_a_time_pick_the_one_slot_they_fit(
    visit: Flow, entities: list[tuple[str, str, str]], slot: str
) -> None:
    talk = at_slots(visit)
    step = talk.me("words", entities=tuple(entities))
    assert step.do == Do("appointments.book", {"slot": slot})


@pytest.mark.parametrize(
    "entities",
    [
        [("time", "10:00", "")],
        [("date", "2026-11-24", "")],
        [("date", "2026-12-24", "")],
        [("time", "25:99", "")],
        [("interval", "x", "")],
    ],
)
def test_words_that_fit_no_slot_or_several_are_not_understood(
    visit: Flow, entities: list[tuple[str, str, str]]
) -> None:
    assert not at_slots(visit).me("words", entities=tuple(entities)).understood


def test_a_full_slot_leads_back_to_the_offer_and_on(visit: Flow) -> None:
    talk = at_slots(visit)
    talk.me("2")
    assert talk.done("full").do == Do("appointments.offer", {"place": 7, "day": "2026-11-24", "service": None})
    talk.done("some", [SLOTS[0]])
    talk.me("1")
    step = talk.done("booked")
    assert step == Step(None, (Say("appointment.booked", {"at": {"datetime": "2026-11-24T09:00"}}),), outcome="booked")


def test_another_flow_begins_with_the_variables_it_is_given(visit: Flow) -> None:
    talk = at_slots(visit)
    talk.me("1")
    assert talk.done("already") == Step(None, (Go("menu", {"from": "visit"}),), outcome="go")


def test_a_branch_the_flow_does_not_know_is_an_error_and_keeps_the_state(visit: Flow) -> None:
    talk = Talk(visit)
    talk.me("2")
    with pytest.raises(FlowError, match="no way for “lost”"):
        talk.done("lost")
    assert talk.done("some", list(PLACES)).state is not None


@pytest.mark.parametrize("result", [None, [], "some", {}, {"branch": 1}])
def test_a_result_without_a_branch_is_an_error(visit: Flow, result: Json) -> None:
    talk = Talk(visit)
    talk.me("2")
    with pytest.raises(FlowError, match="names no branch"):
        engine.resume(visit, talk.state, result, NOW)


def test_a_question_can_be_put_again_and_an_action_given_again(visit: Flow) -> None:
    talk = Talk(visit)
    first = talk.step
    talk.me("what?")
    assert engine.again(visit, talk.state, NOW) == first
    waiting = talk.me("2")
    assert engine.again(visit, talk.state, NOW).do == waiting.do
    with pytest.raises(FlowError):
        engine.again(visit, FlowState("visit", 2, "confirm"), NOW)


def test_silence_counts_from_the_last_answer_and_moves_on(visit: Flow) -> None:
    talk = Talk(visit)
    talk.now = NOW + timedelta(hours=1)
    talk.me("what?")
    state = talk.state
    assert engine.silent_at(visit, state) == NOW + timedelta(hours=5)
    assert engine.silent(visit, state, NOW + timedelta(hours=4)) is None
    step = engine.silent(visit, state, NOW + timedelta(hours=5))
    assert step is not None
    assert (step.effects, step.do) == ((Say("appointment.nudge"),), Do("appointments.places"))


def test_the_engine_reckons_in_wall_time_without_a_zone_too(visit: Flow) -> None:
    wall = NOW.replace(tzinfo=None)
    begun = engine.start(visit, {}, wall).state
    assert begun is not None
    state = FlowState.from_json(json.loads(json.dumps(begun.to_json())))
    assert engine.silent_at(visit, state) == wall + timedelta(hours=4)
    early, late = (engine.silent(visit, state, wall + timedelta(hours=hours)) for hours in (4, 48))
    assert early is not None
    assert late is not None
    assert (early.do, late.outcome) == (Do("appointments.places"), "missed")


def test_silence_too_near_the_visit_ends_the_flow(visit: Flow) -> None:
    step = engine.silent(visit, Talk(visit).state, NOW + timedelta(days=2))
    assert step is not None
    assert (step.state, step.outcome) == (None, "missed")


def test_a_question_without_silent_stays_open_until_it_expires(visit: Flow) -> None:
    state = at_slots(visit).state
    assert engine.silent_at(visit, state) is None
    assert engine.silent(visit, state, NOW + timedelta(days=9)) is None
    assert engine.expires_at(visit, state) == NOW + timedelta(days=3)


def test_a_state_of_another_version_or_with_no_place_in_the_flow_is_refused(visit: Flow) -> None:
    state = Talk(visit).state
    for stale in (
        FlowState("visit", 2, "confirm"),
        FlowState("other", 1, "confirm"),
        FlowState("visit", 1, "gone"),
        FlowState("visit", 1, "thanks"),
    ):
        with pytest.raises(FlowError):
            engine.answer(visit, stale, Answer("1"), NOW)
    with pytest.raises(FlowError, match="no action is waited for"):
        engine.resume(visit, state, {"branch": "some"}, NOW)


ROUND = """\
id: round
schema: 1
languages: [fr]
channels: [sms]
source: {title: t}
expires: 1d
start: a
states:
  a: {say: x.a, to: b}
  b: {if: [{when: "@never", to: ask}], else: a}
  ask: {say: x.q, choose: {again: a, act: act}, silent: {after: 1h, to: ask}}
  act: {do: privacy.delete, to: act}
"""


def test_a_turn_that_would_go_round_for_ever_ends_in_an_error() -> None:
    flow = load_text(ROUND, name="round")
    with pytest.raises(FlowError, match="more than 50 states"):
        engine.start(flow, {}, NOW)


def test_an_action_that_leads_to_itself_ends_in_an_error_too() -> None:
    flow = load_text(ROUND.replace("start: a", "start: ask"), name="round")
    talk = Talk(flow)
    talk.me("2")
    for _ in range(engine.MOST_MOVES - 1):
        assert talk.done("requested").do == Do("privacy.delete")
    with pytest.raises(FlowError, match="more than 50 states"):
        talk.done("known")


def test_silence_alone_does_not_ask_for_ever() -> None:
    flow = load_text(ROUND.replace("start: a", "start: ask"), name="round")
    state, now, asked = Talk(flow).state, NOW, 0
    while (at := engine.silent_at(flow, state)) is not None:
        step = engine.silent(flow, state, at)
        assert step is not None
        assert step.state is not None
        state, now, asked = step.state, at, asked + 1
        assert asked < 100
    assert engine.silent(flow, state, now + timedelta(days=30)) is None
