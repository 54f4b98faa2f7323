"""Campaigns: writing, trying, approving, watching."""

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from admin import auth
from admin.desk import desk
from admin.forms import campaign as forms
from admin.notices import back
from bot.service.reckoning import digest
from bot.settings import ROOT
from bot.store import appointments, staff
from bot.store.campaigns import Campaign
from bot.web.access import open_to
from flows.programmes import load_programmes
from locales.catalog import FORMS
from sms_gateway.msisdn import e164
from sms_gateway.segments import count


def add(staff_pages: Blueprint) -> None:
    """Add these views."""
    rule = staff_pages.add_url_rule
    rule("/campaigns", "campaigns", listing)
    rule("/campaigns/new", "new_campaign", new, methods=["GET", "POST"])
    rule("/campaigns/<id_>", "campaign", one)
    rule("/campaigns/<id_>/edit", "edit_campaign", edit, methods=["GET", "POST"])
    rule("/campaigns/<id_>/test", "test_campaign", test, methods=["POST"])
    rule("/campaigns/<id_>/approve", "approve_campaign", approve, methods=["POST"])
    rule("/campaigns/<id_>/move", "move_campaign", move, methods=["POST"])


@open_to("staff")
def listing() -> str:
    return render_template("campaigns.html", rows=desk().campaigns.all())


@open_to("staff")
def new() -> Response | str | tuple[str, int]:
    me = auth.account()
    if request.method == "GET":
        able = desk().campaigns.able()
        return _edit_page(forms.empty(me.id, able[0] if able else ""), None)
    draft = forms.read(request.form, desk().services.new_id(), me.id)
    refused = desk().campaigns.save(draft)
    if refused:
        return _edit_page(draft, refused), 400
    return back("staff.campaign", done="campaign_saved", id_=draft.id)


@open_to("staff")
def edit(id_: str) -> Response | str | tuple[str, int]:
    kept = _get(id_)
    if request.method == "GET":
        return _edit_page(kept, None if kept.state == "draft" else "no_draft")
    draft = forms.read(request.form, id_, auth.account().id)
    refused = desk().campaigns.save(draft)
    if refused:
        return _edit_page(draft, refused), 400
    return back("staff.campaign", done="campaign_saved", id_=id_)


def _get(id_: str) -> Campaign:
    found = desk().campaigns.get(id_)
    if found is None:
        abort(404)
    return found


def _edit_page(campaign: Campaign, refused: str | None) -> str:
    made = desk().services
    with made.database.read() as connection:
        places = appointments.places(connection)
    return render_template(
        "campaign_edit.html",
        campaign=campaign,
        refused=refused,
        channels=desk().campaigns.able(),
        places=places,
        programmes=sorted(load_programmes(ROOT / "flows" / "programmes")),
        forms=FORMS,
        counts={form: count(campaign.texts.get(form, "")) for form in FORMS},
    )


@open_to("staff")
def one(id_: str) -> str:
    made = desk()
    campaign = _get(id_)
    with made.services.database.read() as connection:
        logins = staff.logins(connection)
        places = {place.id: place for place in appointments.places(connection)}
    return render_template(
        "campaign.html",
        campaign=campaign,
        plan=made.campaigns.plan(campaign),
        result=made.campaigns.result(id_) if campaign.state != "draft" else None,
        digest=digest(campaign),
        medium=made.campaigns.medium(campaign.channel),
        logins=logins,
        places=places,
    )


@open_to("staff")
def test(id_: str) -> Response:
    number = e164(request.form.get("number", ""))
    if number is None:
        return back("staff.campaign", refused="number_wrong", id_=id_)
    refused = desk().campaigns.test(id_, number, auth.account().id)
    return back("staff.campaign", done="test_sent", refused=refused, id_=id_)


@open_to("approver")
def approve(id_: str) -> Response:
    refused = desk().campaigns.approve(id_, auth.account().id, request.form.get("seen", ""))
    return back("staff.campaign", done="campaign_approved", refused=refused, id_=id_)


@open_to("approver")
def move(id_: str) -> Response:
    """Pause, resume or stop."""
    acts = {"pause": desk().campaigns.pause, "resume": desk().campaigns.resume, "stop": desk().campaigns.stop}
    act = acts.get(request.form.get("act", ""))
    if act is None:
        abort(400)
    return back("staff.campaign", done="campaign_moved", refused=act(id_, auth.account().id), id_=id_)
