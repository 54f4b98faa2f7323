"""Forgetting a contact, silences, versions of flows. On both databases."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select

from bot.core.model import Consent, Conversation, Kind, NewCase
from bot.store import contacts, flows, messages, reminders
from bot.store.database import Database
from bot.store.flows import Version
from bot.store.hot import HotStore
from bot.store.reminders import Enrolment
from bot.store.tables import care
from bot.store.tables import contacts as tables
from bot.store.tables import messages as said
from bot.store.vault import Vault
from sms_gateway.types import Part, Urn
from tests.conftest import Clock
from tests.store.rows import NUMBER, arrival, draft, put, write_in

Ids = Callable[[], str]


def test_forgetting_leaves_what_keeps_us_from_writing_again_and_nothing_else(
    both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock, vault: Vault
) -> None:
    changed: dict[str, object] = {"form": "fr", "consent": Consent.GIVEN, "name": "Nour", "opted_out": True}
    who = write_in(
        both_databases, hot, new_id, arrival(NUMBER, "m1", clock()), changed=changed, answer=(Part("private"),)
    )
    other = write_in(both_databases, hot, new_id, arrival("+212600000002", "m2", clock()))
    put(both_databases, vault, draft(who, new_id, clock()), draft(other, new_id, clock(), kind=Kind.REMINDER))
    enrolment = Enrolment(
        new_id(), who.contact.id, who.address_id, "sim-sms", "medication", "Africa/Casablanca", None, ("08:00",), None
    )
    with both_databases.write() as connection:
        contacts.open_case(
            connection, NewCase(new_id(), who.contact.id, "media", urgent=False, opened_at=clock()), who.address_id, "c"
        )
        reminders.enrol(connection, enrolment, clock())
        reminders.record_dose(connection, new_id(), enrolment, "2026-11-23T08:00", "taken", None, clock())
        reminders.record_lesson(connection, new_id(), who.contact.id, ("diabetes", "q1", "a"), clock())
        contacts.ask_deletion(connection, new_id(), who.contact.id, clock())
    with both_databases.write() as connection:
        assert contacts.to_delete(connection, clock() - timedelta(minutes=5)) == []
        assert contacts.to_delete(connection, clock()) == [who.contact.id]
        contacts.forget(connection, who.contact.id, clock(), vault)
        assert contacts.to_delete(connection, clock()) == []
    with both_databases.read() as connection:
        kept = contacts.get(connection, who.contact.id, vault)
        assert kept is not None
        assert (kept.opted_out, kept.name, kept.consent, kept.case_id) == (True, None, Consent.UNKNOWN, None)
        assert contacts.by_urn(connection, Urn("tel", NUMBER), vault) == who.contact.id
        assert [one.urn.path for one in contacts.addresses_of(connection, who.contact.id, vault)] == [""]
        assert contacts.conversation(connection, who.contact.id, "sim-sms", vault) == Conversation()
        assert [one.text for one in messages.conversation(connection, who.contact.id, vault)] == [None]
        for table in (care.doses, care.lessons, care.enrolments, tables.cases):
            assert connection.scalar(select(func.count()).select_from(table)) == 0
        left = connection.scalars(select(said.outbox.c.contact_id)).all()
        assert left == [other.contact.id]
    with both_databases.write() as connection:
        (repeat,) = hot.load_many(connection, [arrival(NUMBER, "m1", clock())])
        assert repeat.answer == ()


def test_somebody_who_was_forgotten_can_write_again(
    both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock, vault: Vault
) -> None:
    who = write_in(both_databases, hot, new_id, arrival(NUMBER, "m1", clock()))
    with both_databases.write() as connection:
        contacts.forget(connection, who.contact.id, clock(), vault)
    again = write_in(both_databases, hot, new_id, arrival(NUMBER, "m2", clock()))
    assert again.contact.id == who.contact.id
    with both_databases.read() as connection:
        (address,) = contacts.addresses_of(connection, who.contact.id, vault)
    assert address.urn == Urn("tel", NUMBER)


def test_silences_are_found_when_their_time_has_come(
    both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock, vault: Vault
) -> None:
    who = write_in(both_databases, hot, new_id, arrival(NUMBER, "m1", clock()))
    later = clock() + timedelta(hours=3)
    with both_databases.write() as connection:
        silent = Conversation(silent_at=later)
        contacts.save_conversation(connection, who.contact.id, "sim-sms", silent, vault, clock())
        assert contacts.fallen_silent(connection, later - timedelta(seconds=1), 10) == []
        assert contacts.fallen_silent(connection, later, 10) == [(who.contact.id, "sim-sms")]
        contacts.put_off_silence(connection, who.contact.id, "sim-sms", None)
        assert contacts.fallen_silent(connection, later + timedelta(days=9), 10) == []


def test_versions_of_flows(both_databases: Database, new_id: Ids, clock: Clock) -> None:
    def stamp() -> str:
        with both_databases.read() as connection:
            return flows.stamp(connection)

    stamps = [stamp()]
    with both_databases.write() as connection:
        first = flows.add_draft(connection, Version(new_id(), "menu", 0, "id: menu", {"a": {"fr": "b"}}), clock())
        second = flows.add_draft(connection, Version(new_id(), "menu", 0, "id: menu # 2"), clock())
        assert (first.number, second.number) == (2, 3)
        assert flows.change_draft(connection, first.id, "id: menu # new", {"a": {"fr": "c"}})
        assert flows.published(connection) == ()
    assert stamp() == stamps[0]  # drafts touch nobody
    for step in (first, second, first):
        clock.advance(seconds=1)
        with both_databases.write() as connection:
            flows.publish(connection, step.id, clock())
        stamps.append(stamp())
        with both_databases.read() as connection:
            in_force = [one for one in flows.published(connection) if one.in_force]
            assert [one.id for one in in_force] == [step.id]
    clock.advance(seconds=1)
    with both_databases.write() as connection:
        assert not flows.change_draft(connection, first.id, "id: changed", {})
        assert not flows.change_draft(connection, second.id, "id: changed", {})
        kept = flows.get(connection, first.id)
        assert kept is not None
        assert (kept.yaml, kept.texts) == ("id: menu # new", {"a": {"fr": "c"}})
        flows.withdraw(connection, "menu", clock())
        assert [one.in_force for one in flows.published(connection)] == [False, False]
        assert [one.number for one in flows.history(connection, "menu")] == [3, 2]
    stamps.append(stamp())
    assert len(set(stamps)) == len(stamps)
