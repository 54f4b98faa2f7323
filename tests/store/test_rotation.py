"""A new key in place of the old: everything is sealed anew while messages go on. On both databases."""

import argparse
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from bot.commands import keys as command
from bot.commands.failing import Failed
from bot.core.model import Consent, Conversation
from bot.store import contacts, messages, rotation
from bot.store import vault as vaults
from bot.store.database import Database
from bot.store.hot import HotStore
from bot.store.tables.contacts import addresses
from bot.store.tables.messages import inbound
from bot.store.tables.work import campaigns
from bot.store.vault import Vault
from flows.types import FlowState
from sms_gateway.types import HttpRequest, Part
from tests.conftest import Clock
from tests.store.rows import arrival, draft, put, write_in

Ids = Callable[[], str]
NAMES = [f"+2126000{n:05}" for n in range(7)]


def filled(database: Database, vault: Vault, new_id: Ids, clock: Clock) -> list[str]:
    """A database with something in every sealed column; ids of its contacts."""
    hot = HotStore(database.dialect, vault, new_id)
    made = []
    for number in NAMES:
        who = write_in(
            database,
            hot,
            new_id,
            arrival(number, new_id(), clock()),
            text=f"text of {number}",
            answer=(Part("answered"),),
            changed={"name": f"name of {number}", "consent": Consent.GIVEN},
            conversation=Conversation(flow=FlowState("menu", 1, "ask", {"x": number})),
        )
        put(database, vault, draft(who, new_id, clock(), text=f"sent to {number}"))
        made.append(who.contact.id)
    with database.write() as connection:
        sealed = {
            "name_enc": vault.seal("c", "campaigns.name_enc"),
            "texts_enc": vault.seal("{}", "campaigns.texts_enc"),
        }
        connection.execute(
            insert(campaigns).values(
                id=new_id(), audience="{}", channel="c", created_by=new_id(), created_at=clock(), **sealed
            )
        )
    return made


def check(database: Database, vault: Vault, ids: list[str], clock: Clock) -> None:
    for number, id_ in zip(NAMES, ids, strict=True):
        with database.read() as connection:
            contact = contacts.get(connection, id_, vault)
            assert contact is not None
            assert contact.name == f"name of {number}"
            (address,) = contacts.addresses_of(connection, id_, vault)
            assert address.urn.path == number
            kept = contacts.conversation(connection, id_, "sim-sms", vault)
            assert kept.flow is not None
            assert kept.flow.vars == {"x": number}
            said = messages.conversation(connection, id_, vault)
            assert {one.text for one in said} == {f"text of {number}", f"sent to {number}"}


def test_every_sealed_column_is_known() -> None:
    assert {rotation.place(column) for _, column in rotation.sealed_columns()} == {
        "addresses.path_enc",
        "campaigns.name_enc",
        "campaigns.texts_enc",
        "contacts.name_enc",
        "conversations.state_enc",
        "inbound.answer_enc",
        "inbound.text_enc",
        "media.reference_enc",
        "media_pieces.piece_enc",
        "outbox.part_enc",
        "profiles.name_enc",
    }


@pytest.mark.parametrize("batch", [2, 200])
def test_everything_is_sealed_anew(
    both_databases: Database, vault: Vault, new_id: Ids, clock: Clock, batch: int
) -> None:
    ids = filled(both_databases, vault, new_id, clock)
    values = len(NAMES) * 6 + 2
    assert rotation.census(both_databases) == {1: values}
    new = vault.with_new_key().sealing_with(2)
    told: list[tuple[str, int]] = []
    done = rotation.reseal(both_databases, new, lambda column, count: told.append((column, count)), batch=batch)
    assert (done.resealed, done.unreadable) == (values, set())
    assert sum(count for _, count in told) == values
    assert max(count for _, count in told) <= batch
    assert rotation.census(both_databases) == {2: values}
    check(both_databases, new.without_old_keys(), ids, clock)
    assert rotation.reseal(both_databases, new).resealed == 0


