"""One channel's sending: rows are claimed, sent by a few threads and settled, all at once and without waiting in turns.

The calling thread alone talks to the database. Each of its transactions writes the outcomes that came meanwhile and
claims as many rows as there is room for, so that a slow answer holds up one thread and nothing else, and a busy channel
costs a few transactions a second however many messages go out.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.core.chance import random_bytes
from bot.core.delivery import Outcome, after_error, after_send
from bot.core.instead import REASONS
from bot.core.model import Kind, Lane, State
from bot.core.pacing import Health
from bot.core.sending import Skip, Verdict, Wait, may_send
from bot.service.begun import Begun, Notes
from bot.service.gate import Gate, Learned
from bot.service.instead import Instead
from bot.store import outbox, outbox_health
from bot.store.columns import from_ms
from bot.store.database import Connection, Database, DatabaseDown, may_retry
from bot.store.outbox import Claimed
from bot.store.vault import Vault, VaultError
from sms_gateway.channel import Channel
from sms_gateway.dispatch import dispatch
from sms_gateway.errors import ChannelError, Misconfigured, Throttled
from sms_gateway.http import Transport
from sms_gateway.types import Urn

LEASE = timedelta(seconds=45)
"""Longer than a row waits for a thread (STALE) and a provider may take for it (20 s), with as much again to spare."""
STALE = 5.0
"""Seconds that a claimed row waits for a thread; then it is handed back, certainly unsent. A provider that suddenly hangs
must not turn what nobody sent into outcomes that nobody knows."""
AHEAD = 0.05
"""Seconds of work that are claimed beyond what the threads have in hand. A row is marked `sending` before its provider is
called (P3), so a worker that is killed leaves at most (threads + AHEAD × messages a second) rows in that state: 32 + 75 at
1,500 a second. Those that it had not begun are known by its page (bot/service/begun.py) and sent by the next; where the
page is lost with its machine, all of them are `unknown`. STOP comes too late for what is claimed, so this is also how late
it may come. Half of it costs a sixth more processor time a message, because each transaction has its price."""
MOST_AHEAD = 512
QUICK, FEW = 0.0005, 2
"""Where a send takes less than this many seconds nobody waits for a network, and more threads are in each other's way."""
GATHER = 0.01
"""Seconds for which outcomes are gathered into one transaction while the threads go on."""
MOVED = 1000
"""Rows that go over to a channel's stand-in in one transaction."""
FINE = Learned(None)
ENDED = frozenset({State.FAILED, State.SKIPPED})
PATIENCE = 60.0
"""Seconds that outcomes wait for a database that is away; after that the sweeper calls them `unknown`."""


@dataclass(slots=True)
class Tally:
    """What one run did, by outcome; for the log."""

    counts: dict[str, int]

    def add(self, outcome: str, number: int = 1) -> None:
        self.counts[outcome] = self.counts.get(outcome, 0) + number

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Tools:
    """What every pump works with, made once."""

    database: Database
    vault: Vault
    transport: Transport
    instead: Instead
    clock: Callable[[], datetime]
    zone: str
    wake: Callable[[str], None]
    """Says that another channel has work now."""
    on_change: Callable[[str, Health, str | None], None]
    """Hears when a channel's circuit changes: channel, what it is now, why."""
    limit: Callable[[Kind, Urn, datetime], Verdict | None] = lambda _kind, _urn, _now: None
    """Counts a text that is about to be sent, and says why it is not."""
    begun: Begun | None = None
    """Where each run notes what it has really begun."""


class Done(NamedTuple):
    """One send that ended: the row, what became of it, what it says of the channel (None where nobody was asked)."""

    id: str
    outcome: Outcome
    learned: Learned | None
    expires_at: int


