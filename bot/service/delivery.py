"""Sends what waits in the outbox. No database connection is held while a provider is being talked to."""

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from bot.core.ids import IdSource
from bot.core.instead import REASONS
from bot.core.model import Kind, Lane
from bot.core.pacing import POOR_FOR, Circuit, Health, judged
from bot.core.sending import Verdict
from bot.service.begun import Begun
from bot.service.gate import Gate
from bot.service.instead import Instead
from bot.service.pacing import Pacer
from bot.service.pump import LEASE, Pump, Tally, Tools
from bot.store import outbox, outbox_health, outbox_lists, outbox_reports, outbox_unknown
from bot.store.database import Connection, Database
from bot.store.outbox_lists import Figures
from bot.store.vault import Vault
from sms_gateway.channel import Channel, LooksUp
from sms_gateway.errors import ChannelError
from sms_gateway.http import Transport
from sms_gateway.types import DeliveryReport, Urn

__all__ = ["Delivery", "Tally"]

AT_ONCE = 32
"""Requests under way at a time on one channel, unless it says otherwise."""
KEEP_REPORTS = timedelta(days=3)
LOOK_UPS = 10
"""Sends of unknown outcome that one run asks the provider about."""
SLACK = timedelta(seconds=10)
"""By which the provider's clock may differ from ours."""
JUDGE_EVERY = timedelta(seconds=30)
JUDGE_LAST = timedelta(minutes=15)
"""How often, and from which time, the delivery of the channels is measured."""


