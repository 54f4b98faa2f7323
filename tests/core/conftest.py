"""The pure rules reckon with the zone data of the tzdata package, as every process does from its start."""

import pytest

from bot.core.wallclock import require_current_zones


@pytest.fixture(scope="session", autouse=True)
def _current_zones() -> None:
    require_current_zones()
