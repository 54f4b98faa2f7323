"""One inbound message: stored once, answered the same whenever it is repeated, alone with its own mistakes."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Connection

from bot.core.turn import Who
from bot.service.actions import OWN, Actions
from bot.store.database import Database, DatabaseDown
from bot.store.tables import contacts as people
from bot.store.tables import messages as said
from bot.store.tables.care import appointments
from flows.actions import ACTIONS
from flows.types import Do, Json
from nlu.client import NluClient
from nlu.keywords import Keywords
from nlu.table import Table
from nlu.understand import Understander
from sms_gateway.types import DialogSession
from tests.service.world import Words, World, at_once


def test_every_action_that_a_flow_may_name_is_there(world: World) -> None:
    assert set(world.services.actions.table) == set(ACTIONS) - OWN
    assert set(ACTIONS) > OWN


def test_five_threads_with_the_same_message_have_one_effect_and_one_answer(world: World) -> None:
    world.agree()
    before = world.count(said.outbox)
    same = world.inbound("salam", external_id="the-same")
    found = at_once([lambda: world.receive(same)] * 5)
    assert not [one for one in found if isinstance(one, Exception)]
    world.services.delivery.run("sim-sms")
    assert len(world.provider.take()) == 1
    assert world.count(said.outbox) == before + 1


def test_a_repeat_on_ussd_shows_the_same_screen(world: World) -> None:
    first = world.inbound("", external_id="hop", session=DialogSession("s1", new=True))
    screens = [one[0].parts for one in at_once([lambda: world.receive(first, channel="sim-ussd")] * 5)]
    assert len(screens[0]) == 1
    assert set(screens) == {screens[0]}
    assert world.count(said.inbound) == 1


def test_messages_of_one_contact_are_handled_in_order(world: World) -> None:
    """Consent, then a booking, in one request: the second sees what the first left."""
    world.receive(world.inbound("salam"), world.inbound("1"), world.inbound("bghit rendez-vous"))
    with world.services.database.read() as connection:
        contact = connection.execute(people.contacts.select()).one()
    assert contact.consent == "given"
    world.services.delivery.run("sim-sms")
    assert "Agdal" in world.provider.take()[-1]


class OneFails:
    """Actions of which those of one contact cannot be done."""

    def __init__(self, real: Actions) -> None:
        self.real, self.broken = real, ""

    def run(self, connection: Connection, do: Do, who: Who) -> dict[str, Json]:
        if who.contact.id == self.broken:
            raise RuntimeError("planted")
        return self.real.run(connection, do, who)


def test_a_message_that_cannot_be_handled_leaves_its_neighbours_unharmed(world: World) -> None:
    actions = OneFails(world.services.actions)
    world.services.actions = cast("Actions", actions)
    numbers = [f"+2126000000{n:02}" for n in range(8)]
    for number in numbers:
        world.agree(number)
    with world.services.database.read() as connection:
        actions.broken = connection.scalars(
            people.addresses.select().with_only_columns(people.addresses.c.contact_id)
        ).all()[3]
    prepared = [
        world.services.hub.prepare(world.channels["sim-sms"], world.inbound("bghit rendez-vous", number=number))
        for number in numbers
    ]
    answers = world.services.hub._handle_batch(prepared)  # noqa: SLF001 (one batch for certain)
    assert [isinstance(one, Exception) for one in answers] == [n == 3 for n in range(8)]
    world.services.delivery.run("sim-sms")
    assert len(world.provider.take()) == 7
    actions.broken = ""
    (again,) = world.receive(prepared[3].inbound)  # the provider repeats it: now it is handled
    assert again.waiting


def test_eight_threads_write_at_once_and_nobody_is_lost(world: World) -> None:
    numbers = [f"+2126000000{n:02}" for n in range(8)]

    def talk(number: str) -> None:
        for text in ("salam", "1", "bghit rendez-vous"):
            world.receive(world.inbound(text, number=number))

    found = at_once([lambda number=number: talk(number) for number in numbers])  # type: ignore[misc]
    assert found == [None] * 8
    assert (world.count(people.contacts), world.count(said.inbound)) == (8, 24)
    world.services.delivery.run("sim-sms")
    sent = [str(message["to"]) for message in world.provider.sent]
    assert {number: sent.count(number) for number in numbers} == dict.fromkeys(numbers, len(sent) // 8)


def broken_understander(world: World, client: object, table: object) -> Understander:
    real = world.services.understander
    keywords = cast("Keywords", real._keywords)  # noqa: SLF001
    return Understander(keywords, cast("Table", table), cast("NluClient", client))


class Raises:
    version = "broken"

    def parse(self, _text: str) -> Mapping[str, str]:
        raise RuntimeError("planted")

    predict = parse


def test_danger_is_answered_with_every_engine_broken(world: World) -> None:
    world.services.understander = broken_understander(world, Raises(), Raises())
    texts = world.sms("kanzef bzaf daba")
    assert texts[0].startswith(world.text("safety.now.general").split("{")[0][:10])
    assert "15" in texts[0]
    assert world.outbox()[0][0] == "emergency"


def test_other_words_get_the_first_question_with_every_engine_broken(world: World) -> None:
    world.services.understander = broken_understander(world, Raises(), Raises())
    assert len(world.sms("bghit rendez-vous")) == 1


@pytest.mark.loopback
@pytest.mark.enable_socket
def test_a_model_that_never_answers_does_not_keep_danger_waiting(world: World) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        world.services.understander = broken_understander(world, NluClient(url, "token", 0.3), Words())
        for text in ("je saigne beaucoup", "bghit rendez-vous"):
            began = time.monotonic()
            assert world.sms(text)
            assert time.monotonic() - began < 2


class Down:
    """A database that can be taken away."""

    def __init__(self, real: Database) -> None:
        self.real, self.down = real, False

    def __getattr__(self, name: str) -> object:
        if self.down and name in {"read", "write"}:
            raise DatabaseDown("planted")
        return getattr(self.real, name)


def test_with_the_database_down_danger_is_answered_and_the_rest_waits_in_the_spool(world: World) -> None:
    down = Down(world.services.database)
    world.services.database = cast("Database", down)
    world.agree()
    down.down = True
    message = world.inbound("kanzef bzaf daba")
    with pytest.raises(DatabaseDown):
        world.receive(message)
    outage = world.services.outage
    said = outage.answer(world.channels["sim-sms"], [message])
    assert (said.parts, said.answered) == ((), {message.external_id})
    (text,) = world.provider.take()
    assert "15" in text
    assert outage.answer(world.channels["sim-sms"], [world.inbound("salam")]).parts == ()
    assert world.provider.take() == []  # what is stored is answered when it is replayed
    (screen,) = outage.answer(world.channels["sim-ussd"], [world.inbound("salam")]).parts
    assert screen.end
    assert screen.text == world.text("common.error_try_later")
    down.down = False
    (answered,) = world.receive(message)
    assert answered.urgent


def test_a_lost_action_list_is_a_fault_and_not_a_stop(world: World, var: Path) -> None:
    """An action that is asked for without end ends as a fault of one message."""

    class Endless:
        def run(self, connection: Connection, do: Do, who: Who) -> dict[str, Json]:
            return {"branch": "no such branch"}

    world.agree()
    world.services.hub._actions = Endless()  # noqa: SLF001
    assert world.sms("bghit rendez-vous") == [world.text("common.error_try_later")]
    assert world.count(appointments) == 0


def test_a_name_is_kept_only_after_consent(world: World) -> None:
    world.sms("salam", name="Planted Name")
    with world.services.database.read() as connection:
        assert connection.execute(people.contacts.select()).one().name_enc is None
    world.sms("1", name="Planted Name")
    world.sms("salam", name="Planted Name")
    with world.services.database.read() as connection:
        assert connection.execute(people.contacts.select()).one().name_enc is not None


def test_nothing_said_is_kept_before_consent(world: World) -> None:
    world.sms("je voudrais un rendez-vous")
    with world.services.database.read() as connection:
        assert connection.execute(said.inbound.select()).one().text_enc is None


def test_stop_reaches_what_is_already_queued(world: World) -> None:
    world.agree()
    world.receive(world.inbound("salam"))
    world.receive(world.inbound("STOP"))
    world.services.delivery.run("sim-sms")
    assert world.provider.take() == [world.text("stop.confirmed")]
    assert world.outbox()[-2:] == [("reply", "skipped", "opted_out"), ("confirmation", "sent", None)]
    assert world.sms("salam") == []
    assert "15" in world.sms("kanzef bzaf daba")[0]
    assert world.sms("START") == [world.text("start.confirmed")]
    assert len(world.sms("menu")) == 1


def test_a_burst_over_the_queue_is_refused_and_the_rest_is_answered(world: World) -> None:
    from concurrent.futures import Future

    from bot.service.batching import Batcher, Overloaded

    go = threading.Event()

    def slow(batch: object) -> list[str]:
        go.wait(20)
        return ["done"] * len(cast("list[str]", batch))

    batcher: Batcher[int, str] = Batcher(slow, lambda item: item)
    futures: list[Future[str]] = []
    with pytest.raises(Overloaded):  # noqa: PT012 (how many fit is the queue's business)
        for item in range(5000):
            futures.append(batcher.submit(item))  # noqa: PERF401
    go.set()
    assert 1024 <= len(futures) <= 1024 + 130
    assert {future.result(20) for future in futures} == {"done"}
