"""Logs and metrics. Neither ever carries a number, a name or a text (P8)."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
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
        self.handled = Histogram(
            "sahti_inbound_seconds",
            "Time from request to answer",
            ["channel"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 15),
            registry=self.registry,
        )
