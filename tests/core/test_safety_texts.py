"""Which emergency text goes with which kind of danger."""

import pytest

from bot.core import numbers, safety
from nlu.lexicon.danger_described import FIRST, THEN
from nlu.lexicon.danger_rules import RULES
from nlu.types import FORMS
from tests.locales.test_texts import EVERY_KEY, said

KINDS = sorted({kind for kind, _, _ in (*FIRST, *RULES, *THEN)})
POISON = {number.digits for number in numbers.TABLE if number.name == "poison"}.pop()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_text(kind: str) -> None:
    key = safety.text_for(kind)
    assert key in EVERY_KEY
    for form in FORMS:
        assert "141" in said(key, form) or kind == "violence"
        assert (POISON in said(key, form)) == (kind in {"poisoning", "sting"})


def test_the_kinds_with_words_of_their_own() -> None:
    own = {kind: safety.text_for(kind) for kind in KINDS if safety.text_for(kind) != "safety.now.general"}
    assert own == {
        "poisoning": "safety.now.poison",
        "sting": "safety.now.poison",
        "self_harm": "safety.now.self_harm",
        "violence": "safety.now.violence",
        "pregnancy": "safety.now.pregnancy",
        "postpartum": "safety.now.pregnancy",
        "newborn": "safety.now.newborn",
    }
