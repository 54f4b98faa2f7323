"""Attachments: noted in the message's own transaction, fetched later by a worker, erased in time. Nothing without consent."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.ids import IdSource
from bot.core.model import Consent, Result
from bot.store import limited
from bot.store import media as store
from bot.store.database import Connection, Database, DatabaseDown
from bot.store.media import NewMedia, Wanted
from bot.store.vault import Vault
from sms_gateway.channel import Channel
from sms_gateway.fetch_http import MediaUnreachable
from sms_gateway.fetching import Fetched, MediaRefused
from sms_gateway.types import Inbound, Media

CLAIM = 4
LEASE = timedelta(minutes=5)
"""Longer than a claim may take: four times the client's 20 s, with looking names up."""
MOST_A_DAY = 40
"""Attachments of one contact that are noted within a day: an album of a consultation, not a telephone's whole memory.
At 5 MB each that is 200 MB."""
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
)
"""After which a fetch is tried again; providers keep what was sent for days."""
ERASE_EVERY = timedelta(minutes=10)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Fetches(Protocol):
    """What gets an attachment from a provider."""

    def fetch(self, channel: object, media: Media, hosts: Sequence[str]) -> Fetched: ...


@dataclass(frozen=True, slots=True)
class Done:
    """What one run did."""

    kept: int = 0
    refused: int = 0
    later: int = 0


class Attachments:
    """Notes, fetches and erases what people send besides text. Its methods are called from several threads."""

    def __init__(  # noqa: PLR0913 (made once, in bot.wiring)
        self,
        *,
        database: Database,
        vault: Vault,
        channels: Mapping[str, Channel],
        client: Callable[[], Fetches],
        clock: Callable[[], datetime],
        new_id: IdSource,
        keep: timedelta,
        on_limited: Callable[[str], None],
        on_fault: Callable[[str, Exception], None],
    ) -> None:
        self._database, self._vault, self._channels, self._client = database, vault, channels, client
        self._clock, self._new_id, self._keep = clock, new_id, keep
        self._on_limited, self._on_fault = on_limited, on_fault
        self._running = threading.Lock()
        self._erased_at: datetime | None = None

    def note(self, connection: Connection, message: Inbound, result: Result) -> None:
        """Note a message's attachments in its transaction; before consent, after STOP, or above the day's count nothing.

        Beyond the safety minimum nothing is kept of somebody who did not agree, so nothing is fetched either.
        """
        contact = result.contact
        if result.text is None or contact.consent is not Consent.GIVEN or contact.opted_out:
            return
        at = result.arrival.received_at
        room = MOST_A_DAY - store.since(connection, contact.id, at - DAY)
        if len(message.media) > room:
            self._on_limited("media")
        found = [
            NewMedia(self._new_id(), contact.id, result.inbound_id, result.arrival.channel, _clean(one), at)
            for one in message.media[: max(0, room)]
        ]
        store.note(connection, found, self._vault)

    def in_background(self) -> None:
        """Fetch what waits on a thread of this process, unless one is at it: a slow store must not hold up a worker."""
        if self._running.locked():
            return
        threading.Thread(target=self._alone, name="media", daemon=True).start()

    def _alone(self) -> None:
        try:
            self.run()
        except DatabaseDown:
            return  # the clock asks again
        except Exception as failed:  # noqa: BLE001 (a thread of its own: nobody else would hear of it)
            self._on_fault("media", failed)

    def run(self) -> Done:
        """Fetch everything that is due. No database connection is held while a provider is being talked to."""
        done = Done()
        if not self._running.acquire(blocking=False):
            return done
        try:
            while claimed := self._claim():
                by, wanted = claimed
                for one in wanted:
                    done = self._one(one, by, done)
            return done
        finally:
            self._running.release()

    def _claim(self) -> tuple[str, list[Wanted]] | None:
        by, now = self._new_id(), self._clock()
        with self._database.write() as connection:
            wanted = store.claim(connection, now, by=by, limit=CLAIM, lease_until=now + LEASE, vault=self._vault)
        return (by, wanted) if wanted else None

    def _one(self, one: Wanted, by: str, done: Done) -> Done:
        channel = self._channels.get(one.channel)
        try:
            if channel is None:
                raise MediaRefused("no_channel")  # noqa: TRY301 (refused like everything else below)
            found = self._client().fetch(channel, one.media, channel.capabilities.media_hosts)
        except MediaRefused as refused:
            with self._database.write() as connection:
                store.give_up(connection, one.id, by, store.REFUSED, refused.reason, self._clock())
            return Done(done.kept, done.refused + 1, done.later)
        except MediaUnreachable:
            return self._later(one, by, "unreachable", done)
        except Exception as failed:  # noqa: BLE001 (a channel's own mistake: the others must have their turn)
            self._on_fault("media", failed)
            return self._later(one, by, "fault", done)
        with self._database.write() as connection:
            kept = store.keep(connection, one.id, by, found.content, found.type, self._vault, self._clock())
        return Done(done.kept + kept, done.refused, done.later)

    def _later(self, one: Wanted, by: str, reason: str, done: Done) -> Done:
        now = self._clock()
        with self._database.write() as connection:
            if one.attempts < len(PAUSES):
                store.again(connection, one.id, by, reason, now + PAUSES[one.attempts])
            else:
                store.give_up(connection, one.id, by, store.FAILED, reason, now)
        return Done(done.kept, done.refused, done.later + 1)

    def figures(self) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
        """What limits stopped: texts of the last hour by reason, attachments of the last day by state and reason."""
        now = self._clock()
        with self._database.read() as connection:
            return limited.texts(connection, now - HOUR), limited.attachments(connection, now - DAY)

    def tick(self) -> bool:
        """Erase what is older than it may be, now and then; whether something waits to be fetched."""
        now = self._clock()
        if self._erased_at is None or now - self._erased_at >= ERASE_EVERY:
            self.erase_old()
            self._erased_at = now
        with self._database.read() as connection:
            return store.any_due(connection, now)

    def erase_old(self) -> int:
        """Erase what has reached its age. Returns how many."""
        erased = 0
        while True:
            with self._database.write() as connection:
                step = store.erase_before(connection, self._clock() - self._keep)
            erased += step
            if not step:
                return erased


def _clean(found: Media) -> Media:
    """The attachment with nothing in its type that a database would refuse."""
    kind = "".join(letter for letter in found.type if letter.isascii() and letter.isprintable())
    return Media(kind[:80] or "file", found.url, found.id, found.sha256)
