"""Two workers, one database, and a provider that fails at random: everything that was accepted was accepted once."""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select

from bot.core.ids import new_id as fresh_id
from bot.core.model import Draft, Kind, Lane, State
from bot.service.delivery import Delivery
from bot.store import outbox
from bot.store.database import Database
from bot.store.hot import PLACE_PATH
from bot.store.tables.contacts import addresses, contacts
from bot.store.tables.messages import outbox as table
from bot.store.vault import Vault
from sms_gateway.channels.simulator import Simulator
from sms_gateway.errors import OutcomeUnknown, Unreachable
from sms_gateway.types import DeliveryReport, HttpRequest, HttpResponse, Part, Status

MESSAGES = 2000
CHANNEL = "sim-sms"
SEED = 20261123


class Moody:
    """A provider that refuses, forgets to answer, and is not there, by a seeded chance; it keeps a ledger."""

    def __init__(self) -> None:
        self._chance = random.Random(SEED)
        self._lock = threading.Lock()
        self.accepted: list[str] = []
        self.lost: list[str] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        reference = str(json.loads(request.body)["reference"])
        with self._lock:
            mood = self._chance.random()
            number = len(self.accepted)
            if mood < 0.9 or mood >= 0.97:
                self.accepted.append(reference)
        if mood < 0.9:
            return HttpResponse(200, {}, json.dumps({"id": f"p{number}"}).encode())
        if mood < 0.93:
            raise Unreachable
        if mood < 0.95:
            return HttpResponse(429, {"retry-after": "0"}, b'{"error": "throttled"}')
        if mood < 0.97:
            return HttpResponse(503, {}, b"")
        self.lost.append(reference)
        if mood < 0.985:
            raise OutcomeUnknown
        return HttpResponse(502, {}, b"")


def people(database: Database, vault: Vault, number: int) -> list[tuple[str, str]]:
    now = datetime.now(UTC)
    who = [(fresh_id(), fresh_id()) for _ in range(number)]
    with database.write() as connection:
        connection.execute(
            insert(contacts), [{"id": c, "form": "fr", "consent": "given", "created_at": now} for c, _ in who]
        )
        rows = []
        for n, (contact, address) in enumerate(who):
            path = f"+2126{n:08}"
            sealed, lookup = vault.seal(path, PLACE_PATH), vault.blind(path)
            rows.append(
                {
                    "id": address,
                    "contact_id": contact,
                    "scheme": "tel",
                    "lookup": lookup,
                    "path_enc": sealed,
                    "channel": CHANNEL,
                    "created_at": now,
                }
            )
        connection.execute(insert(addresses), rows)
    return who


@pytest.fixture
def worker(both_databases: Database, vault: Vault) -> Callable[[Moody], Delivery]:
    config = {"secret": "planted-secret", "network_url": "http://network.test/messages", "service": "sms"}

    def make(provider: Moody) -> Delivery:
        return Delivery(
            database=both_databases,
            vault=vault,
            channels={CHANNEL: Simulator(CHANNEL, config)},
            transport=provider,
            clock=lambda: datetime.now(UTC),
            new_id=fresh_id,
            zone="Africa/Casablanca",
            at_once=8,
        )

    return make


def states(database: Database) -> Counter[str]:
    with database.read() as connection:
        rows = connection.execute(select(table.c.state, func.count()).group_by(table.c.state))
        return Counter({state: number for state, number in rows})  # noqa: C416 (rows are not pairs to the types)


def test_each_message_is_accepted_once_and_none_is_lost(
    both_databases: Database, vault: Vault, worker: Callable[[Moody], Delivery]
) -> None:
    who = people(both_databases, vault, MESSAGES // 4)
    now = datetime.now(UTC)
    drafts = [
        Draft(
            fresh_id(), c, a, CHANNEL, Kind.CAMPAIGN, Lane.CAMPAIGN, Part(f"n{n}"), now, now, now + timedelta(hours=1)
        )
        for n, (c, a) in enumerate(who * 4)
    ]
    with both_databases.write() as connection:
        outbox.add(connection, drafts, vault)
    provider = Moody()
    workers = [worker(provider), worker(provider)]
    until = datetime.now(UTC) + timedelta(seconds=60)
    while (left := states(both_databases))["queued"] + left["sending"] and datetime.now(UTC) < until:
        threads = [threading.Thread(target=one.run, args=(CHANNEL,)) for one in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with both_databases.write() as connection:
            # what waits for another try need not be waited for here
            connection.execute(table.update().where(table.c.state == "queued").values(due_at=now))
    found = states(both_databases)
    assert set(found) == {"sent", "unknown"}
    assert len(provider.accepted) == len(set(provider.accepted)) == MESSAGES
    assert found["unknown"] == len(provider.lost) > 10
    assert found["sent"] == MESSAGES - len(provider.lost)
    workers[0].report(CHANNEL, [DeliveryReport(f"l{r}", Status.DELIVERED, reference=r) for r in provider.lost])
    assert states(both_databases) == {"sent": MESSAGES - len(provider.lost), "delivered": len(provider.lost)}


def test_the_messages_of_one_person_go_in_order_and_one_at_a_time(
    both_databases: Database, vault: Vault, worker: Callable[[Moody], Delivery]
) -> None:
    who = people(both_databases, vault, 20)
    now = datetime.now(UTC)
    with both_databases.write() as connection:
        for n in range(10):
            drafts = [
                Draft(
                    fresh_id(), c, a, CHANNEL, Kind.REPLY, Lane.REPLY, Part(str(n)), now, now, now + timedelta(hours=1)
                )
                for c, a in who
            ]
            outbox.add(connection, drafts, vault)
    under_way: Counter[str] = Counter()
    seen: dict[str, list[str]] = {}
    overlapping: list[str] = []
    lock = threading.Lock()

    class Watchful(Moody):
        def send(self, request: HttpRequest) -> HttpResponse:
            message = json.loads(request.body)
            to = str(message["to"])
            with lock:
                under_way[to] += 1
                if under_way[to] > 1:
                    overlapping.append(to)
                seen.setdefault(to, []).append(str(message["text"]))
            threading.Event().wait(0.002)
            with lock:
                under_way[to] -= 1
            return HttpResponse(200, {}, b'{"id": "x"}')

    provider = Watchful()
    workers = [worker(provider) for _ in range(3)]
    for _ in range(3):
        threads = [threading.Thread(target=one.run, args=(CHANNEL,)) for one in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert overlapping == []
    assert all(texts == [str(n) for n in range(10)] for texts in seen.values())
    assert len(seen) == 20
    assert states(both_databases) == {State.SENT.value: 200}
