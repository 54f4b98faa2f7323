"""The limits at work: a real hub that is flooded, real outbox rows that are not sent, counts that processes share."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from bot.core.abuse import Limits
from bot.core.model import Kind, State
from bot.core.sending import Skip
from bot.service.abuse import Counts, Outgoing, Watch
from bot.store.tables import messages as said
from bot.web.app import create_app
from nlu.types import Danger, DangerLevel, Understood
from sms_gateway.types import DialogSession, Inbound, Media, Urn
from tests.service.world import NUMBER, World

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BLEEDS = "je saigne beaucoup"


def limited(world: World) -> dict[str, float]:
    found = world.services.metrics.limited.collect()[0].samples
    return {one.labels["reason"]: one.value for one in found if one.name.endswith("_total")}


def test_a_flood_is_stored_and_answered_twenty_times_and_once_more(world: World) -> None:
    world.agree()
    before = world.count(said.inbound)
    answers = [world.sms("menu") for _ in range(30)]
    assert all(answers[:20])
    assert answers[20] == [world.text("common.received")]
    assert answers[21:] == [[]] * 9
    assert world.count(said.inbound) == before + 30
    assert limited(world) == {"same_text": 10.0}


def test_danger_in_the_middle_of_a_flood_is_answered(world: World) -> None:
    world.agree()
    for _ in range(40):
        world.receive(world.inbound("salam"))
    world.services.delivery.run("sim-sms")
    world.provider.take()
    assert any("141" in text for text in world.sms(BLEEDS))


def test_a_flood_of_danger_is_answered_for_ever_but_not_each_time(world: World) -> None:
    world.agree()
    answered = [any("141" in text for text in world.sms(BLEEDS)) for _ in range(25)]
    assert answered == [True] * 20 + [False] * 5
    for _ in range(3):
        world.clock.advance(seconds=60)
        assert any("141" in text for text in world.sms(BLEEDS))
    assert limited(world)["danger"] == 5.0


def urgent(world: World) -> int:
    from sqlalchemy import func, select

    from bot.store.tables.contacts import cases

    with world.services.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(cases).where(cases.c.urgent)) or 0


def test_a_flood_of_danger_is_one_case_until_the_staff_have_closed_it(world: World) -> None:
    world.agree()
    for _ in range(12):
        world.receive(world.inbound(BLEEDS))
    assert urgent(world) == 1
    world.receive(world.inbound("mon fils ne respire plus"))
    assert urgent(world) == 2  # another danger is another case
    from bot.store import cases

    with world.services.database.write() as connection:
        for case in cases.waiting(connection, world.services.vault):
            cases.close(connection, case.id, "staff", world.clock())
    world.receive(world.inbound(BLEEDS))
    assert urgent(world) == 3


def test_a_flood_of_danger_is_limited_with_the_database_down_too(world: World) -> None:
    hub, channel = world.services.hub, world.channels["sim-sms"]
    messages = [world.inbound(BLEEDS) for _ in range(25)]
    answered = [len(hub.emergency_only(channel, [one])) for one in messages]
    assert answered == [1] * 20 + [0] * 5
    assert hub.emergency_only(channel, [messages[-1]]) == []
    world.clock.advance(seconds=61)
    again = world.inbound(BLEEDS)
    assert [len(hub.emergency_only(channel, [again])) for _ in range(2)] == [1, 1]
    assert len(hub.emergency_only(channel, [world.inbound(BLEEDS, number="+212600000001")])) == 1


def test_the_answer_to_a_danger_question_is_heard_above_every_limit(world: World) -> None:
    world.agree()
    world.sms("mal de tête violent")
    for _ in range(30):
        world.receive(world.inbound("menu"))
    assert world.services.metrics.limited.labels("same_text")._value.get() == 10  # noqa: SLF001
    for _ in range(25):
        world.receive(world.inbound("1"))  # chosen, then held like any other text
    world.sms("mal de tête violent")
    assert any("141" in text for text in world.sms("1"))


def test_stop_in_a_flood_stops(world: World) -> None:
    world.agree()
    for _ in range(30):
        world.receive(world.inbound("STOP"))
    world.receive(world.inbound("START"))
    world.receive(world.inbound("STOP"))
    world.services.delivery.run("sim-sms")
    world.provider.take()
    assert world.sms("salam") == []


def test_our_own_words_coming_back_end_the_exchange(world: World) -> None:
    world.agree()
    (text, *_) = world.sms("salam")
    assert world.sms(text) == []
    assert limited(world) == {"echo": 1.0}


def test_a_screen_is_always_shown(world: World) -> None:
    for step in range(40):
        screen = world.dial("", session=f"s{step}", new=True)
        assert screen


def test_photos_are_no_repeated_text(world: World) -> None:
    world.agree()
    for _ in range(25):
        world.receive(world.inbound("", media=(Media("image/jpeg", id="1"),)))
    assert "same_text" not in limited(world)


def test_a_repeat_of_the_provider_is_answered_as_before(world: World) -> None:
    world.agree()
    first = world.inbound("salam")
    world.receive(first)
    rows = world.count(said.outbox)
    for _ in range(30):
        world.receive(first)
    assert world.count(said.outbox) == rows


def test_a_limit_of_an_answer_shows_in_the_outbox(world: World) -> None:
    world.services.__dict__["limits"] = Limits(hourly=3)
    world.agree()  # two messages, with their answers
    for step in range(8):
        world.receive(world.inbound(f"menu {step}"))
    world.services.delivery.run("sim-sms")
    rows = world.outbox()
    assert ("reply", State.SKIPPED, "limit_number") in rows
    stopped = len([row for row in rows if row[2] == "limit_number"])
    page = create_app(world.services).test_client().get("/metrics").get_data(as_text=True)
    assert f'sahti_outbox_limited{{reason="limit_number"}} {stopped}.0' in page
    assert any("141" in text for text in world.sms(BLEEDS))
    assert ("emergency", State.SENT, None) in world.outbox()


def watch(limits: Limits, share: Callable[[str, int, int], int | None] = lambda *_: None) -> tuple[Watch, list[str]]:
    reasons: list[str] = []
    return Watch(limits, share, lambda value: value.encode()[-16:], reasons.append), reasons


_ids = count(1)


def sms(text: str, number: str = NUMBER, **given: Any) -> Inbound:
    return Inbound(f"x{next(_ids)}", Urn("tel", number), text, **given)


def test_a_request_that_the_provider_repeats_is_counted_once() -> None:
    made, _ = watch(Limits())
    messages = [sms("salam") for _ in range(20)]
    assert [made.look(one, NOW) for one in messages for _ in range(5)] == [None] * 100
    assert made.look(sms("salam"), NOW) is not None


def test_a_range_of_numbers_has_its_own_limit() -> None:
    made, reasons = watch(Limits(prefix_hourly=50))
    held = [
        made.judged(one, made.look(one, NOW), Understood("fr", 0.0), NOW)
        for one in (sms(f"hi {n}", f"+2126000{n:05}") for n in range(60))
    ]
    assert [one for one in held if one] != []
    assert held[:50] == [None] * 50
    assert reasons == ["prefix"] * 10
    assert made.look(sms("hi", "+212699000001"), NOW) is None


def test_a_message_that_is_looked_at_twice_is_weighed_once() -> None:
    made, _ = watch(Limits())
    alarm = Understood("fr", 0.9, danger=Danger("bleeding", DangerLevel.NOW))
    moment = NOW
    for _ in range(30):
        one = sms(BLEEDS)
        first = made.judged(one, made.look(one, moment), alarm, moment)
        assert made.judged(one, made.look(one, moment), alarm, moment) == first
    moment += timedelta(seconds=61)
    one = sms(BLEEDS)
    assert [made.judged(one, made.look(one, moment), alarm, moment) for _ in range(3)] == [None] * 3
    flood = [sms("salam") for _ in range(22)]
    assert [made.look(one, moment) for one in flood for _ in range(2)][-1] is not None


def test_many_threads_at_once_break_nothing_and_hold_the_flood() -> None:
    made, _ = watch(Limits())
    found: list[object] = []

    def write(worker: int) -> None:
        for step in range(400):
            found.append(made.look(sms("salam"), NOW))
            made.look(sms(f"{worker} {step}", f"+2126{worker}{step:07}"), NOW)
            made.look(sms(f"{worker} {step}"), NOW)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 3200
    assert found.count(None) <= 40


def test_a_very_long_text_is_read_in_no_time_and_not_kept() -> None:
    made, _ = watch(Limits())
    began = time.perf_counter()
    for _ in range(3):
        made.look(sms("!" * 1_000_000), NOW)
    assert time.perf_counter() - began < 0.5
    assert "!!!!" not in repr(vars(made))


def test_a_ussd_session_is_neither_counted_nor_held() -> None:
    made, _ = watch(Limits(same_texts=1, hourly=1))
    hops = [sms("1", session=DialogSession("s")) for _ in range(10)]
    assert [made.look(hop, NOW) for hop in hops] == [None] * 10
    assert made.look(sms("1"), NOW) is None


class Shared:
    """What Redis does, and may be away."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.away = False
        self.asked = 0

    def add(self, key: str, amount: int, _seconds: int) -> int | None:
        self.asked += 1
        if self.away:
            return None
        self.counts[key] = self.counts.get(key, 0) + amount
        return self.counts[key]


