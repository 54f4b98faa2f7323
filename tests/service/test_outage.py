"""A database that goes away and comes back: nobody is overtaken, nobody in danger waits, nothing is said twice for sure."""

import json
import threading
import time
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from bot.core.model import State
from bot.service import batching
from bot.service import spool as spools
from bot.service.outage import Said
from bot.service.spool import CorruptRequest, SpoolFull
from bot.store.database import Database, DatabaseDown
from bot.store.tables import messages as said
from bot.store.tables.contacts import cases
from bot.web.exchange import Exchange
from sms_gateway.errors import Unreachable
from sms_gateway.types import DeliveryReport, HttpRequest, HttpResponse, Inbound, Status, Urn
from sms_gateway.verify import body_signature
from tests.service.world import NUMBER, World

OTHER = "+212600009872"
DANGER = "je saigne beaucoup je suis enceinte"


class Away:
    """A database that can be taken away."""

    def __init__(self, real: Database) -> None:
        self.real, self.down = real, False

    def __getattr__(self, name: str) -> object:
        if self.down and name in {"read", "write"}:
            raise DatabaseDown("planted")
        return getattr(self.real, name)


class Hub:
    """The whole door of a world, with a database that comes and goes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.database = Away(world.services.database)
        world.services.database = cast("Database", self.database)
        self.exchange = Exchange(world.services)
        self.number = 0

    def post(self, kind: str, channel: str, body: dict[str, Any]) -> HttpResponse:
        raw = json.dumps(body).encode()
        headers = {"x-sahti-signature": body_signature("planted-secret", raw), "content-type": "application/json"}
        request = HttpRequest("POST", f"http://hub.test/channels/{channel}/{kind}", headers, raw)
        return getattr(self.exchange, kind)(channel, request)

    def say(self, *texts: str, number: str = NUMBER, channel: str = "sim-sms", **more: Any) -> HttpResponse:
        messages = []
        for text in texts:
            self.number += 1
            messages.append({"id": f"m{self.number}", "from": number, "text": text, **more})
        return self.post("inbound", channel, {"messages": messages})

    def report(self, **given: str) -> HttpResponse:
        return self.post("status", "sim-sms", given)

    def order(self) -> list[str]:
        """The provider's names of the messages in the order in which they took effect."""
        with self.database.real.read() as connection:
            return list(connection.scalars(select(said.inbound.c.external_id).order_by(said.inbound.c.id)))

    def sent(self, channel: str = "sim-sms") -> list[str]:
        self.world.services.delivery.run(channel)
        return self.world.provider.take()


@pytest.fixture
def hub(world: World) -> Hub:
    return Hub(world)


def test_a_later_message_does_not_overtake_what_waits_of_its_sender(hub: Hub) -> None:
    hub.database.down = True
    for text in ("salam", "1"):
        assert hub.say(text).status == 200
    hub.database.down = False
    assert hub.say("menu").status == 200  # the database is back, the replay was not yet
    assert hub.say("salam", number=OTHER).status == 200
    assert hub.order() == ["m4"]  # others are not held up
    assert hub.world.services.replay() == 3
    assert hub.order() == ["m4", "m1", "m2", "m3"]
    assert hub.say("menu").status == 200
    assert hub.order()[-1] == "m5"  # nothing waits any more: it goes straight through
    assert len(hub.sent()) >= 4


def test_one_number_is_one_person_on_whatever_channel(hub: Hub) -> None:
    hub.database.down = True
    hub.say("salam")
    hub.database.down = False
    hub.say("menu", number=NUMBER, channel="sim-whatsapp")
    assert hub.order() == []
    hub.world.services.replay()
    assert hub.order() == ["m1", "m2"]


def test_a_repeat_of_what_was_kept_has_one_effect(hub: Hub) -> None:
    hub.database.down = True
    hub.say("salam")
    hub.number = 0
    hub.say("salam")
    hub.database.down = False
    hub.number = 0
    hub.say("salam")
    assert hub.world.services.replay() == 3
    hub.number = 0
    hub.say("salam")
    assert hub.order() == ["m1"]
    assert len(hub.sent()) == 1


def test_the_parts_of_one_request_keep_their_order_too(hub: Hub) -> None:
    hub.database.down = True
    hub.say("salam", "1", "menu")
    hub.database.down = False
    hub.world.services.replay()
    assert hub.order() == ["m1", "m2", "m3"]


