"""The bucket and the circuit, with the time as an argument."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.pacing import (
    FIRST_SHARE,
    LEAST_SHARE,
    LONGEST_PAUSE,
    MOST_FAILURES,
    POOR_FOR,
    Bucket,
    Circuit,
    Grant,
    Health,
    Pace,
    after_failure,
    after_success,
    judged,
)
from tests.conftest import NOON

CLOSED = Circuit(since=NOON)


def opened(reason: str = "unreachable", times: int = MOST_FAILURES) -> Circuit:
    circuit = CLOSED
    for _ in range(times):
        circuit = after_failure(circuit, reason, NOON)
    return circuit


def test_a_full_bucket_keeps_a_part_for_replies() -> None:
    bucket, pace = Bucket(), Pace(10)
    assert bucket.take(pace, 100, 0.0) == Grant(10, 8)
    assert bucket.take(pace, 100, 0.0) == Grant(0, 0)


def test_when_the_rest_is_reserved_only_replies_go() -> None:
    bucket, pace = Bucket(), Pace(10)
    bucket.take(pace, 8, 0.0)
    assert bucket.take(pace, 100, 0.0) == Grant(2, 0)


def test_what_was_not_used_comes_back() -> None:
    bucket, pace = Bucket(), Pace(10)
    bucket.take(pace, 10, 0.0)
    assert bucket.take(pace, 10, 0.0, back=4) == Grant(4, 2)


def test_a_slow_channel_sends_one_now_and_then() -> None:
    bucket, pace = Bucket(), Pace(0.5)
    assert bucket.take(pace, 9, 0.0).all == 2
    assert bucket.take(pace, 9, 1.0).all == 0
    assert bucket.take(pace, 9, 2.0).all == 1


@given(
    st.floats(0.5, 500),
    st.lists(st.tuples(st.floats(0, 3), st.integers(0, 200)), max_size=60),
)
def test_never_more_than_the_pace(rate: float, asked: list[tuple[float, int]]) -> None:
    bucket, pace, now, given_out = Bucket(), Pace(rate), 0.0, 0
    for pause, want in asked:
        now += pause
        grant = bucket.take(pace, want, now)
        assert 0 <= grant.bulk <= grant.all <= want
        given_out += grant.all
        assert given_out <= pace.burst + rate * now + 1e-6


def test_a_run_of_failures_opens_and_a_success_in_between_does_not() -> None:
    circuit = opened(times=MOST_FAILURES - 1)
    assert circuit.passes
    circuit = after_success(circuit, NOON)
    assert opened(times=1).passes
    assert after_failure(circuit, "unreachable", NOON).passes
    assert opened().state is Health.OPEN
    assert not opened().passes


def test_a_channel_that_does_not_know_us_is_stopped() -> None:
    assert opened("misconfigured", 5).state is Health.STOPPED
    assert after_failure(opened(), "misconfigured", NOON).state is Health.STOPPED


def test_a_provider_that_is_too_busy_is_left_alone_for_as_long_as_it_says() -> None:
    circuit = CLOSED
    for _ in range(5):
        circuit = after_failure(circuit, "throttled", NOON, wait=20)
    assert circuit.state is Health.OPEN
    assert circuit.probe_at == NOON + timedelta(seconds=20)
    for _ in range(5):
        assert after_failure(opened("throttled", 4), "throttled", NOON, wait=7200).probe_at == NOON + LONGEST_PAUSE


def test_probes_come_ever_more_seldom_and_never_later_than_half_a_minute() -> None:
    circuit, pauses = opened(), []
    for _ in range(8):
        circuit = circuit.probed(NOON)
        assert circuit.probe_at
        pauses.append((circuit.probe_at - NOON).total_seconds())
    assert pauses == [4, 8, 16, 30, 30, 30, 30, 30]


def test_a_success_closes_and_begins_slowly() -> None:
    circuit = after_success(opened().probed(NOON), NOON)
    assert (circuit.state, circuit.share, circuit.pauses) == (Health.CLOSED, FIRST_SHARE, 0)
    for second in range(1, 8):
        circuit = after_success(circuit, NOON + timedelta(seconds=second))
    assert circuit.share == 1.0


def test_throttling_halves_the_share_once_a_second() -> None:
    circuit = after_failure(after_failure(CLOSED, "throttled", NOON), "throttled", NOON)
    assert circuit.share == 0.5
    for second in range(1, 20):
        circuit = after_failure(after_success(circuit, NOON), "throttled", NOON + timedelta(seconds=second))
    assert circuit.share == LEAST_SHARE


@pytest.mark.parametrize(
    ("delivered", "failed", "state"),
    [(0, 19, Health.CLOSED), (9, 11, Health.POOR), (10, 10, Health.CLOSED), (0, 20, Health.POOR)],
)
def test_a_channel_that_delivers_badly_is_called_poor(delivered: int, failed: int, state: Health) -> None:
    circuit = judged(CLOSED, delivered, failed, NOON)
    assert circuit.state is state
    assert circuit.passes
    assert judged(circuit, 0, 0, NOON + POOR_FOR).state is Health.CLOSED


def test_a_channel_that_pauses_is_not_judged() -> None:
    assert judged(opened(), 0, 100, NOON) == opened()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "unreachable", "outcome_unknown", "throttled", "misconfigured", "probe"]),
            st.floats(0, 40),
        ),
        max_size=80,
    )
)
def test_a_circuit_always_has_a_next_probe_within_half_a_minute(steps: list[tuple[str, float]]) -> None:
    circuit, now = CLOSED, NOON
    for what, pause in steps:
        now += timedelta(seconds=pause)
        if what == "probe":
            circuit = circuit if circuit.passes else circuit.probed(now)
        else:
            circuit = after_failure(circuit, what, now, wait=pause) if what else after_success(circuit, now)
        assert LEAST_SHARE <= circuit.share <= 1.0
        if not circuit.passes:
            assert circuit.reason
            assert circuit.probe_at
            assert circuit.probe_at - now <= LONGEST_PAUSE
    assert after_success(circuit, now).passes
