"""The message path's port: load many, commit many, on both databases."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from bot.core.model import Consent, Conversation, Kind, NewCase, Result
from bot.store import contacts, messages
from bot.store.database import Database, DatabaseDown
from bot.store.hot import HotStore
from bot.store.tables.contacts import addresses
from bot.store.tables.contacts import contacts as people
from bot.store.tables.messages import inbound
from bot.store.vault import Vault
from flows.types import Choice, FlowState
from sms_gateway.types import Part, Urn
from tests.conftest import Clock
from tests.store.rows import NUMBER, arrival, draft, everything_stored, person, write_in

Ids = Callable[[], str]
OPEN = Conversation(flow=FlowState("menu", 1, "ask", {"day": "2026-12-01"}), choices=(Choice("a", "menu.a"),))


def test_a_new_contact_is_known_from_its_second_message(
    both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock
) -> None:
    first = write_in(
        both_databases,
        hot,
        new_id,
        arrival(NUMBER, "m1", clock()),
        changed={"form": "fr", "consent": Consent.GIVEN, "name": "Nour"},
        conversation=OPEN,
    )
    assert first.contact.new
    later = clock.advance(minutes=1)
    with both_databases.write() as connection:
        (known,) = hot.load_many(connection, [arrival(NUMBER, "m2", later)])
    assert known.answer is None
    assert not known.contact.new
    assert known.address_id == first.address_id
    assert (known.contact.id, known.contact.form, known.contact.name) == (first.contact.id, "fr", "Nour")
    assert known.contact.consent is Consent.GIVEN
    assert known.contact.last_inbound_at == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert replace(known.conversation, updated_at=None) == OPEN


def test_a_contact_has_one_conversation_a_channel(
    both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock
) -> None:
    write_in(both_databases, hot, new_id, arrival(NUMBER, "m1", clock()), conversation=OPEN)
    with both_databases.write() as connection:
        (known,) = hot.load_many(connection, [arrival(NUMBER, "u1", clock(), channel="ussd")])
    assert known.conversation == Conversation()
    assert not known.contact.new


def test_the_moment_of_consent_is_kept_when_it_is_given_and_not_moved_after(
    both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock
) -> None:
    def consent_at() -> datetime | None:
        with both_databases.read() as connection:
            return connection.scalar(select(people.c.consent_at))

    write_in(both_databases, hot, new_id, arrival(NUMBER, "m1", clock()))
    assert consent_at() is None
    given = clock.advance(minutes=2)
    write_in(both_databases, hot, new_id, arrival(NUMBER, "m2", given), changed={"consent": Consent.GIVEN})
    assert consent_at() == given
    write_in(both_databases, hot, new_id, arrival(NUMBER, "m3", clock.advance(minutes=2)))
    assert consent_at() == given


def test_a_contact_who_writes_again_within_a_minute_needs_no_new_rows(
    both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock
) -> None:
    write_in(both_databases, hot, new_id, arrival(NUMBER, "m1", clock()))

    def stale(external_id: str, channel: str = "sim-sms") -> bool:
        with both_databases.write() as connection:
            (known,) = hot.load_many(connection, [arrival(NUMBER, external_id, clock(), channel=channel)])
        return known.stale

    clock.advance(seconds=59)
    assert not stale("m2")
    assert stale("m3", channel="other")
    clock.advance(seconds=1)
    assert stale("m4")


@pytest.mark.parametrize("answer", [(), (Part("first"), Part("second", end=True))])
def test_a_repeat_finds_the_first_answer(
    both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock, answer: tuple[Part, ...]
) -> None:
    write_in(both_databases, hot, new_id, arrival(NUMBER, "m1", clock()), answer=answer)
    with both_databases.write() as connection:
        again, other = hot.load_many(
            connection, [arrival(NUMBER, "m1", clock()), arrival("+212600000002", "m1", clock(), channel="other")]
        )
    assert again.answer == answer
    assert other.answer is None


def test_a_batch_keeps_the_order_of_its_arrivals(
    both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock
) -> None:
    numbers = [f"+2126000{n:05}" for n in range(40)]
    known_before = {n: write_in(both_databases, hot, new_id, arrival(n, new_id(), clock())) for n in numbers[::2]}
    wanted = [arrival(number, f"x{number}", clock()) for number in reversed(numbers)]
    with both_databases.write() as connection:
        loaded = hot.load_many(connection, wanted)
        results = [
            Result(one, known.contact, known.address_id, known.conversation, text=one.urn.path, inbound_id=new_id())
            for one, known in zip(wanted, loaded, strict=True)
        ]
        hot.commit_many(connection, results)
    for one, known in zip(wanted, loaded, strict=True):
        before = known_before.get(one.urn.path)
        assert known.contact.new == (before is None)
        assert before is None or before.contact.id == known.contact.id
    with both_databases.read() as connection:
        assert connection.scalar(select(func.count()).select_from(people)) == 40
        assert connection.scalar(select(func.count()).select_from(addresses)) == 40
        assert connection.scalar(select(func.count()).select_from(inbound)) == 60


def test_everything_of_one_result_is_committed_or_nothing(
    both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock
) -> None:
    what = arrival(NUMBER, "m1", clock())
    with pytest.raises(RuntimeError), both_databases.write() as connection:  # noqa: PT012 (the transaction is the test)
        (known,) = hot.load_many(connection, [what])
        result = Result(what, known.contact, known.address_id, Conversation(), inbound_id=new_id())
        case = NewCase(new_id(), known.contact.id, "media", urgent=True, opened_at=clock())
        hot.commit_many(connection, [replace(result, drafts=(draft(result, new_id, clock()),), cases=(case,))])
        raise RuntimeError
    with both_databases.read() as connection:
        assert connection.scalar(select(func.count()).select_from(people)) == 0
        assert connection.scalar(select(func.count()).select_from(inbound)) == 0


def test_numbers_names_and_texts_stand_nowhere_readable(
    both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock, vault: Vault
) -> None:
    what = arrival(NUMBER, "m1", clock())
    planted = ("Zineb-Planted", "dar rjli planted", "the answer planted", "to send planted", "on the page planted")
    name, text, answer, sent, page = planted
    with both_databases.write() as connection:
        (known,) = hot.load_many(connection, [what])
        contact = replace(known.contact, name=name, consent=Consent.GIVEN)
        conversation = Conversation(pages=(page, "two"), flow=FlowState("menu", 1, "ask", {"x": page}))
        result = Result(
            what, contact, known.address_id, conversation, text=text, inbound_id=new_id(), answer=(Part(answer),)
        )
        hot.commit_many(connection, [replace(result, drafts=(draft(result, new_id, clock(), text=sent),))])
    stored = everything_stored(both_databases)
    assert result.contact.id.encode() in stored  # the search does see what is stored
    for word in (*planted, NUMBER, NUMBER[1:], NUMBER[4:]):
        assert word.encode() not in stored
    with both_databases.read() as connection:
        said = messages.conversation(connection, contact.id, vault)
        assert [one.text for one in said] == [text, sent]
        (address,) = contacts.addresses_of(connection, contact.id, vault)
    assert address.urn == Urn("tel", NUMBER)
    assert all(word not in repr((said, address, result, known)) for word in (*planted, NUMBER))


def test_two_first_messages_of_one_person_make_one_contact(
    both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock
) -> None:
    threads = [
        threading.Thread(
            target=write_in, args=(both_databases, hot, lambda n=n: f"{n:032x}", arrival(NUMBER, f"m{n}", clock()))
        )
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with both_databases.read() as connection:
        assert connection.scalar(select(func.count()).select_from(people)) == 1
        assert connection.scalar(select(func.count()).select_from(inbound)) == 8


def test_a_message_waits_for_whoever_holds_the_contact_and_sees_what_they_left(
    both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock, vault: Vault
) -> None:
    """A reminder that opens a question while its contact is writing is not forgotten by the message."""
    who = person(both_databases, hot, new_id, clock())
    seen: list[Conversation] = []

    def write() -> None:
        with both_databases.write() as connection:
            (known,) = hot.load_many(connection, [arrival(NUMBER, "m2", clock())])
            seen.append(known.conversation)

    with both_databases.write() as connection:
        contacts.get(connection, who.contact.id, vault, lock=True)
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(0.3)
        assert not seen
        contacts.save_conversation(connection, who.contact.id, "sim-sms", OPEN, vault, clock())
    thread.join(10)
    assert [one.flow for one in seen] == [OPEN.flow]


def test_opt_out_and_case_survive(both_databases: Database, hot: HotStore, new_id: Ids, clock: Clock) -> None:
    person(both_databases, hot, new_id, clock())
    write_in(both_databases, hot, new_id, arrival(NUMBER, "m2", clock()), changed={"opted_out": True, "case_id": "c1"})
    with both_databases.write() as connection:
        (known,) = hot.load_many(connection, [arrival(NUMBER, "m3", clock())])
    assert known.contact.opted_out
    assert known.contact.case_id == "c1"


def test_a_lost_connection_is_told_as_a_database_that_is_down(
    postgres: Database, vault: Vault, new_id: Ids, clock: Clock
) -> None:
    hot = HotStore("postgresql", vault, new_id)
    with pytest.raises(DatabaseDown), postgres.write() as connection:  # noqa: PT012 (the transaction is the test)
        ours = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with postgres.write() as other:
            other.exec_driver_sql("SELECT pg_terminate_backend(%s)", (ours,))
        hot.load_many(connection, [arrival(NUMBER, "m1", clock())])
    assert postgres.alive()


def test_a_full_pool_is_told_as_a_database_that_is_down(database: Database) -> None:
    from bot.store.database import Database as Made

    small = Made(str(database.engine.url), pool_size=1)
    small.engine.pool._max_overflow = 0  # type: ignore[attr-defined] # noqa: SLF001
    small.engine.pool._timeout = 0.05  # type: ignore[attr-defined] # noqa: SLF001
    with small.read(), pytest.raises(DatabaseDown), small.read():
        pass
    small.close()


def test_a_file_that_is_no_database_is_told_as_one_that_is_down(database: Database, vault: Vault, new_id: Ids) -> None:
    file = database.engine.url.database
    assert file
    database.close()
    with open(file, "wb") as broken:  # noqa: PTH123
        broken.write(b"not a database at all, but long enough to be looked at" * 100)
    with pytest.raises(DatabaseDown), database.write():
        pass
    assert not database.alive()


def test_kinds_have_lanes() -> None:
    from bot.service.answering import LANE

    assert set(LANE) == set(Kind)


def test_a_deadlock_on_the_message_path_may_be_tried_again(postgres: Database) -> None:
    """The set-shaped statements go past SQLAlchemy: the driver's own errors are told apart too."""
    import psycopg

    from bot.store.database import driver_connection, may_retry

    failures: list[Exception] = []
    met = threading.Barrier(2, timeout=10)

    def lock(first: int, second: int) -> None:
        try:
            with postgres.write() as connection:
                raw = driver_connection(connection)
                raw.execute("SELECT pg_advisory_xact_lock(%s)", (first,))
                met.wait()
                raw.execute("SELECT pg_advisory_xact_lock(%s)", (second,))
        except (psycopg.Error, DatabaseDown) as failed:
            failures.append(failed)

    threads = [threading.Thread(target=lock, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [may_retry(failed) for failed in failures] == [True]


def test_sqlite_without_room_is_told_as_down(database: Database, vault: Vault, new_id: Ids, clock: Clock) -> None:
    hot = HotStore("sqlite", vault, new_id)
    with pytest.raises(DatabaseDown), database.write() as connection:  # noqa: PT012 (the transaction is the test)
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        for n in range(400):
            one = arrival(f"+2126{n:08}", f"m{n}", clock())
            (known,) = hot.load_many(connection, [one])
            result = Result(one, known.contact, known.address_id, Conversation(), text="x" * 500, inbound_id=new_id())
            hot.commit_many(connection, [result])
