"""Staff accounts, their sessions, and the audit trail of what they did."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, case, delete, insert, literal, or_, select, update

from bot.store.columns import Instant
from bot.store.tables.work import audit, staff, staff_sessions


@dataclass(frozen=True, slots=True)
class Account:
    """A member of the staff. `password` is an Argon2 hash; times are UTC."""

    id: str
    login: str
    role: str
    language: str
    must_change: bool
    active: bool
    password: str = field(repr=False)
    last_login_at: datetime | None = None
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the audit trail; `login` is None for what nobody signed in did."""

    at: datetime
    login: str | None
    action: str
    subject: str | None


def _account(row: object) -> Account:
    get_ = row._mapping.__getitem__  # type: ignore[attr-defined] # noqa: SLF001 (SQLAlchemy's row)
    return Account(
        id=get_("id"),
        login=get_("login"),
        role=get_("role"),
        language=get_("language"),
        must_change=get_("must_change"),
        active=get_("active"),
        password=get_("password"),
        last_login_at=get_("last_login_at"),
        locked_until=get_("locked_until"),
    )


def exists(connection: Connection) -> bool:
    """Whether there is any account."""
    return connection.scalar(select(staff.c.id).limit(1)) is not None


def add(connection: Connection, account: Account, now: datetime) -> None:
    """Keep a new account. The caller has looked whether the login is free."""
    connection.execute(
        insert(staff).values(
            id=account.id,
            login=account.login,
            password=account.password,
            role=account.role,
            language=account.language,
            must_change=account.must_change,
            active=account.active,
            created_at=now,
        ),
    )


def by_login(connection: Connection, login: str) -> Account | None:
    row = connection.execute(select(staff).where(staff.c.login == login)).first()
    return _account(row) if row else None


def by_id(connection: Connection, id_: str) -> Account | None:
    row = connection.execute(select(staff).where(staff.c.id == id_)).first()
    return _account(row) if row else None


def everybody(connection: Connection) -> list[Account]:
    """All accounts, by login."""
    return [_account(row) for row in connection.execute(select(staff).order_by(staff.c.login))]


def logins(connection: Connection) -> dict[str, str]:
    """Login of each account by its id."""
    return {row.id: row.login for row in connection.execute(select(staff.c.id, staff.c.login))}


def count_try(connection: Connection, login: str, now: datetime, most: int, lock_until: datetime) -> bool:
    """Count a try to sign in before it is judged; False when the account waits. The `most`-th try in a row locks it."""
    free = or_(staff.c.locked_until.is_(None), staff.c.locked_until <= now)
    failed = case((staff.c.locked_until.is_not(None), 1), else_=staff.c.failures + 1)
    values = {"failures": failed, "locked_until": case((failed >= most, literal(lock_until, Instant)), else_=None)}
    return connection.execute(update(staff).where(staff.c.login == login, free).values(values)).rowcount == 1


def signed_in(connection: Connection, id_: str, now: datetime) -> None:
    """Forget the failed tries."""
    values = {"failures": 0, "locked_until": None, "last_login_at": now}
    connection.execute(update(staff).where(staff.c.id == id_).values(values))


def set_password(connection: Connection, id_: str, password: str, *, must_change: bool) -> None:
    """Keep a new hash and end every session of the account."""
    values = {"password": password, "must_change": must_change, "failures": 0, "locked_until": None}
    connection.execute(update(staff).where(staff.c.id == id_).values(values))
    connection.execute(delete(staff_sessions).where(staff_sessions.c.staff_id == id_))


def set_hash(connection: Connection, id_: str, password: str) -> None:
    """Keep the same password under newer parameters of the hash."""
    connection.execute(update(staff).where(staff.c.id == id_).values(password=password))


def set_language(connection: Connection, id_: str, language: str) -> None:
    connection.execute(update(staff).where(staff.c.id == id_).values(language=language))


def set_active(connection: Connection, id_: str, *, active: bool) -> None:
    """Let an account in or keep it out; its sessions end."""
    connection.execute(update(staff).where(staff.c.id == id_).values(active=active))
    connection.execute(delete(staff_sessions).where(staff_sessions.c.staff_id == id_))


def begin_session(connection: Connection, token_hash: str, staff_id: str, now: datetime, dead_before: datetime) -> None:
    """Open a session; those idle since before `dead_before` are cleared away."""
    connection.execute(delete(staff_sessions).where(staff_sessions.c.seen_at < dead_before))
    connection.execute(
        insert(staff_sessions).values(token_hash=token_hash, staff_id=staff_id, created_at=now, seen_at=now),
    )


def of_session(connection: Connection, token_hash: str, alive_since: datetime) -> tuple[Account, datetime] | None:
    """Whose session this is and when it was last used; None when there is none, or it was idle too long."""
    query = select(staff, staff_sessions.c.seen_at).join(staff_sessions, staff_sessions.c.staff_id == staff.c.id)
    row = connection.execute(
        query.where(
            staff_sessions.c.token_hash == token_hash, staff_sessions.c.seen_at >= alive_since, staff.c.active.is_(True)
        ),
    ).first()
    return (_account(row), row.seen_at) if row else None


def seen(connection: Connection, token_hash: str, now: datetime) -> None:
    connection.execute(update(staff_sessions).where(staff_sessions.c.token_hash == token_hash).values(seen_at=now))


def end_session(connection: Connection, token_hash: str) -> None:
    connection.execute(delete(staff_sessions).where(staff_sessions.c.token_hash == token_hash))


def note(
    connection: Connection, id_: str, staff_id: str | None, action: str, subject: str | None, now: datetime
) -> None:
    """Write one act into the audit trail. `subject` is an id or a login, never a name, number or text of a contact."""
    connection.execute(insert(audit).values(id=id_, staff_id=staff_id, action=action, subject=subject, at=now))


def acts(connection: Connection, limit: int = 100) -> list[Act]:
    """The latest acts, newest first."""
    query = select(audit, staff.c.login).outerjoin(staff, staff.c.id == audit.c.staff_id)
    rows = connection.execute(query.order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit))
    return [Act(row.at, row.login, row.action, row.subject) for row in rows]
