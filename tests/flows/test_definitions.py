"""The flows and programmes that ship: they hold together, their talks hold, and their reviews are not overdue."""

from datetime import date
from pathlib import Path

import pytest

from flows import engine
from flows.lint import lint
from flows.load import load_folder
from flows.programmes import load_programmes
from flows.testing import run_tests
from flows.transcripts import run_transcript

PILLAR = Path(engine.__file__).parent
FLOWS = load_folder(PILLAR / "definitions")
TRANSCRIPTS = sorted(Path(__file__).parent.glob("*/*.txt"))


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_holds_together(name: str) -> None:
    assert [str(problem) for problem in lint(FLOWS[name], flows=FLOWS)] == []


@pytest.mark.parametrize("name", FLOWS)
def test_the_talks_in_a_flow_hold(name: str) -> None:
    assert [str(problem) for problem in run_tests(FLOWS[name])] == []


@pytest.mark.parametrize("file", TRANSCRIPTS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_transcript_holds(file: Path) -> None:
    flow = FLOWS[file.parent.name]
    text = file.read_text(encoding="utf-8")
    assert [str(problem) for problem in run_transcript(flow, text, name=file.name)] == []


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_was_reviewed_and_says_when_next(name: str) -> None:
    for source in FLOWS[name].sources:
        assert source.reviewed is not None
        assert source.review_by is not None
        assert source.reviewed < source.review_by
        assert source.reviewed >= date(2026, 1, 1)


def test_programmes_lead_to_flows_that_exist() -> None:
    for programme in load_programmes(PILLAR / "programmes").values():
        assert {step.flow for step in programme.steps} <= set(FLOWS)
