"""The words of the staff's pages: two YAML files of flat keys, French and Arabic, read once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from string import Template

import yaml

from bot.core.wallclock import to_wall

FOLDER = Path(__file__).parent / "words"
LANGUAGES: Mapping[str, str] = {"fr": "ltr", "ar": "rtl"}
"""Languages of the pages with their direction."""


@cache
def words(language: str) -> Mapping[str, str]:
    """All words of one language by key."""
    found = yaml.safe_load((FOLDER / f"{language}.yml").read_text(encoding="utf-8"))
    return {str(key): str(value) for key, value in found.items()}


def word(language: str, key: str, **values: object) -> str:
    """The words of a key. Raises KeyError for a key that is not there: a test calls every page in both languages."""
    return Template(words(language)[key]).substitute({name: str(value) for name, value in values.items()})


def word_or(language: str, group: str, name: object, otherwise: str = "other") -> str:
    """The words for a name that the program made (a state, a reason); for one that is not in the list, `otherwise`."""
    known = words(language)
    return known.get(f"{group}.{name}") or known[f"{group}.{otherwise}"]


def moment(when: datetime | None, zone: str, now: datetime) -> str:
    """A moment on the wall: `24/11 10:30`, with the year when it is not this one."""
    if when is None:
        return "–"
    wall = to_wall(when, zone)
    pattern = "%d/%m %H:%M" if wall.year == to_wall(now, zone).year else "%d/%m/%Y %H:%M"
    return wall.strftime(pattern)


def age(language: str, since: datetime, now: datetime) -> str:
    """How long ago: minutes, hours or days, whichever says enough."""
    minutes = int(max(now - since, timedelta(0)).total_seconds() // 60)
    hours, days = minutes // 60, minutes // 1440
    if days:
        return word(language, "age.days", n=days)
    return word(language, "age.hours", n=hours, m=minutes % 60) if hours else word(language, "age.minutes", n=minutes)
