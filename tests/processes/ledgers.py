"""Do the ledgers agree? What was accepted, what the database holds, what the provider took, and what one quiet run of
the same messages would have given."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

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


@dataclass(frozen=True)
class Row:
    id: str
    number: str
    channel: str
    text: str
    state: str
    kind: str


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


def quiet_run(system: System, contacts: Sequence[Contact], var: Path) -> dict[str, list[str]]:
    """The texts each contact gets when nothing fails and nothing repeats."""
    settings = load(var=var, channels_file=system.var / "channels.toml", database_url=None, port=system.port)
    (var / "nlu").symlink_to(system.var / "nlu")
    services = Services(settings)
    services.database.migrate()
    for contact in contacts:
        channel = services.channels[contact.channel]
        for step in range(len(contact.texts)):
            services.hub.receive(channel, channel.parse_inbound(contact.request(settings.base_url, step)))
    said = _by_number(rows(services))
    services.database.close()
    return said


def _by_number(found: Sequence[Row]) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for row in found:
        said.setdefault(row.number, []).append(row.text)
    return said


def settled(services: Services) -> bool:
    return not any(row.state in OPEN for row in rows(services))


def check(system: System, load: Load, expected: dict[str, list[str]] | None, *, within: float = 60) -> list[Row]:
    """Fails where a promise was broken; returns the outbox. `expected` None: two engines may read a text differently."""
    with system.services() as services:
        wait(lambda: settled(services), within, "every message in a final state (P2, P7)")
        found, stored, ledger = rows(services), received(services), system.provider.sent()
    assert load.faults == []
    # P1: stored once, one effect, one answer
    wanted = {(c.channel, f"{c.channel}-{c.number[1:]}-{step}") for c in load.contacts for step in range(len(c.texts))}
    assert set(stored) == wanted
    assert set(stored.values()) == {1}
    assert len(load.accepted) == len(wanted)
    assert [bodies for bodies in load.accepted.values() if len(set(bodies)) > 1] == []
    # one effect each, in the order in which the contact wrote (P1, P4)
    had = _by_number(found)
    if expected is not None:
        wrong = {number: (had.get(number), texts) for number, texts in expected.items() if had.get(number) != texts}
        assert wrong == {}
    assert set(had) == {contact.number for contact in load.contacts}
    # P3: no reference twice; the provider took nothing the database does not know
    references = Counter(line["reference"] for line in ledger)
    assert [reference for reference, times in references.items() if times > 1] == []
    by_id = {row.id: row for row in found}
    assert set(references) <= set(by_id)
    # P2: what counts as sent was taken, what counts as not sent was not
    assert [row for row in found if row.channel == "net" and row.state in TAKEN and row.id not in references] == []
    assert [row for row in found if row.state not in {*TAKEN, "unknown"} and row.id in references] == []
    # P4: each contact's messages left in order
    for number in {line["to"] for line in ledger}:
        mine = [line["reference"] for line in ledger if line["to"] == number]
        assert mine == sorted(mine)
    # P5: after the confirmation of STOP nothing
    for contact in load.contacts:
        if "STOP" in contact.texts:
            kinds = [by_id[line["reference"]].kind for line in ledger if line["to"] == contact.number]
            assert "confirmation" not in kinds[:-1]
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
