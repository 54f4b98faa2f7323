"""What every shipped text keeps to: all forms, one segment, plain digits, nothing that betrays a disease."""

import re
from datetime import date
from pathlib import Path

import pytest

import bot
from locales.catalog import FORMS, Catalog
from sms_gateway.segments import count

NUMBERS = {"ambulance": "15", "samu": "141", "police": "19", "poison": "0801 000 180"}
# A Wednesday in November: the longest names of a day and a month in most forms.
SAMPLE = {
    "when": {"datetime": "2026-11-25T10:30"},
    "time": {"time": "2026-11-25T10:30"},
    "place": {"words": {"Latn": "Centre Hay Salam", "Arab": "مركز حي السلام"}},
    "name": {"words": {"Latn": "Centre Hay Salam", "Arab": "مركز حي السلام"}},
    "hour": {"time": "20:00"},
    "hours": {"time": ["08:00", "20:00"]},
    "count": {"count": 3},
}
GSM7_FORMS = ("fr", "ary-Latn", "zgh-Latn")
HOSPITAL = {
    "ary-Arab": "مستعجلات",
    "ary-Latn": "urgences",
    "ar": "مستعجلات",
    "fr": "urgences",
    "zgh-Tfng": "ⵍⵓⵔⵊⴰⵏⵙ",
    "zgh-Latn": "lurjans",
}
REMINDERS = ("appointment.ask", "appointment.soon", "appointment.nudge", "medication.ask")
# Two segments, each for a reason: consent says who, what and why; self-harm is warm; violence has the police too; a side effect says three things.
LONGER = {"consent.ask", "safety.now.self_harm", "safety.now.violence", "medication.side_effect_tip"}

CATALOG = Catalog.load(defaults=NUMBERS)
EVERY_KEY = sorted(CATALOG.keys("fr"))


def said(key: str, form: str) -> str:
    return CATALOG.text(key, form, SAMPLE)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_every_key_with_the_same_placeholders(form: str) -> None:
    assert CATALOG.keys(form) == CATALOG.keys("fr")
    for key in EVERY_KEY:
        names = {name for text in CATALOG.variants(key, form).values() for name in CATALOG.placeholders(text)}
        wanted = {name for text in CATALOG.variants(key, "fr").values() for name in CATALOG.placeholders(text)}
        assert names == wanted, key


@pytest.mark.parametrize("form", FORMS)
def test_every_placeholder_has_a_value_in_the_sample_or_the_table_of_numbers(form: str) -> None:
    before = sum(CATALOG.missing.values())
    assert all("%{" not in said(key, form) for key in EVERY_KEY)
    assert sum(CATALOG.missing.values()) == before


@pytest.mark.parametrize("form", GSM7_FORMS)
def test_latin_texts_are_gsm7(form: str) -> None:
    ucs2 = [key for key in EVERY_KEY if count(said(key, form)).encoding != "GSM-7"]
    assert ucs2 == []


@pytest.mark.parametrize("form", FORMS)
def test_a_text_is_one_segment(form: str) -> None:
    long = {key for key in EVERY_KEY if count(said(key, form)).segments > 1}
    assert long <= LONGER


@pytest.mark.parametrize("form", FORMS)
def test_the_longer_texts_are_two_segments_at_most(form: str) -> None:
    assert all(count(said(key, form)).segments <= 2 for key in LONGER)


@pytest.mark.parametrize("form", FORMS)
def test_digits_are_latin_and_no_number_to_call_stands_in_a_text(form: str) -> None:
    for key in EVERY_KEY:
        for text in CATALOG.variants(key, form).values():
            assert not re.search(r"[٠-٩۰-۹]", text), key
            assert not re.search(r"\b(?:15|141|150|19|177|112|0801)\b", text), key


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", [key for key in EVERY_KEY if "%{ambulance}" in CATALOG.raw(key, "fr")])
def test_where_numbers_are_given_both_are_given_and_the_hospital_too(key: str, form: str) -> None:
    text = said(key, form)
    assert re.search(r"\b15\b", text)
    assert re.search(r"\b141\b", text)
    assert HOSPITAL[form] in text


@pytest.mark.parametrize("form", FORMS)
def test_every_text_of_an_emergency_gives_the_numbers(form: str) -> None:
    emergencies = [key for key in EVERY_KEY if key.startswith("safety.now.") or key in {"safety.ask", "safety.inform"}]
    assert len(emergencies) == 8
    assert all("141" in said(key, form) for key in emergencies)
    assert "0801 000 180" in said("safety.now.poison", form)
    assert "0801 000 180" not in said("safety.now.self_harm", form)


@pytest.mark.parametrize("form", FORMS)
def test_the_numbers_stand_on_the_first_screen_of_an_emergency(form: str) -> None:
    # A page of 70 or 160 units, less the line that leads to the next page.
    screen = 60 if count(said("safety.now.general", form)).encoding == "UCS-2" else 145
    late = [key for key in EVERY_KEY if key.startswith("safety.now.") and said(key, form).index("141") + 3 > screen]
    assert late == []


