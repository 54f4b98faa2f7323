"""Hand-overs: the order of the list, answering, refusals, closing."""

from bot.core.model import Consent
from bot.store import contacts
from tests.admin.conftest import House


def test_urgent_ones_stand_first_then_the_longest_wait(house: House) -> None:
    names = ("Amal", "Zineb", "Idir")
    for number, name in enumerate(names):
        house.case(house.consenting(f"+21261234567{number}", name=name), urgent=name == "Idir")
        house.clock.advance(minutes=65)
    words = house.browser("midwife").get("/staff/cases").words
    assert words.index("Idir") < words.index("Amal") < words.index("Zineb")
    assert "urgent" in words
    assert "3 h 15 min" in words


def test_an_answer_goes_out_on_the_channel_they_wrote_on(any_house: House) -> None:
    house = any_house
    contact = house.consenting("+212612345678")
    case = house.case(contact)
    browser = house.browser("midwife")
    page = browser.post(f"/staff/cases/{case}", text="Venez demain à 9h.\r\nMerci")
    assert "La réponse part" in page.words
    assert house.sent() == [("staff", "queued", f"case:{case}")]
    house.services.delivery.run("sms")
    assert house.sent() == [("staff", "sent", f"case:{case}")]
    assert b"Venez demain" in house.network.sent[-1].body
    assert "déjà répondu" in browser.get("/staff/cases").words


def test_after_stop_nothing_is_sent_and_the_page_says_why(house: House) -> None:
    contact = house.consenting("+212612345678")
    case = house.case(contact)
    browser = house.browser("midwife")
    house.write_in("+212612345678", "STOP")
    assert "a dit STOP" in browser.get(f"/staff/cases/{case}").words
    page = browser.post(f"/staff/cases/{case}", 409, text="Bonjour")
    assert "a dit STOP" in page.words
    assert house.sent() == []


def test_whatsapp_answers_only_within_its_window(house: House) -> None:
    contact = house.consenting("+212612345678", channel="wa")
    case = house.case(contact)
    browser = house.browser("midwife")
    house.clock.advance(hours=11)
    browser = house.browser("midwife")
    browser.post(f"/staff/cases/{case}", text="Bonjour")
    house.clock.advance(hours=14)
    browser = house.browser("midwife")
    page = browser.post(f"/staff/cases/{case}", 409, text="Encore là ?")
    assert "24 heures" in page.words
    assert "Encore là ?" in page.words
    assert len(house.sent()) == 1


def test_an_empty_and_a_far_too_long_answer_are_refused(house: House) -> None:
    case = house.case(house.consenting("+212612345678"))
    browser = house.browser("midwife")
    assert "Écrivez d'abord" in browser.post(f"/staff/cases/{case}", 409, text=" \r\n ").words
    page = browser.post(f"/staff/cases/{case}", 409, text="ش" * 500)
    assert "trop long" in page.words
    assert "UCS-2 · 500 · 8 SMS" in page.words
    assert house.sent() == []


def test_closing_gives_the_person_back_to_the_bot(any_house: House) -> None:
    house = any_house
    contact = house.consenting("+212612345678", "ar")
    first, second = house.case(contact), house.case(contact, urgent=True)
    browser = house.browser("midwife")

    def open_case() -> str | None:
        with house.services.database.read() as connection:
            found = contacts.get(connection, contact, house.services.vault)
        assert found
        return found.case_id

    browser.post(f"/staff/cases/{second}/close")
    assert open_case() == first
    browser.post(f"/staff/cases/{first}/close")
    assert open_case() is None
    assert [kind for kind, *_ in house.sent()] == ["staff", "staff"]
    page = browser.post(f"/staff/cases/{first}/close")
    assert "déjà close" in page.words
    assert "déjà close" in browser.post(f"/staff/cases/{first}", 409, text="Bonjour").words
    assert len(house.sent()) == 2


def test_closing_after_stop_says_nothing(house: House) -> None:
    contact = house.consenting("+212612345678")
    case = house.case(contact)
    house.write_in("+212612345678", "STOP")
    house.browser("midwife").post(f"/staff/cases/{case}/close")
    assert house.sent() == []


def test_a_conversation_handed_over_by_the_person_is_in_the_list(house: House) -> None:
    contact = house.consenting("+212612345678", name="Amal")
    house.write_in("+212612345678", "je veux parler a un humain")
    with house.services.database.read() as connection:
        found = contacts.get(connection, contact, house.services.vault)
    assert found
    assert found.consent is Consent.GIVEN
    assert found.case_id
    page = house.browser("midwife").get(f"/staff/cases/{found.case_id}")
    assert "je veux parler" in page.words


def test_a_case_that_is_not_there(house: House) -> None:
    assert "introuvable" in house.browser("midwife").get("/staff/cases/none", 404).title


def test_a_form_sent_twice_is_one_message(any_house: House) -> None:
    house = any_house
    case = house.case(house.consenting("+212612345678"))
    browser = house.browser("midwife")
    once = browser.get(f"/staff/cases/{case}").fields["once"]
    for _ in range(2):
        browser.post(f"/staff/cases/{case}", text="Venez demain", once=once)
    assert len(house.sent()) == 1
    browser.post(f"/staff/cases/{case}", text="Venez demain", once="'; --")
    assert len(house.sent()) == 2
