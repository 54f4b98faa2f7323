"""Who is at the door: sessions, roles, and the token that every form carries. One check stands before every view."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Response, abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.desk import desk
from admin.wording import LANGUAGES
from bot.store.staff import Account
from bot.web.access import MARK

COOKIE, DOOR = "sahti_staff", "sahti_door"
PATH = "/staff"
RANK: Mapping[str, int] = {"health_worker": 1, "approver": 2, "administrator": 3}
NEEDS: Mapping[str, int] = {"everyone": 0, "staff": 1, "approver": 2, "administrator": 3}
WITH_ONE_TIME_PASSWORD = {"staff.password", "staff.log_out", "staff.speak"}
"""What somebody who still has a one-time password may call."""
MOST_BYTES = 1_000_000
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def account() -> Account:
    """The member of the staff who asks; only in views that are not open to everyone."""
    found: Account | None = g.get("account")
    if found is None:
        abort(403)
    return found


def may(audience: str) -> bool:
    """Whether whoever asks may call views of this audience."""
    found: Account | None = g.get("account")
    rank = RANK.get(found.role, 0) if found else 0
    return audience in NEEDS and rank >= NEEDS[audience]


def guard() -> AnyResponse | None:
    """Reads the view's mark and lets through, sends to the login page, or refuses. A view without a mark is refused."""
    if request.endpoint == "staff.static":
        return None
    request.max_content_length = MOST_BYTES
    request.max_form_memory_size = MOST_BYTES
    token = request.cookies.get(COOKIE, "")
    g.account = desk().staffing.who(token) if token else None
    g.door = "" if g.account else request.cookies.get(DOOR, "")
    g.secret = token if g.account else g.door
    g.language = _language()
    view = current_app.view_functions.get(request.endpoint or "")
    if _has_nul():
        abort(400)
    audience = str(getattr(view, MARK, ""))
    if audience not in NEEDS:
        abort(403)
    if request.method not in {"GET", "HEAD", "OPTIONS"} and not _token_fits():
        abort(400)
    if audience == "everyone":
        return None
    if g.account is None:
        return redirect(url_for("staff.log_in", next=request.path if request.method == "GET" else None), 303)
    if g.account.must_change and request.endpoint not in WITH_ONE_TIME_PASSWORD:
        return redirect(url_for("staff.password"), 303)
    if not may(audience):
        abort(403)
    return None


def _language() -> str:
    if g.account is not None:
        known: str = g.account.language
        return known if known in LANGUAGES else "fr"
    asked = request.values.get("lang") if request.method == "GET" else request.form.get("lang")
    if asked and asked in LANGUAGES:
        return asked
    return request.accept_languages.best_match(list(LANGUAGES)) or "fr"


def _has_nul() -> bool:
    """Whether a NUL came along: no text has one, and PostgreSQL takes none."""
    values = [value for group in (request.args, request.form) for one in group.listvalues() for value in one]
    return any("\0" in value for value in (request.path, *values))


def form_token() -> str:
    """What forms carry to show that they came from our page: bound to the session, or before it to the door's cookie."""
    if not g.secret:
        g.secret = g.door = secrets.token_urlsafe(24)
    return hmac.digest(g.secret.encode(), b"form", hashlib.sha256).hex()


def _token_fits() -> bool:
    given = request.form.get("token", "")
    if not g.secret or not given.isascii():
        return False
    return hmac.compare_digest(form_token(), given)


def _secure() -> bool:
    return desk().services.settings.base_url.startswith("https://")


def remember(response: AnyResponse, token: str) -> AnyResponse:
    """Give the browser its session."""
    response.set_cookie(COOKIE, token, path=PATH, httponly=True, secure=_secure(), samesite="Lax")
    response.delete_cookie(DOOR, path=PATH)
    return response


def forget(response: AnyResponse) -> AnyResponse:
    """Take the session from the browser."""
    response.delete_cookie(COOKIE, path=PATH, httponly=True, secure=_secure(), samesite="Lax")
    return response


def token() -> str:
    """The session's token as the browser showed it."""
    return request.cookies.get(COOKIE, "")


def finish(response: Response) -> Response:
    """The headers that every page of the staff has."""
    if g.get("door") and request.cookies.get(DOOR) != g.door:
        response.set_cookie(DOOR, g.door, path=PATH, httponly=True, secure=_secure(), samesite="Lax")
    response.headers.setdefault("Content-Security-Policy", POLICY)  # a file that somebody sent has a stricter one
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if request.endpoint != "staff.static":
        response.headers["Cache-Control"] = "no-store"
    return response


def inside(address: str | None) -> str:
    """Where to go on after signing in: an address of the staff's pages, and nothing else."""
    parts = urlsplit(address or "")
    plain = not parts.scheme and not parts.netloc and parts.path.startswith(f"{PATH}/") and "\\" not in parts.path
    return parts.path if plain else url_for("staff.home")
