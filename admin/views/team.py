"""Accounts of the staff and the audit trail; administrators only."""

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from admin import auth
from admin.desk import desk
from admin.notices import back
from bot.service.staffing import LANGUAGES, ROLES
from bot.web.access import open_to


def add(staff: Blueprint) -> None:
    """Add these views."""
    staff.add_url_rule("/team", "team", team, methods=["GET", "POST"])
    staff.add_url_rule("/team/<id_>/password", "new_password", new_password, methods=["POST"])
    staff.add_url_rule("/team/<id_>/active", "set_active", set_active, methods=["POST"])


def _page(**more: object) -> str:
    given = {"made": None, "wrong": None, "login": ""} | more
    return render_template(
        "team.html",
        rows=desk().staffing.everybody(),
        acts=desk().staffing.acts(),
        roles=ROLES,
        languages=LANGUAGES,
        **given,
    )


@open_to("administrator")
def team() -> str | tuple[str, int]:
    if request.method == "GET":
        return _page()
    form = request.form
    login = form.get("login", "")
    password, wrong = desk().staffing.add_staff(auth.account(), login, form.get("role", ""), form.get("language", "fr"))
    if wrong:
        return _page(wrong=wrong, login=login[:64]), 400
    return _page(made=(login.strip().lower(), password))


@open_to("administrator")
def new_password(id_: str) -> str | Response:
    password = desk().staffing.new_password(auth.account(), id_)
    if password is None:
        return back("staff.team", refused="not_found")
    name = next((one.login for one in desk().staffing.everybody() if one.id == id_), "")
    return _page(made=(name, password))


@open_to("administrator")
def set_active(id_: str) -> Response:
    active = request.form.get("active") == "yes"
    refused = desk().staffing.set_active(auth.account(), id_, active=active)
    return back("staff.team", done="account_open" if active else "account_shut", refused=refused)
