import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.concepts import LEXICON, concepts
from nlu.fold import fold
from nlu.table import features


def about(word: str) -> tuple[str, ...]:
    [token] = fold(word).tokens
    return concepts(token.light, token.skeleton)


@pytest.mark.parametrize(
    "word", ["gélules", "comprimé", "dwa", "الدواء", "بالدواء", "دوايات", "asafar", "ⴰⵙⴰⴼⴰⵔ", "KINA"]
)
def test_a_medicine_is_one_in_every_form(word: str) -> None:
    assert "medicine" in about(word)


@pytest.mark.parametrize("word", ["rendez", "maw3id", "lmaw3id", "موعد", "للموعد", "ⴰⵙⵉⴳⴳⵣ", "consultations"])
def test_an_appointment_is_one_in_every_form(word: str) -> None:
    assert "appointment" in about(word)


@pytest.mark.parametrize("word", ["xyzzy", "14/9", "2026", "o", "漢字"])
def test_other_words_are_about_nothing(word: str) -> None:
    assert about(word) == ()


def test_concepts_and_their_order_reach_the_table() -> None:
    found = features("oublié la gélule")
    assert {"gforget", "gmedicine", "hforget medicine"} <= found
    assert "hmedicine forget" not in found


@given(st.text(max_size=20), st.text(max_size=8))
def test_is_total(light: str, skeleton: str) -> None:
    assert concepts(light, skeleton) == tuple(sorted(set(concepts(light, skeleton))))


def test_every_line_of_the_lexicon_is_read() -> None:
    lines = LEXICON.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# licence: CC0-1.0"
    for line in lines[3:]:
        concept, spellings = line.split("\t")
        assert concept.isidentifier()
        for spelling in spellings.split():
            assert fold(spelling.rstrip("*")).tokens, f"{concept}: nothing left of a spelling"
            assert not spelling.endswith("*") or len(spelling) > 2, (
                f"{concept}: a stem of one letter takes in everything"
            )
