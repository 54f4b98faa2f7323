"""Campaigns: who gets what, the second person, the pace, quiet hours, pausing by itself."""

from collections import Counter
from datetime import date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from bot.core.cost import Price, estimate
from bot.core.slots import Candidate
from bot.service.reckoning import reckon, tally, text_for
from bot.store import appointments
from bot.store import campaigns as store
from bot.store.tables.contacts import contacts
from bot.store.tables.messages import outbox
from bot.store.tables.work import campaign_audience
from sms_gateway.channel import Capabilities
from tests.admin.conftest import House

NUMBER = "+212600000001"


def people(house: House, count: int, form: str = "fr", first: int = 10) -> list[str]:
    return [house.consenting(f"+2126000{first + number:05d}", form) for number in range(count)]


def drafted(house: House, login: str = "midwife", **fields: object) -> str:
    """A draft, written in the page; its id."""
    browser = house.browser(login)
    given = {"name": "Vaccins", "channel": "sms", "per_minute": "600", "text.fr": "Bonjour", **fields}
    data = {"token": browser.token(), **given}
    location = browser.client.post("/staff/campaigns/new", data=data).location
    assert location, "refused"
    return location.partition("?")[0].rpartition("/")[2]


def try_out(house: House, id_: str) -> None:
    house.consenting(NUMBER)
    house.browser("midwife").post(f"/staff/campaigns/{id_}/test", number="0600000001")


def approve(house: House, id_: str, login: str = "doctor") -> str:
    browser = house.browser(login)
    page = browser.get(f"/staff/campaigns/{id_}")
    return browser.post(f"/staff/campaigns/{id_}/approve", seen=page.fields.get("seen", "")).words


def state(house: House, id_: str) -> tuple[str, str | None]:
    found = house.campaigns.get(id_)
    assert found
    return found.state, found.reason


def states(house: House, id_: str) -> Counter[str]:
    with house.services.database.read() as connection:
        mine = campaign_audience.c.campaign_id == id_
        rows = connection.execute(
            select(campaign_audience.c.state, func.count()).where(mine).group_by(campaign_audience.c.state)
        )
        return Counter({row[0]: row[1] for row in rows})


def test_from_draft_to_result(any_house: House) -> None:
    house = any_house
    people(house, 7)
    people(house, 2, "ar", 50)
    id_ = drafted(house, **{"text.ar": "مرحبا"})
    page = house.browser("midwife").get(f"/staff/campaigns/{id_}")
    assert "Personnes : 9" in " ".join(page.words.split())
    assert "2.25 MAD" in page.words
    try_out(house, id_)
    house.services.delivery.run("sms")
    assert "validée et part" in approve(house, id_)
    assert house.run_campaigns() == 10
    house.services.delivery.run("sms")
    words = " ".join(house.browser("midwife").get(f"/staff/campaigns/{id_}").words.split())
    assert "Envoyés 10" in words
    assert state(house, id_) == ("finished", None)
    assert house.run_campaigns() == 0
    assert len([row for row in house.sent() if row[2] == f"campaign:{id_}"]) == 10


def test_whoever_wrote_it_cannot_approve_it(house: House) -> None:
    people(house, 1)
    id_ = drafted(house, "admin")
    try_out(house, id_)
    assert "une autre personne" in house.browser("admin").get(f"/staff/campaigns/{id_}").words
    assert "une autre personne" in approve(house, id_, "admin")
    assert state(house, id_)[0] == "draft"
    edited = house.browser("second")
    edited.post(f"/staff/campaigns/{id_}/edit", name="Vaccins", channel="sms", per_minute="600", **{"text.fr": "Autre"})
    assert "une autre personne" in approve(house, id_, "second")
    try_out(house, id_)
    assert "validée" in approve(house, id_, "admin")


def test_a_health_worker_cannot_approve(house: House) -> None:
    people(house, 1)
    id_ = drafted(house, "admin")
    try_out(house, id_)
    house.browser("midwife").post(f"/staff/campaigns/{id_}/approve", 403, seen="")
    assert state(house, id_)[0] == "draft"


