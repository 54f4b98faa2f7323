"""Health centres as conversations ask for them: read from the database, kept for a moment."""

import time
from collections.abc import Callable, Hashable, Sequence
from datetime import date
from typing import TypeVar, cast

from bot.core.slots import Hours
from bot.store import appointments as store
from bot.store.database import Connection

FRESH_SECONDS = 5.0
"""How soon a change of places or opening hours is met. A booking's room is never taken from here: it is counted in the
database when the place in a slot is taken."""

T = TypeVar("T")


class Directory:
    """Places, services, opening hours and closed days. Safe to share between threads: what is kept is never changed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[Hashable, tuple[float, object]] = {}

    def places(self, connection: Connection) -> Sequence[store.Place]:
        """Open health centres, by id."""
        return self._fresh("places", lambda: store.places(connection))

    def place(self, connection: Connection, facility_id: str) -> store.Place | None:
        return self._fresh(("place", facility_id), lambda: store.place(connection, facility_id))

    def services_at(self, connection: Connection, facility_id: str) -> Sequence[tuple[str, dict[str, str]]]:
        """Services a health centre offers: id and names by script."""
        return self._fresh(("services", facility_id), lambda: store.services_at(connection, facility_id))

    def hours_of(self, connection: Connection, facility_id: str, service_id: str) -> Sequence[Hours]:
        """Opening hours of one service."""
        key = ("hours", facility_id, service_id)
        return self._fresh(key, lambda: store.hours_of(connection, facility_id, service_id))

    def closed_days(self, connection: Connection, facility_id: str) -> set[date]:
        """Days on which a health centre is closed."""
        return self._fresh(("closed", facility_id), lambda: store.closed_days(connection, facility_id))

    def _fresh(self, key: Hashable, read: Callable[[], T]) -> T:
        now = self._clock()
        kept = self._kept.get(key)
        if kept is not None and now - kept[0] < FRESH_SECONDS:
            return cast("T", kept[1])
        if len(self._kept) > 10_000:  # noqa: PLR2004 (more than there are places: ids that people made up)
            self._kept.clear()
        found = read()
        if found is not None and found != []:  # what is not there yet may be there in a moment
            self._kept[key] = (now, found)
        return found
