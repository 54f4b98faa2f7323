"""Every flow has a transcript, a source, and a review that is not overdue."""

from datetime import UTC, datetime, timedelta

import pytest

from flows.load import load_folder
from tests.house.tree import ROOT

FLOWS = load_folder(ROOT / "flows" / "definitions")


@pytest.mark.parametrize("name", FLOWS)
def test_every_flow_has_a_transcript(name: str) -> None:
    assert list((ROOT / "tests" / "flows" / name).glob("*.txt"))


@pytest.mark.parametrize("name", FLOWS)
def test_every_flow_has_a_source_and_a_review_date_ahead(name: str) -> None:
    assert FLOWS[name].sources
    for source in FLOWS[name].sources:
        assert source.title
        assert source.review_by is not None
        assert source.review_by > datetime.now(UTC).date()
        assert source.review_by <= datetime.now(UTC).date() + timedelta(days=3 * 366)
