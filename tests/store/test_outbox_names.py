"""Under which of several names a message is known."""

from collections.abc import Callable

from sqlalchemy import update

from bot.store.database import Database
from bot.store.hot import HotStore
from bot.store.outbox_names import known_names
from bot.store.tables.messages import outbox
from bot.store.vault import Vault
from tests.conftest import NOON
from tests.store.rows import draft, person, put


def test_only_names_of_messages_of_that_channel(
    both_databases: Database, vault: Vault, new_id: Callable[[], str]
) -> None:
    now = NOON
    hot = HotStore(both_databases.dialect, vault, new_id)
    whose = person(both_databases, hot, new_id, now)
    drafts = [draft(whose, new_id, now), draft(whose, new_id, now, channel="another")]
    put(both_databases, vault, *drafts)
    with both_databases.write() as connection:
        for one, name in zip(drafts, ("1A2B", "77"), strict=True):
            connection.execute(update(outbox).where(outbox.c.id == one.id).values(external_id=name))
    with both_databases.read() as connection:
        assert known_names(connection, "sim-sms", ("6699", "1A2B", "77")) == {"1A2B"}
        assert known_names(connection, "another", ("77",)) == {"77"}
        assert known_names(connection, "sim-sms", ("6699",)) == set()
