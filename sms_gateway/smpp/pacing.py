"""When to send, wait and bind again. PURE: seconds and chance are arguments."""

from dataclasses import dataclass

FIRST_BACK_OFF, LONGEST_BACK_OFF = 1.0, 8.0
"""Seconds a throttled link is quiet, doubled while the centre still says so; also what a message is told to wait. It
stays below what a send may wait for its turn (10 s): longer pauses are the delivery engine's to decide, once."""

FIRST_REBIND, LONGEST_REBIND = 1.0, 30.0
"""Seconds before binding again. Doubled at each failure; no longer, so that the link stands again within a minute of
the end of a fault (promise P7)."""
REFUSED_REBIND = 60.0
"""Seconds after the centre refused the account: somebody must act, and centres lock accounts that knock too often."""


def rebind_pause(failures: int, jitter: float, *, refused: bool = False) -> float:
    """Seconds until the next try after this many failures in a row; `jitter` is a random number from 0 to 1.

    The upper half is random, so that many clients of a centre that comes back do not all come at once.
    """
    longest = REFUSED_REBIND if refused else min(FIRST_REBIND * 2 ** min(failures, 10), LONGEST_REBIND)
    return longest * (0.5 + jitter / 2)


@dataclass(slots=True)
class Pace:
    """How fast PDUs may leave: so many a second, with pauses where the centre asks for them."""

    per_second: float
    _next: float = 0.0
    _quiet_until: float = 0.0
    _back_off: float = 0.0

    def turn(self, now: float, count: int = 1) -> float:
        """Seconds to wait before the first of `count` PDUs, whose places in the row are taken with that."""
        at = now + self.wait(now)
        self._next = at + count / self.per_second
        return at - now

    def wait(self, now: float) -> float:
        """Seconds that the next PDU would wait, without taking its place."""
        return max(0.0, self._next - now, self._quiet_until - now)

    def silence(self, now: float) -> float:
        """Seconds for which the centre wants to be left alone."""
        return max(0.0, self._quiet_until - now)

    def throttled(self, now: float) -> float:
        """The centre said "too fast": seconds of silence from now on."""
        if now >= self._quiet_until:  # several in flight are refused together: that is one refusal
            self._back_off = min(max(self._back_off * 2, FIRST_BACK_OFF), LONGEST_BACK_OFF)
            self._quiet_until = now + self._back_off
        return self._quiet_until - now

    def accepted(self, now: float) -> None:
        """The centre took one: after a silence that ended, the next is short again."""
        if now >= self._quiet_until:
            self._back_off = 0.0
