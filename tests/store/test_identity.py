"""Contacts that become one lose nothing; numbers that change hands take nothing along. On both databases."""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from bot.core.model import Consent, Conversation, Kind, NewCase, State
from bot.store import cases, contacts, identity, people, profiles, reminders, staff
from bot.store.database import Database, may_retry, retrying
from bot.store.hot import HotStore
from bot.store.reminders import Enrolment
from bot.store.tables import care, messages, work
from bot.store.tables import contacts as tables
from bot.store.vault import Vault
from sms_gateway.types import Urn
from tests.conftest import Clock
from tests.service.world import at_once
from tests.store.rows import arrival, draft, person, place, put, write_in

Ids = Callable[[], str]
SLOT = "agdal.general.2026-11-25T10:00"


class Household:
    """Two contacts with something of everything, drawn by chance."""

    def __init__(self, database: Database, hot: HotStore, vault: Vault, new_id: Ids, clock: Clock, seed: int) -> None:
        self.database, self.hot, self.vault, self.new_id, self.clock = database, hot, vault, new_id, clock
        self.chance = random.Random(seed)
        place(database, capacity=9)
        with database.write() as connection:
            slot = {"id": SLOT, "facility_id": "agdal", "service_id": "general", "wall": "2026-11-25T10:00"}
            times = {"zone": "Africa/Casablanca", "starts_at": clock() + timedelta(days=2), "capacity": 9}
            connection.execute(insert(care.slots).values(**slot, **times))
            self.campaigns = [self.campaign(connection) for _ in range(3)]
        self.ids = [self.somebody(f"+21260000987{number}") for number in range(2)]

    def campaign(self, connection: Connection) -> str:
        id_ = self.new_id()
        sealed = self.vault.seal("x", "campaigns.name_enc")
        values = {"name_enc": sealed, "texts_enc": sealed, "audience": "{}", "channel": "sim-sms"}
        connection.execute(insert(work.campaigns).values(id=id_, created_by="s", created_at=self.clock(), **values))
        return id_

    def some(self, most: int) -> range:
        return range(self.chance.randrange(most + 1))

    def somebody(self, number: str) -> str:
        chance, now = self.chance, self.clock
        now.advance(seconds=chance.randrange(1, 9999))
        changed: dict[str, object] = {
            "form": chance.choice([None, "fr", "ary-Latn"]),
            "consent": chance.choice(list(Consent)),
            "opted_out": chance.random() < 0.3,
            "name": chance.choice([None, "Amina", "Youssef"]),
        }
        first = arrival(number, self.new_id(), now(), chance.choice(["sim-sms", "sim-whatsapp"]))
        who = write_in(self.database, self.hot, self.new_id, first, changed=changed)
        id_, address = who.contact.id, who.address_id
        for _ in self.some(3):
            write_in(self.database, self.hot, self.new_id, arrival(number, self.new_id(), now.advance(minutes=1)))
        put(
            self.database,
            self.vault,
            *(
                draft(who, self.new_id, now(), kind=chance.choice(list(Kind)), state=chance.choice(list(State)))
                for _ in self.some(5)
            ),
        )
        with self.database.write() as connection:
            for _ in self.some(2):
                case = NewCase(self.new_id(), id_, "media", urgent=False, opened_at=now())
                contacts.open_case(connection, case, address, "sim-sms")
            for _ in self.some(2):
                visit = {
                    "id": self.new_id(),
                    "contact_id": id_,
                    "slot_id": SLOT,
                    "booked_at": now(),
                    "changed_at": now(),
                }
                connection.execute(insert(care.appointments).values(visit))
                subject = str(visit["id"])
                reminders.enrol(connection, self.plan(id_, address, "appointment", subject), now())
            for _ in self.some(1):
                daily = self.plan(id_, address, "medication", None)
                reminders.enrol(connection, daily, now())
                reminders.record_dose(connection, self.new_id(), daily, "2026-11-23T08:00", "taken", None, now())
            for _ in self.some(2):
                reminders.record_lesson(connection, self.new_id(), id_, ("salt", "q", "a"), now())
            for _ in self.some(1):
                contacts.ask_deletion(connection, self.new_id(), id_, now())
            for campaign in self.campaigns:
                if chance.random() < 0.6:
                    state = chance.choice(["waiting", "queued", "skipped"])
                    row = {"campaign_id": campaign, "contact_id": id_, "address_id": address, "form": "fr"}
                    connection.execute(insert(work.campaign_audience).values(**row, state=state))
            for name in chance.sample(["Amina", "youssef", "Zahra"], chance.randrange(4)):
                profiles.add(connection, id_, self.new_id(), name, self.vault, now.advance(seconds=1))
        return id_

    def plan(self, contact: str, address: str, programme: str, subject: str | None) -> Enrolment:
        zone, hours = "Africa/Casablanca", ("08:00",) if subject is None else ()
        return Enrolment(self.new_id(), contact, address, "sim-sms", programme, zone, None, hours, subject)

    def merge(self, connection: Connection, one: str, other: str) -> str:
        return identity.merge(connection, one, other, self.vault, self.clock(), self.new_id)


