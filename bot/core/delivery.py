"""What becomes of a send: outcomes, retries, and how delivery reports move a message. Forwards only."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model import Kind, State
from sms_gateway.errors import ChannelError, Misconfigured, OutcomeUnknown, Throttled
from sms_gateway.types import Accepted, Status

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=10)
MOST_ATTEMPTS = 12
"""With doubling pauses from 2 s to 10 min this is some fifty minutes of trying; most texts expire before."""

_ORDER = {State.QUEUED: 0, State.SENDING: 0, State.UNKNOWN: 0, State.SENT: 1, State.DELIVERED: 2, State.READ: 3}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state a row goes to, why, and when to try again if it waits."""

    state: State
    reason: str | None = None
    code: str | None = None
    external_id: str | None = None
    again_at: datetime | None = None
    untried: bool = False
    """Handed back before the provider was called: the attempt does not count."""


def after_send(accepted: Accepted) -> Outcome:
    """The provider took it."""
    state = State.DELIVERED if accepted.status is Status.DELIVERED else State.SENT
    return Outcome(state, external_id=accepted.external_id)


def after_error(
    failed: ChannelError, kind: Kind, attempts: int, now: datetime, jitter: float, *, stopped: bool = False
) -> Outcome:
    """A send failed; `attempts` counts this one, `jitter` is a random number from 0 to 1.

    Transient errors wait (exponential back-off, full jitter on its upper half) unless the provider named a time. A send
    of unknown outcome is never repeated, except an emergency, whose policy says that it may (P3). On a channel that is
    known to be misconfigured (`stopped`) a message that only tried whether it still is waits as well.
    """
    if isinstance(failed, OutcomeUnknown) and kind is not Kind.EMERGENCY:
        return Outcome(State.UNKNOWN, reason=failed.name, code=failed.code)
    waits = stopped and isinstance(failed, Misconfigured)
    may_retry = failed.retry or waits or isinstance(failed, OutcomeUnknown)
    if may_retry and attempts < MOST_ATTEMPTS:
        pause = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE) * (0.5 + jitter / 2)
        if isinstance(failed, Throttled) and failed.wait is not None:
            pause = max(timedelta(seconds=failed.wait), pause)
        return Outcome(State.QUEUED, reason=failed.name, code=failed.code, again_at=now + pause)
    return Outcome(State.FAILED, reason=failed.name, code=failed.code)


def after_report(state: State, status: Status) -> State | None:
    """The state a delivery report moves a message to; None where it changes nothing.

    `failed` is final unless a delivery shows otherwise; a late `sent` never overwrites `delivered`. A message that we
    decided not to send is not moved by any report.
    """
    if state in {State.SKIPPED, State.ANSWERED} and status not in {Status.DELIVERED, Status.READ, Status.FAILED}:
        return None
    if state is State.SKIPPED:
        return None
    if status is Status.FAILED:
        return None if state in {State.DELIVERED, State.READ, State.FAILED} else State.FAILED
    target = {Status.SENT: State.SENT, Status.DELIVERED: State.DELIVERED, Status.READ: State.READ}.get(status)
    if target is None:
        return None
    if state is State.FAILED:
        return target if target is not State.SENT else None
    return target if _ORDER[target] > _ORDER.get(state, 0) else None
