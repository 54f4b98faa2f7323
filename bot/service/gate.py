"""Whether a channel may be used now, and how fast: its circuit as all workers know it, and its pace."""

import threading
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.core.pacing import Circuit, Grant, Health, Pace, after_failure, after_success
from bot.service.pacing import Pacer
from bot.store import outbox_health
from bot.store.database import Connection

FRESH = timedelta(seconds=1)
"""How long what other workers found out is taken for known."""
BROKEN = frozenset({"misconfigured", "throttled", "unreachable", "outcome_unknown"})
"""Errors that speak of the channel; the others speak of one message, and show that the provider works."""


class Learned(NamedTuple):
    """What one send said about its channel: the error's name, and for how long the provider wants to be left alone."""

    error: str | None
    wait: float | None = None


class Gate:
    """One channel's. Safe to share between threads."""

    def __init__(self, channel: str, per_second: float | None, pacer: Pacer, now: datetime) -> None:
        self.channel, self._per_second, self._pacer = channel, per_second, pacer
        self._circuit = Circuit(since=now)
        self._told = self._circuit
        self._asked_at: datetime | None = None
        self._unused = 0
        self._lock = threading.Lock()

    @property
    def circuit(self) -> Circuit:
        return self._circuit

    def learn(self, what: list[Learned], now: datetime) -> None:
        """Take in what sends said."""
        with self._lock:
            fine = self._circuit.passes and not self._circuit.failures and self._circuit.share >= 1.0
            if fine and not any(error for error, _ in what):
                return  # nothing to learn, thousands of times a second
            for error, wait in what:
                if error in BROKEN:
                    self._circuit = after_failure(self._circuit, error, now, wait)
                else:
                    self._circuit = after_success(self._circuit, now)

    def settle(self, connection: Connection, now: datetime) -> Health | None:
        """Tell the other workers what changed here, or hear what they found. The new state where it changed here."""
        with self._lock:
            if not self._circuit.same(self._told):
                outbox_health.write(connection, self.channel, self._circuit)
                changed = self._circuit.state is not self._told.state
                self._told, self._asked_at = self._circuit, now
                return self._circuit.state if changed else None
            if self._asked_at is None or now - self._asked_at >= FRESH:
                self._asked_at = now
                shared = outbox_health.all_of(connection).get(self.channel)
                if shared is not None and not shared.same(self._circuit):
                    self._circuit = self._told = shared
            return None

    def probe(self, connection: Connection, now: datetime) -> bool:
        """Whether this worker may try one message on a channel that pauses."""
        with self._lock:
            won = outbox_health.win_probe(connection, self.channel, self._circuit, now)
            if won is not None:
                self._circuit = self._told = won
            return won is not None

    def tokens(self, want: int) -> Grant:
        """How many messages may go now besides emergencies; whoever does not use them all says so to `unused`."""
        if self._per_second is None:
            return Grant(want, want)
        pace = Pace(self._per_second * self._circuit.share)
        with self._lock:
            back, self._unused = self._unused, 0
        return self._pacer.take(self.channel, pace, want, back=back)

    def unused(self, number: int) -> None:
        """Tokens that nothing was sent with."""
        if self._per_second is not None:
            with self._lock:
                self._unused += number

    @property
    def paced(self) -> bool:
        return self._per_second is not None

    def next_token(self) -> float:
        """Seconds until another message may go, at most a quarter of one."""
        rate = (self._per_second or 1000.0) * self._circuit.share
        return min(0.25, 1.0 / rate)
