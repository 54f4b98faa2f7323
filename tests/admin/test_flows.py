"""Conversations: editing, what refuses publishing, going back, and the phone to try them on."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from admin.trying import SCREENS, replay
from bot.core import numbers
from bot.store import flows as store
from flows.load import load_text
from locales.catalog import FORMS
from tests.admin.conftest import House
from tests.admin.pages import Browser

FLOW = "/staff/flows/welcome"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def yaml_of(house: House, flow: str = "welcome") -> str:
    opened = house.app.extensions["sahti_desk"].publishing.open(flow)
    assert opened
    text: str = opened.yaml
    return text


def save(browser: Browser, yaml: str, **texts: str) -> str:
    """Save a draft with texts given as key and form apart by `__` (dots and dashes as `_`); the page's words."""
    fields = {f"text:{key}": value for key, value in texts.items()}
    keys = sorted({key.rpartition(":")[0] for key in texts})
    return browser.post(FLOW, yaml=yaml, keys=keys, **fields).words


def test_the_list_says_what_is_in_force_and_not_reviewed(house: House) -> None:
    words = house.browser("midwife").get("/staff/flows").words
    assert "Premier contact et accord" in words
    assert "Version d'origine" in words
    assert "non relu" in words


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_every_page_of_every_flow_opens_in_both_languages(house: House, language: str) -> None:
    browser = house.browser("admin")
    if language == "ar":
        browser.post("/staff/language", lang="ar", next="/staff/flows")
    for flow in house.services.flows.shipped:
        page = browser.get(f"/staff/flows/{flow}")
        assert page.attributes["html"]["lang"] == language
        browser.get(f"/staff/flows/{flow}/try")
    for path in ("cases", "people", "campaigns", "campaigns/new", "texts", "texts?topic=safety", "team", "password"):
        assert browser.get(f"/staff/{path}").attributes["html"]["lang"] == language


def test_mistakes_are_told_at_their_line(house: House) -> None:
    browser = house.browser("admin")
    lines = yaml_of(house).splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "grant:" in text)
    lines[line - 1] = "  grant: {do: consent.grant, to: nowhere}"
    words = " ".join(save(browser, "\n".join(lines)).split())
    assert f"Ligne {line} there is no state “nowhere”" in words
    assert "ne peut pas être publié" in browser.post(f"{FLOW}/publish").words
    assert house.services.flows.book().current["welcome"].version == 1
    words = save(browser, "id: [unclosed")
    assert "À corriger" in words


def test_a_text_is_changed_published_met_and_taken_back(any_house: House) -> None:
    house = any_house
    browser = house.browser("admin")
    new = "Essai 42 : acceptez-vous ?"
    words = save(browser, yaml_of(house), **{"consent.ask:fr": new})
    assert "brouillon est enregistré" in words
    assert "est publiée" in browser.post(f"{FLOW}/publish").words

    def asked(number: str) -> bytes:
        house.write_in(number, "bonjour, je voudrais un rendez-vous")
        house.services.delivery.run("sms")
        return house.network.sent[-1].body

    assert new in json.loads(asked("+212612345678"))["text"]
    assert house.services.flows.book().current["welcome"].version == 2
    page = browser.get(FLOW)
    assert "Version 2" in " ".join(page.words.split())
    assert "remise" not in page.words
    assert "de nouveau en vigueur" in browser.post(f"{FLOW}/back", version="").words
    assert new not in json.loads(asked("+212612345679"))["text"]
    with house.services.database.read() as connection:
        version = store.history(connection, "welcome")[0]
    browser.post(f"{FLOW}/back", version=version.id)
    assert new in json.loads(asked("+212612345670"))["text"]
    assert "n'existe plus" in browser.post("/staff/flows/menu/back", version=version.id).words


def test_other_processes_meet_a_published_version(house: House) -> None:
    from bot.service.flowbook import Flows
    from bot.settings import ROOT

    moment = 0.0
    other = Flows(ROOT / "flows" / "definitions", house.services.database, lambda: moment)
    assert other.book().current["welcome"].version == 1
    browser = house.browser("admin")
    save(browser, yaml_of(house), **{"consent.ask:fr": "Autre texte ?"})
    browser.post(f"{FLOW}/publish")
    moment = 2.1
    assert other.book().current["welcome"].version == 2


@pytest.mark.parametrize(
    ("change", "text", "words"),
    [
        (lambda yaml: yaml.replace("id: welcome", "id: menu"), {}, "the id must stay"),
        (lambda yaml: yaml.replace("say: consent.ask", "say: consent.nowhere"), {}, "is missing in"),
        (lambda yaml: yaml, {"consent.ask:fr": "mot " * 300}, "segments"),
        (lambda yaml: yaml, {"consent.ask:ar": "كلمة " * 150}, "segments"),
        (lambda yaml: yaml, {"consent.ask:fr": "Bonjour %{nom}"}, "it is not given"),
        (lambda yaml: yaml, {"consent.ask:fr": "à 100 % ?"}, "write %%"),
        (lambda yaml: yaml, {"consent.ask:fr": "%{Nom} ?"}, "write %%"),
    ],
)
def test_what_cannot_be_published(house: House, change: Callable[[str], str], text: dict[str, str], words: str) -> None:
    browser = house.browser("admin")
    assert words in save(browser, change(yaml_of(house)), **text)
    assert "ne peut pas être publié" in browser.post(f"{FLOW}/publish").words


