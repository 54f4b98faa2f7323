"""Hand-overs: who waits, answering, closing."""

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from admin import auth
from admin.desk import desk
from admin.notices import back
from bot.store import cases as store
from bot.store import contacts, media, messages
from bot.web.access import open_to
from sms_gateway.segments import count


def add(staff: Blueprint) -> None:
    """Add these views."""
    staff.add_url_rule("/cases", "cases", waiting)
    staff.add_url_rule("/cases/<id_>", "case", case, methods=["GET", "POST"])
    staff.add_url_rule("/cases/<id_>/close", "close_case", close, methods=["POST"])


@open_to("staff")
def waiting() -> str:
    made = desk().services
    with made.database.read() as connection:
        rows = store.waiting(connection, made.vault)
    return render_template("cases.html", rows=rows)


@open_to("staff")
def case(id_: str) -> Response | str | tuple[str, int]:
    if request.method == "GET":
        return _page(id_, "", None)
    text = request.form.get("text", "")
    refused = desk().handover.reply(id_, text, auth.account().id, once=request.form.get("once", ""))
    if refused:
        return _page(id_, text, refused), 409
    return back("staff.case", done="reply_queued", id_=id_)


def _page(id_: str, text: str, refused: str | None) -> str:
    made = desk()
    services = made.services
    with services.database.read() as connection:
        found = store.get(connection, id_, services.vault)
        if found is None:
            abort(404)
        said = messages.conversation(connection, found.contact_id, services.vault)
        contact = contacts.get(connection, found.contact_id, services.vault)
        attached = media.of_contact(connection, found.contact_id, services.vault)
    way = made.handover.way(found)
    return render_template(
        "case.html",
        case=found,
        contact=contact,
        said=said,
        attached=attached,
        medium=way.capabilities.medium if way else "sms",
        cannot=made.handover.refusal(found) if found.state == "open" else None,
        text=text,
        counted=count(text),
        refused=refused,
        once=services.new_id(),
    )


@open_to("staff")
def close(id_: str) -> Response:
    refused = desk().handover.close(id_, auth.account().id)
    if refused:
        return back("staff.case", refused=refused, id_=id_)
    return back("staff.cases", done="case_closed")