def test_the_replay_stops_with_the_database_and_goes_on_with_it(hub: Hub) -> None:
    hub.database.down = True
    for text in ("salam", "1", "menu"):
        hub.say(text)
    assert hub.world.services.replay() == 0
    assert hub.order() == []
    hub.database.down = False
    assert hub.world.services.replay() == 3
    assert hub.order() == ["m1", "m2", "m3"]


def test_reports_of_one_message_keep_their_order(hub: Hub) -> None:
    hub.world.agree()
    hub.say("menu")
    hub.sent()
    with hub.database.real.read() as connection:
        reference = connection.scalars(select(said.outbox.c.id).order_by(said.outbox.c.id.desc())).first() or ""
    hub.database.down = True
    assert hub.report(id="p9", status="failed", reference=reference).status == 200
    hub.database.down = False
    assert hub.report(id="p9", status="delivered", reference=reference).status == 200
    assert hub.world.services.spool.holding().requests == 2
    assert hub.world.services.replay() == 2
    assert hub.world.outbox()[-1][1] is State.DELIVERED


def test_reports_that_say_nothing_are_not_kept(hub: Hub) -> None:
    hub.database.down = True
    assert hub.post("status", "sim-sms", {"reports": []}).status == 200
    assert hub.world.services.spool.empty()


def test_danger_that_the_provider_took_is_not_said_again(hub: Hub) -> None:
    hub.world.agree()
    hub.world.provider.take()
    hub.database.down = True
    assert hub.say(DANGER).status == 200
    (text,) = hub.world.provider.take()
    assert "15" in text
    hub.database.down = False
    hub.world.services.replay()
    assert hub.sent() == []
    assert hub.world.outbox()[-1][:2] == ("emergency", State.ANSWERED)
    with hub.database.real.read() as connection:
        assert connection.scalar(select(func.count()).select_from(cases)) == 1  # it has every other effect


def test_danger_that_nobody_took_is_said_at_the_replay(hub: Hub) -> None:
    hub.world.agree()
    hub.world.provider.take()
    hub.database.down = True
    hub.world.provider.next = [Unreachable("planted")]
    assert hub.say(DANGER).status == 200
    assert hub.world.provider.take() == []
    hub.database.down = False
    hub.world.services.replay()  # at once, without a worker
    (text,) = hub.world.provider.take()
    assert "15" in text


def test_danger_behind_what_waits_is_answered_at_once_and_once(hub: Hub) -> None:
    hub.world.agree()
    hub.world.provider.take()
    hub.database.down = True
    hub.say("menu")
    hub.database.down = False
    assert hub.say(DANGER).status == 200
    assert "15" in hub.world.provider.take()[0]
    assert hub.order()[-1:] != ["m2"]
    hub.world.services.replay()
    assert hub.order()[-2:] == ["m1", "m2"]
    assert not any("15" in text for text in hub.sent())


def test_a_ussd_screen_with_danger_counts_as_said(hub: Hub) -> None:
    hub.database.down = True
    answer = hub.say(DANGER, channel="sim-ussd", session={"id": "s1", "new": True})
    assert b"15" in answer.body
    hub.database.down = False
    hub.world.services.replay()
    assert {state for _, state, _ in hub.world.outbox()} == {State.ANSWERED}


def test_a_full_spool_is_told_except_to_somebody_in_danger(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "LARGEST", 10)
    hub.database.down = True
    refused = hub.say("salam")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
    assert hub.report(id="p9", status="delivered").status == 503
    assert hub.say("salam", channel="sim-ussd", session={"id": "s1", "new": True}).status == 503
    # on a channel that can be sent to, the answer went out; the provider repeats the message until it is kept
    assert hub.say(DANGER).status == 503
    assert "15" in hub.world.provider.take()[0]
    # a screen is the only way to reach this person
    screen = hub.say(DANGER, channel="sim-ussd", session={"id": "s2", "new": True})
    assert screen.status == 200
    assert b"15" in screen.body


def test_a_channel_that_is_gone_keeps_its_requests_apart(hub: Hub) -> None:
    hub.database.down = True
    hub.say("salam")
    hub.database.down = False
    del hub.world.services.channels["sim-sms"]
    with pytest.raises(KeyError):
        hub.world.services.replay()
    assert hub.world.services.spool.holding().set_apart == 1


