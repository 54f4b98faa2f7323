"""A photo through real processes: answered in the request, fetched by the worker, sealed, and nowhere else."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from bot.store import media as store
from bot.store.tables.media import media
from sms_gateway.types import HttpRequest
from sms_gateway.verify import body_signature
from tests.gateway.fake_provider import PHOTO
from tests.processes.load import post
from tests.processes.system import SECRET, System, running, wait

pytestmark = [
    pytest.mark.processes,
    pytest.mark.loopback,
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("processes"),
]
NUMBER = "+212611111199"


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running() as made:
        yield made


def say(system: System, name: str, text: str, **more: object) -> int:
    body = json.dumps({"id": name, "from": NUMBER, "text": text, **more}).encode()
    headers = {"x-sahti-signature": body_signature(SECRET, body), "content-type": "application/json"}
    return post(HttpRequest("POST", f"{system.url}/channels/net/inbound", headers, body))[0]


def states(system: System) -> list[tuple[str, str | None]]:
    with system.services() as services, services.database.read() as connection:
        return [(row.state, row.reason) for row in connection.execute(select(media).order_by(media.c.id))]


def test_a_photo_is_fetched_by_the_worker(system: System) -> None:
    assert [say(system, f"m{n}", text) for n, text in enumerate(("Bonjour", "1"))] == [200, 200]
    own, inside = f"{system.provider.url}/media/photo", f"{system.url}/status"
    photos = [
        {"type": "image/jpeg", "url": url} for url in (own, inside, "http://169.254.169.254/", "file:///etc/passwd")
    ]
    assert say(system, "m2", "", media=photos) == 200
    wait(lambda: states(system) == [("kept", None)] + [("refused", "scheme")] * 3, 20, "the photo")
    with system.services() as services, services.database.read() as connection:
        id_ = connection.scalar(select(media.c.id).where(media.c.state == "kept"))
        assert store.content(connection, id_ or "", services.vault) == PHOTO
    wait(lambda: any("photo" in one["text"] for one in system.provider.sent()), 10, "the answer")
    on_disk = b"".join(file.read_bytes() for file in system.var.rglob("*") if file.is_file())
    assert b"a photo that somebody sent" not in on_disk
    assert b"/media/photo" not in on_disk
