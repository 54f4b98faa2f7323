from datetime import date

import pytest

from flows.actions import ActionSpec
from flows.lint import lint
from flows.load import load_text

from .examples import VISIT


def problems(text: str, **more: object) -> list[str]:
    return [f"{p.line}: {p.message}" for p in lint(load_text(text, name="visit"), **more)]  # type: ignore[arg-type]


def test_a_sound_flow_has_no_problem() -> None:
    assert problems(VISIT) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("start: confirm", "start: begin", "there is no state “begin”"),
        ("to: nudge}", "to: nowhere}", "there is no state “nowhere”"),
        ("else: over", "else: nowhere", "there is no state “nowhere”"),
        ("then: person", "then: nowhere", "there is no state “nowhere”"),
        ("{soonest: offer}", "{soonest: nowhere}", "there is no state “nowhere”"),
        ("else: over", "else: places", "no way leads to “over”"),
        ("  over: {end: missed}", "  over: {say: a.b, choose: {again: over}}", "“over” is a dead end"),
        ("  over: {end: missed}", "  over: {do: privacy.delete, to: over}", "“over” is a dead end"),
        ("  over: {end: missed}", "  over: {say: a.b, to: late}", "“late” leads to itself without asking"),
        ("none: person\n  ask_day", "none: nudge\n  ask_day", None),
        (
            "silent: {after: 4h, to: nudge}",
            "silent: {after: 4h, to: confirm}",
            "silence leads from “confirm” to “confirm”",
        ),
        ("silent: {after: 4h, to: nudge}", "silent: {after: 4d, to: nudge}", "expired before this silence"),
        ('service: "@service"', 'service: "@serivce"', "“@serivce” is used here before it is saved"),
        ('"@item.name"', '"@thing.name"', "“@thing” is used here"),
        ("to: {some: pick_place, none: person}", "to: {some: pick_place}", "can turn out “none”"),
        (
            "to: {some: pick_place, none: person}",
            "to: {some: pick_place, none: person, full: person}",
            "never turns out “full”",
        ),
        ("do: appointments.places", "do: appointments.palaces", "there is no action “appointments.palaces”"),
        ('with: {slot: "@slot.id"}', "with: {slots: 1}", "needs “slot”"),
        ('with: {slot: "@slot.id"}', 'with: {slot: "@slot.id", price: 1}', "does not take “price”"),
        ("accept: [affirm]", "accept: [affirm, deny]", "“deny” is accepted by an earlier choice"),
        ("accept: [affirm]", "accept: [opt_out]", "“opt_out” works everywhere"),
        ("accept: [affirm]", "accept: [emergency/bleeding]", "“emergency/bleeding” works everywhere"),
        ("accept: [affirm]", "accept: [talk_to_human]", "“talk_to_human” works everywhere"),
        ("{to: places, accept: [deny]", "{to: person, accept: [talk_to_human]", None),
        ("{to: places, accept: [deny]", "{to: no_slot, accept: [talk_to_human]", None),
        ("{to: places, accept: [deny]", "{to: menu, accept: [change_language]", "“change_language” works everywhere"),
        ("title: House rules", "title: ' '", "a source has a title"),
        ("reviewed: 2026-11-20", "reviewed: null", "needs the days “reviewed” and “review_by”"),
        ("review_by: 2027-11-20", "review_by: 2026-11-20", "comes after"),
        ("      more: {other_day", "      limit: 10\n      more: {other_day", "can offer 11 choices"),
    ],
)
def test_a_mistake_is_found_on_its_line(old: str, new: str, message: str | None) -> None:
    assert old in VISIT
    text = VISIT.replace(old, new, 1)
    found = problems(text)
    if message is None:
        assert found == [p for p in found if "no way leads to" in p]
        return
    hits = [problem for problem in found if message in problem]
    assert hits, found


def test_a_flow_names_its_source() -> None:
    named = next(line for line in VISIT.splitlines() if line.startswith("source"))
    assert problems(VISIT.replace(named, "source: []")) == ["5: a flow names its source"]


def test_the_line_is_the_one_of_the_mistake() -> None:
    text = VISIT.replace("to: nudge}", "to: nowhere}")
    line = next(number for number, line in enumerate(text.splitlines(), start=1) if "nowhere" in line)
    assert f"{line}: there is no state “nowhere”" in problems(text)


def test_a_variable_saved_on_one_way_only_is_not_there_on_the_other() -> None:
    text = VISIT.replace("cannot: {to: places", "cannot: {to: offer")
    assert any("“@place” is used here before it is saved" in problem for problem in problems(text))
    assert not any("@day" in problem for problem in problems(VISIT))


def test_what_the_hub_gives_to_every_flow_needs_no_mention() -> None:
    assert problems(VISIT.replace('when: "@', "when: \"@form == 'fr' and @medium == 'sms' and @")) == []


def test_texts_must_be_there_in_every_declared_language() -> None:
    keys = {"fr": {"appointment.ask"}, "ary-Latn": set[str](), "ar": {"appointment.thanks"}}
    found = problems(VISIT, keys=keys)
    assert "14: the text “appointment.thanks” is missing in fr, ary-Latn" not in found
    assert any(p.endswith("“appointment.ask” is missing in ary-Latn") for p in found)
    assert any(p.endswith("“choice.place” is missing in fr, ary-Latn") for p in found)
    assert any(p.endswith("“common.not_understood” is missing in fr, ary-Latn") for p in found)


def test_lengths_are_judged_by_whoever_knows_the_texts() -> None:
    found = problems(
        VISIT, measure=lambda key, form: "too long" if (key, form) == ("appointment.thanks", "fr") else None
    )
    assert [p.partition(": ")[2] for p in found] == ["the text “appointment.thanks” in fr: too long"]


def test_other_flows_and_intents_must_exist() -> None:
    assert problems(VISIT, flows={"menu"}, intents={"affirm", "deny"}) == []
    found = problems(VISIT, flows={"visit"}, intents={"affirm"})
    assert any("there is no flow “menu”" in p for p in found)
    assert sum("there is no intent “deny”" in p for p in found) == 2


def test_actions_can_be_given() -> None:
    assert any("there is no action" in p for p in problems(VISIT, actions={"x.y": ActionSpec()}))


def test_reviews_fall_due_and_clinical_flows_are_published_reviewed() -> None:
    assert problems(VISIT, today=date(2027, 11, 20)) == []
    assert "due on 2027-11-20" in problems(VISIT, today=date(2027, 11, 21))[0]
    clinical = VISIT.replace("expires: 3d", "expires: 3d\nclinical: true")
    assert problems(VISIT, publishing=True) == []
    assert problems(clinical) == []
    assert "only when a clinician has reviewed" in problems(clinical, publishing=True)[0]
    assert problems(clinical.replace("reviewed_by: null", "reviewed_by: a midwife"), publishing=True) == []