def test_what_changed_since_it_was_read_is_not_approved(house: House) -> None:
    people(house, 1)
    id_ = drafted(house)
    try_out(house, id_)
    doctor = house.browser("doctor")
    seen = doctor.get(f"/staff/campaigns/{id_}").fields["seen"]
    house.browser("midwife").post(
        f"/staff/campaigns/{id_}/edit", name="Vaccins", channel="sms", per_minute="600", **{"text.fr": "Autre"}
    )
    try_out(house, id_)
    assert "changé entre-temps" in doctor.post(f"/staff/campaigns/{id_}/approve", seen=seen).words
    assert state(house, id_)[0] == "draft"


def test_an_untested_one_and_one_for_nobody_are_not_approved(house: House) -> None:
    id_ = drafted(house, forms="zgh-Tfng")
    assert "Faites d'abord un essai" in approve(house, id_)
    try_out(house, id_)
    assert "Personne ne recevrait" in approve(house, id_)


def test_a_test_goes_to_a_known_number_only(house: House) -> None:
    id_ = drafted(house)
    browser = house.browser("midwife")
    assert "jamais écrit" in browser.post(f"/staff/campaigns/{id_}/test", number="0611111111").words
    assert "pas un numéro" in browser.post(f"/staff/campaigns/{id_}/test", number="<script>").words
    assert house.sent() == []
    try_out(house, id_)
    assert house.sent() == [("staff", "queued", f"test:{id_}")]


def test_only_those_who_agreed_and_did_not_stop_are_in_it(any_house: House) -> None:
    house = any_house
    kept = people(house, 3)
    house.write_in("+212600000090")  # never asked
    house.write_in("+212600000010", "STOP")
    id_ = drafted(house)
    found = house.campaigns.get(id_)
    assert found
    assert house.campaigns.plan(found).people == 2
    with house.services.database.write() as connection:
        assert store.freeze(connection, found, "sms") == 2
        assert store.freeze(connection, found, "sms") == 2
        who = set(connection.scalars(select(campaign_audience.c.contact_id)))
    assert who == set(kept[1:])


def test_the_audience_by_place_programme_and_language(any_house: House) -> None:
    house = any_house
    agdal, nador, enrolled = people(house, 3)
    with house.services.database.write() as connection:
        for contact, facility in ((agdal, "agdal"), (nador, "nador")):
            place = appointments.place(connection, facility)
            assert place
            wall = datetime(2026, 12, 1, 10)  # noqa: DTZ001 (wall time has no zone)
            assert appointments.take(connection, place, "general", Candidate(wall, 2))
            slot = appointments.slot_id(facility, "general", wall)
            appointments.book(connection, house.services.new_id(), contact, slot, house.clock())
        connection.execute(update(contacts).where(contacts.c.id == nador).values(form="ar"))
        from bot.store import contacts as contact_store
        from bot.store import reminders

        address = contact_store.addresses_of(connection, enrolled, house.services.vault)[0]
        one = reminders.Enrolment(
            house.services.new_id(),
            enrolled,
            address.id,
            "sms",
            "medication",
            "Africa/Casablanca",
            None,
            ("08:00",),
            None,
        )
        reminders.enrol(connection, one, house.clock())
    cases = (
        (store.Audience(facilities=("agdal",)), {"fr": 1}),
        (store.Audience(facilities=("agdal", "nador")), {"fr": 1, "ar": 1}),
        (store.Audience(forms=("ar",)), {"ar": 1}),
        (store.Audience(forms=("ar",), facilities=("agdal",)), {}),
        (store.Audience(programmes=("medication",)), {"fr": 1}),
        (store.Audience(), {"fr": 2, "ar": 1}),
    )
    with house.services.database.read() as connection:
        for audience, expected in cases:
            assert store.count_people(connection, audience, "sms") == expected
        assert store.count_people(connection, store.Audience(), "whatsapp") == {}