def test_an_interrupted_run_goes_on(both_databases: Database, vault: Vault, new_id: Ids, clock: Clock) -> None:
    ids = filled(both_databases, vault, new_id, clock)
    new = vault.with_new_key().sealing_with(2)

    def stop(_column: str, _count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.reseal(both_databases, new, stop, batch=3)
    assert rotation.census(both_databases) == {1: len(NAMES) * 6 + 1, 2: 1}
    check(both_databases, new, ids, clock)
    assert rotation.reseal(both_databases, new).resealed == len(NAMES) * 6 + 1
    check(both_databases, new.without_old_keys(), ids, clock)


def test_what_no_key_opens_is_left_and_named(both_databases: Database, vault: Vault, new_id: Ids, clock: Clock) -> None:
    filled(both_databases, vault, new_id, clock)
    with both_databases.write() as connection:
        broken = connection.scalars(select(inbound.c.id).limit(1)).one()
        connection.execute(update(inbound).where(inbound.c.id == broken).values(text_enc=b"\x01damaged"))
    done = rotation.reseal(both_databases, vault.with_new_key().sealing_with(2), batch=2)
    assert done.unreadable == {("inbound.text_enc", broken)}
    assert rotation.census(both_databases)[1] == 1


def test_messages_go_on_meanwhile(both_databases: Database, var: Path, new_id: Ids, clock: Clock) -> None:
    file = var / "keys.json"
    running = vaults.load_or_make(file)
    ids = filled(both_databases, running, new_id, clock)
    hot = HotStore(both_databases.dialect, running, new_id)
    stop, failures = threading.Event(), list[Exception]()

    def talk() -> None:
        try:
            number = 0
            while not stop.is_set():
                write_in(
                    both_databases, hot, new_id, arrival(NAMES[0], f"live{number}", clock()), text=f"text of {NAMES[0]}"
                )
                number += 1
        except Exception as failed:  # noqa: BLE001 (whatever it is, it must not be)
            failures.append(failed)

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        new = vaults.load(file).with_new_key().sealing_with(2)
        vaults.save(new, file)
        done = rotation.reseal(both_databases, new, batch=10)
        stop.wait(vaults.LOOK_SECONDS * 1.2)  # by now the running process seals with the new key
        done = rotation.reseal(both_databases, new, batch=10)
    finally:
        stop.set()
        thread.join(10)
    assert failures == []
    assert done.unreadable == set()
    assert set(rotation.census(both_databases)) == {2}
    check(both_databases, new.without_old_keys(), ids, clock)


def run(*words: str) -> int:
    return command.keys(argparse.ArgumentParser(), words)


@pytest.fixture
def operator(both_databases: Database, var: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The command on this test's database; its key file."""
    monkeypatch.setenv("SAHTI_VAR", str(var))
    monkeypatch.setenv("DATABASE_URL", both_databases.engine.url.render_as_string(hide_password=False))
    monkeypatch.setattr(command, "LOOK_SECONDS", 0.0)
    return var / "keys.json"


def test_the_command_from_one_key_to_the_next(
    both_databases: Database, operator: Path, new_id: Ids, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = filled(both_databases, vaults.load_or_make(operator), new_id, clock)
    assert run("status") == 0
    assert capsys.readouterr().out == "key 1: seals, 44 values\n"
    assert run("rotate") == 0
    assert "44 values sealed anew" in capsys.readouterr().out
    assert run("status") == 0
    assert capsys.readouterr().out == "key 1: opens only, 0 values\nkey 2: seals, 44 values\n"
    assert run("rotate", "--drop-old") == 0  # goes on with the same rotation, then drops
    assert "Going on" in capsys.readouterr().out
    ring = vaults.load(operator)
    assert (ring.current, sorted(ring.keys)) == (2, [2])
    check(both_databases, ring, ids, clock)
    assert run("rotate", "--only-add") == 0
    assert run("rotate", "--only-add") == 0
    added = vaults.load(operator)
    assert (added.current, sorted(added.keys)) == (2, [2, 3])
    assert run("rotate", "--drop-old") == 0
    last = vaults.load(operator)
    assert (last.current, sorted(last.keys)) == (3, [3])
    assert last.keys[3] == added.keys[3]
    check(both_databases, last, ids, clock)


def test_nothing_is_dropped_that_still_opens_something(
    both_databases: Database, operator: Path, new_id: Ids, clock: Clock, vault: Vault
) -> None:
    from bot.service.spool import Spool

    ring = vaults.load_or_make(operator)
    filled(both_databases, ring, new_id, clock)
    kept = HttpRequest("POST", "http://x", {}, b"{}")
    Spool(operator.parent / "spool", ring, clock).keep("sim", "inbound", kept, ["ab12"])
    with pytest.raises(Failed, match="spool"):
        run("rotate", "--drop-old")
    assert sorted(vaults.load(operator).keys) == [1, 2]
    for file in (operator.parent / "spool").rglob("*.request"):
        file.unlink()
    with both_databases.write() as connection:
        connection.execute(update(addresses).values(path_enc=b"\x01damaged"))
    with pytest.raises(Failed, match="still under an old key"):
        run("rotate", "--drop-old")
    assert sorted(vaults.load(operator).keys) == [1, 2]
