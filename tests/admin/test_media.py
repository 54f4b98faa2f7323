"""Attachments in the staff's pages: listed with the person, taken as files, never run by a browser."""

from datetime import timedelta

from sqlalchemy import select

from bot.store import media
from bot.store.media import NewMedia
from bot.store.tables.work import audit
from sms_gateway.types import Media
from tests.admin.conftest import House

PHOTO = b"\xff\xd8\xff<script>alert(1)</script>"


def attached(house: House, contact: str, what: Media, *, kept: bytes | None = None, reason: str | None = None) -> str:
    services, now = house.services, house.clock()
    one = NewMedia(services.new_id(), contact, services.new_id(), "wa", what, now)
    with services.database.write() as connection:
        media.note(connection, [one], services.vault)
        if kept is not None or reason is not None:
            media.claim(connection, now, by="w", limit=9, lease_until=now + timedelta(minutes=5), vault=services.vault)
        if kept is not None:
            media.keep(connection, one.id, "w", kept, what.type, services.vault, now)
        elif reason is not None:
            media.give_up(connection, one.id, "w", media.REFUSED, reason, now)
    return one.id


def test_a_photo_is_listed_with_the_case_and_the_person_and_comes_as_a_file(any_house: House) -> None:
    house = any_house
    contact = house.consenting("+212612345678")
    id_ = attached(house, contact, Media("image/jpeg", url="https://x.example/1"), kept=PHOTO)
    case = house.case(contact, "media")
    browser = house.browser("midwife")
    for page in (browser.get(f"/staff/cases/{case}"), browser.get(f"/staff/people/{contact}")):
        assert "Pièces jointes" in page.words
        assert "Photo" in page.words
    answer = browser.client.get(f"/staff/media/{id_}")
    assert answer.status_code == 200
    assert answer.data == PHOTO
    assert answer.content_type == "image/jpeg"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="sahti-')
    assert answer.headers["Content-Disposition"].endswith('.jpg"')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Cache-Control"] == "no-store"
    with house.services.database.read() as connection:
        assert ("media.taken", id_) in [(row.action, row.subject) for row in connection.execute(select(audit))]


def test_a_type_that_should_not_be_there_is_only_bytes(house: House) -> None:
    id_ = attached(house, house.consenting("+212612345678"), Media("text/html", url="https://x.example/1"), kept=PHOTO)
    answer = house.browser("midwife").client.get(f"/staff/media/{id_}")
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"].endswith('.bin"')


def test_what_is_not_there_says_why(house: House) -> None:
    contact = house.consenting("+212612345678")
    large = attached(house, contact, Media("video/mp4", url="https://x.example/1"), reason="too_large")
    attached(house, contact, Media("image/png", url="https://x.example/2"), reason="private_address")
    attached(house, contact, Media("location", url="geo:31.6300,-8.0000"))
    waiting = attached(house, contact, Media("audio/ogg", url="https://x.example/3"))
    browser = house.browser("midwife")
    words = browser.get(f"/staff/people/{contact}").words
    for told in ("Vidéo", "plus de 5 Mo", "règle de sécurité", "31.6300,-8.0000", "Message vocal", "pas encore là"):
        assert told in words
    assert "x.example" not in words
    for id_ in (large, waiting, "none", "../people"):
        assert browser.client.get(f"/staff/media/{id_}").status_code == 404


def test_only_the_staff_may_take_a_file(house: House) -> None:
    id_ = attached(house, house.consenting("+212612345678"), Media("image/jpeg", url="https://x.example/1"), kept=PHOTO)
    answer = house.browser().client.get(f"/staff/media/{id_}")
    assert answer.status_code == 303
    assert PHOTO not in answer.data


def test_the_page_is_worded_in_arabic_too(house: House) -> None:
    contact = house.consenting("+212612345678")
    attached(house, contact, Media("image/jpeg", url="https://x.example/1"), kept=PHOTO)
    browser = house.browser("midwife")
    browser.post("/staff/language", lang="ar", next="/staff/cases")
    assert "الملفات المرفقة" in browser.get(f"/staff/people/{contact}").words
