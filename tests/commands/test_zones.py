"""Local times given at the command line are read by Morocco's rules of today, not by the system's older files."""

import zoneinfo

from bot.commands.talk import _moment
from tests.commands.conftest import Sahti


def test_local_times_are_read_by_current_rules(sahti: Sahti) -> None:
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()
    assert sahti("when", "ghdda", "--now", "2026-11-24T08:00:00+00:00").status == 0
    moment = _moment("2026-11-24T09:00", "Africa/Casablanca")
    assert moment is not None
    assert moment.isoformat() == "2026-11-24T09:00:00+00:00"
