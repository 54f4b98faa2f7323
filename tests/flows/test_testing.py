from dataclasses import replace

import pytest

from flows.load import load_text
from flows.schema import Flow
from flows.testing import plain_answer, run_tests
from flows.transcripts import run_transcript
from flows.types import Answer, Say

from .examples import VISIT

WHOLE = """\
# what this shows: a visit booked by somebody in a hurry
# lang=fr channel=sms now=2026-11-22T09:00+01:00
@ service: {id: s, name: Consultation}

< appointment.ask
> non [deny]
= appointments.places some [{id: 7, name: {Latn: Agdal}}]
< appointment.which_place
> 1
< appointment.which_day
> ???
< common.not_understood
< appointment.which_day
> mardi [date=2026-11-24]
= appointments.offer some [{id: s1, starts_at: "2026-11-24T09:00"}, {id: s2, starts_at: "2026-11-24T10:00"}]
< appointment.which_slot
> à 10 h [time=10:00]
= appointments.book booked
< appointment.booked
! end booked
"""


@pytest.fixture(scope="module")
def visit() -> Flow:
    return load_text(VISIT, name="visit.yaml")


def with_tests(talk: str, **more: str) -> Flow:
    settings = "".join(f"    {name}: {value}\n" for name, value in more.items())
    head = VISIT[: VISIT.index("tests:")]
    return load_text(f"{head}tests:\n  - talk:\n{talk}\n{settings}", name="visit.yaml")


def test_the_tests_in_a_flow_are_held(visit: Flow) -> None:
    assert visit.tests
    assert run_tests(visit) == []


@pytest.mark.parametrize(
    ("talk", "turn", "message"),
    [
        ("[{bot: appointment.thanks}]", 0, "expected appointment.thanks, got appointment.ask"),
        ("[{me: '1'}]", 0, "before this the flow has: bot appointment.ask"),
        ("[{bot: appointment.ask}, {me: '1'}]", 1, "the talk ends, but the flow goes on: bot appointment.thanks"),
        ("[{bot: appointment.ask}, {bot: menu.main}]", 1, "the flow says nothing more: it is at “confirm”"),
        ("[{bot: appointment.ask, with: {day: 1}}]", 0, 'said with {"day": {"day": "2026-11-24T10:00"}}'),
        ("[{bot: appointment.ask, choices: [come]}]", 0, "offers ['come', 'cannot']"),
        ("[{bot: appointment.ask}, {do: appointments.places}]", 1, "no action is waited for"),
        ("[{bot: appointment.ask}, {me: '2'}, {do: appointments.book, branch: some}]", 2, "got appointments.places"),
        ("[{bot: appointment.ask}, {me: '2'}, {do: appointments.places}]", 2, "can turn out some, none"),
        ("[{bot: appointment.ask}, {me: '2'}, {do: appointments.places, branch: full}]", 2, "no way for “full”"),
        (
            "[{bot: appointment.ask}, {me: '2'}, {do: appointments.places, with: {a: 1}, branch: none}]",
            2,
            "was given {}",
        ),
        ("[{bot: appointment.ask}, {me: '1'}, {bot: appointment.thanks}, {end: booked}]", 3, "is over (confirmed)"),
        ("[{bot: appointment.ask}, {me: '1'}, {bot: appointment.thanks}, {me: '1'}]", 3, "nobody is listening"),
        ("[{bot: appointment.ask}, {wait: 5x}]", 1, "not a length of time"),
        ("[{bot: appointment.ask}, {go: menu}]", 1, "expected go menu, got: the flow is at “confirm”"),
        ("[{bot: 'Bonjour à vous'}]", 0, "no words were given to the tester"),
    ],
)
def test_where_a_talk_goes_otherwise_is_told_with_its_line(talk: str, turn: int, message: str) -> None:
    flow = with_tests("\n".join(f"      - {part}" for part in _parts(talk)))
    problems = run_tests(flow)
    assert [problem.message for problem in problems if message in problem.message], problems
    assert problems[0].line == 2 + VISIT[: VISIT.index("tests:")].count("\n") + turn + 1


def _parts(talk: str) -> list[str]:
    return [part if part.startswith("{") else "{" + part for part in talk[1:-1].replace("}, {", "}|{").split("|")]


