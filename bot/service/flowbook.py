"""Which flows are in force: those that ship, and the versions that administrators published over them."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from bot.core.turn import FlowBook
from bot.store import flows as store
from bot.store.database import Database, DatabaseDown
from flows.load import load_folder, load_text
from flows.schema import Flow, FlowError

FRESH_SECONDS = 2.0
"""How soon a published version is met by every process."""


class Flows:
    """The flow book of this process, looked up anew when something was published."""

    def __init__(
        self,
        folder: Path,
        database: Database,
        clock: Callable[[], float] = time.monotonic,
        on_fault: Callable[[str, Exception], None] = lambda _where, _failed: None,
    ) -> None:
        self._database, self._clock, self._on_fault = database, clock, on_fault
        self.shipped: Mapping[str, Flow] = load_folder(folder)
        self._book = self._with(())
        self._stamp: str | None = None
        self._looked = float("-inf")
        self._lock = threading.Lock()

    def book(self) -> FlowBook:
        """The flows in force; with the database down, those last known."""
        now = self._clock()
        if now - self._looked < FRESH_SECONDS or not self._lock.acquire(blocking=False):
            return self._book
        try:
            self._looked = now
            with self._database.read() as connection:
                stamp = store.stamp(connection)
                if stamp != self._stamp:
                    self._book = self._with(store.published(connection))
                    self._stamp = stamp
        except DatabaseDown:
            pass  # the flows last known stay in force
        finally:
            self._lock.release()
        return self._book

    def refresh(self) -> None:
        """Look again at the next use."""
        self._looked = float("-inf")

    def _with(self, published: "tuple[store.Version, ...]") -> FlowBook:
        current = dict(self.shipped)
        versions = {(flow.id, flow.version): flow for flow in self.shipped.values()}
        texts: dict[tuple[str, int], Mapping[str, Mapping[str, str]]] = {}
        for version in published:
            try:
                flow = replace(load_text(version.yaml, name=f"{version.flow}@{version.number}"), version=version.number)
            except FlowError as unreadable:
                # written for an earlier release: the shipped version stands in, the others are not touched
                self._on_fault(f"flow:{version.flow}", unreadable)
                continue
            versions[flow.id, version.number] = flow
            texts[flow.id, version.number] = version.texts
            if version.in_force:
                current[flow.id] = flow
        return FlowBook(current, versions, texts)
