"""Nothing that is to be said is ever lost or cut, and every screen and every button keeps to its limit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.render import Rendered, form_on, render
from flows.types import Choice, Json, Say
from locales.catalog import Catalog
from sms_gateway.channel import Capabilities
from sms_gateway.segments import count

SMS = Capabilities(medium="sms", max_units=160)
LONG_SMS = Capabilities(medium="sms", max_units=1600)
USSD = Capabilities(
    medium="ussd", inline_reply=True, max_parts=1, max_units=160, page_gsm7=160, page_ucs2=70, tifinagh=False
)
WHATSAPP = Capabilities(medium="whatsapp", max_units=1024, buttons=3, list_rows=10, templates=True, window_hours=24)

ALPHABETS = ("abcde fghij", "a[]{}€^ b", "كيف داير ", "ⴰⵣⵓⵍ ", "aé€ك \n", "😀a ")
LETTERS = st.sampled_from(ALPHABETS).flatmap(lambda alphabet: st.text(alphabet, min_size=1, max_size=400))
TEXTS = LETTERS.filter(lambda text: bool(text.strip()))
LABELS = st.text("abc كيⴰ€", min_size=1, max_size=40).map(str.strip).filter(bool)


class Said:
    """A catalog in which a key is its own text; the words of the frame are short, as the real ones are."""

    frame: Mapping[str, str] = {
        "ussd.more": "Suite",
        "ussd.back": "Retour",
        "ussd.menu": "Menu",
        "wa.open_list": "Voir",
    }

    def text(
        self, key: str, form: str, params: Mapping[str, Json], overrides: object = None, *, isolate: bool = False
    ) -> str:
        return self.frame.get(key, key)


def shown(says: Sequence[Say], capabilities: Capabilities) -> Rendered:
    return render(says, "fr", capabilities, cast("Catalog", Said()))


@st.composite
def questions(draw: st.DrawFn, most: int = 12) -> list[Say]:
    says = [Say(text) for text in draw(st.lists(TEXTS, min_size=1, max_size=3))]
    choices = tuple(Choice(f"c{number}", label) for number, label in enumerate(draw(st.lists(LABELS, max_size=most))))
    return [*says[:-1], Say(says[-1].key, {}, choices)]


def letters(*texts: str) -> str:
    """What is left when only the breaks between words are taken away."""
    return "".join("".join(texts).split())


def in_words(says: Sequence[Say]) -> str:
    lines = []
    for say in says:
        lines.append(say.key)
        lines.extend(f"{number}. {choice.key}" for number, choice in enumerate(say.choices, 1))
    return letters(*lines)


@pytest.mark.parametrize("capabilities", [SMS, LONG_SMS])
@given(says=questions())
def test_a_text_message_says_everything_and_no_part_is_too_long(capabilities: Capabilities, says: list[Say]) -> None:
    parts = shown(says, capabilities).parts
    assert letters(*(part.text for part in parts)) == in_words(says)
    assert all(count(part.text).units <= capabilities.max_units for part in parts)
    assert all(part.text.strip() for part in parts)


def test_short_texts_share_one_message() -> None:
    assert [part.text for part in shown([Say("one"), Say("two")], SMS).parts] == ["one\ntwo"]


def without_frame(page: str) -> str:
    lines = page.split("\n")
    while lines and lines[-1] in {"0 Suite", "0 Retour", "00 Menu"}:
        lines.pop()
    return "\n".join(lines)


@given(questions())
def test_every_screen_fits_and_together_they_say_everything(says: list[Say]) -> None:
    found = shown(says, USSD)
    assert found.parts[0].text == found.pages[0]
    assert letters(*(without_frame(page) for page in found.pages)) == in_words(says)
    for page in found.pages:
        counted = count(page)
        assert counted.units <= (160 if counted.encoding == "GSM-7" else 70)
    if len(found.pages) > 1:
        assert all("\n0 Suite" in page for page in found.pages[:-1])
        assert "\n0 Retour" in found.pages[-1]
    else:
        assert "0 Suite" not in found.pages[0]


@given(questions())
def test_buttons_and_rows_keep_to_the_limits_of_whatsapp_and_nothing_is_lost(says: list[Say]) -> None:
    said = ""
    for part in shown(says, WHATSAPP).parts:
        rows = part.menu.rows if part.menu else ()
        assert len(part.buttons) <= 3
        assert len(rows) <= 10
        assert all(len(button.title.encode("utf-16-le")) <= 40 for button in part.buttons)
        assert all(len(row.title.encode("utf-16-le")) <= 48 for row in rows)
        assert not (part.buttons and part.menu)
        assert count(part.text).units <= WHATSAPP.max_units
        said += letters(part.text, *(f"{n}. {button.title}" for n, button in enumerate((*part.buttons, *rows), 1)))
    assert said == in_words(says)


@pytest.mark.parametrize(
    ("labels", "buttons", "rows", "numbered"),
    [
        (["a", "b", "c"], 3, 0, False),
        (["a", "b", "c", "d"], 0, 4, False),
        (["x" * 20], 1, 0, False),
        (["x" * 21], 0, 1, False),
        (["x" * 24], 0, 1, False),
        (["x" * 25], 0, 0, True),
        (["a"] * 11, 0, 0, True),
    ],
)
def test_how_choices_are_offered_on_whatsapp(labels: list[str], buttons: int, rows: int, numbered: bool) -> None:  # noqa: FBT001
    choices = tuple(Choice(f"c{number}", label) for number, label in enumerate(labels))
    (part,) = shown([Say("which", {}, choices)], WHATSAPP).parts
    assert (len(part.buttons), len(part.menu.rows) if part.menu else 0) == (buttons, rows)
    assert ("1. " in part.text) == numbered


@pytest.mark.parametrize("labels", [["yes", "no"], ["a", "b", "c", "d"]])
def test_a_long_question_is_split_before_its_choices(labels: list[str]) -> None:
    choices = tuple(Choice(label, label) for label in labels)
    text = "word " * 300
    *before, asked = shown([Say(text, {}, choices)], WHATSAPP).parts
    assert letters(*(part.text for part in (*before, asked))) == letters(text)
    assert all(count(part.text).units <= WHATSAPP.max_units for part in (*before, asked))
    assert not any(part.buttons or part.menu for part in before)
    assert asked.buttons or asked.menu


@pytest.mark.parametrize("labels", [["oui"], ["oui", "non", "plus tard", "jamais"]])
def test_a_text_beside_choices_keeps_to_its_own_limit(labels: list[str]) -> None:
    longer = replace(WHATSAPP, max_units=4096, rich_units=1024)
    choices = tuple(Choice(f"c{number}", label) for number, label in enumerate(labels))
    parts = shown([Say("mot " * 900), Say("bien " * 500, {}, choices)], longer).parts
    assert [count(part.text).units > 1024 for part in parts] == [True, False, False, False]
    assert all(part.buttons or part.menu for part in parts[-1:])


def test_tifinagh_is_shown_in_latin_letters_where_phones_lack_it() -> None:
    assert form_on("zgh-Tfng", USSD) == "zgh-Latn"
    assert form_on("zgh-Tfng", SMS) == "zgh-Tfng"
    assert form_on("ar", USSD) == "ar"


def test_nothing_to_say_is_nothing() -> None:
    for capabilities in (SMS, USSD, WHATSAPP):
        assert shown([], capabilities) == Rendered(())
