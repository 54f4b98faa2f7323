"""A published version that this release cannot read hurts nobody but itself."""

from datetime import UTC, datetime
from pathlib import Path

from bot.service.flowbook import Flows
from bot.settings import ROOT
from bot.store import flows as store
from bot.store.database import Database
from bot.store.flows import Version

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def publish(database: Database, id_: str, flow: str, yaml: str) -> None:
    with database.write() as connection:
        store.add_draft(connection, Version(id_, flow, 0, yaml), NOW)
        store.publish(connection, id_, NOW)


def test_an_unreadable_version_is_told_and_the_shipped_one_stands_in(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'sahti.db'}")
    database.migrate()
    shipped = (ROOT / "flows" / "definitions" / "help.yaml").read_text(encoding="utf-8")
    publish(database, "a" * 32, "menu", "id: menu\nschema: 99\n")
    publish(database, "b" * 32, "help", shipped)
    faults: list[str] = []
    flows = Flows(ROOT / "flows" / "definitions", database, on_fault=lambda where, _failed: faults.append(where))

    book = flows.book()

    assert faults == ["flow:menu"]
    assert book.current["menu"] == flows.shipped["menu"]
    assert book.current["help"].version == store.FIRST
