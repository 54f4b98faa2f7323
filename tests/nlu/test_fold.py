import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.fold import MAX_CHARS, clean, fold, skeleton

HARD = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("0123456789٠١٢٣٤٥٦٧٨٩/.:,-°hmgaeiouzçéİﬁ½²'’ \n"),
        st.sampled_from("ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءأإآؤئگڭـًٌٍَُِّْٰ"),
        st.sampled_from("ⵜⴰⵎⴰⵣⵉⵖⵜⵯ⵿\u200f\u200d\u202e\ud800\x00ﷺ"),
    )
)


def ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(c)) for c in text if c.isdecimal())


@given(HARD)
def test_clean_is_idempotent_and_bounded(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert len(once) <= MAX_CHARS
    once.encode()


@given(HARD)
def test_fold_is_idempotent(text: str) -> None:
    light = fold(text).light
    assert fold(light).light == light


@given(HARD)
def test_offsets_point_at_the_token(text: str) -> None:
    last = 0
    for token in fold(text).tokens:
        assert last <= token.end
        assert token.light in fold(text[token.start : token.end]).light.split(" ")
        assert token.light
        assert token.skeleton
        last = token.start


@given(HARD)
def test_digits_are_never_changed(text: str) -> None:
    assert ascii_digits(fold(text).light) == ascii_digits(text)
    if len(text) < MAX_CHARS:
        assert ascii_digits(clean(text)) == ascii_digits(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ghdda", "غدا"), ("ghedda", "غداً"), ("ⵜⴰⵎⴰⵣⵉⵖⵜ", "tamazight"), ("3chra", "عشرة"), ("tbib", "طبيب"),
        ("sokkar", "سكر"), ("sokkar", "السكر"), ("ssoukar", "سكّر"), ("lqalb", "القلب"), ("l9elb", "قلب"),
        ("wakha", "واخا"), ("ouakha", "واخا"), ("dem", "الدم"), ("mosta3jal", "مستعجل"), ("mrid", "مريض"),
        ("dwa", "دوا"), ("khayb", "خايب"), ("lyoum", "اليوم"), ("7ami", "حامي"), ("docteur", "دكتور"),
        ("ⴰⴷⴳⴳⴰⵔ", "adggar"), ("bezzaf", "بزاااف"), ("iḍammen", "ⵉⴷⴰⵎⵎⵏ"), ("aɛddis", "ⴰⵄⴷⴷⵉⵙ"),
    ],
)  # fmt: skip
def test_one_word_has_one_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


def test_words_that_must_stay_apart() -> None:
    words = ["غدا", "عشرة", "طبيب", "سكر", "قلب", "كلب", "دم", "صدر", "راس", "نفس", "سم", "ولد"]
    assert len({skeleton(word) for word in words}) == len(words)


@pytest.mark.parametrize("reading", ["14/9", "2mg", "10h30", "38,5", "+212612345678", "06-12-34-56-78", "38°5", "1.26"])
def test_a_reading_is_one_untouched_token(reading: str) -> None:
    tokens = fold(f"voilà {reading} merci").tokens
    assert [token.light for token in tokens] == ["voila", reading, "merci"]
    assert tokens[1].skeleton == reading


def test_numbers_against_arabizi() -> None:
    assert [token.light for token in fold("3andi 10dqayq o ٣ أيام, 9elbi ٢ملغ").tokens] == [
        "3andi", "10", "dqayq", "o", "3", "ايام", "9elbi", "2", "ملغ",
    ]  # fmt: skip


def test_light_form() -> None:
    assert fold("J’ai très MAL à l'Œil !!").light == "j ai tres mal a l oeil"
    assert fold("صَحَّتِي زوييييينة آلى").light == "صحتي زوينه الي"


def test_a_long_text_is_cut() -> None:
    assert len(clean("é" * 5000)) == MAX_CHARS
