"""A visit is booked on WhatsApp by pressing buttons: signed requests in, replies out of the outbox, reports back."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.settings import Settings
from bot.store import messages
from bot.web.app import create_app
from bot.wiring import Channels, Services
from sms_gateway import registry
from sms_gateway.types import HttpRequest, HttpResponse
from tests.talk.effects import Effects

NUMBER = "212612345678"
PHONE = "106540352242922"
SECRET, WORD, BEARER = "secret-of-the-app-1", "word-of-the-handshake", "token-of-the-system-user"
PATH = "/channels/wa/inbound"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class Meta:
    """The provider's end: it takes what is sent as the real one does, and signs what it brings."""

    def __init__(self, base: Settings, parts: dict[str, object]) -> None:
        config = {"phone_number_id": PHONE, "access_token": BEARER, "app_secret": SECRET, "verify_token": WORD}
        settings = base.model_copy(update={"public_url": "https://sahti.example.ma"})
        channels = Channels({"wa": registry.make("whatsapp_cloud", "wa", config)}, {})
        self.services = Services(settings, clock=lambda: NOW, transport=self, channels=channels)
        self.services.__dict__.update(parts)
        self.services.wake = lambda _: None  # type: ignore[assignment,method-assign]
        self.app = create_app(self.services)
        self.effects = Effects(self.services, "whatsapp", NUMBER)
        self.taken: list[dict[str, Any]] = []
        self._count = 0

    def send(self, request: HttpRequest) -> HttpResponse:
        """Take a message, or refuse it with the code that the real one gives."""
        body = json.loads(request.body)
        if request.headers.get("authorization") != f"Bearer {BEARER}":
            return _refused(401, 190)
        if not request.url.endswith(f"/{PHONE}/messages") or body.get("messaging_product") != "whatsapp":
            return _refused(400, 100)
        if body["type"] == "interactive" and not _fits(body["interactive"]):
            return _refused(400, 131009)
        self.taken.append(body)
        return _json(200, {"messages": [{"id": self.id_of(len(self.taken))}]})

    @staticmethod
    def id_of(number: int) -> str:
        return f"wamid.OUT{number:06d}"

    def message(self, **content: Any) -> dict[str, Any]:
        self._count += 1
        said = {"from": NUMBER, "id": f"wamid.IN{self._count:06d}", "timestamp": str(int(NOW.timestamp()))}
        return {"contacts": [{"profile": {"name": "Profil"}, "wa_id": NUMBER}], "messages": [said | content]}

    def post(self, value: dict[str, Any], *, secret: str = SECRET, phone: str = PHONE, path: str = PATH) -> int:
        """The status of the answer to a signed request."""
        whole = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": phone}, **value}
        change = {"id": "1", "changes": [{"field": "messages", "value": whole}]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [change]}, ensure_ascii=False).encode()
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": signature}
        answer = self.app.test_client().post(path, data=body, headers=headers, content_type="application/json")
        assert answer.data == b""
        return answer.status_code

    def brings(self, value: dict[str, Any]) -> list[dict[str, Any]]:
        """What goes out because of it."""
        before = len(self.taken)
        assert self.post(value) == 200
        self.services.delivery.run("wa")
        return self.taken[before:]

    def say(self, text: str) -> list[dict[str, Any]]:
        return self.brings(self.message(type="text", text={"body": text}))

    def press(self, shown: dict[str, Any], number: int = 0) -> list[dict[str, Any]]:
        """Press the button, or open the list and choose the row, of that number in a message that was sent."""
        action = shown["interactive"]["action"]
        rows = [one["reply"] for one in action.get("buttons", ())]
        rows += [row for section in action.get("sections", ()) for row in section["rows"]]
        kind = "button_reply" if "buttons" in action else "list_reply"
        pressed = {"type": kind, kind: {"id": rows[number]["id"], "title": rows[number]["title"]}}
        return self.brings(self.message(type="interactive", interactive=pressed))

    def conversation(self) -> list[messages.Said]:
        with self.services.database.read() as connection:
            return messages.conversation(connection, self.effects.contact().id, self.services.vault)


def _fits(interactive: dict[str, Any]) -> bool:
    buttons = interactive["action"].get("buttons", ())
    titles = [one["reply"]["title"] for one in buttons]
    return len(buttons) <= 3 and len(interactive["body"]["text"]) <= 1024 and all(0 < len(t) <= 20 for t in titles)


def _json(status: int, body: dict[str, Any]) -> HttpResponse:
    return HttpResponse(status, {"content-type": "application/json"}, json.dumps(body).encode())


def _refused(status: int, code: int) -> HttpResponse:
    return _json(status, {"error": {"message": f"(#{code})", "code": code}})


def body_of(sent: dict[str, Any]) -> str:
    text: str = sent["text"]["body"] if sent["type"] == "text" else sent["interactive"]["body"]["text"]
    return text


@pytest.fixture
def meta(base: Settings, parts: dict[str, object]) -> Iterator[Meta]:
    made = Meta(base, parts)
    yield made
    made.services.database.close()


