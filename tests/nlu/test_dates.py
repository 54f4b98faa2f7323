"""Dates, times and readings as people write them, form by form; today is Sunday 22 November 2026, half past nine."""

# ruff: noqa: DTZ001 - wall time, as the finder takes it

import random
import statistics
import time
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu import dates

NOW = datetime(2026, 11, 22, 9, 30)
FOLDER = Path(__file__).parent / "data" / "dates"
FORMS = ("ary-Arab", "ary-Latn", "ar", "fr", "zgh-Tfng", "zgh-Latn")


def table(form: str) -> list[tuple[str, str]]:
    lines = (FOLDER / f"{form}.tsv").read_text(encoding="utf-8").splitlines()
    return [(text, value) for text, value in (line.split("\t") for line in lines)]


ROWS = [(form, text, value) for form in FORMS for text, value in table(form)]


@pytest.mark.parametrize(("form", "text", "value"), ROWS, ids=[f"{form} {text}" for form, text, _ in ROWS])
def test_when_reads_the_text(form: str, text: str, value: str) -> None:
    found = dates.when(text, NOW, form)
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_forty_examples(form: str) -> None:
    assert len(table(form)) >= 40


LATER = [
    ("lundi", datetime(2026, 11, 23, 9), "2026-11-30"),
    ("ce lundi", datetime(2026, 11, 23, 9), "2026-11-23"),
    ("nhar lkhmis", datetime(2026, 11, 25, 23), "2026-11-26"),
    ("le 31", datetime(2026, 11, 22, 9), "2026-12-31"),
    ("dans un mois", datetime(2027, 1, 31, 9), "2027-02-28"),
    ("29 février", datetime(2026, 11, 22, 9), "2028-02-29"),
    ("demain", datetime(2026, 12, 31, 23, 59), "2027-01-01"),
    ("la semaine prochaine", datetime(2026, 12, 28, 9), "2027-01-04/2027-01-10"),
    ("le mois prochain", datetime(2026, 12, 28, 9), "2027-01-01/2027-01-31"),
    ("14/9", datetime(2026, 9, 10, 9), "2026-09-14"),
    ("14/9", datetime(2026, 11, 22, 9), "140/90"),
    ("tension 14/9", datetime(2026, 9, 10, 9), "140/90"),
    ("3 غشت", datetime(2026, 8, 3, 9), "2026-08-03"),
]


@pytest.mark.parametrize(("text", "now", "value"), LATER)
def test_the_day_it_is_said_decides(text: str, now: datetime, value: str) -> None:
    found = dates.when(text, now)
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "merci",
        "j'ai besoin d'aide",
        "وجع في الظهر",
        "mrid bzaf",
        "سلام",
        "azul",
        "/start",
        "😀",
        "kaydrni rasi",
        "il est mort",
        "صباح الخير",
        "sbah lkhir",
        "9lil",
        "b3id",
        "wach hir chwia",
        "lmghrib zwin",
        "chi wahd mn nass",
        "شنو هو الحد الأقصى",
    ],
)
def test_a_text_without_time_has_none(text: str) -> None:
    assert dates.when(text, NOW) is None
    assert dates.find(text, NOW) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bghit rdv ghdda m3a 10, 3ndi skhana 39", [("datetime", "2026-11-23T10:00"), ("temperature", "39")]),
        ("2 7ebbat 3 merrat f nhar", [("dose", "2"), ("recurrence", "3/day")]),
        ("tansyo 14/9 lbare7", [("blood_pressure", "140/90"), ("date", "2026-11-21")]),
        ("appelez le 0612345678 demain", [("phone", "+212612345678"), ("date", "2026-11-23")]),
        ("j'ai 35 ans et je tousse depuis 3 jours", [("age", "P35Y"), ("duration", "P3D")]),
        ("lundi. mardi", [("date", "2026-11-23"), ("date", "2026-11-24")]),
    ],
)
def test_everything_keeps_readings_and_times_apart(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(found.type, found.value) for found in dates.everything(text, NOW)] == expected


