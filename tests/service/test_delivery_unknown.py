"""Sends of unknown outcome: the provider is asked, believed where it knows, and never a reason to send again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from sqlalchemy import select

from bot.core.model import Kind
from bot.service.delivery import Delivery
from bot.store.database import Database
from bot.store.hot import HotStore
from bot.store.tables.messages import outbox as table
from bot.store.vault import Vault
from sms_gateway.channel import LooksUp
from sms_gateway.channels.simulator import Simulator
from sms_gateway.channels.twilio import Twilio
from sms_gateway.errors import Misconfigured, OutcomeUnknown
from sms_gateway.types import DeliveryReport, HttpRequest, HttpResponse, Outbound, Part, Status, Template, Urn
from tests.conftest import NOON, Clock
from tests.store.rows import draft, person, put, state_of

TEXT = "Votre rendez-vous est demain"
TO = Urn("tel", "+212612345678")


def channel(**more: str) -> Twilio:
    config = {"service": "sms", "account_sid": "AC1", "auth_token": "t", "sender": "SAHTI"}
    return Twilio("tw", config | {"base_url": "https://provider.test"} | more)


def listed(*messages: dict[str, object]) -> HttpResponse:
    import json

    return HttpResponse(200, {}, json.dumps({"messages": messages}).encode())


def one(made: datetime, **changed: object) -> dict[str, object]:
    known: dict[str, object] = {"sid": "SM1", "to": TO.path, "body": TEXT, "status": "sent", "error_code": None}
    return known | {"date_created": format_datetime(made)} | changed


def read(*messages: dict[str, object]) -> DeliveryReport | None:
    message = Outbound("ref-1", TO, Part(TEXT))
    return channel().read_lookup(listed(*messages), message, NOON - timedelta(minutes=1), NOON)


def test_the_question_names_the_number_and_carries_no_text() -> None:
    asked = channel().build_lookup(Outbound("ref-1", TO, Part(TEXT)))
    assert asked
    assert asked.method == "GET"
    assert asked.url == "https://provider.test/2010-04-01/Accounts/AC1/Messages.json?To=%2B212612345678&PageSize=50"
    assert asked.body == b""
    assert asked.headers["authorization"].startswith("Basic ")


def test_a_text_that_the_provider_writes_is_not_asked_about() -> None:
    config = {"service": "whatsapp", "sender": "+15005550006", "content_sids": "hello.fr=HX1"}
    part = Part(TEXT, template=Template("hello", "fr", ("x",)))
    assert channel(**config).build_lookup(Outbound("r", Urn("whatsapp", "212612345678"), part)) is None


@pytest.mark.parametrize(
    ("word", "status"),
    [("queued", Status.SENT), ("sent", Status.SENT), ("delivered", Status.DELIVERED), ("failed", Status.FAILED)],
)
def test_what_was_taken_is_known_by_number_text_and_time(word: str, status: Status) -> None:
    report = read(one(NOON, status=word), one(NOON - timedelta(days=1)), one(NOON, body="another"))
    assert report
    assert (report.external_id, report.status, report.reference) == ("SM1", status, "ref-1")


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [one(NOON), one(NOON, sid="SM2")],
        [one(NOON - timedelta(minutes=2))],
        [one(NOON + timedelta(seconds=1))],
        [one(NOON, to="+212612345679")],
        [one(NOON, sid=None)],
        [one(NOON, date_created=None)],
        [one(NOON, date_created="yesterday")],
        ["rubbish"],
    ],
)
def test_what_cannot_be_told_says_nothing(messages: list[dict[str, object]]) -> None:
    assert read(*messages) is None


def test_a_refused_question_is_an_error() -> None:
    message = Outbound("ref-1", TO, Part(TEXT))
    with pytest.raises(Misconfigured):
        channel().read_lookup(HttpResponse(401, {}, b"{}"), message, NOON, NOON)
    assert channel().read_lookup(HttpResponse(200, {}, b"no list"), message, NOON, NOON) is None


def test_only_channels_that_can_are_asked() -> None:
    assert isinstance(channel(), LooksUp)
    config = {"service": "sms", "secret": "planted-secret", "network_url": "http://network.test/"}
    assert not isinstance(Simulator("sim", config), LooksUp)


class Forgetful:
    """Takes each message and does not answer; knows what it took when it is asked."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.taken, self.asked = clock, 0, 0
        self.knows: list[dict[str, object]] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        if request.method == "GET":
            self.asked += 1
            return listed(*self.knows)
        self.taken += 1
        self.knows.append(one(self.clock(), to="+212600009871", body="hello"))
        raise OutcomeUnknown


@pytest.fixture
def hot(both_databases: Database, vault: Vault, new_id: Callable[[], str]) -> HotStore:
    return HotStore(both_databases.dialect, vault, new_id)


def test_an_unknown_outcome_is_settled_by_asking(
    both_databases: Database, hot: HotStore, vault: Vault, new_id: Callable[[], str], clock: Clock
) -> None:
    provider = Forgetful(clock)
    delivery = Delivery(
        database=both_databases,
        vault=vault,
        channels={"tw": channel()},
        transport=provider,
        clock=clock,
        new_id=new_id,
        zone="Africa/Casablanca",
    )
    whose = person(both_databases, hot, new_id, clock())
    message = draft(whose, new_id, clock(), kind=Kind.REMINDER, channel="tw")
    put(both_databases, vault, message)
    delivery.run("tw")
    assert state_of(both_databases, message.id)[0].value == "unknown"
    assert delivery.sweep()[1] == []
    known, provider.knows = provider.knows, []
    clock.advance(seconds=61)
    assert delivery.sweep()[1] == ["tw"]
    delivery.run("tw")  # not in the list: that proves nothing
    assert (provider.asked, state_of(both_databases, message.id)[0].value) == (1, "unknown")
    assert delivery.sweep()[1] == []
    provider.knows = known
    clock.advance(minutes=10)
    assert delivery.sweep()[1] == ["tw"]
    delivery.run("tw")
    assert (provider.asked, state_of(both_databases, message.id)[0].value) == (2, "sent")
    with both_databases.read() as connection:
        assert connection.scalar(select(table.c.external_id)) == "SM1"
    clock.advance(minutes=20)
    assert delivery.sweep()[1] == []
    assert provider.taken == 1
