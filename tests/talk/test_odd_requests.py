"""What a conversation does with a letter of ten thousand characters, and with USSD as a real gateway speaks it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.commands.talk import Talk
from bot.settings import Settings
from bot.web.app import create_app
from bot.wiring import Channels, Services
from sms_gateway import registry
from tests.talk.effects import Effects

TOKEN = "a-token-of-32-characters-000001"
NUMBER = "+212612345678"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def talk(base: Settings, parts: dict[str, object]) -> Iterator[Talk]:
    made = Talk(base, "sms", NUMBER, NOW)
    made.services.__dict__.update(parts)
    made.say("bonjour")
    made.say("oui")
    yield made
    made.services.database.close()


@pytest.mark.parametrize(
    "letter", ["a" * 10_000, "الو " * 2_500, "😀" * 5_000, "e\u0301\u0302\u0303" * 2_500, "\ud800" * 50]
)
def test_a_letter_is_answered_shortly_and_the_talk_goes_on(talk: Talk, letter: str) -> None:
    (answer,) = talk.say(letter)
    assert 0 < len(answer["text"]) < 400
    assert talk.say("menu")


def test_a_danger_sign_within_a_letter_is_seen(talk: Talk) -> None:
    (answer,) = talk.say("bla " * 200 + "mon père ne respire plus " + "bla " * 2000)
    assert "141" in answer["text"]


class Gateway:
    """A USSD gateway that sends all inputs of the session so far on every hop, joined by `*`."""

    def __init__(self, base: Settings, parts: dict[str, object]) -> None:
        config = {"service": "ussd", "username": "sandbox", "api_key": "atsk_0", "webhook_token": TOKEN}
        channels = Channels({"dial": registry.make("africastalking", "dial", config)}, {})
        self.now = NOW
        self.services = Services(base, clock=lambda: self.now, channels=channels)
        self.services.__dict__.update(parts)
        self.client = create_app(self.services).test_client()
        self.effects = Effects(self.services, "ussd", NUMBER)

    def hop(self, session: str, text: str) -> str:
        """The page, with `CON` or `END` before it."""
        form = {"sessionId": session, "phoneNumber": NUMBER, "serviceCode": "*384*7#", "text": text}
        answer = self.client.post(f"/channels/dial/inbound?token={TOKEN}", data=form)
        assert answer.status_code == 200
        return answer.text


@pytest.fixture
def gateway(base: Settings, parts: dict[str, object]) -> Iterator[Gateway]:
    made = Gateway(base, parts)
    yield made
    made.services.database.close()


def test_a_visit_is_booked_through_a_gateway_that_accumulates(gateway: Gateway) -> None:
    assert gateway.hop("s1", "").startswith("CON Salam")
    text = ""
    for typed in ("1", "1", "1", "1", "ghdda f 3chra", "1"):
        text = f"{text}*{typed}" if text else typed
        page = gateway.hop("s1", text)
    assert page.startswith("END Tqeyyed")
    assert gateway.effects.wrong("appointment booked 2026-11-25T10:00") is None


def test_a_repeated_hop_has_no_second_effect(gateway: Gateway) -> None:
    gateway.hop("s1", "")
    gateway.hop("s1", "1")
    first = gateway.hop("s1", "1*1")
    assert gateway.hop("s1", "1*1") == first
    assert "3lach" in gateway.hop("s1", "1*1*2")


def test_a_typed_star_is_part_of_the_answer(gateway: Gateway) -> None:
    gateway.hop("s1", "")
    gateway.hop("s1", "1")
    page = gateway.hop("s1", "1*1*2")
    assert "Ma fhemnach" in page
    assert "1. Dir rendez-vous" in page
    assert "Fin bghito" in gateway.hop("s1", "1*1*2*1")


def test_a_code_dialled_with_a_suffix_opens_at_the_first_screen(gateway: Gateway) -> None:
    page = gateway.hop("s9", "7")
    assert page.startswith("CON Salam")
    assert "Chno bghito" in gateway.hop("s9", "7*1")


@pytest.mark.parametrize(("minutes", "shown"), [(9, "Nkemlo"), (11, "Dir rendez-vous")])
def test_a_dropped_session_is_taken_up_within_ten_minutes(gateway: Gateway, minutes: int, shown: str) -> None:
    gateway.hop("s1", "")
    gateway.hop("s1", "1")
    gateway.hop("s1", "1*1")
    gateway.now += timedelta(minutes=minutes)
    assert shown in gateway.hop("s2", "")