class Delivery:
    """Claims, sends, settles; takes delivery reports; sweeps what a dead process left."""

    def __init__(  # noqa: PLR0913 (everything that sending stands on, made once in bot.wiring)
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
        pacer: Pacer | None = None,
        per_second: Mapping[str, float] | None = None,
        fallback: Mapping[str, str] | None = None,
        wake: Callable[[str], None] = lambda _channel: None,
        on_change: Callable[[str, Health, str | None], None] = lambda _channel, _state, _reason: None,
        limit: Callable[[Kind, Urn, datetime], Verdict | None] = lambda _kind, _urn, _now: None,
        begun: Begun | None = None,
    ) -> None:
        self._database, self._vault, self._channels, self._transport = database, vault, channels, transport
        self._clock, self._new_id, self._at_once = clock, new_id, at_once
        self._pacer = pacer or Pacer(None, "alone")
        self._per_second = per_second or {}
        self._instead = Instead(vault=vault, channels=channels, fallback=fallback or {}, new_id=new_id)
        self._tools = Tools(database, vault, transport, self._instead, clock, zone, wake, on_change, limit, begun)
        self._wake, self._on_change = wake, on_change
        self._made = threading.Lock()
        self._gates: dict[str, Gate] = {}
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._pumps: set[Pump] = set()
        self._stopping = False
        self._judged_at: datetime | None = None

    def run(self, channel_name: str, *, seconds: float = 30.0) -> Tally:
        """Send what is due on a channel until nothing is left or the time is up."""
        tally = Tally({})
        self._pump(channel_name, tally, seconds)
        self._look_up(channel_name)
        return tally

    def _look_up(self, channel_name: str) -> None:
        """Ask the provider what became of sends of unknown outcome, where it can be asked. It may only find them taken."""
        channel = self._channels.get(channel_name)
        if not isinstance(channel, LooksUp):
            return
        with self._database.write() as connection:
            asked = outbox_unknown.take(connection, channel_name, self._clock(), self._vault, LOOK_UPS)
        for message, given_up_at in asked:
            with contextlib.suppress(ChannelError):
                request = channel.build_lookup(message)
                answer = self._transport.send(request) if request else None
                since, until = given_up_at - LEASE - SLACK, given_up_at + SLACK
                report = channel.read_lookup(answer, message, since, until) if answer else None
                if report is not None:
                    self.report(channel_name, [report])

    def send_emergencies(self, channel_name: str) -> Tally:
        """Send a channel's emergency texts now, while the caller waits: they do not wait for a worker."""
        tally = Tally({})
        self._pump(channel_name, tally, 30.0, Lane.EMERGENCY)
        return tally

    def _pump(self, channel_name: str, tally: Tally, seconds: float, lane: Lane | None = None) -> None:
        channel = self._channels.get(channel_name)
        if channel is None:
            return
        with self._made:
            if self._stopping:
                return
            gate = self._gate(channel)
            if channel_name not in self._pools:
                self._pools[channel_name] = ThreadPoolExecutor(self._at_once, f"send-{channel_name}")
            pump = Pump(self._tools, channel, gate, self._pools[channel_name], self._at_once)
            self._pumps.add(pump)
        try:
            pump.run(self._new_id(), tally, self._clock() + timedelta(seconds=seconds), lane)
        finally:
            with self._made:
                self._pumps.discard(pump)

    def _gate(self, channel: Channel) -> Gate:
        if channel.name not in self._gates:
            limits = (channel.capabilities.per_second, self._per_second.get(channel.name))
            known = [limit for limit in limits if limit is not None]
            self._gates[channel.name] = Gate(channel.name, min(known, default=None), self._pacer, self._clock())
        return self._gates[channel.name]

    def stop(self) -> None:
        """Begin nothing more; what was begun is ended by whoever runs it."""
        with self._made:
            self._stopping = True
            for pump in self._pumps:
                pump.stopping.set()

    def report(self, channel_name: str, reports: Iterable[DeliveryReport]) -> None:
        """Take delivery reports. Those of messages not yet known are kept and tried again by `sweep`."""
        now = self._clock()
        failed: list[str] = []
        with self._database.write() as connection:
            for report in reports:
                outbox_reports.apply_report(connection, channel_name, report, now, self._new_id, failed)
            wakes = self._another_way(connection, failed, now)
        for other in wakes:
            self._wake(other)

    def _another_way(self, connection: Connection, failed: list[str], now: datetime) -> set[str]:
        """What a provider took and then could not deliver goes by SMS, or waits for its contact. Channels with new work."""
        reasons = outbox_reports.reasons(connection, failed)
        theirs = [id_ for id_, (channel, why) in reasons.items() if why in REASONS and self._instead.by_sms(channel)]
        ways = self._instead.replace(connection, theirs, now)
        held = [id_ for id_, (_, why) in reasons.items() if why == "outside_window" and id_ not in ways]
        self._instead.hold(connection, held, now)
        return set(ways.values())

    def sweep(self) -> tuple[dict[str, int], list[str]]:
        """Settle what was left behind. Returns counts and the channels that have work and no worker."""
        now = self._clock()
        failed: list[str] = []
        dead = self._tools.begun.of_the_dead() if self._tools.begun else []
        with self._database.write() as connection:
            counts = {"unsent": sum(outbox.give_back(connection, one.by, one.begun, now) for one in dead)}
            counts |= outbox.sweep(connection, now)
            counts["early_reports"] = outbox_reports.match_early_reports(
                connection, now, keep=KEEP_REPORTS, new_id=self._new_id, failed=failed
            )
            self._another_way(connection, failed, now)
            changed = self._judge(connection, now)
            waiting = outbox.waiting_channels(connection, now)
            able = [name for name, channel in self._channels.items() if isinstance(channel, LooksUp)]
            waiting += [name for name in outbox_unknown.channels(connection, able, now) if name not in waiting]
        for one in dead:
            one.forget()
        for channel, circuit in changed.items():
            self._on_change(channel, circuit.state, circuit.reason)
        return counts, waiting

    def figures(self) -> tuple[Figures, dict[str, Circuit]]:
        """The outbox in numbers, and the circuits of the channels that ever had one open."""
        with self._database.read() as connection:
            return outbox_lists.figures(connection, self._clock()), outbox_health.all_of(connection)

    def _judge(self, connection: Connection, now: datetime) -> dict[str, Circuit]:
        """Measure what each channel delivers, once in a while. The circuits that changed by it."""
        if self._judged_at is not None and now - self._judged_at < JUDGE_EVERY:
            return {}
        self._judged_at = now
        circuits = outbox_health.all_of(connection)
        changed: dict[str, Circuit] = {}
        for channel in self._channels:
            before = circuits.get(channel, Circuit(since=now - POOR_FOR))
            since = max(now - JUDGE_LAST, before.since)
            delivered, failed = outbox_health.measured(connection, channel, since)
            after = judged(before, delivered, failed, now)
            if not after.same(before):
                outbox_health.write(connection, channel, after)
                changed[channel] = after
        return changed
