from datetime import timedelta
from pathlib import Path

import pytest

from flows.programmes import ProgrammeStep, load_programme, load_programmes
from flows.schema import FlowError

VISIT = """\
id: appointment
source: {title: House rules, reviewed: 2026-11-20, review_by: 2027-11-20}
steps:
  - {id: day_before, offset: -24h, flow: appointment_confirm, say: reminder.day_before, expires: 3h}
  - {id: doses, daily: at_hours, flow: medication_checkin, say: reminder.dose, expires: 2h, quiet: ignore}
  - {id: tip, daily: ["08:00", "20:30"], flow: education, say: reminder.tip, expires: 1h}
"""


def test_a_programme_is_read_whole() -> None:
    programme = load_programme(VISIT, name="appointment.yaml")
    assert programme.steps == (
        ProgrammeStep(
            "day_before", "appointment_confirm", "reminder.day_before", timedelta(hours=3), offset=timedelta(hours=-24)
        ),
        ProgrammeStep(
            "doses", "medication_checkin", "reminder.dose", timedelta(hours=2), daily="at_hours", quiet="ignore"
        ),
        ProgrammeStep("tip", "education", "reminder.tip", timedelta(hours=1), daily=("08:00", "20:30")),
    )
    assert (programme.id, programme.sources[0].title, programme.clinical) == ("appointment", "House rules", False)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("id: tip", "id: doses", 5, "stands here twice"),
        ("offset: -24h", "offset: -24", 4, "not a length of time"),
        ("offset: -24h, ", "", 4, "either “offset” or “daily”"),
        ("offset: -24h", "offset: -24h, daily: at_hours", 4, "either “offset” or “daily”"),
        ("daily: at_hours", "daily: often", 5, "is none of: at_hours"),
        ('"20:30"', '"24:30"', 6, "an hour like 08:00"),
        ("quiet: ignore", "quiet: never", 5, "is none of: respect, ignore"),
        ("expires: 1h", "expires: 0h", 6, "longer than nothing"),
        ("say: reminder.tip, ", "", 6, "“say” is missing"),
        ("source: {title: House rules,", "source: {", 2, "“title” is missing"),
        ("id: appointment\n", "", 1, "“id” is missing"),
        ("steps:", "steps: []\nsteps2:", 3, "at least one step"),
    ],
)
def test_a_mistake_is_named_with_its_line(old: str, new: str, line: int, message: str) -> None:
    assert old in VISIT
    with pytest.raises(FlowError) as caught:
        load_programme(VISIT.replace(old, new, 1), name="p")
    assert next(p.line for p in caught.value.problems if message in p.message) == line


def test_a_folder_of_programmes(tmp_path: Path) -> None:
    (tmp_path / "appointment.yaml").write_text(VISIT, encoding="utf-8")
    assert list(load_programmes(tmp_path)) == ["appointment"]
    (tmp_path / "other.yaml").write_text(VISIT, encoding="utf-8")
    (tmp_path / "bad.yaml").write_text("id: 1", encoding="utf-8")
    with pytest.raises(FlowError) as caught:
        load_programmes(tmp_path)
    assert {p.file for p in caught.value.problems} == {"bad.yaml", "other.yaml"}