def test_a_visit_is_booked_with_buttons(meta: Meta) -> None:
    shown = meta.say("salam bghit rdv ghdda f 3chra")
    assert shown[-1]["to"] == NUMBER
    consent = shown[-1]["interactive"]
    assert (consent["type"], consent["action"]["buttons"][0]["reply"]["title"]) == ("button", "Ah")
    where = meta.press(shown[-1])[-1]
    assert "CS Agdal, Rabat" in json.dumps(where, ensure_ascii=False)
    what = meta.say("agdal")[-1]
    assert what["type"] == "interactive"
    confirm = meta.press(what)[-1]
    assert "10:00" in body_of(confirm)
    done = meta.press(confirm)
    assert "Tqeyyed" in body_of(done[-1])
    assert meta.effects.wrong("appointment booked 2026-11-25T10:00") is None
    assert all(sent["biz_opaque_callback_data"] for sent in meta.taken)
    assert len({sent["biz_opaque_callback_data"] for sent in meta.taken}) == len(meta.taken)


def test_a_button_pressed_five_times_at_once_has_one_effect(meta: Meta) -> None:
    asked = meta.say("salam bghit rdv ghdda f 3chra")[-1]
    reply = asked["interactive"]["action"]["buttons"][0]["reply"]
    pressed = meta.message(type="interactive", interactive={"type": "button_reply", "button_reply": reply})
    with ThreadPoolExecutor(5) as pool:
        assert set(pool.map(lambda _: meta.post(pressed), range(5))) == {200}
    before = len(meta.taken)
    meta.services.delivery.run("wa")
    said = [body_of(sent) for sent in meta.taken[before:]]
    assert len(said) == len(set(said)) > 0
    assert meta.brings(pressed) == []
    assert sum(not one.ours for one in meta.conversation()) == 2


def test_reports_come_to_the_same_address_and_move_the_message_forward(meta: Meta) -> None:
    sent = meta.say("salam")[-1]

    def report(status: str, **more: Any) -> dict[str, Any]:
        named = {"id": meta.id_of(len(meta.taken)), "recipient_id": NUMBER, "timestamp": "1795435200"}
        echoed = {"biz_opaque_callback_data": sent["biz_opaque_callback_data"]}
        return {"statuses": [{**named, **echoed, "status": status, **more}]}

    for status, state in (("delivered", "delivered"), ("sent", "delivered"), ("read", "read"), ("deleted", "read")):
        assert meta.post(report(status)) == 200
        assert [one.state for one in meta.conversation() if one.ours][-1] == state
    assert meta.post(report("failed", errors=[{"code": 131026}]), path="/channels/wa/status") == 200
    assert [one.state for one in meta.conversation() if one.ours][-1] == "read"


def test_messages_and_reports_of_one_request_are_both_taken(meta: Meta) -> None:
    meta.say("salam")
    value = meta.message(type="text", text={"body": "menu"})
    value["statuses"] = [{"id": meta.id_of(len(meta.taken)), "recipient_id": NUMBER, "status": "read"}]
    assert meta.brings(value)
    said = meta.conversation()
    assert "read" in {one.state for one in said if one.ours}
    assert sum(not one.ours for one in said) == 2


def test_a_person_without_a_number_is_answered_by_the_id(meta: Meta) -> None:
    value = meta.message(type="text", text={"body": "salam"})
    del value["messages"][0]["from"], value["contacts"][0]["wa_id"]
    value["messages"][0]["from_user_id"] = value["contacts"][0]["user_id"] = "MA.1234567"
    (sent, *_) = meta.brings(value)
    assert (sent["recipient"], "to" in sent) == ("MA.1234567", False)


def test_what_cannot_be_read_is_answered_and_a_group_or_a_thumb_is_not(meta: Meta) -> None:
    meta.press(meta.say("salam")[-1])
    assert meta.brings(meta.message(type="contacts", contacts=[{}]))
    assert meta.brings(meta.message(type="reaction", reaction={"message_id": "wamid.X", "emoji": "👍"})) == []
    assert meta.brings(meta.message(type="text", group_id="1203", text={"body": "salam"})) == []


@pytest.mark.parametrize("path", [PATH, "/channels/wa/status"])
def test_a_request_of_two_megabytes_is_taken_at_either_address(meta: Meta, path: str) -> None:
    value = meta.message(type="text", text={"body": "salam"}, errors=[{"title": "x" * 2_000_000}])
    assert meta.post(value, path=path) == 200
    assert len(meta.conversation()) > 1


def test_another_secret_another_number_and_a_changed_octet_leave_nothing(meta: Meta) -> None:
    assert meta.post(meta.message(type="text", text={"body": "salam"}), secret="another") == 403
    assert meta.post(meta.message(type="text", text={"body": "salam"}), phone="999999999999999") == 200
    with pytest.raises(AssertionError, match="no such contact"):
        meta.effects.contact()


def test_the_address_is_checked_by_a_get(meta: Meta) -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": WORD}
    client = meta.app.test_client()
    answer = client.get(PATH, query_string=query)
    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"1158201444", "text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    refused = client.get(PATH, query_string=query | {"hub.verify_token": "guess"})
    assert (refused.status_code, refused.data) == (403, b"")


def test_a_refusal_of_the_provider_is_kept_with_its_code(meta: Meta, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = meta.services.channels["wa"]
    wrong = replace(channel.settings, access_token="ended")  # type: ignore[attr-defined]
    monkeypatch.setattr(channel, "settings", wrong)
    assert meta.say("salam") == []
    assert {(one.state, one.reason) for one in meta.conversation() if one.ours} == {("failed", "misconfigured")}
