"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, String
from sqlalchemy.types import TypeDecorator

ID = 32


def to_ms(moment: datetime) -> int:
    """An aware moment → milliseconds since 1970 UTC. The database never converts zones."""
    return int(moment.timestamp() * 1000)


def from_ms(value: int) -> datetime:
    """Milliseconds since 1970 → an aware UTC moment."""
    return datetime.fromtimestamp(value / 1000, UTC)


class Instant(TypeDecorator[datetime]):
    """A moment, kept as whole milliseconds since 1970 UTC; naive times are refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 (SQLAlchemy's signature)
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return to_ms(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 (SQLAlchemy's signature)
        return None if value is None else from_ms(value)


def id_type() -> String:
    """Ids are 32 hexadecimal digits, ordered by time (UUID version 7, RFC 9562)."""
    return String(ID)
