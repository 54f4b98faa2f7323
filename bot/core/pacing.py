"""How fast a channel may go, and whether it may go at all: a token bucket and a circuit. Time is an argument."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

RESERVED = 0.2
"""Part of a channel's burst that campaigns and reminders leave alone, so that a reply finds a token at once."""

FAILURES = {"misconfigured": 5, "throttled": 5}
MOST_FAILURES = 10
"""Sends that fail one after the other before a channel pauses. A success in between begins the count anew; what a
provider refuses about one message (a number, a text) is a success of the provider. As many as its requests under way
fail at once when a provider goes away, so a handful proves nothing and a few more cost nothing."""

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(seconds=30)
"""Between probes of a channel that is open: doubling. A fault that ended must be noticed within 60 s (promise P7)."""

LEAST_SHARE = 0.05
FIRST_SHARE = 0.25
"""Parts of its pace: the least after throttling, and what a channel begins with after a pause."""
GROWTH = 1.25
"""By which the share grows each second without throttling: from a quarter to the whole in 7 s."""


class Grant(NamedTuple):
    """How many messages may go now: replies and the rest together, and reminders and campaigns among them."""

    all: int
    bulk: int


@dataclass(frozen=True, slots=True)
class Pace:
    """Messages a second, and the bucket that follows from it: one second's worth, of which a part is reserved."""

    per_second: float

    @property
    def burst(self) -> float:
        return max(2.0, self.per_second)

    @property
    def reserve(self) -> float:
        return max(1.0, self.burst * RESERVED)


@dataclass(slots=True)
class Bucket:
    """A bucket of this process's own. `now` is in seconds of any clock that only goes forwards."""

    tokens: float = 0.0
    at: float | None = None

    def take(self, pace: Pace, want: int, now: float, *, back: int = 0) -> Grant:
        """Take up to `want` tokens; `back` are tokens of an earlier take that were not used."""
        if self.at is None:
            self.tokens, self.at = pace.burst, now
        grown = max(0.0, now - self.at) * pace.per_second
        self.tokens, self.at = min(pace.burst, self.tokens + grown + back), max(now, self.at)
        taken = max(0, min(want, int(self.tokens)))
        bulk = max(0, min(taken, int(self.tokens - pace.reserve)))
        self.tokens -= taken
        return Grant(taken, bulk)


class Health(StrEnum):
    """What a channel is like: it works; it pauses; somebody must act; it takes what it does not deliver."""

    CLOSED = "closed"
    OPEN = "open"
    STOPPED = "stopped"
    POOR = "poor"


@dataclass(frozen=True, slots=True)
class Circuit:
    """A channel's circuit. `state`, `reason`, `since`, `probe_at` and `pauses` are shared by all workers; the rest is a
    worker's own.
    """

    since: datetime
    state: Health = Health.CLOSED
    reason: str | None = None
    probe_at: datetime | None = None
    pauses: int = 0
    failures: int = 0
    share: float = 1.0
    grown_at: datetime | None = None

    @property
    def passes(self) -> bool:
        """Whether everything may go, and not one probe at a time."""
        return self.state in {Health.CLOSED, Health.POOR}

    def same(self, other: "Circuit") -> bool:
        """Whether the shared part is equal."""
        mine = (self.state, self.reason, self.probe_at, self.pauses)
        return mine == (other.state, other.reason, other.probe_at, other.pauses)

    def probed(self, now: datetime) -> "Circuit":
        """Somebody tries one message now; the next try is a longer pause later."""
        pause = min(FIRST_PAUSE * 2 ** min(self.pauses, 10), LONGEST_PAUSE)
        return replace(self, probe_at=now + pause, pauses=self.pauses + 1)


def after_success(circuit: Circuit, now: datetime) -> Circuit:
    """The provider took a message, or refused one for what it was: a circuit that was open closes and begins slowly."""
    if circuit.state in {Health.OPEN, Health.STOPPED}:
        return Circuit(since=now, share=FIRST_SHARE, grown_at=now)
    if circuit.share < 1.0:
        seconds = (now - (circuit.grown_at or now)).total_seconds()
        if seconds >= 1.0 or circuit.grown_at is None:
            grown = min(1.0, circuit.share * GROWTH ** min(seconds, 60.0))
            return replace(circuit, failures=0, share=grown, grown_at=now)
    return replace(circuit, failures=0) if circuit.failures else circuit


def after_failure(circuit: Circuit, reason: str, now: datetime, wait: float | None = None) -> Circuit:
    """The provider was not reached, is too busy (for `wait` seconds), or does not know us."""
    failures = circuit.failures + 1
    share, grown_at = circuit.share, circuit.grown_at
    if reason == "throttled" and (grown_at is None or (now - grown_at).total_seconds() >= 1.0):
        share, grown_at = max(LEAST_SHARE, share / 2), now
    circuit = replace(circuit, failures=failures, share=share, grown_at=grown_at)
    stopped = reason == "misconfigured"
    if circuit.state in {Health.OPEN, Health.STOPPED}:
        if stopped and circuit.state is Health.OPEN:
            return replace(circuit, state=Health.STOPPED, reason=reason, since=now)
        return circuit
    if failures < FAILURES.get(reason, MOST_FAILURES):
        return circuit
    pause = max(FIRST_PAUSE, timedelta(seconds=min(wait or 0.0, LONGEST_PAUSE.total_seconds())))
    return replace(
        circuit,
        state=Health.STOPPED if stopped else Health.OPEN,
        reason=reason,
        since=now,
        probe_at=now + pause,
        pauses=1,
    )


POOR_FROM, POOR_BELOW = 20, 0.5
POOR_FOR = timedelta(minutes=10)
"""Of at least twenty outcomes fewer than half delivered: for ten minutes another channel of the kind goes first."""


def judged(circuit: Circuit, delivered: int, failed: int, now: datetime) -> Circuit:
    """The circuit after its recent outcomes were counted: those of messages that the provider had taken."""
    if circuit.state is Health.POOR:
        over = now - circuit.since >= POOR_FOR
        return Circuit(since=now) if over else circuit
    counted = delivered + failed
    if circuit.state is Health.CLOSED and counted >= POOR_FROM and delivered < counted * POOR_BELOW:
        return replace(circuit, state=Health.POOR, reason="not_delivered", since=now)
    return circuit
