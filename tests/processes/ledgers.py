"""Do the ledgers agree? What was accepted, what the database holds, what the provider took, and what one quiet run of
the same messages would have given."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from bot.core import codec
from bot.settings import load
from bot.store.hot import PLACE_PART, PLACE_PATH
from bot.store.tables.contacts import addresses
from bot.store.tables.messages import inbound, outbox
from bot.wiring import Services
from tests.processes.load import Contact, Load
from tests.processes.system import System, wait

OPEN = {"queued", "sending"}
TAKEN = {"sent", "delivered", "read"}
Said = dict[str, list[str]]
_quiet: dict[tuple[str, tuple[str, ...]], list[str]] = {}


@dataclass(frozen=True)
class Row:
    id: str
    number: str
    channel: str
    text: str = field(repr=False)
    state: str
    kind: str


@dataclass
class Ledger:
    """What one load came to, counted on every side; `problems` says where a promise was broken."""

    sent: int
    """Messages the client had to say, and how often it knocked."""
    tries: int
    answered: int
    """Messages that got a 2xx."""
    refused: int
    """Tries that got a 503."""
    stored: int
    effects: int
    """Texts decided on for them, and how many a quiet run decides on."""
    wanted: int
    accepted: int
    """Messages the provider took."""
    doubled: int
    lost: int
    unknown: int
    settled_after: float
    alarms: int = 0
    """Danger signs answered while the fault lasted, and the longest that one waited."""
    alarm_seconds: float = 0.0
    problems: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list, repr=False)


def rows(services: Services) -> list[Row]:
    """The outbox in order, opened."""
    chosen = select(outbox, addresses.c.path_enc).join(addresses, addresses.c.id == outbox.c.address_id)
    with services.database.read() as connection:
        found = connection.execute(chosen.order_by(outbox.c.id)).all()
    vault = services.vault
    return [
        Row(
            row.id,
            vault.open(row.path_enc, PLACE_PATH),
            row.channel,
            codec.load_part(vault.open(row.part_enc, PLACE_PART)).text,
            row.state,
            row.kind,
        )
        for row in found
    ]


def received(services: Services) -> Counter[tuple[str, str]]:
    with services.database.read() as connection:
        return Counter(tuple(row) for row in connection.execute(select(inbound.c.channel, inbound.c.external_id)))


def quiet_run(system: System, contacts: Sequence[Contact], var: Path) -> Said:
    """The texts each contact gets when nothing fails and nothing repeats. Contacts who say the same get the same."""
    new = {(one.channel, one.texts): one for one in contacts if (one.channel, one.texts) not in _quiet}
    if new:
        settings = load(var=var, channels_file=system.var / "channels.toml", database_url=None, port=system.port)
        (var / "nlu").symlink_to(system.var / "nlu")
        services = Services(settings)
        services.database.migrate()
        for contact in new.values():
            channel = services.channels[contact.channel]
            for step in range(len(contact.texts)):
                services.hub.receive(channel, channel.parse_inbound(contact.request(settings.base_url, step)))
        said = _by_number(rows(services))
        services.database.close()
        for key, contact in new.items():
            _quiet[key] = said[contact.number]
    return {one.number: _quiet[one.channel, one.texts] for one in contacts}


def _by_number(found: Sequence[Row]) -> Said:
    said: Said = {}
    for row in found:
        said.setdefault(row.number, []).append(row.text)
    return said


def settled(services: Services) -> bool:
    """Whether nothing waits, neither in the outbox nor on the disk."""
    with services.database.read() as connection:
        waiting = connection.scalar(select(func.count()).select_from(outbox).where(outbox.c.state.in_(OPEN)))
    return not waiting and services.spool.empty()


def examine(
    system: System, load: Load, expected: Said | None, *, within: float = 60, answers_may_differ: bool = False
) -> Ledger:
    """Count everything once it is quiet. `expected` None: two engines may read a text differently.

    `answers_may_differ`: the database was away, so that one copy of a request was answered with its answer and another
    one only with thanks.
    """
    problems: list[str] = []

    def must(true: bool, what: str) -> None:  # noqa: FBT001 (reads as a sentence)
        if not true:
            problems.append(what)

    began = time.monotonic()
    mine = {contact.number for contact in load.contacts}
    with system.services() as services:
        wait(lambda: settled(services), within, "every message in a final state (P2, P7)")
        settled_after = time.monotonic() - began
        found = [row for row in rows(services) if row.number in mine]
        stored, apart = received(services), services.spool.holding().set_apart
    ledger = [line for line in system.provider.sent() if line["to"] in mine]
    must(load.faults == [], f"answers that are none: {Counter(load.faults)}")
    must(apart == 0, f"{apart} requests set apart")
    # P1: stored once, one effect, one answer
    wanted = {name for contact in load.contacts for name in contact.names()}
    missing = [name for name in wanted if stored[name] != 1]
    must(missing == [], f"P1: {len(missing)} not stored exactly once")
    must(len(load.accepted) == len(wanted), f"P1: {len(wanted) - len(load.accepted)} never answered 2xx")
    several = [bodies for bodies in load.accepted.values() if len({body for body in bodies if b"Message" in body}) > 1]
    if not answers_may_differ:
        several = [bodies for bodies in load.accepted.values() if len(set(bodies)) > 1]
    must(several == [], f"P1: {len(several)} answered in several ways")
    # one effect each, in the order in which the contact wrote (P1, P4)
    had = _by_number(found)
    if expected is not None:
        wrong = [number for number, texts in expected.items() if had.get(number) != texts]
        must(wrong == [], f"P1, P4: {len(wrong)} contacts were not told what a quiet run tells them, in that order")
    must(set(had) == mine, "P1: contacts without any answer")
    # P3: no reference twice; the provider took nothing the database does not know
    references = Counter(line["reference"] for line in ledger)
    doubled = sum(times - 1 for times in references.values())
    must(doubled == 0, f"P3: {doubled} sent again")
    by_id = {row.id: row for row in found}
    must(set(references) <= set(by_id), "P3: sent what the database does not know")
    # P2: what counts as sent was taken, what counts as not sent was not
    untaken = [row for row in found if row.channel == "net" and row.state in TAKEN and row.id not in references]
    must(untaken == [], f"P2: {len(untaken)} count as sent and were not")
    denied = [row for row in found if row.state not in {*TAKEN, "unknown"} and row.id in references]
    must(denied == [], f"P2: {len(denied)} were sent and do not count as sent")
    must(_in_order(ledger), "P4: sent in another order than decided")
    must(_held(load, ledger, by_id), "P5: something after the confirmation of STOP")
    return Ledger(
        sent=len(wanted),
        tries=load.tries,
        answered=len(load.accepted),
        refused=load.refused,
        stored=sum(stored[name] for name in wanted),
        effects=len(found),
        wanted=sum(map(len, expected.values())) if expected else len(found),
        accepted=len(ledger),
        doubled=doubled,
        lost=sum(1 for contact in load.contacts for name in contact.names() if not stored[name]),
        unknown=sum(row.state == "unknown" for row in found),
        settled_after=settled_after,
        problems=problems,
        rows=found,
    )


def _in_order(ledger: Sequence[dict[str, str]]) -> bool:
    """P4: each contact's messages left in order."""
    mine: dict[str, list[str]] = {}
    for line in ledger:
        mine.setdefault(line["to"], []).append(line["reference"])
    return all(references == sorted(references) for references in mine.values())


