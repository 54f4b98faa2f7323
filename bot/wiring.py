"""The only place where real things are made and put together."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import structlog

from bot.channels import Channels, make_channels, write_demo_channels
from bot.core import numbers
from bot.core.abuse import Limits
from bot.core.ids import IdSource, new_id
from bot.core.pacing import Health
from bot.core.placenames import spoken
from bot.core.sending import QuietHours
from bot.core.wallclock import require_current_zones
from bot.observing import Metrics
from bot.service.abuse import Outgoing, Watch
from bot.service.actions import Actions
from bot.service.adherence import Adherence
from bot.service.answering import Composer
from bot.service.appointments import Appointments
from bot.service.begun import Begun
from bot.service.campaigns import Campaigns
from bot.service.delivery import Delivery
from bot.service.directory import Directory
from bot.service.flowbook import Flows
from bot.service.identity import Identity
from bot.service.inbound import Hub
from bot.service.media import Attachments
from bot.service.outage import Outage
from bot.service.profiles import Profiles
from bot.service.programmes import Planner
from bot.service.remembering import Remembering
from bot.service.reminders import Reminders
from bot.service.spool import Spool
from bot.service.trial import Trial
from bot.settings import ROOT, Settings
from bot.sharing import SharedCounts
from bot.store import appointments as appointment_store
from bot.store import vault as vaults
from bot.store.database import Database, DatabaseDown
from bot.store.hot import HotStore
from bot.waking import Waker
from flows.programmes import load_programmes
from locales.catalog import Catalog
from nlu import table as tables
from nlu.client import NluClient
from nlu.keywords import Keywords
from nlu.places import Places
from nlu.train import table_path
from nlu.types import Keyword
from nlu.understand import Understander
from sms_gateway.channel import Channel
from sms_gateway.fetch_http import MediaClient
from sms_gateway.http import HttpTransport, Transport

__all__ = ["Channels", "Services", "make_channels", "utc_now", "write_demo_channels"]

log = structlog.get_logger()


def utc_now() -> datetime:
    return datetime.now(UTC)


class Services:
    """Everything a process works with. Parts are made when first used, so that a command loads only what it needs."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = utc_now,
        ids: IdSource = new_id,
        transport: Transport | None = None,
        channels: Channels | None = None,
    ) -> None:
        require_current_zones()
        self.settings, self.clock, self.new_id = settings, clock, ids
        self._transport, self._channels = transport, channels
        self.metrics = Metrics()

    @cached_property
    def all_channels(self) -> Channels:
        return self._channels or make_channels(self.settings)

    @property
    def channels(self) -> dict[str, Channel]:
        return self.all_channels.by_name

    @cached_property
    def database(self) -> Database:
        return Database(self.settings.database, pool_size=max(8, self.settings.threads // 2))

    @cached_property
    def vault(self) -> vaults.Vault:
        return vaults.load_or_make(self.settings.keys)

    @cached_property
    def catalog(self) -> Catalog:
        # texts that name an emergency number take it from the table, today's
        return Catalog.load(defaults=lambda: numbers.in_force(self.today().date()))

    @cached_property
    def flows(self) -> Flows:
        return Flows(ROOT / "flows" / "definitions", self.database, on_fault=self.on_fault)

    @cached_property
    def transport(self) -> Transport:
        return self._transport or HttpTransport()

    @cached_property
    def understander(self) -> Understander:
        keywords = {
            form: {Keyword(word): phrases for word, phrases in words.items()}
            for form, words in self.catalog.keywords().items()
        }
        return Understander(
            Keywords(keywords), self._table(), self._nlu_client(), self._places(), on_fault=self._on_layer_fault
        )

    def _table(self) -> tables.Table | None:
        try:
            return tables.load(table_path(ROOT, self.settings.var))
        except (OSError, tables.UnusableTable):
            log.warning("no_table", reason="run make setup")
            return None

    def _nlu_client(self) -> NluClient | None:
        path = self.settings.var / "nlu" / "token"
        if not path.exists():
            return None
        url = f"http://127.0.0.1:{self.settings.nlu_port}"
        return NluClient(url, path.read_text().strip(), self.settings.nlu_deadline)

    def _places(self) -> Places | None:
        try:
            with self.database.read() as connection:
                found = appointment_store.places(connection)
        except DatabaseDown:
            return None
        except Exception as failed:  # noqa: BLE001 (a database without tables yet: `sahti understand` works before migrate)
            log.debug("no_places", fault=type(failed).__name__)
            return None
        return Places(spoken({place.id: list(place.names.values()) for place in found}))

    @cached_property
    def composer(self) -> Composer:
        return Composer(self.catalog, self.new_id)

    @cached_property
    def planner(self) -> Planner:
        programmes = load_programmes(ROOT / "flows" / "programmes")
        return Planner(programmes, self.new_id, hasten=self.settings.hasten if self.settings.demo else 1.0)

    @cached_property
    def actions(self) -> Actions:
        appointments = Appointments(self.new_id, self.planner, Directory())
        return Actions(appointments, Adherence(self.new_id, self.planner), self.identity, self.profiles)

    @cached_property
    def profiles(self) -> Profiles:
        return Profiles(self.vault, self.new_id)

    @cached_property
    def identity(self) -> Identity:
        return Identity(self.vault, self.new_id)

    @cached_property
    def hub(self) -> Hub:
        zone = ZoneInfo(self.settings.zone)
        return Hub(
            database=self.database,
            hot=HotStore(self.database.dialect, self.vault, self.new_id),
            identity=self.identity,
            watch=Watch(self.limits, self.shared.add, self.vault.blind, self.on_limited),
            attachments=self.attachments,
            catalog=self.catalog,
            flows=self.flows.book,
            understands=Remembering(self.understander),
            actions=self.actions,
            numbers=lambda now: numbers.in_force(now.astimezone(zone).date()),
            clock=self.clock,
            new_id=self.new_id,
            zone=self.settings.zone,
            default_form=self.settings.default_form,
            on_fault=self.on_fault,
        )

    def warm_up(self) -> None:
        """Make what the first message would otherwise wait for."""
        _ = self.channels, self.hub, self.catalog.keywords()

    @cached_property
    def limits(self) -> Limits:
        """What is too much, by the settings."""
        made = self.settings
        return Limits(
            made.same_texts, made.number_hourly, made.number_daily, made.prefix_hourly, made.all_hourly, made.codes
        )

    @cached_property
    def shared(self) -> SharedCounts:
        return SharedCounts(self.settings.redis)

    @cached_property
    def outgoing(self) -> Outgoing:
        return Outgoing(self.limits, self.shared.add, self.vault.blind, self.on_limited)

    @cached_property
    def trial(self) -> Trial:
        return Trial(
            database=self.database,
            vault=self.vault,
            channels=self.channels,
            wake=self.wake,
            clock=self.clock,
            new_id=self.new_id,
            zone=self.settings.zone,
        )

    @cached_property
    def attachments(self) -> Attachments:
        return Attachments(
            database=self.database,
            vault=self.vault,
            channels=self.channels,
            client=lambda: self.media_client,
            clock=self.clock,
            new_id=self.new_id,
            keep=timedelta(days=self.settings.media_days),
            on_limited=self.on_limited,
            on_fault=self.on_fault,
        )

    @cached_property
    def media_client(self) -> MediaClient:
        return MediaClient()

    @cached_property
    def delivery(self) -> Delivery:
        return Delivery(
            database=self.database,
            vault=self.vault,
            channels=self.channels,
            transport=self.transport,
            clock=self.clock,
            new_id=self.new_id,
            zone=self.settings.zone,
            limit=self.outgoing.refusal,
            begun=Begun(self.settings.var / "run" / "begun"),
        )

    @cached_property
    def reminders(self) -> Reminders:
        return Reminders(
            database=self.database,
            vault=self.vault,
            channels=self.channels,
            push=self.all_channels.push,
            programmes=load_programmes(ROOT / "flows" / "programmes"),
            planner=self.planner,
            composer=self.composer,
            flows=self.flows.book,
            clock=self.clock,
            new_id=self.new_id,
            quiet=QuietHours(self.settings.quiet_from, self.settings.quiet_to),
            zone=self.settings.zone,
        )

    @cached_property
    def campaigns(self) -> Campaigns:
        return Campaigns(
            database=self.database,
            vault=self.vault,
            channels=self.channels,
            wake=self.wake,
            clock=self.clock,
            new_id=self.new_id,
            quiet=QuietHours(self.settings.quiet_from, self.settings.quiet_to),
            zone=self.settings.zone,
            prices=self.all_channels.prices,
        )

    @cached_property
    def spool(self) -> Spool:
        return Spool(self.settings.var / "spool", self.vault, self.clock)

    @cached_property
    def outage(self) -> Outage:
        return Outage(
            spool=self.spool,
            hub=lambda: self.hub,
            delivery=lambda: self.delivery,
            transport=lambda: self.transport,
            channels=self.channels,
            wake=self.wake,
            send_urgent=self.send_urgent,
            new_id=self.new_id,
            on_fault=self.on_fault,
        )

    @cached_property
    def waker(self) -> Waker:
        return Waker(self.settings.redis, self.delivery.run, self.attachments.in_background)

    def wake(self, channel: str) -> None:
        """Have what waits on a channel sent soon. A channel with a process of its own is looked after there."""
        known = self.channels.get(channel)
        if known is None or not known.capabilities.own_process:
            self.waker.wake(channel)

    def send_urgent(self, channel: str) -> None:
        """Send emergencies in the request itself: no queue and no worker stands before them (P6)."""
        self.delivery.send_emergencies(channel)

    def replay(self) -> int:
        """Take what the spool kept while the database was down. Returns how many requests."""
        return self.outage.replay()

    def on_limited(self, reason: str) -> None:
        """Count what a limit held back."""
        self.metrics.limited.labels(reason).inc()

    def on_channel_change(self, channel: str, state: Health, reason: str | None) -> None:
        """Say in the log that a channel pauses, stands still or works again."""
        level = log.error if state is Health.STOPPED else log.warning
        level("channel", channel=channel, state=state.value, reason=reason)

    def on_fault(self, where: str, failed: Exception) -> None:
        """Count and log a fault: where and of what kind, never what it was about."""
        self.metrics.faults.labels(where, type(failed).__name__).inc()
        log.error("fault", where=where, fault=type(failed).__name__)

    def _on_layer_fault(self, layer: str, kind: str) -> None:
        self.metrics.faults.labels(f"nlu_{layer}", kind).inc()
        log.error("fault", where=f"nlu_{layer}", fault=kind)

    def today(self) -> datetime:
        """Now, on the wall of the service's zone."""
        return self.clock().astimezone(ZoneInfo(self.settings.zone))
