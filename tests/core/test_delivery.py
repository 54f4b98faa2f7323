"""What becomes of a message, whatever happens to it in whatever order."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.core.delivery import LONGEST_PAUSE, MOST_ATTEMPTS, after_error, after_report, after_send
from bot.core.model import Kind, State
from sms_gateway import errors
from sms_gateway.types import Accepted, Status
from tests.conftest import NOON

KINDS = list(Kind)
FAILURES: list[errors.ChannelError] = [
    errors.Misconfigured(),
    errors.InvalidUrn(),
    errors.Rejected(code="30004"),
    errors.OutsideWindow(),
    errors.ContactOptedOut(),
    errors.Unreachable(),
    errors.Throttled(wait=40),
    errors.OutcomeUnknown(),
]
RANK = {State.QUEUED: 0, State.SENDING: 0, State.UNKNOWN: 0, State.SENT: 1, State.DELIVERED: 2, State.READ: 3}


@given(
    failed=st.sampled_from(FAILURES),
    kind=st.sampled_from(KINDS),
    attempts=st.integers(1, 30),
    jitter=st.floats(0, 1),
    stopped=st.booleans(),
)
def test_every_error_leads_to_a_state_with_a_reason(
    *, failed: errors.ChannelError, kind: Kind, attempts: int, jitter: float, stopped: bool
) -> None:
    outcome = after_error(failed, kind, attempts, NOON, jitter, stopped=stopped)
    assert outcome.reason == failed.name
    assert outcome.state in {State.QUEUED, State.UNKNOWN, State.FAILED}
    if outcome.state is State.QUEUED:
        assert attempts < MOST_ATTEMPTS
        assert outcome.again_at
        assert timedelta(seconds=1) <= outcome.again_at - NOON <= LONGEST_PAUSE


@given(st.sampled_from([kind for kind in KINDS if kind is not Kind.EMERGENCY]), st.integers(1, 30), st.floats(0, 1))
def test_what_may_have_been_taken_is_never_queued_again(kind: Kind, attempts: int, jitter: float) -> None:
    for stopped in (False, True):
        outcome = after_error(errors.OutcomeUnknown(), kind, attempts, NOON, jitter, stopped=stopped)
        assert outcome.state is State.UNKNOWN


@pytest.mark.parametrize("wait", [0.0, 3.0, 3600.0])
def test_a_time_that_the_provider_names_is_kept(wait: float) -> None:
    outcome = after_error(errors.Throttled(wait=wait), Kind.REPLY, 1, NOON, 0.0)
    assert outcome.again_at
    assert outcome.again_at - NOON == max(timedelta(seconds=wait), timedelta(seconds=1))


def test_pauses_double_and_spread() -> None:
    least = [after_error(errors.Unreachable(), Kind.REPLY, n, NOON, 0.0).again_at for n in (1, 2, 3)]
    most = [after_error(errors.Unreachable(), Kind.REPLY, n, NOON, 1.0).again_at for n in (1, 2, 3)]
    assert [(at - NOON).total_seconds() for at in least if at] == [1, 2, 4]
    assert [(at - NOON).total_seconds() for at in most if at] == [2, 4, 8]


@given(st.sampled_from(list(State)), st.lists(st.sampled_from(list(Status)), max_size=12))
def test_reports_never_move_a_message_back(state: State, told: list[Status]) -> None:
    for status in told:
        moved = after_report(state, status)
        if moved is None:
            continue
        if state is State.FAILED:
            assert moved in {State.DELIVERED, State.READ}
        elif moved is not State.FAILED:
            assert RANK[moved] > RANK.get(state, 0)
        assert state is not State.SKIPPED
        assert after_report(moved, status) is None  # the same report again changes nothing
        state = moved


@given(st.permutations([Status.QUEUED, Status.SENT, Status.DELIVERED, Status.READ]))
def test_the_order_of_reports_makes_no_difference(told: list[Status]) -> None:
    state = State.SENT
    for status in told:
        state = after_report(state, status) or state
    assert state is State.READ


class Message(RuleBasedStateMachine):
    """One row and its provider: sends, lost answers, reports, a sweeper, in any order."""

    @initialize(kind=st.sampled_from(KINDS))
    def queue(self, kind: Kind) -> None:
        self.kind, self.state, self.attempts = kind, State.QUEUED, 0
        self.taken = 0
        self.furthest = 0

    def move(self, state: State | None) -> None:
        if state is not None:
            self.state = state
            self.furthest = max(self.furthest, RANK.get(state, 0))

    @precondition(lambda self: self.state is State.QUEUED)
    @rule()
    def begin(self) -> None:
        self.state, self.attempts = State.SENDING, self.attempts + 1

    @precondition(lambda self: self.state is State.SENDING)
    @rule(status=st.sampled_from([Status.QUEUED, Status.SENT, Status.DELIVERED]))
    def taken_and_told(self, status: Status) -> None:
        self.taken += 1
        self.move(after_send(Accepted("x", status)).state)

    @precondition(lambda self: self.state is State.SENDING)
    @rule(failed=st.sampled_from(FAILURES), jitter=st.floats(0, 1), took_it=st.booleans())
    def fails(self, *, failed: errors.ChannelError, jitter: float, took_it: bool) -> None:
        self.taken += took_it and isinstance(failed, errors.OutcomeUnknown)
        self.move(after_error(failed, self.kind, self.attempts, NOON, jitter).state)

    @precondition(lambda self: self.state is State.SENDING)
    @rule(took_it=st.booleans())
    def killed(self, *, took_it: bool) -> None:
        self.taken += took_it
        self.state = State.QUEUED if self.kind is Kind.EMERGENCY else State.UNKNOWN

    @rule()
    def nothing_happens(self) -> None:
        """Time goes by."""

    @precondition(lambda self: self.taken > 0)
    @rule(status=st.sampled_from(list(Status)))
    def reported(self, status: Status) -> None:
        self.move(after_report(self.state, status))

    @invariant()
    def never_twice(self) -> None:
        if getattr(self, "kind", Kind.EMERGENCY) is not Kind.EMERGENCY:
            assert self.taken <= 1

    @invariant()
    def never_back(self) -> None:
        if hasattr(self, "kind") and self.kind is not Kind.EMERGENCY and self.state is not State.FAILED:
            assert RANK[self.state] == self.furthest


TestMessage = Message.TestCase
