import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from sms_gateway.segments import count
from tests.web.phone_server import PhoneServer, phone_server

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.allow_hosts(["127.0.0.1"])]

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def phones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneServer]:
    import pytest_socket

    pytest_socket.enable_socket()
    with phone_server(tmp_path_factory.mktemp("var")) as server:
        yield server


@pytest.fixture
def open_page(phones: PhoneServer, browser: Browser) -> Iterator[Open]:
    """Opens the page for a number; whatever the browser complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(number: str, *, lang: str = "fr", width: int = 1280, **more: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 860}, **more)
        contexts.append(context)
        context.add_init_script(
            f"localStorage.getItem('sahti-number') ?? localStorage.setItem('sahti-number', '{number}')"
        )
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{phones.url}/phone?lang={lang}")
        expect(page.locator("#number")).to_have_value(number)
        return page

    yield opened
    for context in contexts:
        context.close()
    # one test has the network refuse; the browser's note of that is no fault of the page
    assert [text for text in complaints if "429 (Too Many Requests)" not in text] == []


def press(page: Page, keys: str) -> None:
    for key in keys:
        page.locator(f"[data-key='{key}']").click()


def test_the_code_is_dialled_on_the_keys_answered_and_hung_up(open_page: Open) -> None:
    page = open_page("+212600000021")
    press(page, "*789#")
    expect(page.locator("#ussd-input")).to_have_value("*789#")
    page.get_by_role("button", name="Appeler").click()
    screen = page.locator("#ussd-text")
    expect(screen).to_contain_text("1. ")
    expect(page.locator("#ussd-count")).to_have_text(re.compile("Page.*GSM-7.*160"))
    first = screen.inner_text()
    assert count(first).units <= 160
    press(page, "21")
    page.get_by_role("button", name="Effacer").click()
    expect(page.locator("#ussd-input")).to_have_value("2")
    page.locator("#go").click()
    expect(screen).not_to_have_text(first)
    expect(page.locator("#ussd-input")).to_have_value("")
    page.get_by_role("button", name="Raccrocher").click()
    expect(screen).to_have_text("Composez le code, puis appelez.")
    expect(page.get_by_role("button", name="Appeler")).to_be_visible()


def test_another_code_is_refused_by_the_handset_itself(open_page: Open) -> None:
    page = open_page("+212600000022")
    press(page, "*123#")
    page.locator("#go").click()
    expect(page.locator("#ussd-text")).to_contain_text("*789#")
    expect(page.get_by_role("button", name="Appeler")).to_be_visible()


def test_an_sms_is_written_counted_and_answered(open_page: Open) -> None:
    page = open_page("+212600000023")
    page.get_by_role("button", name="SMS").click()
    page.get_by_label("Votre SMS").fill("ça va ?")
    expect(page.locator("#sms-count")).to_have_text(re.compile("UCS-2.*7.*1.* SMS"))
    page.get_by_label("Votre SMS").fill("bonjour")
    expect(page.locator("#sms-count")).to_have_text(re.compile("GSM-7.*7.*1.* SMS"))
    page.get_by_role("button", name="Envoyer").first.click()
    answers = page.locator("#sms-log .theirs")
    expect(answers).to_have_count(1)
    expect(answers.locator(".tick")).to_have_attribute("aria-label", "remis")
    expect(answers.locator(".cost")).to_have_text(re.compile(r"GSM-7.*SMS"))
    expect(page.locator("#sms-log .mine .tick")).to_have_class(re.compile("delivered"))
    page.reload()
    page.get_by_role("button", name="SMS").click()
    expect(page.locator("#sms-log .bubble")).to_have_count(2)


def test_whatsapp_shows_buttons_to_tap_and_a_list_to_open(open_page: Open) -> None:
    page = open_page("+212600000024")
    page.get_by_label("Votre message").fill("bonjour, menu")
    page.keyboard.press("Enter")
    log = page.locator("#whatsapp-log")
    log.get_by_role("button", name="Oui").click()
    expect(log.locator(".mine")).to_have_count(2)
    log.locator(".opens").first.click()
    choices = page.get_by_role("dialog").locator("li button")
    expect(choices.first).to_be_visible()
    said = choices.first.inner_text()
    choices.first.click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(log.locator(".mine .text").last).to_have_text(said)
    expect(log.locator(".theirs .tick").last).to_have_attribute("aria-label", "remis")


def test_a_handset_that_is_switched_off_shows_it(open_page: Open) -> None:
    page = open_page("+212600000098")
    page.get_by_label("Votre message").fill("bonjour")
    page.keyboard.press("Enter")
    expect(page.locator("#whatsapp-log .theirs")).to_contain_text("non remis")


def test_arabic_stands_right_to_left_and_each_line_as_it_is_written(open_page: Open) -> None:
    page = open_page("+212600000025", lang="ar")
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    page.locator("#whatsapp-input").fill("السلام\nSahti")
    page.keyboard.press("Enter")
    lines = page.locator("#whatsapp-log .mine .text p")
    expect(lines).to_have_count(2)
    assert lines.evaluate_all("(all) => all.map((line) => getComputedStyle(line).direction)") == ["rtl", "ltr"]
    expect(page.locator("#whatsapp-log .theirs").first).to_be_visible()
    page.get_by_role("link", name="Français").click()
    expect(page.locator("html")).to_have_attribute("dir", "ltr")
    expect(page.locator("#whatsapp-log .mine")).to_have_count(1)


@pytest.mark.parametrize("lang", ["fr", "ar"])
def test_on_a_narrow_screen_one_phone_at_a_time(open_page: Open, lang: str) -> None:
    page = open_page("+212600000026", lang=lang, width=390, has_touch=True)
    expect(page.locator("#basic")).to_be_visible()
    expect(page.locator("#smart")).to_be_hidden()
    page.locator("[data-phone=smart]").tap()
    expect(page.locator("#smart")).to_be_visible()
    expect(page.locator("#basic")).to_be_hidden()
    page.locator("[data-phrase]").last.tap()
    expect(page.locator("#whatsapp-input")).to_have_value("righ rendez-vous dar tbib azekka")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = (
        "[...document.querySelectorAll('#smart button')].filter((b) => b.offsetHeight && b.offsetHeight < 38).length"
    )
    assert page.evaluate(small) == 0


def test_both_phones_stand_side_by_side_on_a_wide_screen(open_page: Open) -> None:
    page = open_page("+212600000027")
    boxes = [page.locator(f"#{name} .case").bounding_box() for name in ("basic", "smart")]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert max(box["y"] + box["height"] for box in boxes if box) <= 860


def test_the_keyboard_alone_is_enough(open_page: Open) -> None:
    page = open_page("+212600000028")
    page.locator("#ussd-input").focus()
    page.keyboard.type("*789#")
    page.keyboard.press("Enter")
    expect(page.locator("#ussd-text")).to_contain_text("1. ")
    reached = []
    page.locator("#number").focus()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.dataset.view || ''"))
    assert {"another", "ussd", "sms", "ussd-input", "go", "erase", "stop", "whatsapp-input"} <= set(reached)


def test_only_a_moroccan_mobile_can_be_chosen(open_page: Open) -> None:
    page = open_page("+212600000029")
    page.locator("#number").fill("+33612345678")
    page.get_by_role("button", name="Utiliser").click()
    expect(page.get_by_role("alert").first).to_contain_text("mobile marocain")
    page.locator("#number").fill("06 00 00 00 30")
    page.get_by_role("button", name="Utiliser").click()
    expect(page.locator("#number")).to_have_value("+212600000030")
    page.get_by_role("button", name="Un autre", exact=True).click()
    expect(page.locator("#number")).to_have_value(re.compile(r"\+2126000000([0-8]\d|9[0-7])"))


def test_a_service_that_is_away_is_said_and_the_text_is_kept(open_page: Open) -> None:
    page = open_page("+212600000031")
    page.route("**/phone/say", lambda route: route.fulfill(status=429, json={}))
    page.get_by_label("Votre message").fill("bonjour")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("Trop de messages")
    expect(page.get_by_label("Votre message")).to_have_value("bonjour")


COUNTED = ["", "salam", "a" * 160, "a" * 161, "{" * 80, "{" * 81, "a" * 152 + "{" + "a" * 160, "سلام" * 18, "ⵣ" * 71]
COUNTED += ["e\u0301", "ç", "😀" * 35, "😀" * 36, "é€\n", "😀" * 34 + "a" * 66]


def test_the_page_counts_as_the_server_does(open_page: Open) -> None:
    page = open_page("+212600000032")
    script = "async (texts) => { const { count } = await import('/phone/static/count.js'); return texts.map(count); }"
    for text, counted in zip(COUNTED, page.evaluate(script, COUNTED), strict=True):
        expected = count(text)
        assert counted == {"coding": expected.encoding, "units": expected.units, "segments": expected.segments}, text