def test_corrupt_ones_are_counted(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.database.down = True
    hub.say("salam")
    hub.say("salam", number=OTHER)
    next(hub.world.services.settings.var.rglob("*.request")).write_bytes(b"rubbish")
    hub.database.down = False
    told: list[tuple[str, type[Exception]]] = []
    monkeypatch.setattr(
        hub.world.services.outage, "_on_fault", lambda where, failed: told.append((where, type(failed)))
    )
    assert hub.world.services.replay() == 1
    assert told == [("spool", CorruptRequest)]


def test_tomorrow_is_counted_from_when_it_was_said(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.world.agree()
    hub.database.down = True
    hub.say("ghdda f 3chra")
    hub.database.down = False
    hub.world.clock.advance(hours=20)
    seen: list[Any] = []
    real = hub.world.services.understander.understand

    def noted(text: str, **given: Any) -> Any:
        seen.append(given["now"])
        return real(text, **given)

    monkeypatch.setattr(hub.world.services.understander, "understand", noted)
    hub.world.services.replay()
    assert {now.day for now in seen} == {23}


def test_a_thread_takes_what_waits_and_ends(hub: Hub) -> None:
    outage = hub.world.services.outage
    hub.database.down = True
    hub.say("salam")
    hub.database.down = False
    type(outage).resume(outage)
    thread = outage._thread  # noqa: SLF001
    assert thread is not None
    thread.join(20)
    assert not thread.is_alive()
    assert hub.order() == ["m1"]
    type(outage).resume(outage)
    assert outage._thread is None  # noqa: SLF001 (nothing waits, nothing runs)


def test_what_cannot_be_kept_raises_nothing_else(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_given: object) -> None:
        raise SpoolFull

    monkeypatch.setattr(hub.world.services.spool, "keep", fails)
    hub.database.down = True
    assert hub.say("salam").status == 503


def test_a_person_known_by_two_addresses_is_not_overtaken_by_either(hub: Hub) -> None:
    whatsapp = hub.world.channels["sim-whatsapp"]
    both = [
        Inbound("m1", Urn("bsuid", "MA.77"), "salam", aliases=(Urn("whatsapp", NUMBER.removeprefix("+")),)),
        Inbound("m2", Urn("tel", NUMBER), "menu"),
        Inbound("m3", Urn("bsuid", "MA.77"), "menu"),
        Inbound("m4", Urn("tel", OTHER), "menu"),
    ]
    outage = hub.world.services.outage
    assert [outage.waits_for([one]) for one in both] == [False] * 4
    outage.keep(whatsapp, HttpRequest("POST", "http://x", {}, b"{}"), both[:1], Said())
    assert [outage.waits_for([one]) for one in both] == [True, True, True, False]


def test_a_report_that_cannot_be_taken_is_told_to_its_own_request_only(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, together = hub.world.services.delivery.report, []

    def fails(channel: str, reports: Any) -> None:
        given = list(reports)
        together.append(len(given))
        if any(one.external_id == "odd" for one in given):
            raise ValueError("planted")
        real(channel, given)

    monkeypatch.setattr(hub.world.services.delivery, "report", fails)
    batch = [("sim-sms", [DeliveryReport(name, Status.DELIVERED)]) for name in ("p1", "odd", "p2")]
    answers = hub.exchange._take_reports(batch)  # noqa: SLF001
    assert [type(answer) for answer in answers] == [type(None), ValueError, type(None)]
    assert together == [3, 1, 1, 1]
    hub.database.down = True
    assert {type(answer) for answer in hub.exchange._take_reports(batch[:1] + batch[2:])} == {DatabaseDown}  # noqa: SLF001


def test_reports_while_the_database_hangs_hold_no_thread(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "HANGS", 0.2)
    monkeypatch.setattr(batching, "LOOK_SECONDS", 0.05)
    thaw = threading.Event()
    monkeypatch.setattr(hub.world.services.delivery, "report", lambda *_given: thaw.wait(20))
    began = time.monotonic()
    assert {hub.report(id=f"p{n}", status="delivered").status for n in range(5)} == {200}
    assert time.monotonic() - began < 10
    assert hub.world.services.spool.holding().requests == 5
    thaw.set()
