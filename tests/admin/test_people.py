"""The list of people, the search, one person's page."""

from bot.store import cases, identity, profiles
from tests.admin.conftest import House

NASTY = "<script>alert(1)</script>"


def test_the_list_shows_who_wrote_last_first(house: House) -> None:
    house.consenting("+212612345678", name="Amal")
    house.consenting("+212612345679", name="Zineb")
    words = house.browser("midwife").get("/staff/people").words
    assert words.index("Zineb") < words.index("Amal")
    assert "612345678" not in words


def test_a_number_is_found_however_it_is_written(house: House) -> None:
    contact = house.consenting("+212612345678", name="Amal")
    browser = house.browser("midwife")
    for typed in ("0612345678", "+212 6 12 34 56 78", "٠٦١٢٣٤٥٦٧٨"):
        response = browser.client.post("/staff/people", data={"token": browser.token(), "number": typed})
        assert response.location == f"/staff/people/{contact}"
    assert "Personne n'a écrit" in browser.post("/staff/people", number="0699999999").words
    assert "Personne n'a écrit" in browser.post("/staff/people", number=NASTY).words


def test_names_and_texts_are_shown_as_text(house: House) -> None:
    contact = house.consenting("+212612345678", name=NASTY)
    house.write_in("+212612345678", f"bonjour {NASTY}")
    browser = house.browser("midwife")
    for path in ("/staff/people", f"/staff/people/{contact}"):
        response = browser.client.get(path)
        assert NASTY not in response.get_data(as_text=True)
    assert f"bonjour {NASTY}" in browser.get(f"/staff/people/{contact}").words


def test_a_person_is_shown_on_all_channels_with_reasons(house: House) -> None:
    contact = house.consenting("+212612345678")
    house.write_in("+212612345678", "STOP")
    house.services.delivery.run("sms")
    words = house.browser("midwife").get(f"/staff/people/{contact}").words
    assert "+212612345678" in words
    assert "a dit STOP" in words
    assert "envoyé" in words


def test_somebody_unknown_is_not_found(house: House) -> None:
    page = house.browser("midwife").get("/staff/people/nobody", 404)
    assert "Page introuvable" in page.words


def test_the_people_behind_a_number_and_a_merge_are_shown(house: House) -> None:
    made = house.services
    one, other = house.consenting("+212612345678", name="Amal"), house.consenting("+212612345679", name="Zineb")
    with made.database.write() as connection:
        for name in ("Nour", "Sami"):
            profiles.add(connection, other, made.new_id(), name, made.vault, made.clock())
        left = identity.merge(connection, one, other, made.vault, made.clock(), made.new_id)
    gone = other if left == one else one
    browser = house.browser("midwife")
    response = browser.client.get(f"/staff/people/{gone}")
    assert response.location == f"/staff/people/{left}"
    words = browser.get(f"/staff/people/{left}").words
    for shown in ("+212612345678", "+212612345679", "Nour", "Sami", "Réunie avec une autre fiche", gone[-8:]):
        assert shown in words
    listed = browser.get("/staff/people").words
    assert listed.count("Zineb") + listed.count("Amal") == 1


def test_nobody_answers_a_number_that_may_be_somebody_elses(house: House) -> None:
    contact = house.consenting("+212612345678", name="Amal")
    house.write_in("+212612345678", "je veux parler à quelqu'un")
    house.write_in("+212612345678", "ce n'est pas moi")
    browser = house.browser("midwife")
    assert "est-ce toujours la même personne" in browser.get(f"/staff/people/{contact}").words
    (case,) = open_cases(house)
    assert "On vérifie d'abord" in browser.get(f"/staff/cases/{case}").words


def open_cases(house: House) -> list[str]:
    with house.services.database.read() as connection:
        return [one.id for one in cases.waiting(connection, house.services.vault)]
