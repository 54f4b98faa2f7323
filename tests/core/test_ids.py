"""Ids rise, whatever the clock does: the messages of one answer are sent in their order."""

from bot.core.ids import Rising, new_id, uuid7


def test_ids_of_one_millisecond_rise() -> None:
    make = Rising(clock=lambda: 1_700_000_000_000_000_000)
    made = [make() for _ in range(1000)]
    assert made == sorted(set(made))
    assert {len(one) for one in made} == {32}


def test_ids_rise_when_the_clock_goes_back() -> None:
    times = iter([5_000_000, 4_000_000, 6_000_000])
    make = Rising(clock=lambda: next(times))
    first, second, third = make(), make(), make()
    assert first < second < third


def test_ids_rise_past_the_last_of_a_millisecond() -> None:
    make = Rising(clock=lambda: 5_000_000, random=lambda count: b"\xff" * count)
    assert make() < make()


def test_an_id_says_its_time_and_its_version() -> None:
    made = uuid7(0x0123456789AB, bytes(10))
    assert made[:12] == "0123456789ab"
    assert (made[12], made[16]) == ("7", "8")
    assert new_id()[12] == "7"
