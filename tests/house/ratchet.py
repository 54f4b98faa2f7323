"""Habits that are not yet gone: each counted by file, and the count may only fall."""

import tomllib
from collections import Counter
from pathlib import Path

from tests.house.tree import text

ALLOWED: dict[str, dict[str, int]] = tomllib.loads(text(Path("tests/house/ratchet.toml")))


def against_ratchet(name: str, found: Counter[str]) -> dict[str, str]:
    """What is worse than the ratchet allows, and what is better: the ratchet is then to be turned down."""
    allowed = ALLOWED.get(name, {})
    return {
        where: f"{found[where]}, and the ratchet says {allowed.get(where, 0)}"
        for where in sorted({*found, *allowed})
        if found[where] != allowed.get(where, 0)
    }
