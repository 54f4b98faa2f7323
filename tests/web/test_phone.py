import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.settings import Settings
from bot.store.tables.messages import outbox, reports
from bot.web.access import unmarked
from bot.web.app import create_app
from bot.wiring import Services
from sms_gateway import registry
from sms_gateway.dispatch import dispatch
from sms_gateway.errors import ChannelError, InvalidUrn, Misconfigured, Unreachable
from sms_gateway.types import Outbound, Part, Status, Urn
from tests.web.phone_server import PhoneServer, phone_server

pytestmark = [pytest.mark.loopback, pytest.mark.allow_hosts(["127.0.0.1"])]


@pytest.fixture(scope="module")
def phones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneServer]:
    import pytest_socket

    pytest_socket.enable_socket()
    with phone_server(tmp_path_factory.mktemp("var")) as server:
        yield server


def until(ready: Callable[[], Any], seconds: float = 10) -> Any:
    over = time.monotonic() + seconds
    while not (found := ready()) and time.monotonic() < over:
        time.sleep(0.05)
    return found


def theirs(phones: PhoneServer, number: str) -> list[dict[str, Any]]:
    return [note for note in phones.messages(number)["messages"] if not note["mine"]]


def states(phones: PhoneServer, channel: str) -> dict[str, str]:
    with phones.services.database.read() as connection:
        rows = connection.execute(select(outbox.c.external_id, outbox.c.state).where(outbox.c.channel == channel))
        return {str(row.external_id): str(row.state) for row in rows}


def test_a_dialled_code_opens_a_session_that_goes_on_and_ends(phones: PhoneServer) -> None:
    number = "+212600000001"
    first = phones.say(channel="sim-ussd", number=number, text="*789#").json()
    assert first["goes_on"]
    assert first["page"].endswith("3. Logha khra")
    assert first["coding"] == "GSM-7"
    assert first["units"] <= 160
    second = phones.say(channel="sim-ussd", number=number, text="2", session=first["session"]).json()
    assert second["session"] == first["session"]
    assert second["page"] not in {"", first["page"]}
    ended = phones.say(channel="sim-ussd", number=number, text="", session=first["session"], end=True).json()
    assert ended["goes_on"] is False


def test_an_sms_is_answered_on_the_handset_and_reported_as_delivered(phones: PhoneServer) -> None:
    number = "+212600000002"
    sent = phones.say(channel="sim-sms", number=number, text="bonjour €")
    assert sent.status == 200
    assert {key: sent.json()["message"][key] for key in ("coding", "units", "segments")} == {
        "coding": "GSM-7",
        "units": 10,
        "segments": 1,
    }
    answer = until(lambda: [note for note in theirs(phones, number) if note["state"] == "delivered"])[0]
    assert answer["medium"] == "sms"
    assert until(lambda: states(phones, "sim-sms").get(answer["id"]) == "delivered")


def test_whatsapp_brings_buttons_and_takes_the_choice(phones: PhoneServer) -> None:
    number = "0600 000 003"
    phones.say(channel="sim-whatsapp", number=number, text="bonjour")
    asked = until(lambda: theirs(phones, number))[0]
    assert asked["medium"] == "whatsapp"
    button = asked["buttons"][0]
    phones.say(channel="sim-whatsapp", number=number, text=button["title"], choice=button["id"])
    assert until(lambda: len(theirs(phones, number)) > 1)
    mine = [note for note in phones.messages(number)["messages"] if note["mine"]]
    assert [(note["text"], note["state"]) for note in mine] == [
        ("bonjour", "delivered"),
        (button["title"], "delivered"),
    ]


@pytest.mark.parametrize(("number", "state"), [("+212600000098", "failed"), ("+212600000099", "sent")])
def test_a_switched_off_handset_fails_and_a_silent_one_stays_sent(phones: PhoneServer, number: str, state: str) -> None:
    phones.say(channel="sim-sms", number=number, text="bonjour")
    answer = until(lambda: [note for note in theirs(phones, number) if note["state"] == state])[0]
    assert until(lambda: states(phones, "sim-sms").get(answer["id"]) == state)
    time.sleep(0.5)
    assert theirs(phones, number)[0]["state"] == state


def test_only_what_is_new_or_changed_is_told_again(phones: PhoneServer) -> None:
    number = "+212600000004"
    phones.say(channel="sim-sms", number=number, text="bonjour")
    until(lambda: [note for note in theirs(phones, number) if note["state"] == "delivered"])
    told = phones.messages(number)
    assert len(told["messages"]) == 2
    assert phones.messages(number, told["after"])["messages"] == []


def account(phones: PhoneServer, **changed: str) -> Any:
    own = phones.services.channels["twilio-sms"].settings  # type: ignore[attr-defined]
    kept = ("service", "account_sid", "auth_token", "sender", "base_url")
    return registry.make("twilio", "twilio-sms", {key: getattr(own, key) for key in kept} | changed)


def test_a_demonstration_account_is_answered_as_its_provider_answers(phones: PhoneServer) -> None:
    number = "+212600000005"
    message = Outbound("ref-1", Urn("tel", number), Part("Votre rendez-vous est demain."))
    accepted = dispatch(account(phones), message, phones.services.transport)
    assert accepted.status is Status.QUEUED
    assert [(note["id"], note["text"]) for note in theirs(phones, number)] == [
        (accepted.external_id, "Votre rendez-vous est demain.")
    ]
    with pytest.raises(Misconfigured):
        dispatch(account(phones, auth_token="wrong"), message, phones.services.transport)
    with pytest.raises(Misconfigured):
        dispatch(account(phones, account_sid="AC" + "0" * 32), message, phones.services.transport)


