"""The web application: webhooks, status, metrics, and in a demonstration the simulated phones."""

import contextlib
from typing import Any, cast

import structlog
from a2wsgi import WSGIMiddleware
from flask import Flask, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.exceptions import HTTPException

from bot.store.database import DatabaseDown
from bot.web.access import open_to
from bot.web.exchange import MOST_BYTES, Exchange
from bot.web.front import Front
from bot.web.webhook import KEY, webhooks
from bot.wiring import Services

log = structlog.get_logger()


def create_app(services: Services) -> Flask:
    """The application over these services. `admin` attaches the staff's part to it."""
    app = Flask("bot.web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.extensions["sahti"] = services
    app.extensions[KEY] = Exchange(services)
    app.register_blueprint(webhooks)
    app.add_url_rule("/status", view_func=_status)
    app.add_url_rule("/metrics", view_func=_metrics)
    if services.settings.demo:
        from bot.web.phone import phone  # noqa: PLC0415 (a production process does not even load it)

        app.register_blueprint(phone)
    app.after_request(_harden)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Exception, _broken)
    return app


def in_front(app: Flask, services: Services) -> Front:
    """The ASGI application that is served: posted messages by the short way, everything else by `app`."""
    threads = services.settings.threads
    pages = WSGIMiddleware(cast("Any", app), workers=threads)  # both say WSGI, in types of their own
    return Front(pages, app.extensions[KEY], services.on_fault, threads=threads)


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
    spool = services.spool.holding()
    services.metrics.spooled.set(spool.bytes)
    services.metrics.spool_requests.set(spool.requests)
    services.metrics.spool_oldest.set(spool.oldest)
    services.metrics.spool_set_apart.set(spool.set_apart)
    with contextlib.suppress(DatabaseDown):  # then /status says so
        services.metrics.show_outbox(*services.delivery.figures())
        services.metrics.show_limits(*services.attachments.figures())
    return Response(generate_latest(services.metrics.registry), content_type=CONTENT_TYPE_LATEST)


def _harden(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _refused(failed: HTTPException) -> Response:
    """An empty body says nothing about us to whoever knocked at the wrong door."""
    return Response(
        status=failed.code or 500, headers={"Allow": ", ".join(getattr(failed, "valid_methods", None) or ())}
    )


def _broken(failed: Exception) -> Response:
    _services().on_fault(f"web:{request.endpoint}", failed)
    return Response(status=500)
