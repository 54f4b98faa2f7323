"""People and medicines that texts name: the relation, and the medicine letter for letter."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu import named

PEOPLE = [
    ("fr", "ma mère a de la fièvre", "mother", "ma mère"),
    ("fr", "mon mari est diabétique", "husband", "mon mari"),
    ("fr", "c'est pour notre fille", "daughter", "notre fille"),
    ("fr", "mon beau-père tousse", "father_in_law", "mon beau-père"),
    ("ar", "والدتي عندها ضغط", "mother", "والدتي"),
    ("ar", "أريد موعدا لابني", "son", "لابني"),
    ("ar", "زوجتي حامل", "wife", "زوجتي"),
    ("ary-Arab", "الواليدة مريضة", "mother", "الواليدة"),
    ("ary-Arab", "بغيت موعد لولدي", "son", "لولدي"),
    ("ary-Arab", "راجلي فيه السخانة", "husband", "راجلي"),
    ("ary-Latn", "wldi fih skhana", "son", "wldi"),
    ("ary-Latn", "mmi mrida", "mother", "mmi"),
    ("ary-Latn", "khouya 3ndo sokkar", "brother", "khouya"),
    ("ary-Latn", "rdv l benti", "daughter", "benti"),
    ("zgh-Latn", "immi tuḍn", "mother", "immi"),
    ("zgh-Latn", "mmi yuḍn", "son", "mmi"),
    ("zgh-Tfng", "ⵉⵎⵎⵉ ⵜⵓⴹⵏ", "mother", "ⵉⵎⵎⵉ"),
    ("zgh-Tfng", "ⵉⵍⵍⵉ ⵜⵓⴹⵏ", "daughter", "ⵉⵍⵍⵉ"),
]


@pytest.mark.parametrize(("form", "text", "value", "words"), PEOPLE)
def test_a_person_is_told_by_relation(form: str, text: str, value: str, words: str) -> None:
    found = [one for one in named.find(text, form) if one.type == "person"]
    assert [(one.value, one.text) for one in found] == [(value, words)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("j'ai pris du Doliprane", "Doliprane"),
        ("klit dolipran", "dolipran"),
        ("amoxiciline 500", "amoxiciline"),
        ("كنشرب كلوكوفاج", "كلوكوفاج"),
        ("خديت أنسولين", "أنسولين"),
        ("vitamine D", "vitamine D"),
        ("ⵙⵙⵉⵖ ⴷⵓⵍⵉⴱⵔⴰⵏ", "ⴷⵓⵍⵉⴱⵔⴰⵏ"),
    ],
)
def test_a_medicine_is_kept_as_it_was_written(text: str, words: str) -> None:
    found = [one for one in named.find(text) if one.type == "medicine"]
    assert [(one.value, one.text) for one in found] == [(words, words)]


@pytest.mark.parametrize(
    "text",
    ["", "la mère de trois enfants", "une fille", "profond", "décoration", "merci beaucoup", "ghdda", "sardine", "😀"],
)
def test_nobody_and_nothing_is_made_up(text: str) -> None:
    assert named.find(text, "fr") == []


@given(st.text(max_size=120), st.sampled_from(["fr", "ar", "ary-Latn", "zgh-Tfng", None]))
def test_any_text_is_read_with_offsets_into_it(text: str, form: str | None) -> None:
    end = 0
    for one in named.find(text, form):
        assert text[one.start : one.end] == one.text != ""
        assert one.start >= end
        end = one.end


def test_a_long_text_stays_quick() -> None:
    start = time.thread_time()
    named.find("metformina " * 3000)
    assert time.thread_time() - start < 0.05