def running(house: House, count: int, **fields: object) -> str:
    people(house, count)
    id_ = drafted(house, **fields)
    try_out(house, id_)
    assert "validée" in approve(house, id_)
    return id_


def test_the_pace_is_kept(any_house: House) -> None:
    house = any_house
    id_ = running(house, 39, per_minute="60")  # with the tester's own number, forty people
    assert house.run_campaigns(0) == 5
    assert house.run_campaigns(0) == 0
    assert house.run_campaigns(10) == 10
    for _ in range(5):
        assert house.run_campaigns(1) == 1
    house.clock.advance(hours=1)
    assert house.run_campaigns(0) == 20
    assert house.run_campaigns(60) == 0
    assert states(house, id_) == Counter(queued=40)


def test_the_night_is_waited_out(house: House) -> None:
    id_ = running(house, 3)
    house.clock.advance(hours=9)
    assert house.run_campaigns() == 0
    assert state(house, id_) == ("running", "quiet_hours")
    assert states(house, id_) == Counter(waiting=4)
    house.clock.advance(hours=11, minutes=57)
    assert house.run_campaigns() == 0
    assert house.run_campaigns() == 4


def test_who_stops_meanwhile_is_skipped_with_the_reason(any_house: House) -> None:
    house = any_house
    id_ = running(house, 3)
    house.write_in("+212600000010", "STOP")
    assert house.run_campaigns() == 3
    house.write_in("+212600000011", "STOP")
    house.services.delivery.run("sms")
    assert house.campaigns.result(id_).skipped == {"opted_out": 2}
    assert house.campaigns.result(id_).sent == 2
    assert "a dit STOP: 2" in " ".join(house.browser("midwife").get(f"/staff/campaigns/{id_}").words.split())


def test_pause_resume_stop(any_house: House) -> None:
    house = any_house
    id_ = running(house, 20, per_minute="60")
    doctor = house.browser("doctor")
    assert house.run_campaigns(0) == 5
    doctor.post(f"/staff/campaigns/{id_}/move", act="pause")
    assert house.run_campaigns() == 0
    assert "n'est plus dans cet état" in doctor.post(f"/staff/campaigns/{id_}/move", act="pause").words
    doctor.post(f"/staff/campaigns/{id_}/move", act="resume")
    assert house.run_campaigns(0) == 5
    doctor.post(f"/staff/campaigns/{id_}/move", act="stop")
    assert house.run_campaigns() == 0
    house.services.delivery.run("sms")
    result = house.campaigns.result(id_)
    assert (result.sent, result.waiting, result.skipped) == (0, 0, {"stopped": 21})
    doctor.post(f"/staff/campaigns/{id_}/move", 400, act="nonsense")


def test_it_pauses_by_itself_when_many_fail(any_house: House) -> None:
    house = any_house
    id_ = running(house, 40, per_minute="600")
    assert house.run_campaigns(0) == 41
    with house.services.database.write() as connection:
        mine = outbox.c.source == f"campaign:{id_}"
        ids = list(connection.scalars(select(outbox.c.id).where(mine)))
        connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(state="delivered"))
        connection.execute(update(outbox).where(outbox.c.id.in_(ids[:8])).values(state="failed"))
        store.mark(connection, id_, state="running")
    house.run_campaigns()
    assert state(house, id_)[0] == "finished"
    with house.services.database.write() as connection:
        connection.execute(update(outbox).where(outbox.c.id.in_(ids[:9])).values(state="failed"))
        store.mark(connection, id_, state="running")
    assert house.run_campaigns() == 0
    assert state(house, id_) == ("paused", "failures")
    house.browser("doctor").post(f"/staff/campaigns/{id_}/move", act="resume")
    house.run_campaigns()
    assert state(house, id_)[0] == "finished"


def test_nobody_gets_it_twice_however_often_the_clock_ticks(any_house: House) -> None:
    house = any_house
    id_ = running(house, 12, per_minute="60000")
    for _ in range(3):
        house.run_campaigns(0)
    with house.services.database.read() as connection:
        mine = outbox.c.source == f"campaign:{id_}"
        rows = connection.execute(select(outbox.c.contact_id, func.count()).where(mine).group_by(outbox.c.contact_id))
        assert {row[1] for row in rows} == {1}


