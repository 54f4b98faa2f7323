"""Health centres, services and opening hours, written as a whole."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from bot.store.tables.care import facilities, opening_hours, services

Names = Mapping[str, str]
"""A name by form or script: `fr`, `ar`, `Latn`, `Arab`, `Tfng`."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One spell of opening hours: a slot every `minutes` for `capacity` people; weekday 0 is Monday, times are local."""

    facility: str
    service: str
    weekday: int
    opens: str
    closes: str
    minutes: int
    capacity: int


def any_place(connection: Connection) -> bool:
    """Whether there is a health centre at all."""
    return connection.scalar(select(facilities.c.id).limit(1)) is not None


def add(
    connection: Connection,
    places: Sequence[tuple[str, str, Names]],
    offered: Sequence[tuple[str, Names]],
    hours: Sequence[Opening],
) -> None:
    """Write health centres (id, region, names), services (id, names) and their opening hours."""
    connection.execute(
        insert(facilities), [{"id": id_, "region": region, "names": _json(names)} for id_, region, names in places]
    )
    connection.execute(insert(services), [{"id": id_, "names": _json(names)} for id_, names in offered])
    connection.execute(
        insert(opening_hours),
        [
            {
                "facility_id": one.facility,
                "service_id": one.service,
                "weekday": one.weekday,
                "opens": one.opens,
                "closes": one.closes,
                "minutes": one.minutes,
                "capacity": one.capacity,
            }
            for one in hours
        ],
    )


def _json(names: Names) -> str:
    return json.dumps(dict(names), ensure_ascii=False)
