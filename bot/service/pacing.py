"""The pace of each channel, shared by all workers through Redis; without Redis each process keeps to its part.

One script call serves a whole round of messages. Redis that is away, full, wiped or hanging costs one short wait; then
this process goes by its own bucket and asks again later.
"""

import threading
import time
from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError

from bot.core.pacing import Bucket, Grant, Pace

AWAY_SECONDS = 5.0
"""After a failed call Redis is left alone for this long: a hanging one costs its time limit once in a while only."""
SEEN_SECONDS = 15
"""A process that asked for tokens within this time counts as one that shares the pace."""

# KEYS: the bucket, who takes part. ARGV: per second, burst, reserve, wanted, given back, who asks, seconds remembered.
# Redis' own clock, because the workers' may differ.
SCRIPT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local rate, burst, reserve = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local want, back, remembered = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[7])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(kept[1]) or burst
local at = tonumber(kept[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate + back)
local taken = math.max(0, math.min(want, math.floor(tokens)))
local bulk = math.max(0, math.min(taken, math.floor(tokens - reserve)))
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - taken), 'at', tostring(math.max(now, at)))
redis.call('EXPIRE', KEYS[1], 60)
redis.call('ZADD', KEYS[2], now, ARGV[6])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - remembered)
redis.call('EXPIRE', KEYS[2], 60)
return {taken, bulk, redis.call('ZCARD', KEYS[2])}
"""


class Pacer:
    """Hands out tokens. `me` names this process; `redis` None means that there is none."""

    def __init__(self, redis: Redis | None, me: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self._redis, self._me, self._now = redis, me, now
        self._script = redis.register_script(SCRIPT) if redis is not None else None
        self._away_until = float("-inf")
        self._own: dict[str, Bucket] = {}
        self._others: dict[str, int] = {}
        self._lock = threading.Lock()

    def take(self, channel: str, pace: Pace, want: int, *, back: int = 0) -> Grant:
        """Take up to `want` tokens of a channel's pace; `back` are tokens of an earlier take that were not used.

        Never raises, and waits for Redis no longer than its connection's time limit.
        """
        if self._script is not None and self._now() >= self._away_until:
            keys = [f"sahti:pace:{channel}", f"sahti:paced:{channel}"]
            given: list[str | int | float] = [
                pace.per_second,
                pace.burst,
                pace.reserve,
                want,
                back,
                self._me,
                SEEN_SECONDS,
            ]
            try:
                taken, bulk, others = self._script(keys=keys, args=given)
            except RedisError:
                self._away_until = self._now() + AWAY_SECONDS
            else:
                self._others[channel] = max(1, int(others))
                return Grant(int(taken), int(bulk))
        part = Pace(pace.per_second / self._others.get(channel, 1))
        with self._lock:
            return self._own.setdefault(channel, Bucket()).take(part, want, self._now(), back=back)
