"""A visit is booked through a Twilio number: every request carries the signature that Twilio's own library makes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from twilio.request_validator import RequestValidator

from bot.settings import Settings
from bot.store import messages
from bot.web.app import create_app
from bot.wiring import Channels, Services
from sms_gateway import registry
from sms_gateway.types import HttpRequest, HttpResponse
from tests.talk.effects import Effects

TOKEN = "12345678901234567890123456789012"
NUMBER = "+212612345678"
URL = "https://sahti.example.ma/channels/tw/inbound"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class Twilio:
    """The provider's end: it takes what is sent and signs what it brings."""

    def __init__(self, base: Settings, parts: dict[str, object]) -> None:
        config = {"service": "sms", "account_sid": "AC" + "1" * 32, "auth_token": TOKEN, "sender": "SAHTI"}
        settings = base.model_copy(update={"public_url": "https://sahti.example.ma"})
        channels = Channels({"tw": registry.make("twilio", "tw", config)}, {})
        self.services = Services(settings, clock=lambda: NOW, transport=self, channels=channels)
        self.services.__dict__.update(parts)
        self.services.wake = lambda _: None  # type: ignore[assignment,method-assign]
        self.app = create_app(self.services)
        self.effects = Effects(self.services, "sms", NUMBER)
        self._count = 0

    def send(self, request: HttpRequest) -> HttpResponse:
        raise AssertionError("replies are in the answer to the webhook: nothing is sent apart")

    def form(self, text: str) -> dict[str, str]:
        self._count += 1
        return {
            "MessageSid": f"SM{self._count:032x}",
            "AccountSid": "AC" + "1" * 32,
            "From": NUMBER,
            "To": "SAHTI",
            "Body": text,
        }

    def post(self, form: dict[str, str], *, token: str = TOKEN) -> tuple[int, str]:
        """Status and TwiML of the answer to a signed request."""
        headers = {"X-Twilio-Signature": RequestValidator(token).compute_signature(URL, form)}
        content = "application/x-www-form-urlencoded"
        client = self.app.test_client()
        answer = client.post("/channels/tw/inbound", data=urlencode(form), headers=headers, content_type=content)
        return answer.status_code, answer.text

    def say(self, text: str) -> str:
        """What comes back by SMS."""
        status, document = self.post(self.form(text))
        assert status == 200
        return "\n".join(message.text or "" for message in ET.fromstring(document.encode()))

    def texts(self) -> int:
        with self.services.database.read() as connection:
            said = messages.conversation(connection, self.effects.contact().id, self.services.vault)
        return sum(not one.ours for one in said)


@pytest.fixture
def twilio(base: Settings, parts: dict[str, object]) -> Iterator[Twilio]:
    made = Twilio(base, parts)
    yield made
    made.services.database.close()


def test_a_visit_is_booked(twilio: Twilio) -> None:
    assert "1. Ah" in twilio.say("salam bghit rdv ghdda f 3chra")
    assert "CS Agdal, Rabat" in twilio.say("ah")
    assert "tbib" in twilio.say("agdal")
    assert "10:00" in twilio.say("1")
    assert "Tqeyyed" in twilio.say("wakha")
    assert twilio.effects.wrong("appointment booked 2026-11-25T10:00") is None


def test_the_same_request_five_times_at_once_has_one_effect(twilio: Twilio) -> None:
    twilio.say("salam bghit rdv ghdda f 3chra")
    for answer in ("ah", "1", "1"):
        twilio.say(answer)
    form = twilio.form("wakha")
    before = twilio.texts()
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: twilio.post(form), range(5)))
    assert {status for status, _ in answers} == {200}
    assert len({document for _, document in answers}) == 1
    assert "Tqeyyed" in answers[0][1]
    assert twilio.texts() == before + 1
    assert twilio.effects.wrong("appointment booked 2026-11-25T10:00") is None


def test_a_request_signed_with_another_token_is_refused_and_leaves_nothing(twilio: Twilio) -> None:
    status, answer = twilio.post(twilio.form("salam"), token="another-token-of-32-characters-1")
    assert (status, "Sahti" in answer) == (403, False)
    with pytest.raises(AssertionError, match="no such contact"):
        twilio.effects.contact()


def test_a_changed_text_does_not_fit_its_signature(twilio: Twilio) -> None:
    form = twilio.form("salam")
    signature = RequestValidator(TOKEN).compute_signature(URL, form)
    answer = twilio.app.test_client().post(
        "/channels/tw/inbound", data=form | {"Body": "STOP"}, headers={"X-Twilio-Signature": signature}
    )
    assert answer.status_code == 403
