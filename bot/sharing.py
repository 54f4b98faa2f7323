"""Counts that all processes share, through Redis. With Redis away each process counts for itself."""

import time

from redis import Redis
from redis.exceptions import RedisError

AWAY_SECONDS = 5.0
"""After a failure nobody asks again for this long: a limit must not cost every message a timeout."""


class SharedCounts:
    """Counters with an end. Keys are hashes and kinds, never a number or a text."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(redis_url, socket_connect_timeout=0.1, socket_timeout=0.1)
        self._away_until = 0.0

    def add(self, key: str, amount: int, seconds: int) -> int | None:
        """Add to a counter that ends `seconds` after its first use; what it now says, None while Redis is away."""
        if time.monotonic() < self._away_until:
            return None
        try:
            steps = self._redis.pipeline(transaction=False)
            steps.incrby(f"sahti:limit:{key}", amount)
            steps.expire(f"sahti:limit:{key}", seconds, nx=True)
            return int(steps.execute()[0])
        except (RedisError, ValueError):
            self._away_until = time.monotonic() + AWAY_SECONDS
            return None
