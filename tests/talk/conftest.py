"""What all conversations share, made once: the words, the understanding, an empty database with the demonstration's places."""

import shutil
from pathlib import Path

import pytest

from bot.service.demo import seed
from bot.settings import Settings, load
from bot.wiring import Services
from nlu.train import build_table, table_path

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Parts of the application that hold nothing of a conversation, so that they need not be made for each."""
    var = tmp_path_factory.mktemp("shared")
    table = build_table(ROOT, ROOT / "var", lambda _: None)
    own = table_path(ROOT, var)
    own.parent.mkdir(parents=True)
    own.symlink_to(table)
    made = Services(load({}, var=var))
    made.database.migrate()
    with made.database.write() as connection:
        seed(connection)
    parts: dict[str, object] = {"catalog": made.catalog, "understander": made.understander}
    made.database.close()
    parts["database file"] = var / "sahti.db"
    return parts


@pytest.fixture
def base(var: Path, shared: dict[str, object]) -> Settings:
    """Settings of a folder whose database has the places in it already."""
    shutil.copyfile(str(shared["database file"]), var / "sahti.db")
    return load({}, var=var)


@pytest.fixture
def parts(shared: dict[str, object]) -> dict[str, object]:
    return {name: part for name, part in shared.items() if name != "database file"}
