"""Keeps the counts that the limits of `bot.core.abuse` are judged by, for messages in and for texts out.

An ordinary message costs a few look-ups in this process's memory and nothing else. Only when a count has used up a share
of its limit do processes count together (`share`, Redis where there is one), so a limit may be overstepped by that share
for each process beyond the first.
"""

import hashlib
import threading
from collections.abc import Callable
from datetime import datetime
from itertools import islice

from bot.core import abuse
from bot.core.abuse import ANSWERS, DAY, HOUR, WINDOW, Held, Limits, Seen, Sent
from bot.core.model import Kind, Result
from bot.core.sending import Verdict
from bot.core.turn import Decision
from nlu.types import DangerLevel, Understood
from sms_gateway.types import Inbound, Urn

Share = Callable[[str, int, int], int | None]
"""`(key, amount, seconds)` → the count of all processes, None where there is none."""

MOST_NUMBERS = 100_000
"""Numbers remembered at a time, about 60 MB; the half that was first seen goes when there are more."""
SHARED_FROM = 4
"""Processes count together from a fourth of a limit on."""
STEPS = 500
"""Into how many steps a large limit is divided for that: Redis is not asked for each of a million texts."""


class Counts:
    """Counters of fixed windows, by kind and key."""

    def __init__(self, share: Share, blind: Callable[[str], bytes]) -> None:
        self._share, self._blind = share, blind
        self._windows: dict[str, tuple[int, dict[str, int], dict[str, tuple[int, int]]]] = {}

    def add(self, kind: str, key: str, limit: int, seconds: int, now: float) -> int:
        """Count one in the window that `now` lies in; how many there were in it."""
        window = int(now // seconds)
        known = self._windows.get(kind)
        if known is None or known[0] != window or len(known[1]) > MOST_NUMBERS:
            known = self._windows[kind] = (window, {}, {})
        _, counts, told = known
        count = counts[key] = counts.get(key, 0) + 1
        if limit <= 0 or count * SHARED_FROM < limit:
            return count
        before, shared = told.get(key, (0, 0))
        if not before or count - before >= max(1, limit // STEPS):
            answer = self._share(f"{kind}:{window}:{self._blind(key).hex()}", count - before, seconds)
            before, shared = told[key] = (count, answer) if answer is not None else (before, shared)
        return max(count, shared + count - before)


class Watch:
    """Weighs each message that comes in. Called from many threads."""

    def __init__(
        self, limits: Limits, share: Share, blind: Callable[[str], bytes], on_limited: Callable[[str], None]
    ) -> None:
        self._limits, self._share, self._blind, self._on_limited = limits, share, blind, on_limited
        self._seen: dict[str, Seen] = {}
        self._lock = threading.Lock()
        self._counts = Counts(share, blind)

    def look(self, message: Inbound, now: datetime) -> Held | None:
        """Count a message, before it is understood, and say whether it is held; a USSD screen never is."""
        if message.session is not None:
            return None
        limits, moment, urn = self._limits, now.timestamp(), message.urn
        text = message.text.strip()
        with self._lock:
            seen = self._of(str(urn), moment)
            if seen.again(message.external_id):
                # finds its first answer, or was not taken the first time
                return seen.verdict if seen.ids[0] == message.external_id else None
        same = self._together(urn, text, seen, moment)
        with self._lock:
            held = abuse.weigh(seen, text, moment, limits, home=limits.home(urn.scheme, urn.path), same=same)
        if held is None and limits.prefix_hourly and urn.scheme != "bsuid":
            range_ = abuse.digits(urn.path)
            if self._counts.add("in-prefix", range_, limits.prefix_hourly, HOUR, moment) > limits.prefix_hourly:
                held = Held("prefix")
        seen.verdict = held
        return held

    def judged(self, message: Inbound, held: Held | None, said: Understood | None, now: datetime) -> Held | None:
        """The last word on a message that was looked at, now that it is understood: danger is answered."""
        danger = said.danger if said else None
        if danger is not None and danger.level is not DangerLevel.INFORM and message.session is None:
            held = self._alarm(message, now.timestamp())
        if held is not None:
            self._on_limited(held.reason)
        return held

    def _alarm(self, message: Inbound, moment: float) -> Held | None:
        with self._lock:
            seen = self._of(str(message.urn), moment)
            if seen.alarm is None or seen.alarm[0] != message.external_id:  # asked twice of one message: weighed once
                seen.alarm = (message.external_id, abuse.weigh_danger(seen, moment))
            return seen.alarm[1]

    def once(self, urn: Urn, decision: Decision) -> Decision:
        """The decision without a second urgent case for what one is open for already: staff must see the others too."""
        seen = self._seen.get(str(urn))
        return abuse.once(seen, decision) if seen is not None and seen.case is not None else decision

    def answered(self, result: Result) -> None:
        """Remember what is answered, to know it when it comes back, and the urgent case that was opened."""
        seen = self._seen.get(str(result.arrival.urn))
        if seen is None:
            return
        if result.drafts:
            texts = (draft.part.text.strip() for draft in result.drafts)
            seen.spoke(texts, result.arrival.received_at.timestamp())
        for case in result.cases:
            if case.urgent:
                seen.case = (case.id, case.reason)

    def _of(self, address: str, moment: float) -> Seen:
        seen = self._seen.get(address)
        if seen is None:
            if len(self._seen) >= MOST_NUMBERS:
                for old in list(islice(self._seen, MOST_NUMBERS // 2)):
                    self._seen.pop(old, None)
            seen = self._seen[address] = Seen(moment)
        return seen

    def _together(self, urn: Urn, text: str, seen: Seen, moment: float) -> int | None:
        """How often all processes saw this text from this number; None while it is seldom in this one."""
        count = seen.texts.get(hash(text), 0) + 1 if text else 0
        limit = self._limits.same_texts
        if not limit or count * SHARED_FROM < limit or moment - seen.since >= WINDOW:
            return None
        first = (count - 1) * SHARED_FROM < limit
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=self._blind(str(urn)))
        return self._share(f"same:{digest.hexdigest()}", count if first else 1, int(WINDOW))


class Outgoing:
    """Weighs each text that is about to be sent. Called from many threads."""

    def __init__(
        self, limits: Limits, share: Share, blind: Callable[[str], bytes], on_limited: Callable[[str], None]
    ) -> None:
        self._limits, self._on_limited = limits, on_limited
        self._counts = Counts(share, blind)

    def refusal(self, kind: Kind, urn: Urn, now: datetime) -> Verdict | None:
        """Why a text is not sent now: Skip or Wait with a reason; None to send it. Counts it."""
        if kind is Kind.EMERGENCY:
            return None
        limits, moment, add = self._limits, now.timestamp(), self._counts.add
        address, answer = str(urn), kind in ANSWERS
        home = limits.home(urn.scheme, urn.path)
        day_limit = abuse.BULK if not answer else limits.daily if home else abuse.ABROAD
        hour = day = prefix = 0
        if answer:
            hour = add("out-hour", address, limits.hourly, HOUR, moment)
            prefix = add("out-prefix", abuse.digits(urn.path), limits.prefix_hourly, HOUR, moment)
        day = add("out-day" if answer else "out-bulk", address, day_limit, DAY, moment)
        everybody = add("out-all", "", limits.all_hourly, HOUR, moment)
        verdict = abuse.outgoing(kind, Sent(hour, day, prefix, everybody), limits, now, home=home)
        if verdict is not None:
            self._on_limited(getattr(verdict, "reason", "limit"))
        return verdict
