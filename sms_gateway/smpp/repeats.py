"""Whether a message that looks like an earlier one is its repeat, or was written again. PURE.

SMPP gives a message of a person no id. A centre repeats one whose answer did not reach it, which it does after the
connection was lost, or when the answer took too long; and people write "1" twice within a minute. So equal content is
a repeat only if the first was in doubt: not answered yet, answered late, or answered shortly before its connection
ended. Then it keeps the moment of the first, which is part of its id (see the channel), and the store drops it (P1).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PROMPT = 5.0
"""Seconds: an answer within this is in time for every centre (the shortest response timers set are about 10 s)."""
DOUBT = 30.0
"""Seconds before the end of a connection in which an answer may have been lost on the way."""
REMEMBERED = 3600.0
"""Seconds after which a centre's repeat would be a new message; most try again within minutes."""


@dataclass(slots=True)
class _Known:
    moment: float
    came: float
    connection: int
    answered: float | None = None


class Repeats:
    """What came lately, by fingerprint. Times are seconds since the epoch; connections are counted up, never reused."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._ended: dict[int, float] = {}

    def moment(self, fingerprint: str, connection: int, now: float) -> float:
        """The moment that this message counts as having come: an earlier one where it is a repeat."""
        known = self._known.get(fingerprint)
        moment = known.moment if known is not None and self._in_doubt(known, connection, now) else now
        self._known.pop(fingerprint, None)  # to the end of the order
        self._known[fingerprint] = _Known(moment, now, connection)
        self._tidy(now)
        return moment

    def answered(self, fingerprint: str, now: float) -> None:
        """The message was stored and the answer handed to the network."""
        if known := self._known.get(fingerprint):
            known.answered = now

    def ended(self, connection: int, now: float) -> None:
        """The connection is gone, and with it answers that were on their way."""
        self._ended[connection] = now

    def dump(self) -> Iterator[tuple[str, float, float | None]]:
        """What a restarted process must know: fingerprints, moments, answers."""
        return ((fingerprint, known.moment, known.answered) for fingerprint, known in self._known.items())

    def load(self, rows: Iterable[tuple[str, float, float | None]], ended: float) -> None:
        """Take over what an earlier process knew, whose connection ended about then."""
        for fingerprint, moment, answered in rows:
            self._known[fingerprint] = _Known(moment, moment, -1, answered)
        self._ended[-1] = ended

    def _in_doubt(self, known: _Known, connection: int, now: float) -> bool:
        if now - known.moment > REMEMBERED:
            return False
        if known.answered is None or known.answered - known.came > PROMPT:
            return True
        if known.connection == connection:
            return False
        return self._ended.get(known.connection, known.answered) - known.answered < DOUBT

    def _tidy(self, now: float) -> None:
        for fingerprint in list(self._known):
            if now - self._known[fingerprint].came <= REMEMBERED:
                break
            del self._known[fingerprint]
