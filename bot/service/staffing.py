"""Staff accounts: signing in and out, passwords, roles. Every act leaves a line in the audit trail."""

import hashlib
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.core.ids import IdSource
from bot.store import staff
from bot.store.database import Connection, Database
from bot.store.staff import Account

Role = Literal["health_worker", "approver", "administrator"]
ROLES: tuple[Role, ...] = ("health_worker", "approver", "administrator")
LANGUAGES = ("fr", "ar")

IDLE = timedelta(hours=12)
"""A session nobody uses this long is over: a shift and no more."""
MOST_TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
SHORTEST = 12
"""Characters of a password; NIST SP 800-63B asks for no less than 8 and for length rather than kinds of characters."""
LONGEST = 200
MOST_AT_ONCE = 4
"""Argon2 takes 64 MiB a time: a flood of tries waits in line and cannot eat the machine's memory."""
TOUCH_EVERY = timedelta(minutes=1)
LOGIN_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")
LONGEST_LOGIN = 64
SHORTEST_LOGIN = 3

HASHER = PasswordHasher()
"""Argon2id with the library's parameters, those of RFC 9106 for machines with little memory."""
_EASY = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody mistakes for one another when a password is read from paper."""


def one_time_password() -> str:
    """A password to be handed over once: 20 characters in four groups, some 99 bits."""
    return "-".join("".join(secrets.choice(_EASY) for _ in range(5)) for _ in range(4))


def first_administrator(connection: Connection, now: datetime, new_id: IdSource) -> tuple[str, str] | None:
    """Make the first account: its login and one-time password; None when there is an account already."""
    if staff.exists(connection):
        return None
    password = one_time_password()
    account = Account(new_id(), "admin", "administrator", "fr", True, True, HASHER.hash(password))  # noqa: FBT003 (a row's fields)
    staff.add(connection, account, now)
    staff.note(connection, new_id(), None, "staff.first", account.login, now)
    return account.login, password


def read_login(typed: str) -> str:
    """A login as it is kept: small letters, no blanks around."""
    return typed.strip().lower()[:LONGEST_LOGIN]


def login_problem(login: str) -> str | None:
    """Why this cannot be a login, as a word of the pages; None when it can."""
    good = SHORTEST_LOGIN <= len(login) <= LONGEST_LOGIN and set(login) <= LOGIN_LETTERS
    return None if good else "login_letters"


def password_problem(password: str, login: str) -> str | None:
    """Why a new password is refused, as a word of the pages; None when it is taken."""
    if len(password) < SHORTEST:
        return "password_short"
    if len(password) > LONGEST:
        return "password_long"
    if login in password.lower() or len(set(password)) < 5:  # noqa: PLR2004 (letters that differ)
        return "password_easy"
    return None


class Staffing:
    """Signing in and accounts. Argon2 runs outside transactions: it takes tens of milliseconds on purpose."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], new_id: IdSource, hasher: PasswordHasher = HASHER
    ) -> None:
        self._database, self._clock, self._new_id, self._hasher = database, clock, new_id, hasher
        self._at_once = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._nobody = hasher.hash(secrets.token_hex(16))

    def log_in(self, login: str, password: str) -> str | None:
        """The token of a new session. None for a wrong password, an unknown login and a locked account alike."""
        login = read_login(login)
        now = self._clock()
        with self._database.write() as connection:
            known = staff.by_login(connection, login)
            free = staff.count_try(connection, login, now, MOST_TRIES, now + LOCKED_FOR)
        admitted = known is not None and known.active and free
        # the same work for everybody: how long the answer takes says nothing about whether an account exists
        right = self._verify(known.password if known and admitted else self._nobody, password[:LONGEST])
        if known is None or not (admitted and right):
            with self._database.write() as connection:
                staff.note(connection, self._new_id(), known.id if known else None, "login.failed", None, now)
            return None
        token = secrets.token_urlsafe(32)
        with self._database.write() as connection:
            staff.signed_in(connection, known.id, now)
            staff.begin_session(connection, hashed(token), known.id, now, now - IDLE)
            staff.note(connection, self._new_id(), known.id, "login", None, now)
            if self._hasher.check_needs_rehash(known.password):
                staff.set_hash(connection, known.id, self._hasher.hash(password))
        return token

    def _verify(self, kept: str, password: str) -> bool:
        try:
            with self._at_once:
                return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    def who(self, token: str) -> Account | None:
        """Whose session this is, if it is still alive."""
        now = self._clock()
        key = hashed(token)
        with self._database.read() as connection:
            found = staff.of_session(connection, key, now - IDLE)
        if found is None:
            return None
        account, seen_at = found
        if now - seen_at >= TOUCH_EVERY:
            with self._database.write() as connection:
                staff.seen(connection, key, now)
        return account

    def log_out(self, token: str, account: Account) -> None:
        with self._database.write() as connection:
            staff.end_session(connection, hashed(token))
            staff.note(connection, self._new_id(), account.id, "logout", None, self._clock())

    def change_password(self, account: Account, old: str, new: str) -> str | None:
        """Change one's own password; every session of the account ends. A word for what is wrong, or None."""
        if not self._verify(account.password, old[:LONGEST]):
            return "password_wrong"
        if old == new:
            return "password_same"
        if problem := password_problem(new, account.login):
            return problem
        kept = self._hasher.hash(new)
        with self._database.write() as connection:
            staff.set_password(connection, account.id, kept, must_change=False)
            staff.note(connection, self._new_id(), account.id, "password.changed", account.login, self._clock())
        return None

    def add_staff(self, by: Account, login: str, role: str, language: str) -> tuple[str, str | None]:
        """A new account: (one-time password, None), or ("", word for what is wrong)."""
        login = read_login(login)
        if problem := login_problem(login):
            return "", problem
        if role not in ROLES or language not in LANGUAGES:
            return "", "choice_unknown"
        password = one_time_password()
        account = Account(self._new_id(), login, role, language, True, True, self._hasher.hash(password))  # noqa: FBT003 (a row's fields)
        with self._database.write() as connection:
            if staff.by_login(connection, login) is not None:
                return "", "login_taken"
            staff.add(connection, account, self._clock())
            staff.note(connection, self._new_id(), by.id, "staff.added", login, self._clock())
        return password, None

    def new_password(self, by: Account, staff_id: str) -> str | None:
        """A new one-time password for somebody who lost theirs; None when there is no such account."""
        password = one_time_password()
        kept = self._hasher.hash(password)
        with self._database.write() as connection:
            account = staff.by_id(connection, staff_id)
            if account is None:
                return None
            staff.set_password(connection, staff_id, kept, must_change=True)
            staff.note(connection, self._new_id(), by.id, "password.reset", account.login, self._clock())
        return password

    def set_active(self, by: Account, staff_id: str, *, active: bool) -> str | None:
        """Close or reopen an account. A word for what is wrong: nobody closes their own, so one administrator stays."""
        with self._database.write() as connection:
            account = staff.by_id(connection, staff_id)
            if account is None:
                return "not_found"
            if account.id == by.id:
                return "own_account"
            staff.set_active(connection, staff_id, active=active)
            action = "staff.opened" if active else "staff.closed"
            staff.note(connection, self._new_id(), by.id, action, account.login, self._clock())
        return None

    def set_language(self, account: Account, language: str) -> None:
        """The language of the pages for one account."""
        if language in LANGUAGES:
            with self._database.write() as connection:
                staff.set_language(connection, account.id, language)

    def everybody(self) -> list[Account]:
        with self._database.read() as connection:
            return staff.everybody(connection)

    def note(self, account: Account, action: str, subject: str) -> None:
        """One line of the audit trail."""
        with self._database.write() as connection:
            staff.note(connection, self._new_id(), account.id, action, subject, self._clock())

    def acts(self) -> list[staff.Act]:
        """The latest lines of the audit trail."""
        with self._database.read() as connection:
            return staff.acts(connection)


def hashed(token: str) -> str:
    """What the database keeps of a session's token: whoever reads the table cannot sign in with it."""
    return hashlib.sha256(token.encode()).hexdigest()
