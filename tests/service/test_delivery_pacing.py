"""The shared pace over a real Valkey: one bucket for all workers, and no standstill when it hangs or goes."""

import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import select

from bot import embedded
from bot.core.model import Draft, Kind, Lane
from bot.core.pacing import Grant, Pace
from bot.service.delivery import Delivery
from bot.service.pacing import AWAY_SECONDS, Pacer
from bot.store import outbox
from bot.store.tables.contacts import addresses
from bot.waking import pacing_connection
from sms_gateway.types import Part
from tests.service.world import World

FAST = Pace(1000)


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator["subprocess.Popen[bytes]"]:
    var = tmp_path_factory.mktemp("q")
    with subprocess.Popen(embedded.command(var), stdout=subprocess.DEVNULL) as process:
        assert embedded.ready({"SAHTI_VAR": str(var)})
        process.var = var  # type: ignore[attr-defined] # where its socket is
        yield process
        process.send_signal(signal.SIGCONT)
        process.kill()


def connection(process: "subprocess.Popen[bytes]") -> Redis:
    var: Path = process.var  # type: ignore[attr-defined] # set above
    return pacing_connection(f"unix://{var}/valkey.sock")


def test_two_workers_share_one_bucket(valkey: "subprocess.Popen[bytes]") -> None:
    slow = Pace(0.001)
    one, two = Pacer(connection(valkey), "w1"), Pacer(connection(valkey), "w2")
    assert one.take("sms", slow, 1) == Grant(1, 1)
    assert two.take("sms", slow, 9) == Grant(1, 0)
    assert one.take("sms", slow, 9) == Grant(0, 0)
    assert one.take("other", slow, 9) == Grant(2, 1)
    assert two.take("sms", slow, 9, back=2).all == 2


def test_the_shared_bucket_fills_with_time_and_keeps_to_its_pace(valkey: "subprocess.Popen[bytes]") -> None:
    pacers = [Pacer(connection(valkey), f"w{n}") for n in range(3)]
    pace, began, taken = Pace(200), time.monotonic(), 0
    while time.monotonic() - began < 0.6:
        taken += sum(pacer.take("sms", pace, 50).all for pacer in pacers)
    longest = time.monotonic() - began
    assert 200 + 0.5 * 200 <= taken <= 200 + (longest + 0.1) * 200


def test_campaigns_leave_a_part_of_the_shared_bucket(valkey: "subprocess.Popen[bytes]") -> None:
    pacer = Pacer(connection(valkey), "w1")
    first = pacer.take("sms", Pace(10), 100)
    assert (first.all, first.bulk) == (10, 8)
    assert pacer.take("sms", Pace(10), 100, back=2).bulk == 0


def test_a_queue_that_hangs_holds_sending_up_for_a_moment_only(valkey: "subprocess.Popen[bytes]") -> None:
    pacer = Pacer(connection(valkey), "w1")
    pacer.take("sms", FAST, 1)
    os.kill(valkey.pid, signal.SIGSTOP)
    began, taken = time.monotonic(), 0
    for _ in range(200):
        taken += pacer.take("sms", FAST, 5).all
    assert time.monotonic() - began < 1.0
    assert taken >= 900
    os.kill(valkey.pid, signal.SIGCONT)


def test_without_the_queue_each_worker_keeps_to_its_part(valkey: "subprocess.Popen[bytes]") -> None:
    times = [Time() for _ in range(4)]
    pacers = [Pacer(connection(valkey), f"w{n}", now=clock) for n, clock in enumerate(times)]
    for pacer in (*pacers, *pacers):
        pacer.take("sms", Pace(100), 0)
    valkey.kill()
    valkey.wait()
    assert sum(pacer.take("sms", Pace(100), 1000).all for pacer in pacers) == 100
    for clock in times:
        clock.now += 1.0
    assert sum(pacer.take("sms", Pace(100), 1000).all for pacer in pacers) == 100


def test_the_queue_is_asked_again_after_a_while(valkey: "subprocess.Popen[bytes]") -> None:
    clock = Time()
    pacer = Pacer(connection(valkey), "w1", now=clock)
    slow = Pace(0.001)
    os.kill(valkey.pid, signal.SIGSTOP)
    assert pacer.take("sms", slow, 9).all == 2
    os.kill(valkey.pid, signal.SIGCONT)
    assert pacer.take("sms", slow, 9).all == 0
    clock.now += AWAY_SECONDS
    time.sleep(0.3)
    assert pacer.take("sms", slow, 9).all in {0, 2}  # the hanging call may have counted after all
    with connection(valkey) as redis:
        assert redis.hget("sahti:pace:sms", "tokens") is not None


def test_a_queue_that_was_wiped_begins_anew(valkey: "subprocess.Popen[bytes]") -> None:
    pacer = Pacer(connection(valkey), "w1")
    pacer.take("sms", FAST, 1000)
    with connection(valkey) as redis:
        redis.flushall()
    assert pacer.take("sms", FAST, 1000).all == 1000


def test_a_queue_that_is_full_is_done_without(valkey: "subprocess.Popen[bytes]") -> None:
    pacer = Pacer(connection(valkey), "w1")
    with connection(valkey) as redis:
        redis.config_set("maxmemory", 1)
    assert pacer.take("sms", FAST, 10) == Grant(10, 10)


def test_without_any_queue(valkey: "subprocess.Popen[bytes]") -> None:
    assert Pacer(None, "w1").take("sms", Pace(10), 100) == Grant(10, 8)


def test_a_paced_channel_keeps_to_its_pace_and_lets_replies_and_emergencies_through(
    world: World, valkey: "subprocess.Popen[bytes]"
) -> None:
    for n in range(60):
        world.agree(f"+2126000003{n:02}")
    world.provider.take()
    services = world.services
    rate = 100.0
    delivery = Delivery(
        database=services.database,
        vault=services.vault,
        channels=services.channels,
        transport=world.provider,
        clock=world.clock,
        new_id=world.new_id,
        zone="Africa/Casablanca",
        pacer=Pacer(connection(valkey), "w1"),
        per_second={"sim-sms": rate},
    )

    def queue(kind: Kind, lane: Lane, number: int) -> None:
        now = world.clock()
        with services.database.write() as rows:
            people = rows.execute(select(addresses).where(addresses.c.scheme == "tel").limit(number)).all()
            drafts = [
                Draft(
                    world.new_id(), one.contact_id, one.id, "sim-sms", kind, lane, Part(kind.value), now, now,
                    now + timedelta(hours=1),
                )
                for one in people
            ]  # fmt: skip
            outbox.add(rows, drafts, services.vault)

    for _ in range(4):
        queue(Kind.CAMPAIGN, Lane.CAMPAIGN, 60)
    began = time.monotonic()
    running = threading.Thread(target=delivery.run, args=("sim-sms",))
    running.start()
    while len(world.provider.sent) < 90:
        time.sleep(0.005)
    queue(Kind.EMERGENCY, Lane.EMERGENCY, 30)
    queue(Kind.REPLY, Lane.REPLY, 10)
    running.join(30)
    took = time.monotonic() - began
    sent = [message["text"] for message in world.provider.sent]
    assert Counter(sent) == {"campaign": 240, "emergency": 30, "reply": 10}
    assert took >= (240 + 10 - rate) / rate - 0.1  # a burst of one second, then the pace
    last = {kind: max(number for number, text in enumerate(sent) if text == kind) for kind in set(sent)}
    assert last["emergency"] < 160
    assert last["reply"] < 200
