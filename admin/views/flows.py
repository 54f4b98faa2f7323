"""Conversations: the list, the editor, the try-it phone, publishing and going back."""

import json
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from admin import auth
from admin.desk import Desk, desk
from admin.forms import texts as forms
from admin.notices import back
from admin.trying import SCREENS, replay
from bot.service.publishing import Checked, Opened
from bot.store import staff
from bot.web.access import open_to
from flows.load import load_text
from flows.schema import FlowError
from locales.catalog import FORMS
from sms_gateway.segments import count


def add(staff_pages: Blueprint) -> None:
    """Add these views."""
    rule = staff_pages.add_url_rule
    rule("/flows", "flows", listing)
    rule("/flows/<flow_id>", "flow", flow, methods=["GET", "POST"])
    rule("/flows/<flow_id>/publish", "publish_flow", publish, methods=["POST"])
    rule("/flows/<flow_id>/discard", "discard_flow", discard, methods=["POST"])
    rule("/flows/<flow_id>/back", "roll_back_flow", roll_back, methods=["POST"])
    rule("/flows/<flow_id>/try", "try_flow", try_it, methods=["GET", "POST"])


@open_to("staff")
def listing() -> str:
    return render_template("flows.html", rows=desk().publishing.listing())


def _open(flow_id: str) -> Opened:
    found = desk().publishing.open(flow_id)
    if found is None:
        abort(404)
    return found


def _keys(made: Desk, opened: Opened) -> list[str]:
    """Texts to show: those the flow uses now (the shipped flow's while the file cannot be read), and those edited."""
    shipped = made.publishing.shipped(opened.id) or ""
    for yaml in (opened.yaml, shipped):
        try:
            used = made.publishing.keys(load_text(yaml, name=opened.id))
        except FlowError:
            continue
        return list(dict.fromkeys([*used, *opened.texts]))
    return list(opened.texts)


@open_to("staff")
def flow(flow_id: str) -> Response | str | tuple[str, int]:
    made = desk()
    opened = _open(flow_id)
    if request.method == "GET":
        return _page(made, opened, None)
    if not auth.may("administrator"):
        abort(403)
    catalog = made.services.catalog
    shown = [key for key in request.form.getlist("keys") if len(key) <= 100][:500]  # noqa: PLR2004 (bounds)
    typed = forms.read(request.form, shown, lambda key, one: catalog.raw(key, one) if catalog.has(key, one) else "")
    yaml = request.form.get("yaml", "").replace("\r\n", "\n")
    refused = made.publishing.save(flow_id, yaml, typed, auth.account().id)
    if refused:
        return _page(made, opened, refused), 400
    return back("staff.flow", done="draft_saved", flow_id=flow_id)


def _page(made: Desk, opened: Opened, refused: str | None) -> str:
    checked: Checked = made.publishing.check(opened.id, opened.yaml, opened.texts)
    catalog = made.services.catalog
    keys = _keys(made, opened)
    texts = {key: {form: made.publishing.text(opened.texts, key, form) for form in FORMS} for key in keys}
    with made.services.database.read() as connection:
        logins = staff.logins(connection)
    return render_template(
        "flow.html",
        flow=opened,
        checked=checked,
        refused=refused,
        texts=texts,
        edited=opened.texts,
        counts={key: {form: count(text) for form, text in by.items()} for key, by in texts.items()},
        review={form: catalog.review_needed(form) for form in FORMS},
        forms=FORMS,
        logins=logins,
        rows=min(40, opened.yaml.count("\n") + 2),
    )


@open_to("administrator")
def publish(flow_id: str) -> Response:
    refused = desk().publishing.publish(flow_id, auth.account().id)
    return back("staff.flow", done="flow_published", refused=refused, flow_id=flow_id)


@open_to("administrator")
def discard(flow_id: str) -> Response:
    refused = desk().publishing.discard(flow_id, auth.account().id)
    return back("staff.flow", done="draft_discarded", refused=refused, flow_id=flow_id)


@open_to("administrator")
def roll_back(flow_id: str) -> Response:
    _open(flow_id)
    refused = desk().publishing.roll_back(flow_id, request.form.get("version") or None, auth.account().id)
    return back("staff.flow", done="rolled_back", refused=refused, flow_id=flow_id)


@open_to("staff")
def try_it(flow_id: str) -> str:
    """The phone. What was said so far travels in the page; nobody else is touched."""
    made = desk()
    opened = _open(flow_id)
    form = request.form.get("form", "fr")
    medium = request.form.get("medium", "sms")
    if form not in FORMS or medium not in SCREENS:
        abort(400)
    steps = _steps(request.form.get("steps", "[]"))
    said = request.form.get("said", "").strip()[:1000] or request.form.get("branch", "")
    if "again" in request.form:
        steps, said = (), ""
    try:
        read = load_text(opened.yaml, name=flow_id)
    except FlowError:
        return render_template(
            "try.html", flow=opened, tried=None, form=form, medium=medium, forms=FORMS, media=SCREENS
        )
    services = made.services
    wall = services.clock().astimezone(ZoneInfo(services.settings.zone))
    tried = replay(
        read,
        opened.texts,
        services.catalog,
        form=form,
        medium=medium,
        steps=(*steps, said) if said else steps,
        now=wall,
    )
    return render_template(
        "try.html",
        flow=opened,
        tried=tried,
        form=form,
        medium=medium,
        forms=FORMS,
        media=SCREENS,
        steps=json.dumps(tried.steps, ensure_ascii=False),
    )


def _steps(kept: str) -> tuple[str, ...]:
    try:
        found = json.loads(kept)
    except ValueError:
        return ()
    return (
        tuple(str(one)[:1000].encode("utf-8", "replace").decode() for one in found[:60])
        if isinstance(found, list)
        else ()
    )
