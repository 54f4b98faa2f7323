"""Sends what waits in the outbox. No database connection is held while a provider is being talked to."""

import contextlib
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.delivery import Outcome, after_error, after_send
from bot.core.ids import IdSource
from bot.core.model import Lane, State
from bot.core.sending import Skip, Wait, may_send
from bot.store import outbox
from bot.store.database import Database
from bot.store.outbox import Claimed
from bot.store.vault import Vault
from sms_gateway.channel import Channel
from sms_gateway.dispatch import dispatch
from sms_gateway.errors import ChannelError, Misconfigured
from sms_gateway.http import Transport
from sms_gateway.types import DeliveryReport, Outbound, Part, Urn

CLAIM = 64
AT_ONCE = 16
"""Rows of one claim, and requests under way at a time. Few enough that a killed worker leaves few unknown outcomes."""
LEASE = timedelta(seconds=45)
"""Longer than a provider call may take (15 s) with the rest of its chunk."""
KEEP_REPORTS = timedelta(days=3)


@dataclass(slots=True)
class Tally:
    """What one run did, by outcome; for the log."""

    counts: dict[str, int]

    def add(self, outcome: str) -> None:
        self.counts[outcome] = self.counts.get(outcome, 0) + 1

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class Delivery:
    """Claims, sends, settles; takes delivery reports; sweeps what a dead process left."""

    def __init__(
        self,
        *,
        database: Database,
        vault: Vault,
        channels: Mapping[str, Channel],
        transport: Transport,
        clock: Callable[[], datetime],
        new_id: IdSource,
        zone: str,
        at_once: int = AT_ONCE,
    ) -> None:
        self._database, self._vault, self._channels, self._transport = database, vault, channels, transport
        self._clock, self._new_id, self._zone, self._at_once = clock, new_id, zone, at_once
        self._pool: ThreadPoolExecutor | None = None
        self._pool_made = threading.Lock()

    def run(self, channel_name: str, *, seconds: float = 30.0) -> Tally:
        """Send what is due on a channel until nothing is left or the time is up."""
        tally = Tally({})
        until = self._clock() + timedelta(seconds=seconds)
        while self._clock() < until:
            if not self._round(channel_name, tally):
                break
        return tally

    def send_emergencies(self, channel_name: str) -> Tally:
        """Send a channel's emergency texts in the caller's thread: they do not wait for a worker."""
        tally = Tally({})
        self._round(channel_name, tally, Lane.EMERGENCY)
        return tally

    def _round(self, channel_name: str, tally: Tally, lane: Lane | None = None) -> bool:
        channel = self._channels.get(channel_name)
        if channel is None:
            return False
        by = self._new_id()
        with self._database.write() as connection:
            claimed = outbox.claim(
                connection, channel_name, self._clock(), by=by, limit=CLAIM, lease=LEASE, vault=self._vault, lane=lane
            )
        for start in range(0, len(claimed), self._at_once):
            self._send_chunk(channel, claimed[start : start + self._at_once], by, tally)
        return bool(claimed)

    def _send_chunk(self, channel: Channel, claimed: Sequence[Claimed], by: str, tally: Tally) -> None:
        now = self._clock()
        decided = {one.message.reference: self._decide(channel, one, now) for one in claimed}
        to_send = [one for one in claimed if decided[one.message.reference] is None]
        with self._database.write() as connection:
            refused = [(id_, outcome) for id_, outcome in decided.items() if outcome is not None]
            outbox.settle(connection, refused, now)
            ids = [one.message.reference for one in to_send]
            begun = outbox.begin(connection, ids, by, lease_until=now + LEASE) if ids else set()
        sending = [one for one in to_send if one.message.reference in begun]
        outcomes = list(self._threads().map(lambda one: self._send(channel, one), sending))
        if outcomes:
            with self._database.write() as connection:
                pairs = [(one.message.reference, outcome) for one, outcome in zip(sending, outcomes, strict=True)]
                outbox.settle(connection, pairs, self._clock())
        for outcome in (*(o for _, o in refused), *outcomes):
            tally.add(outcome.state.value)

    def _decide(self, channel: Channel, one: Claimed, now: datetime) -> Outcome | None:
        verdict = may_send(
            one.kind,
            opted_out=one.opted_out,
            consented=True,  # asked when the row was written; consent taken back ends enrolments
            expires_at=one.expires_at,
            now=now,
            zone=self._zone,
            quiet=None,
            window_hours=channel.capabilities.window_hours,
            last_inbound_at=one.last_inbound_at,
            template=one.message.part.template is not None,
        )
        if isinstance(verdict, Skip):
            return Outcome(State.SKIPPED, reason=verdict.reason)
        if isinstance(verdict, Wait):
            return Outcome(State.QUEUED, reason=verdict.reason, again_at=verdict.until)
        return None

    def _send(self, channel: Channel, one: Claimed) -> Outcome:
        try:
            return after_send(dispatch(channel, one.message, self._transport))
        except ChannelError as failed:
            jitter = secrets.randbelow(1000) / 1000
            return after_error(failed, one.kind, one.attempts + 1, self._clock(), jitter)
        except Exception as failed:  # noqa: BLE001 (a channel's own mistake: the row must not stay in limbo)
            return after_error(Misconfigured(type(failed).__name__), one.kind, one.attempts + 1, self._clock(), 0)

    def _threads(self) -> ThreadPoolExecutor:
        with self._pool_made:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._at_once, thread_name_prefix="send")
        return self._pool

    def send_unrecorded(self, channel: Channel, parts: Iterable[tuple[Urn, Part]]) -> None:
        """Send emergency texts while there is no database to record them: better twice than never."""
        for urn, part in parts:
            with contextlib.suppress(ChannelError):
                dispatch(channel, Outbound(self._new_id(), urn, part), self._transport)

    def report(self, channel_name: str, reports: Iterable[DeliveryReport]) -> None:
        """Take delivery reports. Those of messages not yet known are kept and tried again by `sweep`."""
        now = self._clock()
        with self._database.write() as connection:
            for report in reports:
                outbox.apply_report(connection, channel_name, report, now, self._new_id)

    def sweep(self) -> tuple[dict[str, int], list[str]]:
        """Settle what was left behind. Returns counts and the channels that have work and no worker."""
        now = self._clock()
        with self._database.write() as connection:
            counts = outbox.sweep(connection, now)
            counts["early_reports"] = outbox.match_early_reports(
                connection, now, keep=KEEP_REPORTS, new_id=self._new_id
            )
            return counts, outbox.waiting_channels(connection, now)
