"""Short texts that were understood a moment ago are not worked out again: menu digits and words are most of the traffic."""

from datetime import datetime

from bot.service.inbound import Understands
from nlu.types import Understood
from nlu.understand import Engine

LONGEST = 8
"""Characters: digits, and words such as `menu`. Longer texts seldom come twice in a minute."""
MOST = 4096
"""Texts kept; a few megabytes. Then all are let go."""
BY_RULE = {"keyword", "none"}
"""Engines whose word depends on the text alone. What Rasa or the table said is asked anew: one may be down, or better."""


class Remembering:
    """The same answers as the understander it was made with, for texts whose meaning is a matter of rules.

    Dates are read against the clock, so an answer holds for one minute of wall time.
    """

    def __init__(self, understands: Understands) -> None:
        self._understands = understands
        self._known: dict[tuple[str, str | None, str, str | None, datetime], Understood] = {}

    def understand(
        self, text: str, *, form: str | None, now: datetime, engine: Engine = "auto", choice: str | None = None
    ) -> Understood:
        """What the text means; see nlu.understand."""
        known = self._remembered(text, form, now, engine, choice)
        if known is None:
            known = self._understands.understand(text, form=form, now=now, engine=engine, choice=choice)
            self._remember(known, text, form, now, engine, choice)
        return known

    def at_once(
        self, text: str, *, form: str | None, now: datetime, engine: Engine = "auto", choice: str | None = None
    ) -> Understood | None:
        """What it means where that is known without asking Rasa."""
        known = self._remembered(text, form, now, engine, choice)
        if known is None:
            known = self._understands.at_once(text, form=form, now=now, engine=engine, choice=choice)
            if known is not None:
                self._remember(known, text, form, now, engine, choice)
        return known

    def _remembered(
        self, text: str, form: str | None, now: datetime, engine: Engine, choice: str | None
    ) -> Understood | None:
        if len(text) > LONGEST:
            return None
        return self._known.get((text, form, engine, choice, now.replace(second=0, microsecond=0)))

    def _remember(
        self, known: Understood, text: str, form: str | None, now: datetime, engine: Engine, choice: str | None
    ) -> None:
        if len(text) > LONGEST or known.engine not in BY_RULE or known.danger is not None:
            return
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[(text, form, engine, choice, now.replace(second=0, microsecond=0))] = known
