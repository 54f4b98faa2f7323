"""Attaches the staff's pages to the hub's application, all under `/staff/`."""

from datetime import datetime
from functools import partial

from flask import Blueprint, Flask, g, render_template, request, url_for
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from admin import auth, desk
from admin.views import campaigns, cases, flows, login, media, people, team, texts
from admin.wording import LANGUAGES, age, moment, word, word_or
from bot.store.database import DatabaseDown
from bot.wiring import Services
from locales.catalog import FORMS

ERRORS = {400, 403, 404, 405, 413, 415}


def attach(app: Flask, services: Services) -> None:
    """Add the staff's pages to `app`."""
    desk.put(app, services)
    staff = Blueprint("staff", "admin", url_prefix=auth.PATH, template_folder="templates", static_folder="static")
    for part in (login, people, cases, media, campaigns, flows, texts, team):
        part.add(staff)
    staff.before_request(auth.guard)
    staff.after_request(auth.finish)
    staff.context_processor(_given)
    staff.register_error_handler(HTTPException, _refused)
    staff.register_error_handler(Exception, _broken)
    app.register_blueprint(staff)


def _given() -> dict[str, object]:
    """What every page can use."""
    made = desk.desk().services
    language: str = g.get("language", "fr")
    now: datetime = made.clock()
    return {
        "t": partial(word, language),
        "named": partial(word_or, language),
        "language": language,
        "direction": LANGUAGES[language],
        "other_language": next(one for one in LANGUAGES if one != language),
        "account": g.get("account"),
        "may": auth.may,
        "token": _token,
        "moment": lambda when: moment(when, made.settings.zone, now),
        "age": lambda since: age(language, since, now),
        "form_name": lambda form: made.catalog.name(form) if form in FORMS else form or "–",
        "form_direction": lambda form: made.catalog.direction(form) if form in FORMS else "ltr",
        "case_word": lambda reason: word_or(language, "case", "danger" if reason.startswith("danger_") else reason),
        "here": request.endpoint,
        "url": url_for,
    }


def _token() -> Markup:
    return Markup('<input type="hidden" name="token" value="{}">').format(auth.form_token())


def _page(status: int) -> tuple[str, int]:
    kind = status if status in ERRORS else 500
    g.language = g.get("language", "fr")
    g.secret = g.get("secret", "")
    return render_template("error.html", kind=kind), status


def _refused(failed: HTTPException) -> tuple[str, int]:
    return _page(failed.code or 500)


def _broken(failed: Exception) -> tuple[str, int]:
    desk.desk().services.on_fault(f"staff:{request.endpoint}", failed)
    return _page(503 if isinstance(failed, DatabaseDown) else 500)
