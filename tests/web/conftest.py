from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from a2wsgi import ASGIMiddleware
from sqlalchemy import func, select
from werkzeug.test import Client

from bot.settings import load
from bot.store.tables.base import metadata
from bot.store.tables.messages import inbound
from bot.web.app import create_app, in_front
from bot.wiring import Services
from tests.processes.system import channels

PORT = 8000
BASE = f"http://127.0.0.1:{PORT}"


class Unsent(Services):
    """Everything real up to the outbox; nothing is woken and nothing leaves."""

    def wake(self, channel: str) -> None:
        assert channel in self.channels

    def send_urgent(self, channel: str) -> None:
        assert channel in self.channels


@dataclass
class Door:
    services: Unsent
    client: Client

    def stored(self) -> dict[str, int]:
        """Rows by table."""
        with self.services.database.read() as connection:
            return {
                name: connection.scalar(select(func.count()).select_from(table)) or 0
                for name, table in metadata.tables.items()
            }

    def messages(self) -> int:
        with self.services.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(inbound)) or 0


@pytest.fixture(scope="module", params=["pages", "front"])
def door(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The hub by both doors: Flask's view, and the short way before it as it is served."""
    var = tmp_path_factory.mktemp("var")
    (Path(var) / "channels.toml").write_text(channels("http://127.0.0.1:9", PORT))
    services = Unsent(load(var=var, port=PORT, database_url=None, redis_url=None))
    services.database.migrate()
    services.outage.resume = lambda: None  # type: ignore[method-assign] # no thread of its own takes what is kept
    app = create_app(services)
    front = ASGIMiddleware(in_front(app, services))
    yield Door(services, app.test_client() if request.param == "pages" else Client(front))
    services.database.close()
