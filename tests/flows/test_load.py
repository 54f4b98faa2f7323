from datetime import date, timedelta
from pathlib import Path

import pytest

from flows.load import FlowError, load_folder, load_text
from flows.schema import Ask, Choose, Pick

from .examples import VISIT


def problems(text: str) -> list[str]:
    with pytest.raises(FlowError) as caught:
        load_text(text, name="f.yaml")
    return [f"{p.line}:{p.column} {p.message}" for p in caught.value.problems]


def test_a_flow_is_read_whole() -> None:
    flow = load_text(VISIT, name="visit.yaml")
    assert (flow.id, flow.start, flow.expires, flow.version) == ("visit", "confirm", timedelta(days=3), 1)
    assert flow.starts_with == {"service": None, "appointment": {"starts_at": "2026-11-24T10:00"}}
    assert flow.sources[0].review_by == date(2027, 11, 20)
    confirm, place, day = (flow.states[name] for name in ("confirm", "pick_place", "ask_day"))
    assert isinstance(confirm, Choose)
    assert [(o.id, o.to, o.label.key, o.accept) for o in confirm.options] == [
        ("come", "thanks", "choice.come", ("affirm",)),
        ("cannot", "places", "choice.no", ("deny",)),
    ]
    assert confirm.otherwise.then == "person"
    assert isinstance(place, Pick)
    assert (place.limit, place.otherwise.say.key, place.otherwise.then) == (10, "common.not_understood", None)
    assert isinstance(day, Ask)
    assert (day.accepts, day.more[0].id) == (("date", "datetime"), "soonest")


def test_yaml_words_that_others_read_as_true_stay_words() -> None:
    flow = load_text(VISIT.replace("come:", "yes:").replace("cannot:", "no:"), name="visit")
    confirm = flow.states["confirm"]
    assert isinstance(confirm, Choose)
    assert [option.id for option in confirm.options] == ["yes", "no"]
    assert flow.tests[0]["on"] == "ussd"


def test_a_flows_own_otherwise_holds_for_questions_without_one() -> None:
    flow = load_text(VISIT + "otherwise: {times: 1, then: person}\n", name="visit")
    place = flow.states["pick_place"]
    assert isinstance(place, Pick)
    assert (place.otherwise.times, place.otherwise.then) == (1, "person")


def test_every_mistake_is_told_at_once_with_its_line() -> None:
    text = VISIT.replace("schema: 1", "schema: 9").replace("expires: 3d", "expires: soon")
    text = (
        text.replace("choose:", "chose:")
        .replace("times: 2", "times: many")
        .replace("say: appointment.thanks", "say: Hi!")
    )
    text = text.replace('"@appointment.starts_at - 2h > now"', '"@appointment > > now"')
    lines = text.splitlines()
    found = problems(text)
    where = [lines[int(problem.split(":")[0]) - 1] for problem in found]
    assert [line.strip().split(":")[0] for line in where] == ["schema", "expires", "say", "thanks", "if"]
    assert "a state has one of: choose, pick, ask" in found[2]
    assert found[4].startswith(f"{lines.index(where[4]) + 1}:17 ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1 the file is empty"),
        ("just words", "must be a mapping"),
        ("- a\n- b", "must be a mapping"),
        (
            "a: b: c",
            "1:5 not YAML: mapping values are not allowed in this context; a text with “: ” in it stands in quotes",
        ),
        ("a: [1, 2", "not YAML"),
        ("a: \x00", "not YAML"),
        ("a: &x 1\nb: *x", "anchors and aliases"),
        ("a: " + "[" * 200 + "]" * 200, "nested too deeply"),
        ("a: " + "[" * 20_000, "not YAML"),
        ("a: " + "x" * 200_001, "longer than 200000 characters"),
        ("id: a\nid: b", "2:1 “id” stands here twice"),
        ("? [a, b]\n: c", "a name must be a plain word"),
        ("id: a", "“start” is missing"),
    ],
)
def test_what_is_no_flow_is_refused_in_words(text: str, message: str) -> None:
    assert any(message in problem for problem in problems(text)), problems(text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: visit", "id: Visit 1", "is not a name"),
        ("[fr, ary-Latn]", "[fr, en]", "“en” is none of"),
        ("[fr, ary-Latn]", "[fr, fr]", "none twice"),
        ("[fr, ary-Latn]", "fr", "must be a list"),
        ("[whatsapp, sms, ussd]", "[fax]", "“fax” is none of"),
        ("reviewed: 2026-11-20", "reviewed: lately", "is not a day"),
        ("expires: 3d", "expires: 0d", "longer than nothing"),
        ("expires: 3d", "expires: 3d\nversion: 0", "whole number"),
        ("expires: 3d", "expires: 3d\nclinical: maybe", "true or false"),
        ("expires: 3d", "expires: 3d\njinja: on", "“jinja” is not known here"),
        ("  over: {end: missed}", "  over: {end: missed, go: menu}", "cannot have end and go"),
        ("  over: {end: missed}", "  over: {say: a.b}", "a state has one of"),
        ("  over: {end: missed}", "  over: {to: late}", "“say” is missing"),
        ("  over: {end: missed}", "  over: {end: missed, with: {a: 1}}", "this state has no “say”"),
        ("  over: {end: missed}", "  over: {}", "a state has one of"),
        ("  over: {end: missed}", "  over: end", "must be a mapping"),
        ("  over: {end: missed}", "  over: {choose: {a: late}}", "needs “say”"),
        ("  over: {end: missed}", "  over: {say: a.b, choose: {}}", "offers nothing"),
        ("  over: {end: missed}", "  over: {say: a.b, go: menu}", "says nothing"),
        ("  over: {end: missed}", "  over: {do: exec, to: late}", "is not an action"),
        ("  over: {end: missed}", "  over: {if: [], to: late}", "“to” is not known here"),
        ("  over: {end: missed}", "  Over!: {end: missed}", "is not a name for a state"),
        ("silent: {after: 4h, to: nudge}", "silent: {after: -4h, to: nudge}", "silence lasts longer"),
        ("silent: {after: 4h, to: nudge}", "silent: {after: 4h}", "“to” is missing"),
        ("type: date", "type: colour", "“colour” is none of"),
        ("save: place\n", "limit: 99\n      save: place\n", "whole number from 1 to 10"),
        ("      save: place\n", "", "“save” is missing"),
        ('"@places"', '"places"', "was not expected"),
        ('{slot: "@slot.id"}', '{slot: "@slot.id()"}', "“(” was not expected"),
        ("talk: [{bot: appointment.ask}", "talk: [hello", "must be a mapping"),
    ],
)
def test_a_mistake_is_named(old: str, new: str, message: str) -> None:
    assert old in VISIT
    assert any(message in problem for problem in problems(VISIT.replace(old, new, 1))), problems(
        VISIT.replace(old, new, 1)
    )


def test_a_folder_gives_its_flows_by_id_and_the_mistakes_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "visit.yaml").write_text(VISIT, encoding="utf-8")
    assert list(load_folder(tmp_path)) == ["visit"]
    (tmp_path / "again.yaml").write_text(VISIT, encoding="utf-8")
    (tmp_path / "broken.yaml").write_text("id: [", encoding="utf-8")
    (tmp_path / "latin.yaml").write_bytes("id: é".encode("latin-1"))
    with pytest.raises(FlowError) as caught:
        load_folder(tmp_path)
    assert {p.file for p in caught.value.problems} == {"again.yaml", "broken.yaml", "latin.yaml", "visit.yaml"}
    assert "again.yaml:1:5: the flow “visit” belongs in visit.yaml" in str(caught.value)
