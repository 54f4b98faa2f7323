"""The outbox of one test."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import update

from bot.core.delivery import Outcome
from bot.core.model import State
from bot.store import outbox, outbox_reports
from bot.store.database import Database
from bot.store.hot import HotStore
from bot.store.outbox import Claimed
from bot.store.tables.contacts import contacts
from bot.store.vault import Vault
from sms_gateway.types import DeliveryReport
from tests.conftest import Clock
from tests.store.rows import draft, person, put, state_of

Ids = Callable[[], str]
LEASE = timedelta(seconds=45)


class Desk:
    """The outbox of one test."""

    def __init__(self, database: Database, hot: HotStore, vault: Vault, new_id: Ids, clock: Clock) -> None:
        self.database, self.hot, self.vault, self.new_id, self.clock = database, hot, vault, new_id, clock
        self.window: timedelta | None = None
        self.people = [person(database, hot, new_id, clock(), f"+21260000{n:04}") for n in range(4)]

    def queue(self, who: int = 0, **given: object) -> str:
        one = draft(self.people[who], self.new_id, self.clock(), **given)  # type: ignore[arg-type]
        put(self.database, self.vault, one)
        return one.id

    def claim(self, by: str = "w1", limit: int = 64) -> list[Claimed]:
        with self.database.write() as connection:
            return outbox.claim(
                connection, "sim-sms", self.clock(), by=by, limit=limit, lease=LEASE, window=self.window
            )

    def claimed(self, by: str = "w1", limit: int = 64) -> list[str]:
        return [one.id for one in self.claim(by, limit)]

    def in_doubt(self) -> None:
        """From now on the channel has a window that nobody is in: of every row somebody must decide first."""
        self.window = timedelta(0)

    def begin(self, ids: Sequence[str], by: str = "w1") -> set[str]:
        with self.database.write() as connection:
            return outbox.begin(connection, ids, by, lease_until=self.clock() + LEASE)

    def settle(self, *outcomes: tuple[str, Outcome], by: str | None = None) -> None:
        with self.database.write() as connection:
            outbox.settle(connection, outcomes, self.clock(), by=by)

    def report(self, report: DeliveryReport) -> bool:
        with self.database.write() as connection:
            return outbox_reports.apply_report(connection, "sim-sms", report, self.clock(), self.new_id)

    def sweep(self) -> dict[str, int]:
        with self.database.write() as connection:
            return outbox.sweep(connection, self.clock())

    def sent(self, external_id: str | None = "x1", **given: object) -> str:
        id_ = self.queue(**given)
        assert self.claimed() == [id_]
        self.settle((id_, Outcome(State.SENT, external_id=external_id)))
        return id_

    def opt_out(self, who: int = 0) -> None:
        with self.database.write() as connection:
            mine = contacts.c.id == self.people[who].contact.id
            connection.execute(update(contacts).where(mine).values(opted_out=True))

    def state(self, id_: str) -> State:
        return state_of(self.database, id_)[0]
