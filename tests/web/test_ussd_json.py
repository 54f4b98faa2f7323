"""A USSD session in JSON through the whole application: the answer names its session, a repeated hop changes nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import load
from bot.web.app import create_app
from tests.web.conftest import PORT, Door, Unsent

TOKEN = "a-token-of-32-characters-000001"
TOML = f"""
[menu]
type = "hubtel_ussd"
webhook_token = "{TOKEN}"
"""


@pytest.fixture(scope="module")
def dialled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    var = tmp_path_factory.mktemp("var")
    (Path(var) / "channels.toml").write_text(TOML)
    services = Unsent(load(var=var, port=PORT, database_url=None, redis_url=None))
    services.database.migrate()
    services.outage.resume = lambda: None  # type: ignore[method-assign] # no thread of its own takes what is kept
    app = create_app(services)
    yield Door(services, app.test_client())
    services.database.close()


def hop(
    door: Door, number: int, message: str, kind: str = "Response", *, token: str = TOKEN, session: str = "session-1"
) -> tuple[int, dict[str, str]]:
    said = {
        "Type": kind,
        "Mobile": "212612345678",
        "SessionId": session,
        "ServiceCode": "713",
        "Message": message,
        "Operator": "iam",
        "Sequence": number,
        "ClientState": "kept",
        "Platform": "USSD",
    }
    path = f"/channels/menu/inbound?token={token}"
    answer = door.client.post(path, data=json.dumps(said), content_type="application/json")
    return answer.status_code, json.loads(answer.data) if answer.data else {}


def test_a_session_from_dialling_to_its_end(dialled: Door) -> None:
    status, first = hop(dialled, 1, "*713#", "Initiation")
    assert (status, first["SessionId"], first["ClientState"]) == (200, "session-1", "kept")
    assert (first["Type"], first["DataType"]) == ("response", "input")
    assert 0 < len(first["Message"]) <= 160

    status, second = hop(dialled, 2, "1")
    assert (status, second["Type"]) == (200, "response")
    assert second["Message"] != first["Message"]

    stored = dialled.messages()
    assert hop(dialled, 2, "1") == (200, second)
    assert dialled.messages() == stored

    status, ended = hop(dialled, 3, "", "Release")
    assert (status, ended["Type"], ended["DataType"], ended["Message"]) == (200, "release", "display", "")


def test_who_does_not_know_the_token_gets_nothing(dialled: Door) -> None:
    before = dialled.messages()
    assert hop(dialled, 9, "1", token="another") == (403, {})
    assert dialled.messages() == before


def test_what_is_dialled_behind_the_code_answers_nothing(dialled: Door) -> None:
    hop(dialled, 1, "*713#", "Initiation", session="session-2")
    _, plain = hop(dialled, 1, "*713#", "Initiation", session="session-3")
    _, suffixed = hop(dialled, 1, "*713*2*1#", "Initiation", session="session-4")
    assert suffixed["Message"] == plain["Message"]
