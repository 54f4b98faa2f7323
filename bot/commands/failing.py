"""What every command shares: how it fails, and how it reads JSON lines."""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from bot.core.wallclock import StaleZones, require_current_zones
from bot.observing import set_up_logging
from bot.settings import Settings, SettingsError, load
from bot.store.database import DatabaseDown
from bot.store.vault import VaultError
from bot.wiring import Services


class Failed(Exception):
    """A command cannot go on; the text says what happened and what to do."""


def services(**given: Any) -> Services:  # noqa: ANN401 (any setting's type)
    """What a command works with. Raises Failed with every problem of the settings."""
    made = Services(settings(**given))
    set_up_logging(made.settings.log_format)  # to stderr: stdout is the command's own
    return made


def settings(**given: Any) -> Settings:  # noqa: ANN401 (any setting's type)
    """The settings; from here on local times are read by current rules. Raises Failed with every problem."""
    try:
        require_current_zones()
        return load(**given)
    except StaleZones as stale:
        raise Failed(str(stale)) from stale
    except SettingsError as wrong:
        raise Failed("The settings cannot be used:\n" + "\n".join(f"  - {line}" for line in wrong.problems)) from wrong


def explained(failed: Exception) -> Failed | None:
    """A known failure in a sentence; None for one that is a mistake of ours."""
    if isinstance(failed, SettingsError):
        return Failed("\n".join(failed.problems))
    if isinstance(failed, DatabaseDown):
        return Failed(
            "The database cannot be reached. Is it running, and is DATABASE_URL right? After set-up: make setup."
        )
    if isinstance(failed, VaultError):
        return Failed(f"The encryption keys cannot be used: {failed}.")
    return None


def json_lines(work: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """JSON lines in, JSON lines out. A bad line gets `{"error"}` and the next goes on."""
    for line in _lines():
        try:
            given = json.loads(line)
            answer = work(given) if isinstance(given, dict) else {"error": "a line must be a JSON object"}
        except (ValueError, TypeError, KeyError) as wrong:
            missing = isinstance(wrong, KeyError)
            answer = {"error": f"{wrong.args[0]} is missing" if missing else str(wrong)}
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return 0


def _lines() -> Iterator[str]:
    for raw in sys.stdin.buffer:
        line = raw.decode("utf-8", "replace").strip()
        if line:
            yield line
