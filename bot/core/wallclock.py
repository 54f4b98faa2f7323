"""Wall time and UTC. Zone rules come from the tzdata package, never from the system's older files.

Morocco's rules changed in 2026 (tzdata 2026.3: UTC+0 for good from 2026-09-20); with older data every reminder is an hour
wrong. `require_current_zones` is called once at start.
"""

import importlib.metadata
import zoneinfo
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

OLDEST_TZDATA = (2026, 6)
MOROCCO = "Africa/Casablanca"


class StaleZones(Exception):
    """The time-zone data is too old to send reminders by."""


def require_current_zones() -> None:
    """Make `zoneinfo` read the tzdata package only, and check it. Raises StaleZones with what to do."""
    zoneinfo.reset_tzpath(to=())
    ZoneInfo.clear_cache()
    version = importlib.metadata.version("tzdata")
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_TZDATA:
        raise StaleZones(f"tzdata {version} is too old: 2026.6 or newer is needed; run make setup")
    winter = datetime(2026, 12, 1, 12, tzinfo=ZoneInfo(MOROCCO))
    if winter.utcoffset() != timedelta(0):
        raise StaleZones("the time-zone data does not know Morocco's rules of 2026; run make setup")


def to_wall(moment: datetime, zone: str) -> datetime:
    """An aware moment → wall time in `zone`, without a zone."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def to_utc(wall: datetime, zone: str) -> datetime:
    """Wall time in `zone` → UTC. An hour that a clock change skips or repeats means its first reading."""
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
