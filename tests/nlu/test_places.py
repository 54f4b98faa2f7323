"""Names of places, whatever the script, the spelling and the sentence around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.places import Places

PLACES = Places(
    {
        "anfa": ["Centre de santé Anfa", "المركز الصحي أنفا", "Anfa"],
        "sidi-moumen": ["Sidi Moumen", "سيدي مومن", "ⵙⵉⴷⵉ ⵎⵓⵎⵏ"],
        "ibn-sina": ["Hôpital Ibn Sina", "مستشفى ابن سينا", "Avicenne"],
        "tamesna": ["Tamesna", "تامسنا"],
        "khouribga": ["Khouribga", "خريبكة"],
        "hay-1": ["Hay Salam 1"],
        "hay-2": ["Hay Salam 2"],
    }
)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Anfa", "anfa"),
        ("bghit rdv f anfa ghdda", "anfa"),
        ("centre de sante anfa", "anfa"),
        ("المركز الصحي انفا", "anfa"),
        ("sidi moumen", "sidi-moumen"),
        ("f sidi mumen 3afak", "sidi-moumen"),
        ("سيدى مومن", "sidi-moumen"),
        ("ⵙⵉⴷⵉ ⵎⵓⵎⵏ", "sidi-moumen"),
        ("hopital ibn sina", "ibn-sina"),
        ("مستشفى إبن سينا", "ibn-sina"),
        ("avicene", "ibn-sina"),
        ("tamsna", "tamesna"),
        ("تامسنا", "tamesna"),
        ("khoribga", "khouribga"),
        ("5ouribga", "khouribga"),
        ("khouribgua", "khouribga"),
        ("hay salam 2", "hay-2"),
    ],
)
def test_a_place_is_found(text: str, place: str) -> None:
    found = PLACES.find(text)
    assert [hit.value for hit in found] == [place]
    assert text[found[0].start : found[0].end] == found[0].text


@pytest.mark.parametrize("text", ["", "bghit rdv ghdda", "salam", "hay salam 3", "je tousse", "غدا", "sina"])
def test_no_place_is_made_up(text: str) -> None:
    assert PLACES.find(text) == []


def test_two_places_stand_in_the_order_of_the_text() -> None:
    assert [hit.value for hit in PLACES.find("men tamesna l sidi moumen")] == ["tamesna", "sidi-moumen"]


def test_no_names_find_nothing() -> None:
    assert Places({"empty": ["", "!"]}).find("anfa") == []


@given(st.text(max_size=80))
def test_any_text_is_read_with_offsets_into_it(text: str) -> None:
    for hit in PLACES.find(text):
        assert text[hit.start : hit.end] == hit.text
