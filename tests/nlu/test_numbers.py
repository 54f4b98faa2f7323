"""Readings, doses, phones and plain numbers in digits and words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu import numbers

READINGS = [
    ("14/9", "blood_pressure", "140/90"),
    ("140/90", "blood_pressure", "140/90"),
    ("١٤/٩", "blood_pressure", "140/90"),
    ("tansyo 14 3la 9", "blood_pressure", "140/90"),
    ("tension 15 sur 8", "blood_pressure", "150/80"),
    ("طونسيو 16 على 10", "blood_pressure", "160/100"),
    ("14,5/9", "blood_pressure", "145/90"),
    ("tansyo 12 w 8", "blood_pressure", "120/80"),
    ("الضغط ديالي ربعطاش على تسعود", "blood_pressure", "140/90"),
    ("ⵜⵜⴰⵏⵙⵢⵓ 14/9", "blood_pressure", "140/90"),
    ("1g26", "glucose", "1.26"),
    ("1,26 g/l", "glucose", "1.26"),
    ("126 mg/dl", "glucose", "126"),
    ("7 mmol/l", "glucose", "1.26"),
    ("sokkar dyali 2.5", "glucose", "2.5"),
    ("السكر 180", "glucose", "180"),
    ("skkar 1.8", "glucose", "1.8"),
    ("skhana 39.5", "temperature", "39.5"),
    ("39°", "temperature", "39"),
    ("40 de fièvre", "temperature", "40"),
    ("السخانة تسعود وتلاتين ونص", "temperature", "39.5"),
    ("tawla 38,5", "temperature", "38.5"),
    ("72 kg", "weight", "72"),
    ("wezni 72", "weight", "72"),
    ("وزني سبعين كيلو", "weight", "70"),
    ("pouls 80", "pulse", "80"),
    ("80 bpm", "pulse", "80"),
    ("دقات القلب 110", "pulse", "110"),
    ("2 7ebbat", "dose", "2"),
    ("deux comprimés", "dose", "2"),
    ("جوج حبات", "dose", "2"),
    ("nss 7ebba", "dose", "0.5"),
    ("un demi comprimé", "dose", "0.5"),
    ("paracétamol 500mg", "dose", "500 mg"),
    ("insuline 10 unités", "dose", "10 IU"),
    ("5 ml", "dose", "5 ml"),
    ("j'ai 35 ans", "age", "P35Y"),
    ("عمري 35 سنة", "age", "P35Y"),
    ("weldi 3ndo 8 chhour", "age", "P8M"),
    ("bébé de 3 mois", "age", "P3M"),
    ("+212612345678", "phone", "+212612345678"),
    ("00212 612 34 56 78", "phone", "+212612345678"),
    ("06.12.34.56.78", "phone", "+212612345678"),
    ("٠٦١٢٣٤٥٦٧٨", "phone", "+212612345678"),
]

PLAIN = [
    ("zéro", "0"), ("dix-sept", "17"), ("vingt et un", "21"), ("soixante et onze", "71"), ("quatre-vingt-dix-sept", "97"),
    ("cent vingt-six", "126"), ("deux mille vingt-six", "2026"), ("trois cents", "300"), ("trente-neuf et demi", "39.5"),
    ("خمسة وعشرون", "25"), ("ثلاثة عشر", "13"), ("مائة وستة وعشرون", "126"), ("ألف", "1000"), ("تسعة وثلاثون ونصف", "39.5"),
    ("تلطاش", "13"), ("خمسة وعشرين", "25"), ("مية وربعين", "140"), ("جوج", "2"), ("ميتين", "200"), ("تسعود", "9"),
    ("tlata", "3"), ("jouj", "2"), ("zouj", "2"), ("7dach", "11"), ("khmsa w tlatin", "35"), ("tes3oud", "9"), ("mya w 3chrin", "120"),
    ("5msa", "5"), ("tmnia", "8"), ("tnach", "12"),
    ("mraw", "10"), ("sin d mraw", "12"), ("simraw d kraḍ", "23"), ("kkuẓ", "4"), ("smmus", "5"), ("sḍis", "6"), ("timiḍi", "100"),
    ("ⵎⵔⴰⵡ", "10"), ("ⴽⵔⴰⴹ", "3"), ("ⵙⵎⵎⵓⵙ", "5"), ("ⵙⵉⵎⵔⴰⵡ ⴷ ⴽⵔⴰⴹ", "23"),
    ("٣٩٫٥", "39.5"), ("۱۲", "12"), ("39,5", "39.5"), ("100", "100"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "type_", "value"), READINGS)
@pytest.mark.parametrize("around", ["{}", "salam, {} svp", "السلام عليكم {}"])
def test_readings_alone_and_in_a_sentence(text: str, type_: str, value: str, around: str) -> None:
    assert [(found.type, found.value) for found in numbers.find(around.format(text))] == [(type_, value)]


@pytest.mark.parametrize(("text", "value"), PLAIN)
def test_plain_numbers(text: str, value: str) -> None:
    assert [(found.type, found.value) for found in numbers.find(text)] == [("number", value)]


def test_the_digits_of_a_phone_are_no_numbers() -> None:
    assert [found.type for found in numbers.find("mon numéro 06 12 34 56 78, tension 12/8")] == [
        "phone",
        "blood_pressure",
    ]


@pytest.mark.parametrize(
    "text",
    ["sa tête", "un enfant", "wahd lmra", "9alb", "le 24/11/2026", "10h30", "2026-11-24", "3afak", "يان", "7amla"],
)
def test_words_and_dates_are_no_numbers(text: str) -> None:
    assert numbers.find(text) == []


@pytest.mark.parametrize(
    ("high", "low", "may"), [(14, 9, True), (140, 90, True), (9, 14, False), (24, 24, False), (400, 90, False)]
)
def test_what_can_be_a_blood_pressure(high: float, low: float, may: bool) -> None:  # noqa: FBT001 - a table
    assert numbers.is_pressure(high, low) is may


@given(st.text(alphabet="0123456789/.,: hgGmdl°+-٣٩٫wأةdekgس", max_size=40))
def test_any_digits_are_read_without_error(text: str) -> None:
    for found in numbers.find(text):
        assert text[found.start : found.end] == found.text
        assert found.value
