"""Rows for tests of the store: people who wrote, messages that wait, places that take bookings."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from bot.core.model import Arrival, Consent, Conversation, Draft, Kind, Result, State
from bot.service.answering import LANE
from bot.store import outbox
from bot.store.database import Database
from bot.store.hot import HotStore
from bot.store.tables.care import facilities, opening_hours, services
from bot.store.vault import Vault
from sms_gateway.types import Part, Urn

NUMBER = "+212600009871"
IdSource = Callable[[], str]


def arrival(number: str, external_id: str, now: datetime, channel: str = "sim-sms") -> Arrival:
    return Arrival(channel, external_id, Urn("tel", number), now)


def write_in(
    database: Database,
    hot: HotStore,
    new_id: IdSource,
    what: Arrival,
    *,
    text: str = "salam",
    answer: tuple[Part, ...] = (),
    changed: dict[str, object] | None = None,
    conversation: Conversation | None = None,
) -> Result:
    """One message through load and commit; the result that was committed."""
    with database.write() as connection:
        (known,) = hot.load_many(connection, [what])
        result = Result(
            arrival=what,
            contact=replace(known.contact, **(changed or {})),  # type: ignore[arg-type]
            address_id=known.address_id,
            conversation=conversation or known.conversation,
            text=text,
            inbound_id=new_id(),
            answer=answer,
        )
        hot.commit_many(connection, [result])
    return result


def person(database: Database, hot: HotStore, new_id: IdSource, now: datetime, number: str = NUMBER) -> Result:
    """A contact who wrote once and agreed."""
    first = arrival(number, new_id(), now)
    return write_in(database, hot, new_id, first, changed={"form": "fr", "consent": Consent.GIVEN})


def draft(
    whose: Result, new_id: IdSource, now: datetime, *, kind: Kind = Kind.REPLY, text: str = "hello", **changed: object
) -> Draft:
    made = Draft(
        id=new_id(),
        contact_id=whose.contact.id,
        address_id=whose.address_id,
        channel="sim-sms",
        kind=kind,
        lane=LANE[kind],
        part=Part(text),
        created_at=now,
        due_at=now,
        expires_at=now + timedelta(hours=1),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def put(database: Database, vault: Vault, *drafts: Draft) -> None:
    with database.write() as connection:
        outbox.add(connection, drafts, vault)


def state_of(database: Database, id_: str) -> tuple[State, str | None]:
    from bot.store.tables.messages import outbox as table

    with database.read() as connection:
        row = connection.execute(table.select().where(table.c.id == id_)).one()
    return State(row.state), row.reason


def place(database: Database, *, capacity: int = 2, zone: str = "Africa/Casablanca") -> None:
    """One health centre, open every day from 8:00 to 18:00 with a slot each half hour."""
    with database.write() as connection:
        connection.execute(
            insert(facilities).values(id="agdal", region="Rabat", zone=zone, names=json.dumps({"Latn": "Agdal"}))
        )
        connection.execute(insert(services).values(id="general", names=json.dumps({"fr": "Consultation"})))
        connection.execute(
            insert(opening_hours),
            [
                {
                    "facility_id": "agdal",
                    "service_id": "general",
                    "weekday": weekday,
                    "opens": "08:00",
                    "closes": "18:00",
                    "minutes": 30,
                    "capacity": capacity,
                }
                for weekday in range(7)
            ],
        )


def everything_stored(database: Database) -> bytes:
    """All that stands in the database, as bytes: the file of SQLite, every row of every table on PostgreSQL."""
    if database.dialect == "sqlite":
        file = Path(str(database.engine.url.database))
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
        return b"".join(one.read_bytes() for one in file.parent.glob(file.name + "*"))
    from bot.store.tables.base import metadata

    found = b""
    with database.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(table.select()):
                for value in row:
                    found += bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
    return found
