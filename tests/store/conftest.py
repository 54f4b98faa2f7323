"""What the store's tests start from besides the fixtures of all tests."""

from collections.abc import Callable

import pytest

from bot.store.database import Database
from bot.store.hot import HotStore
from bot.store.vault import Vault


@pytest.fixture
def hot(both_databases: Database, vault: Vault, new_id: Callable[[], str]) -> HotStore:
    return HotStore(both_databases.dialect, vault, new_id)
