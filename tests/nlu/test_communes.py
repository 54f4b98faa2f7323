"""Communes by their official names and the usual spellings, and words that only look like one."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu import communes

CASABLANCA, RABAT, AGADIR, OUJDA = "06.141.01.0", "04.421.01.0", "09.001.01.01", "02.411.01.23"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("ana sakna f casa", CASABLANCA, "casa"),
        ("الدار البيضاء", CASABLANCA, "الدار البيضاء"),
        ("f dar lbida", CASABLANCA, "dar lbida"),
        ("habite à Rabat", RABAT, "Rabat"),
        ("ⵔⴱⴰⵟ", RABAT, "ⵔⴱⴰⵟ"),
        ("ساكن فأكادير", AGADIR, "فأكادير"),
        ("ⴰⴳⴰⴷⵉⵔ", AGADIR, "ⴰⴳⴰⴷⵉⵔ"),
        ("أنا من وجدة", OUJDA, "وجدة"),
        ("wjda", OUJDA, "wjda"),
        ("hopital de aït melloul", "09.273.01.05", "aït melloul"),
        ("rani f safi", "07.431.01.03", "safi"),
        ("j'habite à Salé", "04.441.01.0", "Salé"),
    ],
)
def test_a_commune_is_found(text: str, code: str, words: str) -> None:
    assert [(one.type, one.value, one.text) for one in communes.find(text)] == [("place", f"commune:{code}", words)]


@pytest.mark.parametrize(
    "text",
    ["", "safi baraka", "la salle est sale", "simana dakhla", "assa", "العيون حمرين", "fia l7rara", "demain", "😀"],
)
def test_other_words_are_no_commune(text: str) -> None:
    assert communes.find(text) == []


@given(st.text(max_size=120))
def test_any_text_is_read_with_offsets_into_it(text: str) -> None:
    for one in communes.find(text):
        assert text[one.start : one.end] == one.text != ""


def test_a_long_text_stays_quick() -> None:
    communes.load()
    start = time.thread_time()
    communes.find("sidi bni oulad ait " * 600)
    assert time.thread_time() - start < 0.05