@pytest.mark.parametrize(
    "talk",
    [
        "[{bot: appointment.ask}, {wait: 4h}, {bot: appointment.nudge}, {do: {branch: none}}, {bot: handover.coming}, {handover: asked_for_human}]",
        "[{bot: appointment.ask}, {wait: 3h}, {me: ewa, intent: affirm}, {bot: appointment.thanks}]",
        "[{bot: appointment.ask, choices: [come, cannot]}, {me: Oui, choice: come}, {bot: appointment.thanks}]",
    ],
)
def test_talks_with_silence_intents_and_taps(talk: str) -> None:
    assert run_tests(with_tests(f"      {talk}")) == []


@pytest.mark.parametrize(
    ("talk", "message"),
    [
        ("[{sings: la}]", "a turn has one of"),
        ("[{bot: a.b, me: x}]", "a turn has one of"),
        ("[{bot: a.b, branch: x}]", "“branch” does not belong to “bot”"),
    ],
)
def test_a_test_that_cannot_be_read_is_a_problem(talk: str, message: str) -> None:
    assert message in run_tests(with_tests(f"      {talk}"))[0].message


def test_a_test_in_a_language_or_on_a_channel_the_flow_does_not_have_is_a_problem() -> None:
    talk = "      [{bot: appointment.ask}]"
    assert "not held in ar on whatsapp" in run_tests(with_tests(talk, lang="ar"))[0].message
    assert "not held in fr on fax" in run_tests(with_tests(talk, on="fax"))[0].message
    assert "cannot be read" in run_tests(with_tests(talk, now="soon"))[0].message


def test_a_transcript_holds(visit: Flow) -> None:
    assert run_transcript(visit, WHOLE, name="hurry.txt") == []


def test_a_transcript_that_goes_otherwise_names_its_line(visit: Flow) -> None:
    problems = run_transcript(visit, WHOLE.replace("[time=10:00]", "[time=12:00]"), name="hurry.txt")
    assert [(p.file, p.line) for p in problems] == [("hurry.txt", 18)]
    assert "before this the flow has: bot common.not_understood" in problems[0].message


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("! end booked", "! ends booked", 20, "end, handover or go"),
        ("> 1", "* 1", 9, "a line begins with"),
        ("lang=fr", "language=fr", 1, "the first line is"),
        ("now=2026-11-22T09:00+01:00", "now=today", 1, "is not a moment"),
        ("[{id: 7,", "[{id: 7", 7, "not YAML"),
    ],
)
def test_a_line_that_is_none_is_named(visit: Flow, old: str, new: str, line: int, message: str) -> None:
    assert old in WHOLE
    problem = run_transcript(visit, WHOLE.replace(old, new), name="x")[0]
    assert (problem.line, message in problem.message) == (line, True), problem


def test_an_empty_transcript_is_a_problem(visit: Flow) -> None:
    assert "nobody says anything" in run_transcript(visit, "# lang=fr channel=sms\n", name="x")[0].message


def test_a_transcript_can_quote_words_and_be_understood(visit: Flow) -> None:
    text = "# lang=fr channel=ussd\n< Venez-vous ? 1. Oui 2. Non\n> bien sûr\n< Merci !\n! end confirmed\n"
    words = {"appointment.ask": "Venez-vous ?\n1. Oui\n2. Non", "appointment.thanks": "Merci !"}

    def render(say: Say, form: str, channel: str) -> str:
        assert (form, channel) == ("fr", "ussd")
        return words[say.key]

    problems = run_transcript(visit, text, name="x", render=render, understand=lambda *_: Answer(intent="affirm"))
    assert problems == []
    words["appointment.thanks"] = "Au revoir"
    problems = run_transcript(visit, text, name="x", render=render, understand=lambda *_: Answer(intent="affirm"))
    assert problems[0].message == "expected “Merci !”, got “Au revoir”"


def test_what_a_text_means_by_itself() -> None:
    assert plain_answer("2") == Answer("2")
    assert plain_answer("ah [bon] oui") == Answer("ah [bon] oui")
    assert plain_answer("Oui [choice=come affirm]") == Answer("Oui", choice="come", intent="affirm")
    assert plain_answer("à 10 h [time=10:00 date=2026-11-24]").entities == (
        ("time", "10:00", "à 10 h"),
        ("date", "2026-11-24", "à 10 h"),
    )


def test_a_turn_of_an_older_version_is_never_mixed_in(visit: Flow) -> None:
    assert run_tests(replace(visit, version=4)) == []
