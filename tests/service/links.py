"""The process of the links over a database of the test's own, facing a message centre of the test's own."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from sqlalchemy import func, select

from bot.commands.smpp import Links
from bot.commands.smpp_inbox import Inbox
from bot.core.model import Kind
from bot.settings import Settings
from bot.store.database import Database, DatabaseDown
from bot.store.tables import contacts as people
from bot.store.tables import messages as said
from bot.wiring import Channels, Services
from locales.catalog import Catalog
from nlu.understand import Understander
from sms_gateway.channel import Channel
from sms_gateway.channels.smpp import Smpp
from sms_gateway.errors import Unreachable
from sms_gateway.smpp.link import Timing
from sms_gateway.types import HttpRequest, HttpResponse, Part
from tests.gateway.smsc import Smsc

QUICK = Timing(answer=2.0, send=4.0, enquire=1.0)


class NoHttp:
    def send(self, request: HttpRequest) -> HttpResponse:
        raise Unreachable


class Away:
    """A database that can be taken away."""

    def __init__(self, real: Database) -> None:
        self.real, self.down = real, False

    def __getattr__(self, name: str) -> object:
        if self.down and name in {"read", "write"}:
            raise DatabaseDown("planted")
        return getattr(self.real, name)


class House:
    """The process of the links over a database of its own; it can be killed and begun again over what it left."""

    def __init__(self, smsc: Smsc, var: Path, catalog: Catalog, understander: Understander, **changes: str) -> None:
        config = {"host": "127.0.0.1", "port": str(smsc.port), "system_id": "sahti", "password": "secret"}
        channel = Smpp("centre", config | {"sender": "5010", "per_second": "500"} | changes)
        self.smsc, self.links = smsc, Links(NoHttp())
        channels: dict[str, Channel] = {"centre": channel}
        self.services = Services(Settings(var=var), transport=self.links, channels=Channels(channels, {}))
        self.services.catalog, self.services.understander = catalog, understander
        self.away = Away(self.services.database)
        self.services.database = cast("Database", self.away)
        self.links.open(self.services, QUICK)
        before = len(smsc.binds)
        self.links.start()
        smsc.wait(lambda: len(smsc.binds) > before)

    @property
    def inbox(self) -> Inbox:
        return self.links.stations["centre"].inbox

    def stop(self) -> None:
        self.links.stop()
        self.away.real.close()

    def rows(self) -> list[tuple[str, str | None, str | None]]:
        """State, reason and the provider's id of every outbox row, in order."""
        with self.services.database.read() as connection:
            query = select(said.outbox.c.state, said.outbox.c.reason, said.outbox.c.external_id)
            return [tuple(row) for row in connection.execute(query.order_by(said.outbox.c.id))]  # type: ignore[misc]

    def states(self) -> list[str]:
        return [state for state, _, _ in self.rows()]

    def heard(self) -> list[str]:
        """The texts that were stored, in order."""
        with self.services.database.read() as connection:
            sealed = connection.scalars(select(said.inbound.c.text_enc).order_by(said.inbound.c.id))
            return [self.services.vault.open(one, "inbound.text_enc") for one in sealed if one]

    def count(self) -> int:
        with self.services.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(said.inbound)) or 0

    def agree(self) -> None:
        """Become somebody who gave consent, in French, and to whom nothing is owed."""
        for text in (b"bonjour", b"1"):
            assert self.smsc.deliver(text) == 0
        self.until(lambda: self.states() and set(self.states()) <= {"sent", "delivered"})
        self.smsc.taken.clear()
        with self.services.database.write() as connection:
            connection.execute(said.outbox.delete())
            connection.execute(people.conversations.delete())

    def queue(self, text: str, kind: Kind = Kind.STAFF) -> None:
        """Something for the one person there is."""
        with self.services.database.write() as connection:
            address = connection.execute(select(people.addresses.c.id, people.addresses.c.contact_id)).one()
            now = datetime.now(UTC)
            one = self.services.composer.draft(
                kind, Part(text), address.contact_id, address.id, "centre", now, expires_at=now + timedelta(hours=1)
            )
            from bot.store import outbox

            outbox.add(connection, [one], self.services.vault)

    def until(self, condition: Callable[[], object], seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"not in time: {self.rows()}"
            time.sleep(0.02)