class Pump:
    """Sends one channel's rows. `run` is for one thread at a time."""

    def __init__(self, tools: Tools, channel: Channel, gate: Gate, threads: ThreadPoolExecutor, at_once: int) -> None:
        self._tools, self._channel, self._gate = tools, channel, gate
        self._threads, self._at_once = threads, at_once
        hours = channel.capabilities.window_hours
        self._window = timedelta(hours=hours) if hours is not None else None
        self._queue: deque[tuple[Claimed, float]] = deque()
        self._done: deque[Done] = deque()
        self._ripe = threading.Event()
        self._under_way = self._drains = 0
        self._counting = threading.Lock()
        self._rate = 0.0
        self._each = QUICK
        self._notes: Notes | None = None
        self.stopping = threading.Event()

    def run(self, by: str, tally: Tally, until: datetime, lane: Lane | None = None) -> None:
        """Send what is due until nothing is left, the time is up, or `stopping` is set. What was begun is ended."""
        self._notes = self._tools.begun.open(by) if self._tools.begun else None
        try:
            self._run(by, tally, until, lane)
        finally:
            # with threads still at work (the database went away) the page stays until this process ends
            if self._notes is not None and self._under_way == 0:
                self._notes.close()

    def _run(self, by: str, tally: Tally, until: datetime, lane: Lane | None) -> None:
        began = time.monotonic()
        sent = 0
        while True:
            finished = self._finished()
            sent += len(finished)
            now = self._tools.clock()
            self._rate = sent / max(0.05, time.monotonic() - began)
            going = now < until and not self.stopping.is_set()
            room = self._limit() - self._under_way
            asks = going and room > 0
            claimed: list[Claimed] = []
            starved = False
            if finished or asks:
                claimed, starved = self._turn(by, finished, room if asks else 0, lane, tally)
            if claimed:
                self._hand_out(claimed)
            elif self._under_way == 0 and not (starved and going):
                return
            self._ripe.wait(max(2 * GATHER, self._gate.next_token()) if starved else GATHER)
            self._ripe.clear()

    def _limit(self) -> int:
        share = self._gate.circuit.share
        ahead = min(MOST_AHEAD, int(self._rate * AHEAD))
        return max(1, int((self._at_once + ahead) * share))

    def _finished(self) -> list[Done]:
        found = [self._done.popleft() for _ in range(len(self._done))]
        self._under_way -= len(found)
        return found

    # --- the database ---

    def _turn(
        self, by: str, finished: list[Done], room: int, lane: Lane | None, tally: Tally
    ) -> tuple[list[Claimed], bool]:
        """One transaction: outcomes in, rows out. Tried again while the database is away and outcomes would be lost."""
        self._gate.learn([one.learned for one in finished if one.learned], self._tools.clock())
        began = time.monotonic()
        while True:
            try:
                turned = self._transaction(by, finished, room, lane, tally)
            except DatabaseDown:
                if not finished or lane is not None or time.monotonic() - began > PATIENCE or self.stopping.wait(0.5):
                    raise
            except Exception as failed:
                if not may_retry(failed) or time.monotonic() - began > PATIENCE:
                    raise
            else:
                if self._notes is not None and finished:
                    self._notes.settled([one.id for one in finished])
                return turned

    def _transaction(
        self, by: str, finished: list[Done], room: int, lane: Lane | None, tally: Tally
    ) -> tuple[list[Claimed], bool]:
        now = self._tools.clock()
        counted = Tally({})
        wakes: set[str] = set()
        doubtful: list[Claimed] = []
        with self._tools.database.write() as connection:
            self._settle(connection, finished, now, by, counted, wakes)
            state = self._gate.settle(connection, now)
            claimed, starved = self._claim(connection, by, room, lane, now, wakes) if room > 0 else ([], False)
            doubtful = [one for one in claimed if not one.clear]
            if doubtful:
                passed = self._decide(connection, doubtful, now, by, counted, wakes)
                claimed = [one for one in claimed if one.clear or one.id in passed]
        for outcome, number in counted.counts.items():
            tally.add(outcome, number)
        if state is not None:
            self._tools.on_change(self._channel.name, state, self._gate.circuit.reason)
        for channel in wakes:
            self._tools.wake(channel)
        return claimed, starved or bool(doubtful and not claimed)

    def _settle(
        self, connection: Connection, finished: Sequence[Done], now: datetime, by: str, counted: Tally, wakes: set[str]
    ) -> None:
        ways: dict[str, str] = {}
        other = [one.id for one in finished if one.outcome.reason in REASONS and one.outcome.state in ENDED]
        if other and self._tools.instead.by_sms(self._channel.name) is not None:
            ways = self._tools.instead.replace(connection, other, now)
            wakes.update(ways.values())
        ended = [(one.id, one.outcome if one.id in ways else _held(one, now)) for one in finished]
        outbox.settle(connection, ended, now, by=by)
        for state, number in Counter(outcome.state for _, outcome in ended).items():
            counted.add(state.value, number)

    def _claim(
        self, connection: Connection, by: str, room: int, lane: Lane | None, now: datetime, wakes: set[str]
    ) -> tuple[list[Claimed], bool]:
        """Rows to send, and whether there may be more that only wait for tokens."""

        def rows(first: Lane, last: Lane, limit: int) -> list[Claimed]:
            return outbox.claim(
                connection,
                self._channel.name,
                now,
                by=by,
                limit=limit,
                lease=LEASE,
                lanes=(first, last),
                window=self._window,
            )

        if lane is not None:
            return rows(lane, lane, room), False
        circuit = self._gate.circuit
        if circuit.state is not Health.CLOSED and (other := self._stand_in(connection, now)):
            wakes.add(other)
        if circuit.passes and not self._gate.paced:
            return rows(*outbox.ALL_LANES, room), False
        claimed = rows(Lane.EMERGENCY, Lane.EMERGENCY, room)  # waits for no token and for no circuit
        if not circuit.passes:
            probes = not claimed and not self._under_way and self._gate.probe(connection, now)
            return claimed or (rows(Lane.REPLY, Lane.CAMPAIGN, 1) if probes else []), False
        room -= len(claimed)
        grant = self._gate.tokens(room)
        replies = rows(Lane.REPLY, Lane.REPLY, grant.all)
        left = min(grant.bulk, grant.all - len(replies))
        bulk = rows(Lane.REMINDER, Lane.CAMPAIGN, left)
        self._gate.unused(grant.all - len(replies) - len(bulk))
        return [*claimed, *replies, *bulk], grant.bulk < room and len(bulk) == left

    def _stand_in(self, connection: Connection, now: datetime) -> str | None:
        """The channel that what waits here was moved to; None where nothing was."""
        twin = self._tools.instead.twin(self._channel.name)
        theirs = outbox_health.all_of(connection).get(twin) if twin else None
        if twin is None or (theirs is not None and theirs.state is not Health.CLOSED):
            return None
        moved = outbox_health.move(connection, self._channel.name, twin, now, limit=MOVED)
        return twin if moved else None

    def _decide(
        self, connection: Connection, rows: Sequence[Claimed], now: datetime, by: str, counted: Tally, wakes: set[str]
    ) -> set[str]:
        """Rows that the claim could not clear. Ids of those that go after all; the rest is settled with a reason."""
        goes: list[str] = []
        ended: list[Done] = []
        for one in rows:
            outcome = self._decided(one, now)
            if outcome is None:
                goes.append(one.id)
            else:
                ended.append(Done(one.id, outcome, None, one.expires_at))
        self._settle(connection, ended, now, by, counted, wakes)
        return outbox.begin(connection, goes, by, lease_until=now + LEASE) if goes else set()

    def _decided(self, one: Claimed, now: datetime) -> Outcome | None:
        try:
            template = outbox.opened(one, self._tools.vault).part.template is not None
        except (VaultError, ValueError, KeyError):
            return Outcome(State.FAILED, reason="unreadable")
        verdict = may_send(
            Kind(one.kind),
            opted_out=one.opted_out,
            consented=True,  # asked when the row was written; consent taken back ends enrolments
            expires_at=from_ms(one.expires_at),
            now=now,
            zone=self._tools.zone,
            quiet=None,
            window_hours=self._channel.capabilities.window_hours,
            last_inbound_at=from_ms(one.last_inbound_at) if one.last_inbound_at is not None else None,
            template=template,
        )
        if isinstance(verdict, Skip):
            return Outcome(State.SKIPPED, reason=verdict.reason)
        if isinstance(verdict, Wait):
            return Outcome(State.QUEUED, reason=verdict.reason, again_at=verdict.until)
        return None

    # --- the threads ---

    def _hand_out(self, claimed: Sequence[Claimed]) -> None:
        now = time.monotonic()
        self._under_way += len(claimed)
        self._queue.extend((one, now) for one in claimed)
        most = self._at_once if self._each >= QUICK else FEW
        with self._counting:
            new = min(most - self._drains, len(self._queue))
            self._drains += max(0, new)
        for _ in range(new):
            self._threads.submit(self._drain)

    def _drain(self) -> None:
        ripe = max(1, self._at_once // 2)
        while True:
            try:
                one, since = self._queue.popleft()
            except IndexError:
                with self._counting:
                    if not self._queue:
                        self._drains -= 1
                        return
                continue
            began = time.monotonic()
            self._done.append(self._send(one, since))
            self._each += (time.monotonic() - began - self._each) / 16
            if len(self._done) >= min(ripe, self._under_way):
                self._ripe.set()

    def _send(self, one: Claimed, since: float) -> Done:
        kind = Kind(one.kind)
        learned: Learned | None = None
        if time.monotonic() - since > STALE and kind is not Kind.EMERGENCY:
            again = self._tools.clock()
            return Done(
                one.id, Outcome(State.QUEUED, reason="busy", again_at=again, untried=True), None, one.expires_at
            )
        try:
            message = outbox.opened(one, self._tools.vault)
        except (VaultError, ValueError, KeyError):
            # one row that cannot be read (a damaged value, a lost key) must not stop its channel
            return Done(one.id, Outcome(State.FAILED, reason="unreadable"), None, one.expires_at)
        refused = self._tools.limit(kind, message.urn, self._tools.clock())
        if isinstance(refused, Skip):
            return Done(one.id, Outcome(State.SKIPPED, reason=refused.reason, untried=True), None, one.expires_at)
        if isinstance(refused, Wait):
            waits = Outcome(State.QUEUED, reason=refused.reason, again_at=refused.until, untried=True)
            return Done(one.id, waits, None, one.expires_at)
        if self._notes is not None:
            self._notes.note(one.id)
        try:
            outcome = after_send(dispatch(self._channel, message, self._tools.transport))
            learned = FINE
        except ChannelError as failed:
            outcome, learned = self._failed(failed, one, kind)
        except Exception as failed:  # noqa: BLE001 (a channel's own mistake: the row must not stay in limbo)
            outcome, learned = self._failed(Misconfigured(type(failed).__name__), one, kind)
        return Done(one.id, outcome, learned, one.expires_at)

    def _failed(self, failed: ChannelError, one: Claimed, kind: Kind) -> tuple[Outcome, Learned]:
        now = self._tools.clock()
        jitter = int.from_bytes(random_bytes(2), "big") / 0x10000
        stopped = self._gate.circuit.state is Health.STOPPED
        outcome = after_error(failed, kind, one.attempts, now, jitter, stopped=stopped)
        wait = failed.wait if isinstance(failed, Throttled) else None
        return outcome, Learned(failed.name, wait)


def _held(one: Done, now: datetime) -> Outcome:
    """The outcome of a row that goes no other way: where only its window is shut, it waits for the contact's next word."""
    outcome = one.outcome
    if outcome.reason != "outside_window" or outcome.state not in ENDED:
        return outcome
    expires_at = from_ms(one.expires_at)
    if expires_at > now:
        return Outcome(State.QUEUED, reason=outbox.WAITS, code=outcome.code, again_at=expires_at)
    return outcome
