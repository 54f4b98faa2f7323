"""Signing in and out, one's own password and language."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin import auth
from admin.desk import desk
from bot.web.access import open_to


def add(staff: Blueprint) -> None:
    """Add these views."""
    staff.add_url_rule("/", "home", home)
    staff.add_url_rule("/login", "log_in", log_in, methods=["GET", "POST"])
    staff.add_url_rule("/logout", "log_out", log_out, methods=["POST"])
    staff.add_url_rule("/password", "password", password, methods=["GET", "POST"])
    staff.add_url_rule("/language", "speak", speak, methods=["POST"])
    staff.add_url_rule("/<path:rest>", "nowhere", nowhere)


@open_to("staff")
def home() -> Response:
    return redirect(url_for("staff.cases"), 303)


@open_to("everyone")
def log_in() -> Response | str | tuple[str, int]:
    after = request.values.get("next")
    if g.account is not None:
        return redirect(auth.inside(after), 303)
    if request.method == "GET":
        return render_template("login.html", after=after, wrong=False, login="")
    login = request.form.get("login", "")
    token = desk().staffing.log_in(login, request.form.get("password", ""))
    if token is None:
        return render_template("login.html", after=after, wrong=True, login=login[:64]), 403
    return auth.remember(redirect(auth.inside(after), 303), token)


@open_to("staff")
def log_out() -> Response:
    desk().staffing.log_out(auth.token(), auth.account())
    return auth.forget(redirect(url_for("staff.log_in"), 303))


@open_to("staff")
def password() -> Response | str | tuple[str, int]:
    if request.method == "GET":
        return render_template("password.html", wrong=None)
    me = auth.account()
    form = request.form
    if form.get("new", "") != form.get("again", ""):
        return render_template("password.html", wrong="password_differs"), 400
    wrong = desk().staffing.change_password(me, form.get("old", ""), form.get("new", ""))
    if wrong:
        return render_template("password.html", wrong=wrong), 400
    token = desk().staffing.log_in(me.login, form.get("new", ""))
    if token is None:
        return auth.forget(redirect(url_for("staff.log_in"), 303))
    return auth.remember(redirect(url_for("staff.home"), 303), token)


@open_to("staff")
def speak() -> Response:
    desk().staffing.set_language(auth.account(), request.form.get("lang", ""))
    return redirect(auth.inside(request.form.get("next")), 303)


@open_to("everyone")
def nowhere(rest: str) -> Response | tuple[str, int]:  # noqa: ARG001 (the address that nothing answers to)
    """Every other address: the page that says so, in the reader's language."""
    return render_template("error.html", kind=404), 404
