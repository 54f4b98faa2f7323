"""Moments that a statement chooses between are kept as moments, on both databases."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from bot.store import cases, staff
from bot.store.database import Database
from bot.store.hot import HotStore
from bot.store.staff import Account
from bot.store.tables.contacts import cases as table
from bot.store.vault import Vault
from tests.conftest import Clock
from tests.store.rows import person

Ids = Callable[[], str]


def test_the_last_try_locks_an_account_for_a_while(both_databases: Database, new_id: Ids, clock: Clock) -> None:
    account = Account(new_id(), "nurse", "agent", "fr", must_change=False, active=True, password="hash")
    later = clock() + timedelta(minutes=15)
    with both_databases.write() as connection:
        staff.add(connection, account, clock())
        tries = [staff.count_try(connection, "nurse", clock(), 3, later) for _ in range(5)]
        locked = staff.by_login(connection, "nurse")
        assert locked is not None
        assert locked.locked_until == later
        assert staff.count_try(connection, "nurse", later, 3, later + timedelta(minutes=15))
    assert tries == [True, True, True, False, False]


def test_a_case_keeps_its_first_answer_and_gives_the_contact_back(
    both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock, vault: Vault
) -> None:
    from bot.core.model import NewCase
    from bot.store import contacts

    who = person(both_databases, hot, new_id, clock())
    first, second = (NewCase(new_id(), who.contact.id, "media", urgent=n, opened_at=clock()) for n in (False, True))
    with both_databases.write() as connection:
        for case in (first, second):
            contacts.open_case(connection, case, who.address_id, "sim-sms")
        assert [one.id for one in cases.waiting(connection, vault)] == [second.id, first.id]
        cases.answered(connection, first.id, "s1", clock())
        cases.answered(connection, first.id, "s2", clock() + timedelta(hours=1))
        assert connection.scalar(select(table.c.answered_at).where(table.c.id == first.id)) == clock()
        assert cases.close(connection, second.id, "s1", clock())
        assert not cases.close(connection, second.id, "s1", clock())
        kept = contacts.get(connection, who.contact.id, vault)
        assert kept is not None
        assert kept.case_id == first.id
        assert cases.close(connection, first.id, "s1", clock())
        free = contacts.get(connection, who.contact.id, vault)
        assert free is not None
        assert free.case_id is None
        assert cases.waiting(connection, vault) == []
