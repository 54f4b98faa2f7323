"""Reads the page of a campaign."""

from werkzeug.datastructures import MultiDict

from bot.store.campaigns import Audience, Campaign
from locales.catalog import FORMS

DEFAULT_PACE = 600


def read(form: MultiDict[str, str], id_: str, staff_id: str) -> Campaign:
    """The draft as it was typed. Texts are trimmed; a form without text has none."""
    texts = {one: form.get(f"text.{one}", "").replace("\r\n", "\n").strip() for one in FORMS}
    pace = form.get("per_minute", "", type=str).strip()
    return Campaign(
        id=id_,
        audience=Audience(
            forms=tuple(one for one in FORMS if one in form.getlist("forms")),
            facilities=tuple(form.getlist("facilities"))[:200],
            programmes=tuple(form.getlist("programmes"))[:50],
        ),
        channel=form.get("channel", "")[:32],
        per_minute=int(pace) if pace.isascii() and pace.isdigit() and len(pace) < 8 else 0,  # noqa: PLR2004 (digits of any pace)
        created_by=staff_id,
        name=form.get("name", "").strip(),
        texts={one: text for one, text in texts.items() if text},
    )


def empty(staff_id: str, channel: str) -> Campaign:
    """What the page shows for a new one."""
    return Campaign("", Audience(), channel, DEFAULT_PACE, staff_id, "", {})