def test_a_failing_talk_refuses_publishing(house: House) -> None:
    browser = house.browser("admin")
    talk = "\ntests:\n  - {name: x, on: sms, lang: fr, talk: [{bot: consent.refused}]}\n"
    yaml = yaml_of(house).split("\ntests:")[0] + talk
    words = save(browser, yaml)
    assert "Empêche de publier" in words
    assert "expected consent.refused" in words
    assert "ne peut pas être publié" in browser.post(f"{FLOW}/publish").words


def test_a_clinical_flow_without_review_is_not_published(house: House) -> None:
    browser = house.browser("admin")
    page = browser.get("/staff/flows/education")
    assert "clinician" in page.words
    browser.post("/staff/flows/education", yaml=yaml_of(house, "education"))
    assert "ne peut pas être publié" in browser.post("/staff/flows/education/publish").words


def test_an_expired_emergency_number_refuses_publishing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = house.browser("admin")
    text = {"consent.ask:fr": "Danger : %{ambulance}. Acceptez-vous ?"}
    monkeypatch.setattr(house.services.catalog, "placeholders", lambda _: {"ambulance"})
    save(browser, yaml_of(house), **text)
    monkeypatch.setattr("bot.service.publishing.numbers.expired", lambda _: [numbers.TABLE[0]])
    assert "to be checked again" in browser.get(FLOW).words
    assert "ne peut pas être publié" in browser.post(f"{FLOW}/publish").words
    assert numbers.expired(date(2027, 6, 1))


def test_an_empty_text_is_the_shipped_one_again(house: House) -> None:
    browser = house.browser("admin")
    save(browser, yaml_of(house), **{"consent.ask:fr": "Autre texte ?"})
    assert "modifié" in browser.get(FLOW).words
    save(browser, yaml_of(house), **{"consent.ask:fr": " "})
    assert "modifié" not in browser.get(FLOW).words
    save(browser, "id: x")
    assert "n'est" not in browser.post(f"{FLOW}/discard").words
    assert "Le fichier se tient" in browser.get(FLOW).words


def test_only_administrators_write(house: House) -> None:
    browser = house.browser("doctor")
    browser.post(FLOW, 403, yaml="id: x")
    page = browser.client.get(FLOW).get_data(as_text=True)
    assert "readonly" in page
    assert "Enregistrer" not in page


def test_texts_are_shown_as_text(house: House) -> None:
    browser = house.browser("admin")
    nasty = "</textarea><script>alert(1)</script>"
    save(browser, yaml_of(house) + f"\n# {nasty}\n", **{"consent.ask:fr": nasty})
    for path in (FLOW, f"{FLOW}/try"):
        assert "<script>alert" not in browser.client.get(path).get_data(as_text=True)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("medium", SCREENS)
def test_every_flow_can_be_tried(house: House, form: str, medium: str) -> None:
    for flow in house.services.flows.shipped.values():
        tried = replay(flow, {}, house.services.catalog, form=form, medium=medium, steps=(), now=NOON)
        assert tried.lines or tried.branches, flow.id
        assert not any(line.word == "try.broken" for line in tried.lines), flow.id


def test_a_conversation_on_the_phone_touches_nobody(house: House) -> None:
    browser = house.browser("midwife")
    path = "/staff/flows/appointment_book/try"
    page = browser.post(path, form="fr", medium="sms", steps="[]")
    for _ in range(14):
        if "Comment se termine" in page.words:
            branch = "booked" if "appointments.book" in page.words else "some"
            page = browser.post(path, form="fr", medium="sms", steps=page.fields["steps"], branch=branch)
        elif "said" in page.fields:
            page = browser.post(path, form="fr", medium="sms", steps=page.fields["steps"], said="1")
    assert "Fin :" in page.words
    assert "CS Agdal" in page.words
    assert house.network.sent == []
    assert "CS Agdal" not in browser.post(path, form="fr", medium="sms", steps=page.fields["steps"], again="1").words


@pytest.mark.parametrize(
    "steps", ["", "{", "7", '["1", 2, null, {"a": 1}]', '["\\ud800"]', json.dumps(["9" * 5000] * 100)]
)
def test_the_phone_bears_what_it_is_sent(house: House, steps: str) -> None:
    browser = house.browser("midwife")
    browser.post(f"{FLOW}/try", form="fr", medium="ussd", steps=steps, said="²")
    browser.post(f"{FLOW}/try", 400, form="xx", medium="ussd")


def test_words_of_a_choice_are_understood_on_the_phone(house: House) -> None:
    flow = load_text(yaml_of(house), name="welcome")
    for said in ("Oui", "oui [affirm]", "1"):
        tried = replay(flow, {}, house.services.catalog, form="fr", medium="sms", steps=(said,), now=NOON)
        assert tried.waits_for == "consent.grant", said


def test_a_flow_that_is_not_there(house: House) -> None:
    browser = house.browser("admin")
    for path in ("/staff/flows/none", "/staff/flows/none/try"):
        browser.get(path, 404)
    browser.post("/staff/flows/none", 404, yaml="x")
    browser.post("/staff/flows/none/back", 404)
