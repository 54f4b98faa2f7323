import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from sms_gateway.segments import count
from tests.browser.staff_server import PASSWORD, StaffServer, staff_server

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.allow_hosts(["127.0.0.1"])]

Open = Callable[..., Page]
SHOTS = os.environ.get("SAHTI_SHOTS")
"""A folder to keep pictures of the pages in, for people to look at."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaffServer]:
    import pytest_socket

    pytest_socket.enable_socket()
    with staff_server(tmp_path_factory.mktemp("var")) as server:
        yield server


@pytest.fixture
def signed_in(hub: StaffServer, browser: Browser) -> Iterator[Open]:
    """Opens a browser of one member of the staff; whatever it complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(login: str, *, width: int = 1280, **more: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="fr-FR", **more)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{hub.url}/staff/")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.click("main button")
        expect(page).to_have_url(f"{hub.url}/staff/cases")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def test_a_campaign_is_approved_by_a_second_person_and_delivered(hub: StaffServer, signed_in: Open) -> None:
    for number in range(3):
        hub.write_in(f"+21261111110{number}", "bonjour")
    writer = signed_in("midwife")
    writer.goto(f"{hub.url}/staff/campaigns/new")
    writer.fill("#name", "Vaccination")
    writer.select_option("#channel", "sim-sms")
    text = "Vaccination gratuite samedi à l'école ☺"
    area = writer.locator("#text-fr")
    for said in ("Vaccination", text, "€" * 100):
        area.fill(said)
        counted = count(said)
        shown = f"{counted.encoding} · {counted.units} · {counted.segments} SMS"
        expect(writer.locator("#text-fr + output")).to_have_text(shown)
    area.fill(text)
    writer.click("text=Enregistrer")
    page = writer.url.partition("?")[0]
    expect(writer.locator("main")).to_contain_text("une autre personne doit la valider")
    writer.fill("#number", "06 11 11 11 00")
    writer.click("text=M'envoyer tous les textes")
    expect(writer.locator(".notice.good")).to_be_visible()

    second = signed_in("doctor")
    second.goto(page)
    second.click("text=Valider et envoyer")
    expect(second.locator(".notice.good")).to_be_visible()
    for _ in range(60):
        second.goto(page)
        if second.locator("#delivered").inner_text() == "3":
            break
        second.wait_for_timeout(250)
    expect(second.locator("#delivered")).to_have_text("3")


def test_a_text_is_changed_published_and_met_in_a_conversation(hub: StaffServer, signed_in: Open) -> None:
    admin = signed_in("admin")
    admin.goto(f"{hub.url}/staff/flows/help")
    key = admin.locator("details summary code").first.inner_text()
    admin.locator("details summary").first.click()
    admin.locator(f'[name="text:{key}:fr"]').fill("Nouvelle aide, essai 42.")
    admin.click("text=Enregistrer le brouillon")
    admin.click("button:has-text('Publier')")
    expect(admin.locator(".notice.good").first).to_contain_text("publiée")
    hub.write_in("+212622222222", "bonjour")
    hub.write_in("+212622222222", "AIDE")
    admin.goto(f"{hub.url}/staff/people")
    admin.fill("#number", "0622222222")
    admin.click("text=Chercher")
    expect(admin.locator(".talk")).to_contain_text("Nouvelle aide, essai 42.")


def test_a_mistake_leads_to_its_line(hub: StaffServer, signed_in: Open) -> None:
    admin = signed_in("admin")
    admin.goto(f"{hub.url}/staff/flows/language")
    area = admin.locator("#yaml")
    lines = area.input_value().rstrip("\n").split("\n")
    area.fill("\n".join([*lines, "  nowhere: {say: common.ok, to: lost}"]))
    expect(admin.locator(".editor pre")).to_contain_text(str(len(lines) + 1))
    admin.click("text=Enregistrer le brouillon")
    admin.locator(f"a[data-line='{len(lines) + 1}']").first.click()
    chosen = admin.evaluate(
        "() => { const a = document.querySelector('#yaml'); return a.value.slice(a.selectionStart, a.selectionEnd) }"
    )
    assert chosen == "  nowhere: {say: common.ok, to: lost}"
    expect(admin.locator("button:has-text('Publier')")).to_be_disabled()
    admin.click("text=Revenir à ce qui est publié")


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_fits_its_window(hub: StaffServer, signed_in: Open, language: str, width: int) -> None:
    contact = hub.write_in("+212633333333", "bghit nhder m3a chi wahed", form="ary-Latn", name="Amal")
    hub.write_in("+212633333334", "عندي ألم شديد في الصدر", form="ar", name="Idir")
    admin = signed_in("admin", width=width)
    if language == "ar":
        admin.click("button[lang=ar]")
        expect(admin.locator("html")).to_have_attribute("dir", "rtl")
    admin.goto(f"{hub.url}/staff/cases")
    case = admin.locator(".cards a").first.get_attribute("href")
    made = hub.services.database
    with made.read() as connection:
        from bot.store import campaigns

        kept = campaigns.latest(connection, hub.services.vault)
    paths = ["cases", "people", f"people/{contact}", "campaigns", "campaigns/new", "flows", "flows/appointment_book"]
    paths += ["flows/appointment_book/try", "texts", "team", "password", *(f"campaigns/{c.id}" for c in kept[:1])]
    for path in [f"/staff/{one}" for one in paths] + ([case] if case else []):
        admin.goto(f"{hub.url}{path}")
        wide = admin.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if SHOTS:
            name = path.strip("/").replace("/", "-").replace(contact, "one")
            admin.screenshot(
                path=Path(SHOTS) / f"{name[:40]}-{language}-{width}.png",
                full_page="flows/" not in path and "texts" not in path,
            )
        assert wide <= 0, path
    if language == "ar":
        admin.click("button[lang=fr]")
