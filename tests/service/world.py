"""A hub in one process: real database, real flows, real words; the provider and the time are the test's."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from bot.core.model import State
from bot.service.answering import Answered
from bot.settings import Settings
from bot.store.tables import contacts as people
from bot.store.tables import messages as said
from bot.wiring import Channels, Services
from nlu.table import Guess
from sms_gateway.channels.simulator import Simulator
from sms_gateway.types import DialogSession, HttpRequest, HttpResponse, Inbound, Urn
from tests import planted
from tests.conftest import Clock

NUMBER = planted.WORLDS_NUMBER
Ids = Callable[[], str]


KNOWN = {
    "bghit rendez-vous": "book_appointment",
    "je voudrais un rendez-vous": "book_appointment",
    "chrebt dwa": "medication_taken",
    "nsit dwa": "medication_missed",
    "bghit nhder m3a chi wa7ed": "talk_to_human",
}


class Words:
    """A table that knows a few sentences; whatever else is said means nothing to it."""

    version = "words"

    def predict(self, text: str) -> Guess | None:
        intent = KNOWN.get(text.casefold())
        return Guess(intent, 0.95) if intent else None


class Provider:
    """What is on the other side of the transport. `next` holds answers or errors, one a request; then all goes well."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.refused = self.number = 0
        self.next: list[HttpResponse | Exception] = []
        self.before: Callable[[dict[str, Any]], None] = lambda _message: None
        self._lock = threading.Lock()

    def send(self, request: HttpRequest) -> HttpResponse:
        message = json.loads(request.body)
        self.before(message)
        with self._lock:
            behaviour = self.next.pop(0) if self.next else None
            if behaviour is None or getattr(behaviour, "took_it", False):
                self.sent.append(message)
            else:
                self.refused += 1
            self.number += 1
            number = self.number
        if isinstance(behaviour, Exception):
            raise behaviour
        return behaviour or HttpResponse(200, {}, json.dumps({"id": f"p{number}"}).encode())

    def take(self) -> list[str]:
        """The texts that came since the last time."""
        texts = [str(one["text"]) for one in self.sent]
        self.sent.clear()
        return texts


@dataclass
class World:
    """Everything of one test."""

    services: Services
    provider: Provider
    clock: Clock
    new_id: Ids
    channels: dict[str, Simulator] = field(default_factory=dict)

    def inbound(self, text: str, *, number: str = NUMBER, external_id: str | None = None, **given: Any) -> Inbound:
        return Inbound(external_id or self.new_id(), Urn("tel", number), text, **given)

    def receive(self, *inbounds: Inbound, channel: str = "sim-sms") -> list[Answered]:
        return self.services.hub.receive(self.channels[channel], inbounds)

    def sms(self, text: str, **given: Any) -> list[str]:
        """Say something by SMS; the texts that came back."""
        self.receive(self.inbound(text, **given))
        self.services.delivery.run("sim-sms")
        return self.provider.take()

    def dial(self, text: str = "", *, session: str, new: bool = False, number: str = NUMBER) -> str:
        """One hop of a USSD session; the screen."""
        given = self.inbound(text, number=number, session=DialogSession(session, new=new))
        (answered,) = self.receive(given, channel="sim-ussd")
        (part,) = answered.parts
        return part.text

    def text(self, key: str, form: str = "ary-Latn", **params: Any) -> str:
        """The words of a key."""
        return self.services.catalog.text(key, form, params)

    def agree(self, number: str = NUMBER) -> None:
        """Become somebody who gave consent and has nothing open."""
        for text in ("salam", "1"):
            self.sms(text, number=number)
        self.close_conversations()

    def close_conversations(self) -> None:
        with self.services.database.write() as connection:
            connection.execute(people.conversations.delete())

    def outbox(self) -> list[tuple[str, State, str | None]]:
        """Kind, state and reason of every row, in order."""
        with self.services.database.read() as connection:
            query = select(said.outbox.c.kind, said.outbox.c.state, said.outbox.c.reason).order_by(said.outbox.c.id)
            return [(row.kind, State(row.state), row.reason) for row in connection.execute(query)]

    def count(self, table: Any) -> int:
        with self.services.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(table)) or 0


def at_once(work: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run everything at the same moment; what each returned or raised, in order."""
    found: list[Any] = [None] * len(work)
    start = threading.Barrier(len(work), timeout=20)

    def run(number: int) -> None:
        start.wait()
        try:
            found[number] = work[number]()
        except Exception as failed:  # noqa: BLE001 (the test looks at it)
            found[number] = failed

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def simulators() -> dict[str, Simulator]:
    config = {"secret": "planted-secret", "network_url": "http://network.test/messages"}
    return {f"sim-{name}": Simulator(f"sim-{name}", config | {"service": name}) for name in ("sms", "ussd", "whatsapp")}


def make(settings: Settings, provider: Provider, clock: Clock, new_id: Ids) -> World:
    lock = threading.Lock()

    def one_at_a_time() -> str:
        with lock:
            return new_id()

    channels = simulators()
    services = Services(
        settings, clock=clock, ids=one_at_a_time, transport=provider, channels=Channels(dict(channels), {})
    )
    services.wake = lambda _channel: None  # type: ignore[method-assign] # the tests say when something is sent
    services.outage.resume = lambda: None  # type: ignore[method-assign] # and when what was kept is taken
    return World(services, provider, clock, one_at_a_time, channels)
