"""`sahti channel test NAME --to NUMBER`: one text through the running hub, until its report is there."""

import sys
import time

from bot.commands.failing import Failed, services
from bot.core.model import State
from bot.service.trial import Became, CannotTry
from sms_gateway.msisdn import e164

LOOK_SECONDS = 0.2
LAST = {State.DELIVERED, State.READ, State.FAILED, State.SKIPPED}


def run(name: str, to: str, seconds: float) -> int:
    """Send, and say each state as it comes. 0 when it was delivered, or sent where the channel gets no reports."""
    number = e164(to)
    if number is None:
        raise Failed("--to takes the number of your own phone, for example --to 0612345678.")
    made = services()
    try:
        id_ = made.trial.send(name, number)
    except CannotTry as cannot:
        raise Failed(str(cannot)) from None
    reports = made.channels[name].capabilities.delivery_reports
    began, seen = time.monotonic(), Became(State.QUEUED)
    while seen.state not in LAST and time.monotonic() - began < seconds:
        now = made.trial.became(id_)
        if now != seen:
            seen = now
            _say(seen, time.monotonic() - began)
        if seen.state is State.SENT and not reports:
            break
        time.sleep(LOOK_SECONDS)
    if seen.state in {State.DELIVERED, State.READ} or (seen.state is State.SENT and not reports):
        return 0
    raise Failed(_advice(seen, seconds))


def _say(seen: Became, seconds: float) -> None:
    why = " ".join(word for word in (seen.reason, seen.code) if word)
    sys.stdout.write(f"{seconds:5.1f} s  {seen.state.value}{f' ({why})' if why else ''}\n")
    sys.stdout.flush()


def _advice(seen: Became, seconds: float) -> str:
    if seen.state is State.QUEUED:
        return f"After {seconds:.0f} s it still waits. Are the worker and the queue running? `/status` tells."
    if seen.state is State.SENT:
        return (
            f"The provider took it, but no report came within {seconds:.0f} s. Does the provider know the status address"
            " (`sahti channels`), and does SAHTI_PUBLIC_URL lead here?"
        )
    return f"It ended as {seen.state.value}. What the code means stands in the provider's list of errors."