def test_reports_by_form_are_signed_and_go_where_they_were_asked_for(phones: PhoneServer) -> None:
    asks = account(phones, webhook_url=f"{phones.url}/channels/twilio-sms")
    accepted = dispatch(asks, Outbound("ref-2", Urn("tel", "+212600000098"), Part("ok")), phones.services.transport)

    def told() -> set[str]:
        with phones.services.database.read() as connection:
            rows = connection.execute(
                select(reports.c.status, reports.c.code, reports.c.reference, reports.c.external_id)
            )
            return {f"{r.status} {r.code} {r.reference}" for r in rows if r.external_id == accepted.external_id}

    assert until(lambda: told() == {"sent None ref-2", "failed 30003 ref-2"})


def test_no_report_leaves_for_an_address_that_is_not_ours(phones: PhoneServer, monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[str] = []
    network = phones.services  # the transport is shared by everything that leaves
    real = network.transport.send
    monkeypatch.setattr(network.transport, "send", lambda request: posted.append(request.url) or real(request))
    asks = account(phones, webhook_url=f"{phones.url.replace('127.0.0.1', 'localhost')}/channels/twilio-sms")
    dispatch(asks, Outbound("ref-3", Urn("tel", "+212600000006"), Part("ok")), network.transport)
    until(lambda: theirs(phones, "+212600000006")[0]["state"] == "delivered")
    time.sleep(0.2)
    assert [url for url in posted if "/channels/" in url] == []


def test_the_network_refuses_what_is_not_signed_and_numbers_it_does_not_serve(phones: PhoneServer) -> None:
    body = {"to": "+212600000007", "text": "x", "service": "sms", "reference": "r"}
    unsigned = phones.http.request("POST", f"{phones.url}/phone/network", json=body)
    assert unsigned.status == 403
    assert phones.messages("+212600000007")["messages"] == []
    channel = phones.services.channels["sim-whatsapp"]
    with pytest.raises(InvalidUrn):
        dispatch(channel, Outbound("r", Urn("whatsapp", "33612345678"), Part("x")), phones.services.transport)
    with pytest.raises(ChannelError):
        dispatch(channel, Outbound("r", Urn("bsuid", "MA.123"), Part("x")), phones.services.transport)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"number": "+33612345678"}, 400),
        ({"number": "+212522000000"}, 400),
        ({"number": ""}, 400),
        ({"number": 600000008}, 400),
        ({"channel": "twilio-sms"}, 404),
        ({"channel": "nothing"}, 404),
        ({"text": "a" * 4097}, 413),
        ({"text": "é" * 40_000}, 413),
        ({"text": ["a"]}, 400),
        ({"channel": "sim-ussd", "session": "a b"}, 400),
        ({"channel": "sim-ussd", "end": True}, 400),
        ({"text": "a\x00b\ud800c"}, 200),
        ({"text": "", "unknown": 1}, 200),
    ],
)
def test_what_the_page_may_say(phones: PhoneServer, said: dict[str, Any], status: int) -> None:
    answer = phones.say(**({"channel": "sim-sms", "number": "+212600000008", "text": "bonjour"} | said))
    assert answer.status == status


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Origin": "https://elsewhere.example"}, b"{}", 403),
        ({"Origin": "null"}, b"{}", 403),
        ({"Sec-Fetch-Site": "cross-site"}, b"{}", 403),
        ({"Sec-Fetch-Site": "same-site"}, b"{}", 403),
        ({"Content-Type": "text/plain"}, b"{}", 415),
        ({}, b"[]", 400),
        ({}, b"\xff", 400),
        ({}, b"{" * 20_000, 400),
    ],
)
def test_only_our_own_page_and_programs_may_say_anything(
    phones: PhoneServer, headers: dict[str, str], body: bytes, status: int
) -> None:
    sent = {"Content-Type": "application/json"} | headers
    assert phones.http.request("POST", f"{phones.url}/phone/say", headers=sent, body=body).status == status


def test_one_number_cannot_flood(phones: PhoneServer) -> None:
    said = {"channel": "sim-ussd", "number": "+212600000009", "session": "s", "text": "", "end": True}
    answered = [phones.say(**said).status for _ in range(61)]
    assert answered == [200] * 60 + [429]
    assert phones.say(**(said | {"number": "+212600000010"})).status == 200


def test_what_did_not_go_through_is_marked(phones: PhoneServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(request: Any) -> Any:
        raise Unreachable

    monkeypatch.setattr(phones.services.transport, "send", away)
    number = "+212600000014"
    assert phones.say(channel="sim-sms", number=number, text="x").status == 502
    assert phones.say(channel="sim-ussd", number=number, text="*789#").status == 502
    assert [(note["mine"], note["state"]) for note in phones.messages(number)["messages"]] == [(True, "failed")]


def test_without_the_demonstration_there_is_no_phone(var: Path) -> None:
    app = create_app(Services(Settings(var=var, demo=False)))
    client = app.test_client()
    paths = ["/phone", "/phone/messages?number=%2B212600000001", "/phone/static/page.js"]
    assert [client.get(path).status_code for path in paths] == [404, 404, 404]
    assert client.post("/phone/say", json={}).status_code == 404
    assert client.post("/phone/network", json={}).status_code == 404


def test_every_door_of_the_phone_says_who_may_use_it(var: Path) -> None:
    assert unmarked(create_app(Services(Settings(var=var, demo=True)))) == []
