"""Gateways that sign nothing, through the whole application: by GET and POST, with the token and without."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import load
from bot.web.app import create_app
from tests.web.conftest import PORT, Door, Unsent

TOKEN = "a-token-of-32-characters-000001"
TOML = f"""
[kannel]
type = "kannel"
username = "sahti"
password = "kannel-password-1"
send_url = "http://127.0.0.1:9/cgi-bin/sendsms"
webhook_url = "{{webhook}}"
webhook_token = "{TOKEN}"

[jasmin]
type = "jasmin"
username = "sahti"
password = "jasmin-password-1"
send_url = "http://127.0.0.1:9/send"
webhook_token = "{TOKEN}"

[rest]
type = "external"
"inbound.from" = "data.phone"
"inbound.text" = "data.text"
"inbound.id" = "data.id"
webhook_token = "{TOKEN}"
"""


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    var = tmp_path_factory.mktemp("var")
    (Path(var) / "channels.toml").write_text(TOML)
    services = Unsent(load(var=var, port=PORT, database_url=None, redis_url=None))
    services.database.migrate()
    services.outage.resume = lambda: None  # type: ignore[method-assign] # no thread of its own takes what is kept
    app = create_app(services)
    yield Door(services, app.test_client())
    services.database.close()


def test_a_message_by_get_is_stored_once_and_answered_without_a_word(gateways: Door) -> None:
    before = gateways.messages()
    query = {"token": TOKEN, "sender": "+212612345678", "message": "Bonjour", "ts": "1795377600", "id": "k-1"}
    for _ in range(2):
        answer = gateways.client.get("/channels/kannel/inbound", query_string=query)
        assert (answer.status_code, answer.data) == (200, b"")
    assert gateways.messages() == before + 1


def test_a_message_and_a_report_are_answered_in_the_words_that_the_gateway_waits_for(gateways: Door) -> None:
    before = gateways.messages()
    form = {"id": "j-1", "from": "212612345679", "to": "2020", "content": "Bonjour", "coding": "0"}
    answer = gateways.client.post(f"/channels/jasmin/inbound?token={TOKEN}", data=form)
    assert (answer.status_code, answer.data) == (200, b"ACK/Jasmin")
    assert gateways.messages() == before + 1
    report = {"id": "j-9", "message_status": "DELIVRD", "level": "2"}
    answer = gateways.client.post(f"/channels/jasmin/status?token={TOKEN}&reference=unknown", data=report)
    assert (answer.status_code, answer.data) == (200, b"ACK/Jasmin")


def test_several_messages_in_json(gateways: Door) -> None:
    before = gateways.messages()
    items = [
        {"data": {"id": f"r-{n}", "phone": f"+21261234568{n}", "text": "Salam"}} if n != 1 else {"data": 7}
        for n in range(3)
    ]
    answer = gateways.client.post(
        f"/channels/rest/inbound?token={TOKEN}", data=json.dumps(items), content_type="application/json"
    )
    assert (answer.status_code, answer.data) == (200, b"OK")
    assert gateways.messages() == before + 2


@pytest.mark.parametrize("name", ["kannel", "jasmin", "rest"])
@pytest.mark.parametrize("path", ["inbound", "status"])
@pytest.mark.parametrize("query", ["", "?token=", "?token=another-token-of-some-length-01"])
def test_without_the_token_nothing_is_stored(gateways: Door, name: str, path: str, query: str) -> None:
    before = gateways.stored()
    fields = {
        "sender": "+212612345678",
        "from": "+212612345678",
        "message": "x",
        "content": "x",
        "id": "f",
        "status": "1",
    }
    for answer in (
        gateways.client.post(f"/channels/{name}/{path}{query}", data=fields),
        gateways.client.get(f"/channels/{name}/{path}{query}"),
    ):
        assert (answer.status_code, answer.data) == (403, b"")
    assert gateways.stored() == before
