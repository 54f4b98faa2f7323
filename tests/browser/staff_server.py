"""The hub with phones and the staff's pages on a port of this machine; sending and campaigns run in a thread."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import update
from werkzeug.serving import WSGIRequestHandler, make_server

from admin.app import attach
from bot.service.campaigns import Campaigns
from bot.service.demo import seed
from bot.settings import Settings
from bot.store import contacts, staff
from bot.store.staff import Account
from bot.store.tables.contacts import contacts as people
from bot.web.app import create_app
from bot.wiring import Services
from sms_gateway.types import Inbound, Urn
from tests.web.phone_server import free_port

PASSWORD = "une petite phrase du matin"
LOGINS = {"admin": "administrator", "doctor": "approver", "midwife": "health_worker"}


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Addresses of requests are nobody's business."""


@dataclass(frozen=True)
class StaffServer:
    url: str
    services: Services

    def write_in(self, number: str, text: str, *, channel: str = "sim-sms", form: str = "fr", name: str = "") -> str:
        """Somebody writes and has agreed to be written to; the id of their contact."""
        made, vault = self.services, self.services.vault
        urn = Urn("tel", number)
        made.hub.receive(made.channels[channel], [Inbound(made.new_id(), urn, text)])
        with made.database.write() as connection:
            contact = contacts.by_urn(connection, urn, vault)
            values = {"consent": "given", "form": form, "name_enc": vault.seal(name, "contacts.name_enc")}
            connection.execute(update(people).where(people.c.id == contact).values(values))
        assert contact
        return contact


@contextmanager
def staff_server(var: Path) -> Iterator[StaffServer]:
    """A demonstration on the state in `var` with a staff of three, who all have the same password."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port = free_port()
    # no quiet hours: these tests run at any hour
    settings = Settings(var=var, demo=True, port=port, quiet_from=time(0), quiet_to=time(0))
    services = Services(settings)
    services.database.migrate()
    with services.database.write() as connection:
        seed(connection)
        kept = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
        for login, role in LOGINS.items():
            account = Account(services.new_id(), login, role, "fr", must_change=False, active=True, password=kept)
            staff.add(connection, account, services.clock())
    app = create_app(services)
    attach(app, services)
    campaigns: Campaigns = app.extensions["sahti_desk"].campaigns
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.2):
            campaigns.release(services.clock())
            for name in ("sim-sms", "sim-whatsapp"):
                services.delivery.run(name)

    services.wake = lambda _: None  # type: ignore[method-assign] # the thread looks by itself
    threads = [threading.Thread(target=target, daemon=True) for target in (server.serve_forever, work)]
    for thread in threads:
        thread.start()
    try:
        yield StaffServer(f"http://127.0.0.1:{port}", services)
    finally:
        over.set()
        server.shutdown()
        for thread in threads:
            thread.join(10)
        server.server_close()
        services.transport.close()  # type: ignore[attr-defined] # the real one
        services.database.close()
