"""Waking the worker. RQ is a wake-up and nothing more: what is lost with it, the sweeper finds in the database."""

import contextlib
import threading
import time
from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

QUEUE = "sahti"
GUARD_SECONDS = 5
"""A channel is woken once until its job begins, or this long if the job was lost."""
JOB_SECONDS = 60
AWAY_SECONDS = 2.0
"""After a failure the queue is not asked for so long: one that hangs would hold a thread for a second at each message."""


def pacing_connection(redis_url: str) -> Redis:
    """A connection for the channels' paces: a queue that hangs may hold sending up for a quarter of a second, once."""
    return Redis.from_url(redis_url, socket_connect_timeout=0.25, socket_timeout=0.25)


class Waker:
    """Tells a worker that a channel has work; with Redis down, a thread of this process does the work itself."""

    def __init__(
        self, redis_url: str, otherwise: Callable[[str], object], fetch: Callable[[], object] = lambda: None
    ) -> None:
        self._redis = Redis.from_url(redis_url, socket_connect_timeout=0.5, socket_timeout=1.0)
        self._queue = Queue(QUEUE, connection=self._redis, serializer=JSONSerializer)
        self._otherwise, self._fetch = otherwise, fetch
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._away_until = 0.0

    def wake(self, channel: str) -> None:
        """Never raises and never waits long."""
        if time.monotonic() < self._away_until:
            self._by_ourselves(channel)
            return
        try:
            if self._redis.set(f"sahti:wake:{channel}", "1", nx=True, ex=GUARD_SECONDS):
                self._queue.enqueue(
                    "bot.jobs.dispatch", channel, job_timeout=JOB_SECONDS, result_ttl=0, failure_ttl=3600
                )
        except RedisError:
            self._away_until = time.monotonic() + AWAY_SECONDS
            self._by_ourselves(channel)

    def wake_media(self) -> None:
        """Have the attachments that wait fetched soon. Never raises and never waits long."""
        try:
            if self._redis.set("sahti:wake-media", "1", nx=True, ex=GUARD_SECONDS):
                self._queue.enqueue("bot.jobs.fetch_media", job_timeout=JOB_SECONDS, result_ttl=0, failure_ttl=3600)
        except RedisError:
            self._fetch()

    @property
    def connection(self) -> Redis:
        """The connection a worker listens on."""
        return self._redis

    def begun(self, channel: str) -> None:
        """The work on this channel has begun: the next message wakes anew. Never raises."""
        with contextlib.suppress(RedisError):
            self._redis.delete(f"sahti:wake:{channel}")

    def alive(self) -> bool:
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False

    def _by_ourselves(self, channel: str) -> None:
        with self._lock:
            if channel in self._busy:
                return
            self._busy.add(channel)
        threading.Thread(target=self._work, args=(channel,), name=f"send-{channel}", daemon=True).start()

    def _work(self, channel: str) -> None:
        try:
            self._otherwise(channel)
        finally:
            with self._lock:
                self._busy.discard(channel)