def everything(connection: Connection) -> dict[str, list[str]]:
    """Every row that belongs to somebody, and the contacts themselves; the trail of acts has ids of its own."""
    wanted = [*identity.tables(), tables.contacts]
    return {table.name: sorted(repr(row) for row in connection.execute(select(table))) for table in wanted}


def owners(connection: Connection, table: Any) -> list[tuple[str, str]]:
    return [(row.id, row.contact_id) for row in connection.execute(select(table.c.id, table.c.contact_id))]


SINGLE = [
    tables.addresses, tables.cases, messages.inbound, messages.outbox, care.appointments, care.enrolments, care.doses,
    care.lessons, care.deletions,
]  # fmt: skip
"""Tables of which a merge keeps every row."""


@pytest.fixture(params=range(8))
def household(
    request: pytest.FixtureRequest, both_databases: Database, hot: HotStore, vault: Vault, new_id: Ids, clock: Clock
) -> Household:
    return Household(both_databases, hot, vault, new_id, clock, request.param)


def test_a_merge_loses_nothing_in_either_order_and_the_second_time_changes_nothing(household: Household) -> None:
    one, other = household.ids
    with household.database.write() as connection:
        before = {table.name: {id_ for id_, _ in owners(connection, table)} for table in SINGLE}
        was = [contacts.get(connection, id_, household.vault) for id_ in household.ids]
        names = {p.name.casefold() for id_ in household.ids for p in profiles.of(connection, id_, household.vault)}
        ends = []
        for pair in ((one, other), (other, one)):
            attempt = connection.begin_nested()
            left = household.merge(connection, *pair)
            ends.append(everything(connection))
            assert household.merge(connection, *reversed(pair)) == left
            assert everything(connection) == ends[-1]
            attempt.rollback()
        assert ends[0] == ends[1]
        left = household.merge(connection, one, other)
        assert left == one
        for table in SINGLE:
            assert set(owners(connection, table)) == {(id_, left) for id_ in before[table.name]}, table.name
        found = [p.name.casefold() for p in profiles.of(connection, left, household.vault)]
        assert sorted(found) == sorted(names)
        after = contacts.get(connection, other, household.vault)  # the id that went still leads there
        assert after is not None
        assert after.id == left
        assert after.opted_out == any(side is not None and side.opted_out for side in was)
        assert after.shared == (len(names) > 1)
        assert [act.subject for act in staff.acts(connection)] == [f"{other}:{left}"]


def test_a_merge_leaves_nothing_that_could_go_out_twice(household: Household) -> None:
    with household.database.write() as connection:
        left = household.merge(connection, *household.ids)
        gone = next(id_ for id_ in household.ids if id_ != left)
        rows = connection.execute(select(work.campaign_audience)).all()
        for campaign in household.campaigns:
            mine = [row for row in rows if row.campaign_id == campaign]
            alive = [row for row in mine if row.state == "waiting"]
            decided = [row for row in mine if row.state == "queued"]
            assert len(alive) + len(decided) <= 1 or not alive
            assert all(row.contact_id == left for row in alive)
        plans = reminders.active(connection, left, "medication")
        assert len({plan.profile_id for plan in plans}) == len(plans)
        tombstone = connection.execute(select(tables.contacts).where(tables.contacts.c.id == gone)).one()
        assert (tombstone.merged_into, tombstone.opted_out, tombstone.name_enc) == (left, True, None)
        assert [one.id for one in people.latest(connection, household.vault)] == [left]


def test_every_table_that_can_clash_is_merged_row_by_row() -> None:
    for table in identity.tables():
        unique = [set(table.primary_key.columns), *(set(c.columns) for c in table.constraints if hasattr(c, "columns") and c.__class__.__name__ == "UniqueConstraint")]  # fmt: skip
        clashes = any("contact_id" in {column.name for column in columns} for columns in unique)
        assert clashes == (table.name in identity.APART), table.name


