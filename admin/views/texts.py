"""All texts of the bot by topic, in every form, with what a speaker still has to look at."""

from flask import Blueprint, render_template, request

from admin.desk import desk
from bot.web.access import open_to
from locales.catalog import FORMS


def add(staff: Blueprint) -> None:
    """Add these views."""
    staff.add_url_rule("/texts", "texts", texts)


@open_to("staff")
def texts() -> str:
    catalog = desk().services.catalog
    keys = sorted(catalog.keys("fr"))
    topics = sorted({key.partition(".")[0] for key in keys})
    topic = request.args.get("topic", "")
    topic = topic if topic in topics else topics[0]
    shown = [key for key in keys if key.partition(".")[0] == topic]
    return render_template(
        "texts.html",
        topics=topics,
        topic=topic,
        rows={key: {form: catalog.raw(key, form) if catalog.has(key, form) else "" for form in FORMS} for key in shown},
        review={form: catalog.review_needed(form) for form in FORMS},
        forms=FORMS,
    )