def _held(load: Load, ledger: Sequence[dict[str, str]], by_id: dict[str, Row]) -> bool:
    """P5: after the confirmation of STOP nothing."""
    stopped = {contact.number for contact in load.contacts if "STOP" in contact.texts}
    kinds: dict[str, list[str]] = {}
    for line in ledger:
        if line["to"] in stopped and line["reference"] in by_id:
            kinds.setdefault(line["to"], []).append(by_id[line["reference"]].kind)
    return not any("confirmation" in said[:-1] for said in kinds.values())


def check(
    system: System, load: Load, expected: Said | None, *, within: float = 60, answers_may_differ: bool = False
) -> Ledger:
    """Fails where a promise was broken."""
    found = examine(system, load, expected, within=within, answers_may_differ=answers_may_differ)
    assert found.problems == [], found
    return found


def silent(system: System, numbers: Sequence[str], texts: Sequence[str]) -> None:
    """No log and no file of state holds a number or a text in the clear (P8). The provider's own ledger apart."""
    assert system.log()
    planted = [number.removeprefix("+212").encode() for number in numbers] + [text.encode() for text in texts]
    for file in system.var.rglob("*"):
        if not file.is_file() or file.is_symlink() or file.name == "ledger.jsonl":
            continue
        content = file.read_bytes()
        assert [words for words in planted if words in content] == [], file.name