def test_people_without_a_text_get_the_nearest_or_are_named(house: House) -> None:
    people(house, 1, "zgh-Tfng", 30)
    people(house, 1, "ary-Arab", 40)
    id_ = drafted(house, **{"text.fr": "", "text.zgh-Latn": "azul", "name": "<b>Azul</b>"})
    words = " ".join(house.browser("midwife").get(f"/staff/campaigns/{id_}").words.split())
    assert "<b>Azul</b>" in words
    assert "ces personnes ne recevront rien" in words
    try_out(house, id_)
    approve(house, id_)
    assert house.run_campaigns() == 1
    assert house.campaigns.result(id_).skipped == {"no_text": 2}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "Donnez un nom"),
        ({"channel": "nowhere"}, "canal"),
        ({"per_minute": "0"}, "rythme"),
        ({"per_minute": "-5"}, "rythme"),
        ({"text.fr": "a" * 700}, "trop long"),
    ],
)
def test_a_draft_that_cannot_be(house: House, fields: dict[str, str], words: str) -> None:
    given = {"name": "Vaccins", "channel": "sms", "per_minute": "600", "text.fr": "Bonjour", **fields}
    assert words in house.browser("midwife").post("/staff/campaigns/new", 400, **given).words
    assert house.campaigns.all() == []


def test_costs_and_gaps() -> None:
    today = date(2026, 11, 23)
    assert estimate("Bonjour", 100, "sms", today).mad == Decimal("25.00")
    assert estimate("مرحبا " * 20, 100, "sms", today).segments == 2
    assert estimate("Bonjour", 1, "sms", date(2020, 1, 1)).mad == 0
    plan = reckon({"fr": "a", "ar": "ب"}, {"fr": 3, "ary-Arab": 2, "zgh-Latn": 1}, Capabilities(medium="sms"), today)
    assert plan.people == 6
    assert plan.gaps == ("ary-Arab", "zgh-Latn")
    assert {one.form: one.text_of for one in plan.forms} == {"ary-Arab": "ar", "ar": "ar", "fr": "fr", "zgh-Latn": "fr"}
    assert text_for({}, "fr") is None


def test_a_tally_adds_up() -> None:
    rows = [("waiting", None, 3), ("sent", None, 2), ("read", None, 1), ("failed", "provider", 4), ("skipped", "x", 5)]
    result = tally([*rows, ("failed", None, 1), ("unknown", "outcome_unknown", 1)])
    assert (result.total, result.waiting, result.sent, result.delivered) == (17, 3, 3, 1)
    assert (result.failed, result.failed_by) == (5, {"provider": 4, "unknown": 1})
    assert (result.skipped, result.unknown) == ({"x": 5}, 1)


def test_a_respelt_text_is_counted_and_shown_as_it_goes() -> None:
    able = Capabilities(medium="sms", smart=True)
    today = date(2026, 11, 23)
    contract = [Price("sms", Decimal("0.20"), date(2026, 11, 1), "contract")]
    (row,) = reckon({"fr": "Rendez-vous confirmé : êtes-vous là ?"}, {"fr": 10}, able, today, contract).forms
    assert row.sent == "Rendez-vous confirmé : etes-vous là ?"
    assert row.estimate is not None
    assert (row.estimate.encoding, row.estimate.segments, row.estimate.mad) == ("GSM-7", 1, Decimal("2.00"))
    (arabic,) = reckon({"ar": "موعدك غدا"}, {"ar": 1}, able, today).forms
    assert arabic.sent is None


def test_a_provider_that_sends_only_ucs2_is_counted_so() -> None:
    able = Capabilities(medium="sms", always_ucs2=True)
    (row,) = reckon({"fr": "a" * 71}, {"fr": 1}, able, date(2026, 11, 23)).forms
    assert row.estimate is not None
    assert (row.estimate.encoding, row.estimate.segments) == ("UCS-2", 2)
