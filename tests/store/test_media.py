"""What people sent, on both databases: sealed by the piece, claimed once, erased with its contact and in time."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from bot.core.model import Consent
from bot.store import contacts, limited, media, rotation
from bot.store.database import Database
from bot.store.hot import HotStore
from bot.store.media import NewMedia
from bot.store.tables.contacts import contacts as people
from bot.store.tables.media import media as table
from bot.store.tables.media import media_pieces
from bot.store.vault import Vault, VaultError
from sms_gateway.types import Media
from tests.conftest import Clock
from tests.store.rows import arrival, write_in

Ids = Callable[[], str]
PHOTO = bytes(range(256)) * 1000  # five pieces and a bit
LEASE = timedelta(minutes=5)


def somebody(database: Database, vault: Vault, new_id: Ids, clock: Clock, number: str = "+212600000001") -> str:
    hot = HotStore(database.dialect, vault, new_id)
    changed = {"consent": Consent.GIVEN}
    return write_in(database, hot, new_id, arrival(number, new_id(), clock()), changed=changed).contact.id


def sent(database: Database, vault: Vault, contact: str, new_id: Ids, clock: Clock, what: Media | None = None) -> str:
    one = NewMedia(new_id(), contact, new_id(), "wa", what or Media("image/jpeg", "https://x.example/1", "77"), clock())
    with database.write() as connection:
        media.note(connection, [one], vault)
    return one.id


def claim(database: Database, vault: Vault, clock: Clock, by: str = "worker") -> list[media.Wanted]:
    with database.write() as connection:
        return media.claim(connection, clock(), by=by, limit=10, lease_until=clock() + LEASE, vault=vault)


def keep(database: Database, vault: Vault, id_: str, clock: Clock, by: str = "worker", content: bytes = PHOTO) -> bool:
    with database.write() as connection:
        return media.keep(connection, id_, by, content, "image/jpeg", vault, clock())


def count(database: Database) -> tuple[int, int]:
    with database.read() as connection:
        rows = connection.scalar(select(func.count()).select_from(table)) or 0
        return rows, connection.scalar(select(func.count()).select_from(media_pieces)) or 0


def test_what_was_kept_comes_back_and_the_address_is_gone(
    both_databases: Database, vault: Vault, new_id: Ids, clock: Clock
) -> None:
    database = both_databases
    id_ = sent(database, vault, somebody(database, vault, new_id, clock), new_id, clock)
    (wanted,) = claim(database, vault, clock)
    assert (wanted.media.url, wanted.media.id, wanted.attempts) == ("https://x.example/1", "77", 0)
    assert claim(database, vault, clock, by="other") == []
    assert keep(database, vault, id_, clock)
    assert not keep(database, vault, id_, clock)
    with database.read() as connection:
        assert media.content(connection, id_, vault) == PHOTO
        found = media.get(connection, id_, vault)
        assert found is not None
        assert (found.state, found.type, found.size) == ("kept", "image/jpeg", len(PHOTO))
        assert connection.scalar(select(table.c.reference_enc)) is None
        assert not media.any_due(connection, clock())
    assert count(database) == (1, 6)


def test_nothing_of_it_can_be_read_without_the_key(database: Database, vault: Vault, new_id: Ids, clock: Clock) -> None:
    id_ = sent(
        database, vault, somebody(database, vault, new_id, clock), new_id, clock, Media("location", "geo:31.6,-8.0")
    )
    other = sent(database, vault, somebody(database, vault, new_id, clock, "+212600000002"), new_id, clock)
    claim(database, vault, clock)
    keep(database, vault, other, clock, content=b"planted words")
    with database.read() as connection:
        raw = b"".join(bytes(one) for one in connection.scalars(select(media_pieces.c.piece_enc)))
        raw += bytes(connection.scalar(select(table.c.reference_enc).where(table.c.id == id_)) or b"")
        place = media.get(connection, id_, vault)
    assert b"planted" not in raw
    assert b"cGxhbnRlZ" not in raw
    assert b"31.6" not in raw
    assert place is not None
    assert (place.state, place.where) == ("place", "31.6,-8.0")
    assert "31.6" not in repr(place)


def test_pieces_cannot_be_exchanged(database: Database, vault: Vault, new_id: Ids, clock: Clock) -> None:
    contact = somebody(database, vault, new_id, clock)
    ids = [sent(database, vault, contact, new_id, clock) for _ in range(2)]
    claim(database, vault, clock)
    for number, id_ in enumerate(ids):
        keep(database, vault, id_, clock, content=bytes([number]) * 100_000)
    with database.write() as connection:
        theirs = connection.scalar(
            select(media_pieces.c.piece_enc).where(media_pieces.c.media_id == ids[1], media_pieces.c.number == 0)
        )
        connection.execute(
            update(media_pieces)
            .where(media_pieces.c.media_id == ids[0], media_pieces.c.number == 0)
            .values(piece_enc=theirs)
        )
        connection.execute(delete(media_pieces).where(media_pieces.c.media_id == ids[1], media_pieces.c.number == 2))
    with database.read() as connection:
        for id_ in ids:
            with pytest.raises(VaultError):
                media.content(connection, id_, vault)
        assert media.content(connection, new_id(), vault) is None


def test_a_dead_workers_lease_runs_out(both_databases: Database, vault: Vault, new_id: Ids, clock: Clock) -> None:
    database = both_databases
    id_ = sent(database, vault, somebody(database, vault, new_id, clock), new_id, clock)
    claim(database, vault, clock, by="dead")
    clock.advance(minutes=6)
    with database.read() as connection:
        assert media.any_due(connection, clock())
    (again,) = claim(database, vault, clock)
    assert again.attempts == 1
    assert not keep(database, vault, id_, clock, by="dead")
    assert keep(database, vault, id_, clock)


def test_consent_taken_back_in_between_ends_it(
    both_databases: Database, vault: Vault, new_id: Ids, clock: Clock
) -> None:
    database = both_databases
    id_ = sent(database, vault, somebody(database, vault, new_id, clock), new_id, clock)
    with database.write() as connection:
        connection.execute(update(people).values(consent=Consent.REFUSED.value))
    assert claim(database, vault, clock) == []
    with database.read() as connection:
        found = media.get(connection, id_, vault)
        assert found is not None
        assert (found.state, found.reason) == ("refused", "no_consent")
        assert connection.scalar(select(table.c.reference_enc)) is None


def test_whoever_is_forgotten_takes_everything_along(
    both_databases: Database, vault: Vault, new_id: Ids, clock: Clock
) -> None:
    database = both_databases
    mine, theirs = (somebody(database, vault, new_id, clock, f"+21260000000{n}") for n in (1, 2))
    ids = [sent(database, vault, contact, new_id, clock) for contact in (mine, mine, theirs)]
    claim(database, vault, clock)
    for id_ in (ids[0], ids[2]):
        keep(database, vault, id_, clock)
    with database.write() as connection:
        contacts.forget(connection, mine, clock(), vault)
    assert count(database) == (1, 6)
    assert not keep(database, vault, ids[1], clock)  # its fetch was under way
    assert count(database) == (1, 6)


def test_old_ones_are_erased_a_few_at_a_time(both_databases: Database, vault: Vault, new_id: Ids, clock: Clock) -> None:
    database = both_databases
    contact = somebody(database, vault, new_id, clock)
    for _ in range(3):
        id_ = sent(database, vault, contact, new_id, clock)
        claim(database, vault, clock)
        keep(database, vault, id_, clock)
    clock.advance(days=1)
    sent(database, vault, contact, new_id, clock)
    with database.write() as connection:
        steps = [media.erase_before(connection, clock() - timedelta(hours=1), limit=2) for _ in range(3)]
    assert steps == [2, 1, 0]
    assert count(database) == (1, 0)


def test_a_new_key_seals_pieces_anew(database: Database, vault: Vault, new_id: Ids, clock: Clock) -> None:
    id_ = sent(database, vault, somebody(database, vault, new_id, clock), new_id, clock)
    claim(database, vault, clock)
    keep(database, vault, id_, clock)
    newer = vault.with_new_key().sealing_with(2)
    rotation.reseal(database, newer)
    assert set(rotation.census(database)) == {2}
    with database.read() as connection:
        assert media.content(connection, id_, newer.without_old_keys()) == PHOTO


def test_what_became_of_them_is_counted(both_databases: Database, vault: Vault, new_id: Ids, clock: Clock) -> None:
    database = both_databases
    contact = somebody(database, vault, new_id, clock)
    first, second, _ = (sent(database, vault, contact, new_id, clock) for _ in range(3))
    claim(database, vault, clock)
    keep(database, vault, first, clock)
    with database.write() as connection:
        media.give_up(connection, second, "worker", media.REFUSED, "host", clock())
    with database.read() as connection:
        counts = limited.attachments(connection, clock() - timedelta(hours=1))
        assert counts == {("kept", ""): 1, ("refused", "host"): 1, ("waiting", ""): 1}
        assert limited.attachments(connection, clock()) == {}
        assert limited.texts(connection, clock()) == {}
