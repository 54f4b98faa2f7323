"""The web application: webhooks, status, metrics, and in a demonstration the simulated phones."""

import sys
import time

import structlog
from flask import Flask, Response, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.exceptions import HTTPException

from bot.web.access import open_to
from bot.web.webhook import MOST_BYTES, webhooks
from bot.wiring import Services

SWITCH_SECONDS = 0.0005
"""How long a thread may hold the interpreter while others wait (Python's default is 0.005). The thread that commits comes
back from the database many times a batch and would wait that long each time: a third of the throughput, measured."""

log = structlog.get_logger()


def create_app(services: Services) -> Flask:
    """The application over these services. `admin` attaches the staff's part to it."""
    sys.setswitchinterval(SWITCH_SECONDS)
    app = Flask("bot.web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.extensions["sahti"] = services
    app.register_blueprint(webhooks)
    app.add_url_rule("/status", view_func=_status)
    app.add_url_rule("/metrics", view_func=_metrics)
    if services.settings.demo:
        from bot.web.phone import phone  # noqa: PLC0415 (a production process does not even load it)

        app.register_blueprint(phone)
    app.before_request(_start)
    app.after_request(_measure)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Exception, _broken)
    return app


def _services() -> Services:
    from flask import current_app  # noqa: PLC0415 (beside its one use)

    made: Services = current_app.extensions["sahti"]
    return made


@open_to("everyone")
def _status() -> Response:
    """What works: for operators and for whoever waits for the start. 503 while the database is down."""
    services = _services()
    database = services.database.alive()
    parts = {"database": database, "queue": services.waker.alive(), "spool_bytes": services.spool.size()}
    answer = jsonify({"ok": database, **parts})
    answer.status_code = 200 if database else 503
    return answer


@open_to("everyone")
def _metrics() -> Response:
    """Prometheus metrics; only to this machine, where the operator's collector runs."""
    if request.remote_addr not in {"127.0.0.1", "::1", None, ""}:
        return Response(status=403)
    services = _services()
    services.metrics.spooled.set(services.spool.size())
    return Response(generate_latest(services.metrics.registry), content_type=CONTENT_TYPE_LATEST)


def _start() -> None:
    g.started = time.monotonic()


def _measure(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    channel = (request.view_args or {}).get("channel")
    if channel in _services().channels and request.path.endswith("/inbound"):
        metrics = _services().metrics
        metrics.received.labels(channel).inc()
        metrics.handled.labels(channel).observe(time.monotonic() - g.started)
    return response


def _refused(failed: HTTPException) -> Response:
    """An empty body says nothing about us to whoever knocked at the wrong door."""
    return Response(
        status=failed.code or 500, headers={"Allow": ", ".join(getattr(failed, "valid_methods", None) or ())}
    )


def _broken(failed: Exception) -> Response:
    _services().on_fault(f"web:{request.endpoint}", failed)
    return Response(status=500)
