"""A hub with a staff of three, some people who wrote, and the pages attached."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask

from admin.app import attach
from bot.core.model import Consent, Kind, NewCase
from bot.service import demo, staffing
from bot.service.campaigns import Campaigns
from bot.settings import Settings
from bot.store import contacts, staff
from bot.store import people as people_store
from bot.store.database import Database
from bot.store.staff import Account
from bot.web.app import create_app
from bot.wiring import Channels, Services
from sms_gateway import registry
from sms_gateway.types import HttpRequest, HttpResponse, Inbound, Urn
from tests.admin.pages import Browser
from tests.conftest import Clock

PASSWORD = "une petite phrase du matin"
SECRET = "s" * 32
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ROLES = {"midwife": "health_worker", "doctor": "approver", "admin": "administrator", "second": "administrator"}


class Network:
    """A provider that takes everything."""

    def __init__(self) -> None:
        self.sent: list[HttpRequest] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        self.sent.append(request)
        return HttpResponse(200, {"content-type": "application/json"}, b'{"id": "m%d"}' % len(self.sent))


@dataclass
class House:
    services: Services
    app: Flask
    clock: Clock
    network: Network
    campaigns: Campaigns

    def browser(self, login: str | None = None) -> Browser:
        browser = Browser(self.app)
        if login:
            browser.log_in(login, PASSWORD)
        return browser

    def write_in(self, number: str, text: str = "bonjour", channel: str = "sms", name: str | None = None) -> str:
        """Somebody writes; the id of their contact."""
        made = self.services.channels[channel]
        scheme = "tel" if channel == "sms" else "whatsapp"
        urn = Urn(scheme, number if scheme == "tel" else number.removeprefix("+"))
        self.clock.advance(seconds=1)
        self.services.hub.receive(made, [Inbound(self.services.new_id(), urn, text, name=name)])
        with self.services.database.read() as connection:
            found = contacts.by_urn(connection, urn, self.services.vault)
        assert found
        return found

    def consenting(self, number: str, form: str = "fr", channel: str = "sms", name: str | None = None) -> str:
        """Somebody who agreed to be written to, in a language."""
        contact = self.write_in(number, channel=channel)
        with self.services.database.write() as connection:
            people = people_store.contacts
            values = {"consent": Consent.GIVEN.value, "form": form}
            if name:
                values["name_enc"] = self.services.vault.seal(name, "contacts.name_enc")
            connection.execute(people.update().where(people.c.id == contact).values(values))
        return contact

    def case(self, contact: str, reason: str = "asked_for_human", *, urgent: bool = False) -> str:
        with self.services.database.write() as connection:
            address = contacts.addresses_of(connection, contact, self.services.vault)[0]
            opened = NewCase(self.services.new_id(), contact, reason, urgent, self.clock())
            contacts.open_case(connection, opened, address.id, address.channel)
        return opened.id

    def sent(self, source: str | None = None) -> list[tuple[str, str, str | None]]:
        """Kind, state and source of the outbox rows of staff and campaigns."""
        from sqlalchemy import select

        from bot.store.tables.messages import outbox

        with self.services.database.read() as connection:
            rows = connection.execute(select(outbox).order_by(outbox.c.id)).all()
        kinds = {Kind.STAFF.value, Kind.CAMPAIGN.value}
        return [(r.kind, r.state, r.source) for r in rows if r.kind in kinds and source in {None, r.source}]

    def run_campaigns(self, seconds: int = 60) -> int:
        return self.campaigns.release(self.clock.advance(seconds=seconds))


def make_house(folder: Path, clock: Clock, database: Database, new_id: Callable[[], str]) -> House:
    network = Network()
    channels = Channels(
        {
            "sms": registry.make(
                "simulator", "sms", {"service": "sms", "secret": SECRET, "network_url": "http://127.0.0.1:9/net"}
            ),
            "wa": registry.make(
                "simulator", "wa", {"service": "whatsapp", "secret": SECRET, "network_url": "http://127.0.0.1:9/net"}
            ),
        },
        {},
    )
    address = database.engine.url.render_as_string(hide_password=False).replace("postgresql+psycopg", "postgresql")
    settings = Settings(var=folder, database_url=address, redis_url=f"unix://{folder}/nobody.sock")
    services = Services(settings, clock=clock, ids=new_id, channels=channels, transport=network)
    services.__dict__["database"] = database
    services.wake = lambda _: None  # type: ignore[method-assign] # the tests deliver when they say so
    with database.write() as connection:
        demo.seed(connection)
        for login, role in ROLES.items():
            kept = Account(new_id(), login, role, "fr", must_change=False, active=True, password=QUICK.hash(PASSWORD))
            staff.add(connection, kept, clock())
    app = create_app(services)
    attach(app, services)
    return House(services, app, clock, network, app.extensions["sahti_desk"].campaigns)


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 is slow on purpose; its cost is not what these tests are about."""
    monkeypatch.setattr(staffing, "HASHER", QUICK)
    monkeypatch.setattr(staffing.Staffing.__init__, "__defaults__", (QUICK,))


@pytest.fixture
def house(var: Path, clock: Clock, database: Database, new_id: Callable[[], str]) -> House:
    return make_house(var, clock, database, new_id)


@pytest.fixture
def any_house(var: Path, clock: Clock, both_databases: Database, new_id: Callable[[], str]) -> House:
    return make_house(var, clock, both_databases, new_id)
