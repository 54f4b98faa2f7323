"""The list of people, the search, one person's page."""

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