def test_of_two_open_conversations_the_later_is_talked_about(
    both_databases: Database, hot: HotStore, vault: Vault, new_id: Ids, clock: Clock
) -> None:
    one = person(both_databases, hot, new_id, clock(), "+212600009871")
    other = person(both_databases, hot, new_id, clock(), "+212600009872")
    with both_databases.write() as connection:
        for who, seen in ((one, "older"), (other, "newer")):
            kept = Conversation(session_id="s", seen=seen)
            contacts.save_conversation(connection, who.contact.id, "sim-ussd", kept, vault, clock.advance(minutes=1))
        left = identity.merge(connection, one.contact.id, other.contact.id, vault, clock(), new_id)
        assert contacts.conversation(connection, left, "sim-ussd", vault).seen == "newer"


def test_merges_at_once_end_with_one_contact(
    both_databases: Database, hot: HotStore, vault: Vault, new_id: Ids, clock: Clock
) -> None:
    ids = [person(both_databases, hot, new_id, clock(), f"+21260000987{n}").contact.id for n in range(4)]
    pairs = [(ids[a], ids[b]) for a in range(4) for b in range(4) if a != b]

    def merge(one: str, other: str) -> str:
        for attempt in retrying(9):
            try:
                with both_databases.write() as connection:
                    return identity.merge(connection, one, other, vault, clock(), new_id)
            except Exception as failed:
                if not may_retry(failed) or attempt == 8:
                    raise
        raise AssertionError

    found = at_once([lambda pair=pair: merge(*pair) for pair in pairs])  # type: ignore[misc]
    with both_databases.read() as connection:
        ends = {contacts.get(connection, id_, vault).id for id_ in ids}  # type: ignore[union-attr]
        assert ends == {ids[0]}, found
        merged = [act for act in staff.acts(connection) if act.action == "contact.merged"]
    assert len(merged) == 3
    assert all(isinstance(one, str) for one in found), found


def test_a_yes_of_six_months_ago_is_asked_for_again(
    both_databases: Database, hot: HotStore, vault: Vault, new_id: Ids, clock: Clock
) -> None:
    silent = person(both_databases, hot, new_id, clock(), "+212600009871")
    clock.advance(days=190)
    put(both_databases, vault, draft(silent, new_id, clock(), kind=Kind.REMINDER))
    lively = person(both_databases, hot, new_id, clock(), "+212600009872")
    with both_databases.write() as connection:
        left = identity.merge(connection, silent.contact.id, lively.contact.id, vault, clock(), new_id)
        contact = contacts.get(connection, left, vault)
        assert contact is not None
        assert contact.consent is Consent.AGAIN
        row = connection.execute(select(messages.outbox)).one()
        assert (row.state, row.reason) == ("skipped", "asked_again")


def test_stop_of_either_holds_for_what_the_other_had_queued(
    both_databases: Database, hot: HotStore, vault: Vault, new_id: Ids, clock: Clock
) -> None:
    one = person(both_databases, hot, new_id, clock(), "+212600009871")
    other = person(both_databases, hot, new_id, clock(), "+212600009872")
    put(both_databases, vault, draft(one, new_id, clock(), kind=Kind.REMINDER))
    stop = arrival("+212600009872", new_id(), clock())
    write_in(both_databases, hot, new_id, stop, changed={"opted_out": True})
    with both_databases.write() as connection:
        identity.merge(connection, one.contact.id, other.contact.id, vault, clock(), new_id)
    with both_databases.read() as connection:
        (row,) = connection.execute(select(messages.outbox)).all()
        stopped = contacts.get(connection, row.contact_id, vault)
        assert stopped is not None
        assert stopped.opted_out


