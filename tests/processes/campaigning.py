"""A campaign to thousands on the fake provider, with processes killed in its middle: written, tested, approved by a second
person, released by the clock and sent by the worker, as any campaign."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from redis import Redis
from sqlalchemy import func, select

from bot.core.model import Arrival, Consent, Result
from bot.service.reckoning import digest
from bot.store.campaigns import Audience, Campaign
from bot.store.hot import HotStore
from bot.store.tables.messages import outbox
from bot.wiring import Services
from sms_gateway.types import Urn
from tests.processes.faults import RECOVERY
from tests.processes.system import System, wait

CHANNEL = "net"
TEXTS = {"fr": "Sahti : la vaccination contre la grippe commence lundi. Répondez 1 pour un rendez-vous."}
KILLED = (("worker", 0.2), ("queue", 0.4), ("web", 0.6), ("worker", 0.8))
"""Who dies, and when: at which share of the messages that the provider took."""
TOGETHER = 500


@dataclass
class Campaigned:
    """What became of it. `untaken` were being sent when the worker died and never reached the provider: they are
    `unknown` for ever, because nobody can tell them from those that did (P3)."""

    people: int
    accepted: int
    doubled: int
    untaken: int
    reported: int
    """Were `unknown`, had been taken, and are settled by the provider's report."""
    states: dict[str, int]
    seconds: float
    problems: list[str] = field(default_factory=list)


def people(services: Services, number: int) -> None:
    """So many contacts who wrote and agreed."""
    hot, now = HotStore(services.database.dialect, services.vault, services.new_id), services.clock()
    for some in _parts(range(number), TOGETHER):
        arrivals = [Arrival(CHANNEL, f"person-{n}", Urn("tel", f"+21261{n:07d}"), now) for n in some]
        with services.database.write() as connection:
            loaded = hot.load_many(connection, arrivals)
            results = [
                Result(
                    arrival=arrival,
                    contact=replace(known.contact, form="fr", consent=Consent.GIVEN),
                    address_id=known.address_id,
                    conversation=known.conversation,
                    inbound_id=services.new_id(),
                )
                for arrival, known in zip(arrivals, loaded, strict=True)
            ]
            hot.commit_many(connection, results)


def _parts(numbers: range, size: int) -> Iterator[Sequence[int]]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))


def approved(services: Services) -> str:
    """A campaign for everybody, as fast as a campaign may be; its id."""
    writer, second = services.new_id(), services.new_id()
    draft = Campaign(services.new_id(), Audience(), CHANNEL, 60_000, writer, "Grippe", TEXTS)
    assert services.campaigns.save(draft) is None
    assert services.campaigns.test(draft.id, "+212610000000", writer) is None
    assert services.campaigns.approve(draft.id, second, digest(draft)) is None
    return draft.id


def _kill(system: System, name: str) -> None:
    if name == "queue":
        with Redis.from_url(system.settings.redis) as valkey:
            valkey.flushall()
    killed = system.kill(name)

    def another() -> bool:
        try:
            return system.process(name) != killed
        except LookupError:
            return False

    wait(another, RECOVERY, f"another {name}")


def campaign(system: System, number: int, *, patience: float = 600) -> Campaigned:
    """Send one to `number` people while processes die, and count. `system` must be new."""
    with system.services() as services:
        people(services, number)
        id_, began = approved(services), time.monotonic()
        for name, share in KILLED:
            wait(lambda at=share: system.provider.counts()["accepted"] >= number * at, patience, f"{share:.0%} sent")
            _kill(system, name)

        def over() -> bool:
            found = services.campaigns.get(id_)
            with services.database.read() as connection:
                waiting = select(func.count()).select_from(outbox).where(outbox.c.state.in_(["queued", "sending"]))
                return found is not None and found.state == "finished" and not connection.scalar(waiting)

        wait(over, patience, "the end of the campaign")
        seconds = time.monotonic() - began
        wait(system.well, RECOVERY, "the whole system")
        return _counted(system, services, number, seconds)


def _counted(system: System, services: Services, number: int, seconds: float) -> Campaigned:
    taken = {line["reference"]: line["id"] for line in system.provider.sent()}
    times = Counter(line["reference"] for line in system.provider.sent())
    mine = select(outbox.c.id, outbox.c.state).where(outbox.c.kind == "campaign")
    with services.database.read() as connection:
        before = {row.id: row.state for row in connection.execute(mine)}
    open_ended = [id_ for id_, state in before.items() if state == "unknown"]
    for id_ in open_ended:
        if id_ in taken:
            system.provider.call_back(taken[id_], "delivered", url=f"{system.url}/channels/{CHANNEL}/status")
    with services.database.read() as connection:
        after = {row.id: row.state for row in connection.execute(mine)}
    accepted = len(after.keys() & taken.keys())
    untaken = [id_ for id_ in open_ended if id_ not in taken]
    found = Campaigned(
        people=number,
        accepted=accepted,
        doubled=sum(count - 1 for count in times.values()),
        untaken=len(untaken),
        reported=len(open_ended) - len(untaken),
        states=dict(Counter(after.values())),
        seconds=seconds,
    )
    checks = (
        (len(after) == number, "not everybody has one message"),
        (found.doubled == 0, "P3: sent again"),
        (accepted + found.untaken == number, "P2: neither taken nor said to be unknown"),
        ({after[id_] for id_ in open_ended if id_ in taken} <= {"delivered"}, "P3: a report did not settle it"),
        (all(after[id_] in {"sent", "delivered"} for id_ in after.keys() & taken.keys()), "P2: taken, counts as not"),
    )
    found.problems = [what for true, what in checks if not true]
    return found