DISEASES = re.compile(
    r"diab|tension|hypertens|tubercul|vih|sida|cancer|grossesse|enceinte|sokkar|skkar|ttansyu|tadist|7mel|sol\b"
    r"|سكر|طونسيو|ضغط|سل\b|حمل|حامل|سرطان|ⵙⴽⴽⴰⵔ|ⵜⵜⴰⵏⵙⵢⵓ|ⵜⴰⴷⵉⵙⵜ",
    re.IGNORECASE,
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", REMINDERS)
def test_a_reminder_names_no_disease_and_is_one_segment(key: str, form: str) -> None:
    assert not DISEASES.search(said(key, form))
    assert count(said(key, form)).segments == 1


def test_the_search_for_diseases_finds_them_where_they_are_said() -> None:
    assert all(DISEASES.search(said("education.topic.diabetes", form)) for form in FORMS)


@pytest.mark.parametrize("form", FORMS)
def test_nothing_invisible_stands_in_a_text(form: str) -> None:
    hidden = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00a0\u064b-\u0652]")
    assert [key for key in EVERY_KEY if hidden.search(CATALOG.raw(key, form))] == []


@pytest.mark.parametrize("form", ["ary-Arab", "ar"])
@pytest.mark.parametrize("number", [0, 1, 2, 3, 11, 100])
def test_arabic_counts_have_six_wordings(form: str, number: int) -> None:
    wordings = {CATALOG.variants("appointment.count", form)[name] for name in ("zero", "one", "two", "few", "many")}
    assert len(wordings) == 5
    assert "%{" not in CATALOG.text("appointment.count", form, {"count": {"count": number}})


def test_days_and_times_are_worded_as_people_write_them() -> None:
    said = {form: CATALOG.datetime("2026-11-24T10:30", form) for form in FORMS}
    assert said == {
        "ary-Arab": "الثلاثاء 24 نونبر 10:30",
        "ary-Latn": "tlata 24 nowanbir 10:30",
        "ar": "الثلاثاء 24 نونبر 10:30",
        "fr": "mardi 24 novembre 10h30",
        "zgh-Tfng": "ⴰⵙⵉⵏⴰⵙ 24 ⵏⵓⵡⴰⵏⴱⵉⵔ 10:30",
        "zgh-Latn": "asinas 24 nuwanbir 10:30",
    }


@pytest.mark.parametrize("form", GSM7_FORMS)
def test_every_day_and_month_is_gsm7(form: str) -> None:
    for month in range(1, 13):
        assert count(CATALOG.day(date(2026, month, month), form)).encoding == "GSM-7"
    assert count("".join(CATALOG.day(date(2026, 11, day), form) for day in range(23, 30))).encoding == "GSM-7"


def test_forms_say_their_own_names_and_directions() -> None:
    assert [CATALOG.name(form) for form in FORMS] == [
        "الدارجة",
        "Darija",
        "العربية",
        "Français",
        "ⵜⴰⵎⴰⵣⵉⵖⵜ",
        "Tamazight",
    ]
    assert {form for form in FORMS if CATALOG.direction(form) == "rtl"} == {"ary-Arab", "ar"}


def test_all_words_that_work_everywhere_are_there_in_every_form() -> None:
    words = CATALOG.keywords()
    assert set(words) == set(FORMS)
    wanted = {"stop", "start", "help", "menu", "language", "human", "delete"}
    assert all(wanted <= set(words[form]) and all(words[form].values()) for form in FORMS)


def test_every_text_that_the_hub_says_is_there() -> None:
    said = re.compile(r"""(?:Say\(|\.text\(\s*|Choice\([A-Z]+, )["']([a-z_]+(?:\.[a-z_0-9]+)+)["']""")
    hub = Path(bot.__file__).parent
    keys = {key for file in hub.rglob("*.py") for key in said.findall(file.read_text(encoding="utf-8"))}
    assert "stop.confirmed" in keys
    assert keys - CATALOG.keys("fr") == set()


def test_texts_that_no_speaker_has_seen_are_marked() -> None:
    assert CATALOG.review_needed("zgh-Latn") == CATALOG.keys("zgh-Latn")
    assert "safety.now.general" in CATALOG.review_needed("ary-Arab")
    assert "choice.yes" not in CATALOG.review_needed("fr")


def test_no_text_is_kept_that_nobody_says() -> None:
    """A text in six forms that nothing says is read, translated and reviewed for nothing."""
    root = Path(bot.__file__).parents[1]
    folders = [root / name for name in ("bot", "flows", "nlu")]
    said_somewhere = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in {".py", ".yaml"} and ".venv" not in path.parts
    )
    composed = {"choice.True", "choice.False"}  # a yes or no that a flow offers
    unsaid = {key for key in CATALOG.keys("fr") if key not in said_somewhere}
    assert unsaid - composed == {"appointment.count"}  # how a number is worded; the tests of plurals stand on it
