"""Whether a message that looks like an earlier one is its repeat, or was written again. PURE.

SMPP gives a message of a person no id. A centre repeats one whose answer did not reach it: after the connection was lost,
or when the answer took too long. And people write "1" twice within a minute. So equal content is a repeat only if an
earlier one is in doubt: on another connection, not answered or answered shortly before that one ended; on the same,
answered late or not at all for longer than a centre waits. Then it keeps the moment of the earlier one, which is part
of its id (see the channel), and the store drops it (P1).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PROMPT = 5.0
"""Seconds: an answer within this is in time for every centre (the shortest response timers set are about 10 s)."""
LATE_FOR = 600.0
"""Seconds for which a late answer leaves doubt: centres try again within minutes, and "1" is also an answer to the next
question."""
DOUBT = 30.0
"""Seconds before the end of a connection in which an answer may have been lost on the way."""
REMEMBERED = 3600.0
"""Seconds after which nothing is a repeat: as long as a link that was cut may stay down and be made up for."""

EARLIER = -1
"""Stands for the connections of an earlier process."""


@dataclass(slots=True)
class _Known:
    moment: float
    came: float
    connection: int
    answered: float | None = None


class Repeats:
    """What came lately, by fingerprint. Times are seconds since the epoch; connections are counted up, never reused."""

    def __init__(self) -> None:
        self._known: dict[str, list[_Known]] = {}
        self._ended: dict[int, float] = {}

    def moment(self, fingerprint: str, connection: int, now: float) -> float:
        """The moment that this message counts as having come: an earlier one's where it is a repeat."""
        known = self._known.pop(fingerprint, [])  # and to the end of the order
        self._known[fingerprint] = known
        doubtful = next((one for one in known if self._in_doubt(one, connection, now)), None)
        if doubtful is not None:
            doubtful.came, doubtful.connection, doubtful.answered = now, connection, None
            return doubtful.moment
        known.append(_Known(now, now, connection))
        self._tidy(now)
        return now

    def answered(self, fingerprint: str, moment: float, now: float) -> None:
        """The message of that moment was stored and the answer handed to the network."""
        for known in self._known.get(fingerprint, ()):
            if known.moment == moment:
                known.answered = now

    def ended(self, connection: int, now: float) -> None:
        """The connection is gone, and with it answers that were on their way."""
        self._ended[connection] = now

    def dump(self) -> Iterator[tuple[str, float, float | None]]:
        """What a restarted process must know: fingerprints, moments, answers."""
        return ((fingerprint, one.moment, one.answered) for fingerprint, known in self._known.items() for one in known)

    def load(self, rows: Iterable[tuple[str, float, float | None]], ended: float) -> None:
        """Take over what an earlier process knew, whose connection ended about then."""
        for fingerprint, moment, answered in rows:
            self._known.setdefault(fingerprint, []).append(_Known(moment, moment, EARLIER, answered))
        self._ended[EARLIER] = ended

    def _in_doubt(self, known: _Known, connection: int, now: float) -> bool:
        if now - known.moment > REMEMBERED:
            return False
        late = (known.answered or now) - known.came > PROMPT and now - known.came <= LATE_FOR
        if known.connection == connection or late:
            return late
        return known.answered is None or self._ended.get(known.connection, known.answered) - known.answered < DOUBT

    def _tidy(self, now: float) -> None:
        for fingerprint in list(self._known):
            kept = [one for one in self._known[fingerprint] if now - one.came <= REMEMBERED]
            if kept:
                self._known[fingerprint] = kept
                break
            del self._known[fingerprint]