def test_an_ordinary_number_costs_no_question_to_redis() -> None:
    shared = Shared()
    made, _ = watch(Limits(), shared.add)
    for n in range(3000):
        made.look(sms(f"salam {n % 4}", f"+2126{n % 1500:04}0000"), NOW)
    assert shared.asked == 0


def test_two_processes_count_a_flood_together() -> None:
    shared = Shared()
    first, second = watch(Limits(), shared.add)[0], watch(Limits(), shared.add)[0]
    answered = sum(one.look(sms("salam"), NOW) is None for _ in range(30) for one in (first, second))
    assert answered <= 20 + 4
    assert all(NUMBER[1:] not in key and "salam" not in key for key in shared.counts)


def test_with_redis_away_each_counts_alone() -> None:
    shared = Shared()
    shared.away = True
    first, second = watch(Limits(), shared.add)[0], watch(Limits(), shared.add)[0]
    assert sum(one.look(sms("salam"), NOW) is None for _ in range(30) for one in (first, second)) == 40


def test_counts_of_processes_add_up_and_large_ones_are_told_in_steps() -> None:
    shared = Shared()
    made = [Counts(shared.add, lambda value: value.encode()) for _ in range(2)]
    totals = [one.add("all", "", 10_000, 3600, 0.0) for _ in range(6000) for one in made]
    assert 11_900 <= totals[-1] <= 12_000
    assert shared.asked < 600
    assert made[0].add("all", "", 10_000, 3600, 3600.0) == 1


def test_a_reminder_abroad_and_the_twenty_first_of_a_day_are_not_sent() -> None:
    reasons: list[str] = []
    out = Outgoing(Limits(), lambda *_: None, lambda value: value.encode(), reasons.append)
    home, abroad = Urn("tel", NUMBER), Urn("whatsapp", "33612345678")
    assert out.refusal(Kind.REMINDER, abroad, NOW) == Skip("country")
    assert [out.refusal(Kind.REMINDER, home, NOW) for _ in range(21)] == [None] * 20 + [Skip("limit_number")]
    assert out.refusal(Kind.REPLY, home, NOW) is None
    assert out.refusal(Kind.EMERGENCY, abroad, NOW) is None
    assert [out.refusal(Kind.REPLY, abroad, NOW) for _ in range(11)] == [None] * 10 + [Skip("limit_abroad")]
    assert reasons == ["country", "limit_number", "limit_abroad"]


@pytest.mark.parametrize("codes", ["212", "212,33"])
def test_countries_are_a_setting(world: World, codes: str) -> None:
    settings = world.services.settings.model_copy(update={"countries": codes})
    assert settings.codes == tuple(codes.split(","))
