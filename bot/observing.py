"""Logs and metrics. Neither ever carries a number, a name or a text (P8)."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bot.core.pacing import Circuit, Health
from bot.store.outbox_lists import RECENT, Figures

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "channel", "kind", "count", "counts", "seconds", "state", "reason", "fault",
        "where", "port", "process", "layer", "version", "queue", "path", "method", "status", "problems", "id", "name",
    },
)  # fmt: skip
"""The only fields that a log line may have; a house test plants numbers and texts and looks for them."""


def _only_allowed(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in [name for name in fields if name not in ALLOWED]:
        fields[name] = "…"
    return fields


def set_up_logging(form: str = "console") -> None:
    """Structured lines on stderr: readable ones, or JSON."""
    renderer: Any = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if form == "console" else "iso", utc=form == "json"),
            _only_allowed,
            renderer,
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # whatever stderr is at that moment
        cache_logger_on_first_use=False,
    )
    # libraries quote what they handle: only their warnings, and never their tracebacks, come through
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s", stream=sys.stderr, force=True)


class Metrics:
    """What an operator watches. Labels are channels, kinds and outcomes only."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.received = Counter("sahti_inbound_total", "Messages taken", ["channel"], registry=self.registry)
        self.refused = Counter(
            "sahti_refused_total", "Requests with a bad signature", ["channel"], registry=self.registry
        )
        self.faults = Counter(
            "sahti_faults_total", "Faults by place and kind", ["where", "kind"], registry=self.registry
        )
        self.limited = Counter(
            "sahti_limited_total", "Messages and attachments that a limit held back", ["reason"], registry=self.registry
        )
        self.spooled = Gauge("sahti_spool_bytes", "Bytes waiting in the spool", registry=self.registry)
        self.spool_requests = Gauge(
            "sahti_spool_requests", "Requests waiting in the spool, once for each sender", registry=self.registry
        )
        self.spool_oldest = Gauge(
            "sahti_spool_oldest_seconds", "Age of the oldest request in the spool", registry=self.registry
        )
        self.spool_set_apart = Gauge(
            "sahti_spool_set_apart", "Requests that need a person: corrupt or failed", registry=self.registry
        )
        self.waiting = self._by("sahti_outbox_waiting", "Messages that are due and wait", "channel", "lane")
        self.oldest = self._by(
            "sahti_outbox_oldest_seconds", "Age of the oldest message that is due and waits", "channel", "lane"
        )
        self.unsettled = self._by(
            "sahti_outbox_unsettled", "Messages under way or of unknown outcome", "channel", "state"
        )
        self.outcomes = self._by(
            "sahti_outbox_recent", "Messages that came to a state in the last five minutes", "channel", "state"
        )
        self.rate = self._by("sahti_outbox_per_second", "Messages taken by the provider, over five minutes", "channel")
        self.circuit = self._by(
            "sahti_channel_state", "1 for the state that a channel's circuit is in", "channel", "state"
        )
        self.held_back = self._by("sahti_outbox_limited", "Texts of the last hour that a limit stopped", "reason")
        self.attachments = self._by("sahti_media_recent", "Attachments of the last day", "state", "reason")
        self.handled = Histogram(
            "sahti_inbound_seconds",
            "Time from request to answer",
            ["channel"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 15),
            registry=self.registry,
        )

    def _by(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def show_limits(self, texts: Mapping[str, int], attachments: Mapping[tuple[str, str], int]) -> None:
        """Set what the database says of texts that were stopped, and of attachments."""
        self.held_back.clear()
        self.attachments.clear()
        for reason, number in texts.items():
            self.held_back.labels(reason).set(number)
        for (state, why), number in attachments.items():
            self.attachments.labels(state, why).set(number)

    def show_outbox(self, figures: Figures, circuits: Mapping[str, Circuit]) -> None:
        """Set what the database says of sending; a label that is no more there is gone."""
        for gauge in (self.waiting, self.oldest, self.unsettled, self.outcomes, self.rate, self.circuit):
            gauge.clear()
        for (channel, lane), (number, age) in figures.waiting.items():
            self.waiting.labels(channel, lane.name.lower()).set(number)
            self.oldest.labels(channel, lane.name.lower()).set(age)
        for (channel, state), number in figures.unsettled.items():
            self.unsettled.labels(channel, state).set(number)
        taken: dict[str, int] = {}
        for (channel, state), number in figures.ended.items():
            self.outcomes.labels(channel, state).set(number)
            taken[channel] = taken.get(channel, 0) + (number if state in {"sent", "delivered", "read"} else 0)
        for channel, number in taken.items():
            self.rate.labels(channel).set(number / RECENT.total_seconds())
        for channel, circuit in circuits.items():
            for state_ in Health:
                self.circuit.labels(channel, state_.value).set(circuit.state is state_)