@pytest.fixture
def moved(
    both_databases: Database, hot: HotStore, vault: Vault, new_id: Ids, clock: Clock
) -> Iterator[tuple[Connection, str, str, datetime]]:
    """Somebody with a visit, a plan, a case and a queued reminder, whose phone turns out to be another's."""
    who = person(both_databases, hot, new_id, clock(), "+212600009871")
    id_, address, now = who.contact.id, who.address_id, clock()
    put(both_databases, vault, draft(who, new_id, now, kind=Kind.REMINDER), draft(who, new_id, now, kind=Kind.STAFF))
    zone = "Africa/Casablanca"
    plan = Enrolment(new_id(), id_, address, "sim-sms", "medication", zone, None, ("08:00",), None)
    with both_databases.write() as connection:
        identity.attach(
            connection, id_, Urn("whatsapp", "212600009871"), "sim-whatsapp", vault, new_id(), now, wrote=False
        )
        identity.attach(connection, id_, Urn("bsuid", "MA.77"), "sim-whatsapp", vault, new_id(), now, wrote=False)
        identity.attach(connection, id_, Urn("tel", "+212700009871"), "sim-sms", vault, new_id(), now, wrote=False)
        reminders.enrol(connection, plan, now)
        case = NewCase(new_id(), id_, "media", urgent=False, opened_at=now)
        contacts.open_case(connection, case, address, "sim-sms")
        connection.execute(update(tables.contacts).values(consent="again"))
        new = identity.leave(connection, id_, address, vault, now, new_id, "fr")
        yield connection, id_, new, now


def test_a_phone_that_changed_hands_takes_nothing_along(
    moved: tuple[Connection, str, str, datetime], vault: Vault
) -> None:
    connection, old, new, _ = moved
    gone = {str(one.urn) for one in contacts.addresses_of(connection, new, vault)}
    assert gone == {"tel:+212600009871", "whatsapp:212600009871", "bsuid:MA.77"}
    assert [str(one.urn) for one in contacts.addresses_of(connection, old, vault)] == ["tel:+212700009871"]
    fresh = contacts.get(connection, new, vault)
    assert fresh is not None
    assert (fresh.consent, fresh.form, fresh.name, fresh.opted_out) == (Consent.UNKNOWN, "fr", None, False)
    for table in (messages.inbound, messages.outbox, care.enrolments, tables.cases):
        assert connection.scalars(select(table.c.contact_id).distinct()).all() == [old]


def test_nothing_of_the_old_person_goes_to_the_new(moved: tuple[Connection, str, str, datetime], vault: Vault) -> None:
    connection, old, _, _ = moved
    rows = connection.execute(select(messages.outbox.c.state, messages.outbox.c.reason)).all()
    assert {(row.state, row.reason) for row in rows} == {("skipped", "number_left")}
    assert reminders.active(connection, old, "medication") == []
    (case,) = cases.waiting(connection, vault)
    assert case.address_id is None


def test_a_number_that_fails_after_six_silent_months_is_nobodys(
    both_databases: Database, hot: HotStore, vault: Vault, new_id: Ids, clock: Clock
) -> None:
    silent = person(both_databases, hot, new_id, clock(), "+212600009871")
    lively = person(both_databases, hot, new_id, clock(), "+212600009872")
    clock.advance(days=180)
    write_in(both_databases, hot, new_id, arrival("+212600009872", new_id(), clock()))
    clock.advance(days=10)
    failed = {"state": State.FAILED.value, "reason": "rejected"}
    for who in (silent, lively):
        put(both_databases, vault, draft(who, new_id, clock(), kind=Kind.REMINDER))
    ids = [silent.contact.id, lively.contact.id]
    with both_databases.write() as connection:
        assert identity.unreachable(connection, ids, clock()) == set()
        connection.execute(update(messages.outbox).values(**failed))
        assert identity.unreachable(connection, ids, clock()) == {silent.contact.id}
        connection.execute(update(messages.outbox).values(state="failed", reason="too_late"))
        assert identity.unreachable(connection, ids, clock()) == set()


def test_people_behind_a_number_are_sealed_and_forgotten(
    both_databases: Database, hot: HotStore, vault: Vault, new_id: Ids, clock: Clock
) -> None:
    who = person(both_databases, hot, new_id, clock())
    with both_databases.write() as connection:
        amina = profiles.add(connection, who.contact.id, new_id(), "Amina", vault, clock())
        assert profiles.add(connection, who.contact.id, new_id(), "AMINA", vault, clock()).id == amina.id
        one = contacts.get(connection, who.contact.id, vault)
        profiles.add(connection, who.contact.id, new_id(), "Youssef", vault, clock.advance(seconds=1))
        two = contacts.get(connection, who.contact.id, vault)
        assert [(one.shared, two.shared)] == [(False, True)]  # type: ignore[union-attr]
        assert b"Amina" not in b"".join(connection.scalars(select(tables.profiles.c.name_enc)))
        contacts.forget(connection, who.contact.id, clock(), vault)
        assert profiles.of(connection, who.contact.id, vault) == []
    loaded = write_in(both_databases, hot, new_id, arrival("+212600009871", new_id(), clock()))
    assert not loaded.contact.shared
