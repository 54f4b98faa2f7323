"""The database: one engine, short transactions, migrations. SQLite in WAL by default, PostgreSQL by its address."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout

__all__ = ["Connection", "Database", "DatabaseDown", "driver_connection", "is_the_databases", "may_retry", "retrying"]

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 10.0
"""How long a SQLite writer waits for another process's transaction; ours last milliseconds."""

RESTED_SECONDS = 1.0
"""A PostgreSQL connection unused for this long is asked whether it still lives before it is used."""

RETRY_CODES = {"40001", "40P01"}
"""PostgreSQL: serialization failure, deadlock (Appendix A of its manual). Both mean: try the transaction again."""


class DatabaseDown(Exception):
    """The database cannot be reached or written to."""


class Database:
    """Opens transactions. `write()` is exclusive from its first statement on SQLite; `read()` never waits for writers."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        parsed = make_url(url)
        self.dialect: Literal["sqlite", "postgresql"] = (
            "sqlite" if parsed.get_backend_name() == "sqlite" else "postgresql"
        )
        options: dict[str, Any]
        if self.dialect == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
            options = {"pool_size": pool_size, "max_overflow": 10, "pool_timeout": 5}
            connect = {"connect_timeout": 3, "options": "-c timezone=UTC -c statement_timeout=30000"}
        else:
            if parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            options = {"pool_size": pool_size, "max_overflow": 20, "pool_timeout": 5}
            connect = {"timeout": BUSY_SECONDS, "check_same_thread": False}
        self.engine = create_engine(parsed, connect_args=connect, **options)
        if self.dialect == "postgresql":
            event.listen(self.engine, "checkin", _note_rest)
            event.listen(self.engine, "checkout", self._ask_if_rested)
        else:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    def _ask_if_rested(self, raw: Any, record: Any, _proxy: Any) -> None:  # noqa: ANN401 (the pool's own)
        # every message would pay for a ping; one that was at work a moment ago needs none
        if time.monotonic() - record.info.get("rests_since", 0.0) < RESTED_SECONDS:
            return
        try:
            self.engine.dialect.do_ping(raw)
        except self.engine.dialect.loaded_dbapi.Error as lost:
            raise DisconnectionError from lost  # the pool makes a new connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at the end, or leaves nothing. Raises DatabaseDown when there is no database."""
        try:
            with self.engine.connect() as connection:
                connection = connection.execution_options(sahti_write=True)  # noqa: PLW2901 (SQLAlchemy returns it)
                with connection.begin():
                    yield connection
        except Exception as failed:
            if may_retry(failed) or not _is_down(failed):
                raise
            raise DatabaseDown(_brief(failed)) from failed

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot to read from."""
        try:
            with self.engine.connect() as connection, connection.begin():
                yield connection
        except Exception as failed:
            if not _is_down(failed):
                raise
            raise DatabaseDown(_brief(failed)) from failed

    def migrate(self) -> None:
        """Bring the schema to its current form. Safe to call by several processes at once."""
        from alembic import command  # noqa: PLC0415 (a third of a second that only this call needs)
        from alembic import config as settings  # noqa: PLC0415 (same)

        config = settings.Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        with self.write() as connection:
            if self.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(7233412)"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def alive(self) -> bool:
        """Whether a transaction can be opened now."""
        try:
            with self.read() as connection:
                connection.execute(text("SELECT 1"))
        except DatabaseDown:
            return False
        return True

    def close(self) -> None:
        self.engine.dispose()


def driver_connection(connection: Connection) -> Any:  # noqa: ANN401 (psycopg's or sqlite3's own)
    """The driver's connection inside a transaction, for the set-shaped statements of the message path."""
    return connection.connection.driver_connection


def retrying(attempts: int = 3) -> Iterator[int]:
    """Attempt numbers with a short pause between them, for transactions that a deadlock may end."""
    for attempt in range(attempts):
        if attempt:
            time.sleep(0.01 * 2**attempt)
        yield attempt


def may_retry(failed: Exception) -> bool:
    """Whether the same transaction may simply be tried again (deadlock, serialization failure)."""
    return getattr(_driver_error(failed), "sqlstate", None) in RETRY_CODES


def is_the_databases(failed: Exception) -> bool:
    """Whether a failure ends the whole transaction: the database is down, or the transaction is to be tried again."""
    return isinstance(failed, DatabaseDown) or may_retry(failed) or _is_down(failed)


def _driver_error(failed: Exception) -> BaseException:
    # the set-shaped statements use the driver itself, whose errors come as they are
    return failed.orig if isinstance(failed, DBAPIError) and failed.orig is not None else failed


def _is_down(failed: Exception) -> bool:
    """Whether the database, and not the statement, is at fault."""
    error = _driver_error(failed)
    if isinstance(error, PoolTimeout | sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
        return True
    # by name: a hub on SQLite never loads psycopg
    names = {f"{one.__module__.partition('.')[0]}.{one.__name__}" for one in type(error).__mro__}
    return not names.isdisjoint({"psycopg.OperationalError", "psycopg.InterfaceError"})


def _brief(failed: Exception) -> str:
    # never str(failed): it quotes statements and their parameters
    return type(_driver_error(failed)).__name__


def _note_rest(_raw: Any, record: Any) -> None:  # noqa: ANN401 (the pool's own)
    record.info["rests_since"] = time.monotonic()


def _prepare_sqlite(raw: Any, _record: Any) -> None:  # noqa: ANN401 (sqlite3's own)
    raw.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={int(BUSY_SECONDS * 1000)}",
    ):
        raw.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    exclusive = connection.get_execution_options().get("sahti_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if exclusive else "BEGIN")
