"""Attachments, handed out as files to save: never shown inside a page of ours, never run."""

from flask import Blueprint, Response, abort

from admin import auth
from admin.desk import desk
from bot.store import media as store
from bot.web.access import open_to
from sms_gateway.fetching import TYPES

ALONE = "sandbox; default-src 'none'"
"""Whatever a browser does with the file, it may neither run nor load anything, and has no origin."""


def add(staff: Blueprint) -> None:
    """Add this view."""
    staff.add_url_rule("/media/<id_>", "media", media)


@open_to("staff")
def media(id_: str) -> Response:
    """One file. Who took it stands in the audit trail."""
    made = desk().services
    with made.database.read() as connection:
        found = store.get(connection, id_, made.vault)
        content = store.content(connection, id_, made.vault) if found and found.state == store.KEPT else None
    if found is None or content is None:
        abort(404)
    desk().staffing.note(auth.account(), "media.taken", found.id)
    kind = found.type if found.type in TYPES else "application/octet-stream"
    name = f"sahti-{found.received_at:%Y%m%d-%H%M}-{found.id[-6:]}.{TYPES.get(found.type, 'bin')}"
    answer = Response(content, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Content-Security-Policy"] = ALONE
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
