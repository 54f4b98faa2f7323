"""Which of the free times are offered to somebody who said a day or an hour."""

from datetime import datetime

import pytest

from bot.core.slots import Candidate, nearest

TIMES = ("08:30", "09:30", "10:00", "10:30", "14:00")
FREE = [Candidate(datetime.fromisoformat(f"2026-11-25T{time}"), 1) for time in TIMES]


@pytest.mark.parametrize(
    ("said", "offered"),
    [
        ("2026-11-25T10:00", ["10:00"]),
        ("2026-11-25T10:15", ["09:30", "10:00", "10:30"]),
        ("2026-11-25T13:00", ["10:00", "10:30", "14:00"]),
        ("2026-11-25", ["08:30", "09:30", "10:00"]),
        ("2026-11-25T08:30/2026-11-25T12:00", ["08:30", "09:30", "10:00"]),
        ("2026-11-25T10:00/2026-11-25T12:00", ["10:00", "10:30"]),
        ("2026-11-25T16:00/2026-11-25T18:00", ["10:00", "10:30", "14:00"]),
        (None, ["08:30", "09:30", "10:00"]),
    ],
)
def test_an_hour_that_is_free_is_offered_alone_else_those_around_it(said: str | None, offered: list[str]) -> None:
    assert [f"{one.wall:%H:%M}" for one in nearest(FREE, said, 3)] == offered