WORDS = [word for _, text, _ in ROWS for word in text.split()]


@given(st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_with_offsets_into_it(text: str) -> None:
    dates.when(text, NOW)
    end = 0
    for found in dates.everything(text, NOW):
        assert text[found.start : found.end] == found.text != ""
        assert found.start >= end
        end = found.end


@pytest.mark.parametrize("now", [datetime(1, 1, 1, 9), datetime(9999, 12, 31, 9)])
def test_the_ends_of_the_calendar_raise_nothing(now: datetime) -> None:
    for _, text, _ in ROWS:
        dates.find(text, now)


def test_a_short_text_takes_under_half_a_millisecond() -> None:
    texts = [text for _, text, _ in ROWS]
    random.Random(7).shuffle(texts)
    taken = []
    for text in texts:
        start = time.thread_time()
        dates.find(text, NOW)
        taken.append(time.thread_time() - start)
    assert statistics.median(taken) < 0.0005


def test_a_long_text_stays_quick() -> None:
    start = time.thread_time()
    dates.everything("و " * 5000, NOW)
    dates.everything("من بعد " * 3000, NOW)
    dates.everything("3 w " * 5000, NOW)
    assert time.thread_time() - start < 2


@pytest.mark.parametrize("text", ["7h 19h", "7h w 19h", "7h, 19h", "7h et 19h"])
def test_two_hours_side_by_side_are_two_hours(text: str) -> None:
    found = dates.everything(text, datetime(2026, 11, 24, 9), "fr")
    assert [(one.type, one.value) for one in found] == [("time", "07:00"), ("time", "19:00")]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("est-ce que je peux venir", "fr"),
        ("je passe à quelle heure", "fr"),
        ("elle a la main froide", "fr"),
        ("le médecin on fait comment", "fr"),
        ("il est à jeun", "fr"),
        ("حبوب منع الحمل سببت لي غثيانا", "ar"),
        ("دوا الغدة", "ary-Arab"),
        ("salaf bla fa2ida", "ary-Latn"),
        ("7sen lihom", "ary-Latn"),
        ("ssint mad igan", "zgh-Latn"),
        ("illi tn", "zgh-Latn"),
    ],
)
def test_words_that_fold_like_a_time_are_none(text: str, form: str) -> None:
    assert [(one.type, one.value) for one in dates.everything(text, NOW, form)] == []


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("décaler mon rdv du 3 décembre au 10 décembre", "fr", ["2026-12-03", "2026-12-10"]),
        ("rdv 19/12", "fr", ["2026-12-19"]),
        ("rdv 5/1", "ary-Latn", ["2027-01-05"]),
        ("tension à 20", "fr", ["20"]),
        ("sucre est à 4", "fr", ["4"]),
        ("LDL 0,5 g/l", "fr", ["0.5"]),
        ("السكر التراكمي 7.2", "ar", ["7.2"]),
        ("hba6 lia sokkar 0.75", "ary-Latn", ["0.75"]),
        ("ghdda ghadi nji m3a 10", "ary-Latn", ["2026-11-23T10:00"]),
        ("tansyo had sba7 15 3la 9", "ary-Latn", ["2026-11-22T08:00/2026-11-22T12:00", "150/90"]),
    ],
)
def test_a_sentence_is_read_as_a_person_would(text: str, form: str, expected: list[str]) -> None:
    assert [one.value for one in dates.everything(text, NOW, form)] == expected


@pytest.mark.parametrize(
    "text",
    ["1/" * 5000, "3 w " * 2500, "و " * 5000, "من بعد " * 1500, "\u202eغدا " * 2500, "a" + "\u0301" * 100, "😀" * 5000],
)
def test_ten_thousand_characters_take_under_fifty_milliseconds(text: str) -> None:
    dates.everything("warm", NOW)
    taken = []
    for _ in range(3):
        start = time.thread_time()
        dates.everything(text, NOW)
        taken.append(time.thread_time() - start)
    assert min(taken) < 0.05
