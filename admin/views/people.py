"""People: the list, the search by number, one person with everything said on all channels."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin import auth
from admin.desk import desk
from bot.store import appointments, contacts, media, messages, people, profiles
from bot.web.access import open_to
from sms_gateway.msisdn import e164
from sms_gateway.types import Urn

PAGE = 50


def add(staff: Blueprint) -> None:
    """Add these views."""
    staff.add_url_rule("/people", "people", everybody, methods=["GET", "POST"])
    staff.add_url_rule("/people/<id_>", "person", person)


@open_to("staff")
def everybody() -> Response | str:
    """The list, newest message first. The search posts the number: an address line would leave it in logs."""
    made = desk().services
    typed = request.form.get("number", "").strip()[:64]
    if request.method == "POST" and typed:
        found = _search(typed)
        if len(found) == 1:
            return redirect(url_for("staff.person", id_=found[0]), 303)
        with made.database.read() as connection:
            rows = people.some(connection, made.vault, found)
        return render_template("people.html", rows=rows, searched=typed, page=0, more=False)
    page = max(0, request.args.get("page", 0, type=int))
    with made.database.read() as connection:
        rows = people.latest(connection, made.vault, limit=PAGE + 1, offset=min(page, 10_000) * PAGE)
    return render_template("people.html", rows=rows[:PAGE], searched="", page=page, more=len(rows) > PAGE)


def _search(typed: str) -> list[str]:
    number = e164(typed)
    urns = [Urn("tel", number), Urn("whatsapp", number.removeprefix("+"))] if number else []
    made = desk().services
    with made.database.read() as connection:
        found = [contacts.by_urn(connection, urn, made.vault) for urn in urns]
    return list(dict.fromkeys(id_ for id_ in found if id_))


@open_to("staff")
def person(id_: str) -> Response | str:
    made = desk().services
    now = made.clock()
    with made.database.read() as connection:
        contact = contacts.get(connection, id_, made.vault)
        if contact is None:
            abort(404)
        if contact.id != id_:  # an old link to somebody who turned out to be this contact
            return redirect(url_for("staff.person", id_=contact.id))
        said = messages.conversation(connection, id_, made.vault)
        attached = media.of_contact(connection, id_, made.vault)
        visits = appointments.upcoming(connection, id_, now)
        enrolled = people.enrolled(connection, id_)
        addresses = contacts.addresses_of(connection, id_, made.vault)
        behind = profiles.of(connection, id_, made.vault)
        joined = people.joined(connection, id_)
    desk().staffing.note(auth.account(), "person.seen", id_)
    return render_template(
        "person.html",
        contact=contact,
        said=said,
        attached=attached,
        visits=visits,
        enrolled=enrolled,
        addresses=addresses,
        behind=behind,
        joined=joined,
    )
