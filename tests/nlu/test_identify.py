from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.identify import MODEL, identify
from nlu.train_identify import held_out, rows, words_of
from nlu.types import FORMS


def by_length(words: list[str]) -> str:
    return "1-2" if len(words) < 3 else "3-5" if len(words) < 6 else "6+"


def test_accuracy_on_the_held_out_rows() -> None:
    right: Counter[tuple[str, str]] = Counter()
    seen: Counter[tuple[str, str]] = Counter()
    for form, text, source in rows():
        words = words_of(text)
        if held_out(text) and words and source != "wordfreq":
            key = (form, by_length(words))
            seen[key] += 1
            right[key] += identify(" ".join(words)).form == form
    for key in sorted(seen):
        print(f"{key[0]:9} {key[1]:4} {right[key]:4}/{seen[key]:4} {right[key] / seen[key]:.3f}")  # noqa: T201 -- shown by pytest -s
    assert all(right[key] / seen[key] >= 0.93 for key in seen if key[1] == "6+")
    assert all(seen[form, "6+"] >= 5 for form in ("ary-Arab", "ary-Latn", "ar", "fr", "zgh-Latn"))
    assert sum(right[k] for k in seen if k[1] == "3-5") / sum(seen[k] for k in seen if k[1] == "3-5") >= 0.93


# Written after the training rows, about health, not drawn from them.
FRESH = [
    ("ary-Latn", "3afak bghit nswel 3la natija d analyse dyal demm"), ("ary-Latn", "weldi tayeh w ma kaybghich yakol"),
    ("ary-Latn", "rah dwa sala liya mn jem3a li dazt"), ("ary-Latn", "wach lmedecin kayn had l3chiya f dispensaire"),
    ("ary-Latn", "kanchreb metformine 2 merrat f nhar"), ("ary-Latn", "mama ma3ndhach flous bach tmchi l clinique"),
    ("fr", "ma petite a vomi toute la nuit que faire"), ("fr", "pouvez vous deplacer mon rdv de lundi a mardi"),
    ("fr", "jai rate ma dose de ce soir cest grave"), ("fr", "les resultats de la prise de sang sont ils prets"),
    ("fr", "mon bébé refuse le sein depuis ce matin"), ("fr", "metformine deux fois par jour apres le repas"),
    ("zgh-Latn", "ur iyi iggan wass ad yaɣ iyi ixf inu"), ("zgh-Latn", "is illa uḍbib g usganf azekka"),
    ("zgh-Latn", "riɣ ad issineɣ manik ad swiɣ asafar ad"), ("zgh-Latn", "illi inu tuḍn ur tri ad tecc"),
    ("zgh-Latn", "azul mani gh illa sbitar igan amqran"), ("ary-Arab", "عافاك بغيت نسول على نتيجة ديال التحليلة"),
    ("ary-Arab", "ولدي طايح و ما كيبغيش ياكل"), ("ary-Arab", "راه الدوا سالا ليا من الجمعة اللي دازت"),
    ("ary-Arab", "واش الطبيب كاين هاد العشية"), ("ary-Arab", "ماما ما عندهاش الفلوس باش تمشي للكلينيك"),
    ("ary-Arab", "مشات ليا الشهية و كنحس بالعيا"), ("ar", "أريد أن أستفسر عن نتيجة تحليل الدم"),
    ("ar", "ابني لا يريد أن يأكل منذ الصباح"), ("ar", "لقد نفد الدواء مني يوم الجمعة الماضي"),
    ("ar", "هل الطبيب موجود هذا المساء"), ("ar", "فقدت الشهية وأشعر بالإرهاق"),
    ("zgh-Tfng", "ⵔⵉⵖ ⴰⴷ ⵥⵕⵖ ⴰⴹⴱⵉⴱ"), ("zgh-Tfng", "ⴰⵣⵓⵍ"),
]  # fmt: skip


def test_fresh_health_sentences() -> None:
    wrong = [(form, text, identify(text)) for form, text in FRESH if identify(text).form != form]
    assert len(wrong) <= 2, wrong


@pytest.mark.parametrize("hint", FORMS)
@pytest.mark.parametrize(
    "text", ["salam", "merci docteur", "ok", "oui", "2", "سلام", "شكرا بزاف", "14/9", "", "🙂", "!!"]
)
def test_one_or_two_words_never_flip(text: str, hint: str) -> None:
    assert identify(text, hint).form == hint


def test_a_clear_long_text_flips() -> None:
    assert identify("je voudrais prendre rendez-vous avec le médecin", "ary-Latn").form == "fr"
    assert identify("بغيت ندير رونديفو مع الطبيب ديالي", "ar").form == "ary-Arab"
    assert identify("بغيت ندير رونديفو مع الطبيب ديالي", "fr").form == "ary-Arab"


def test_without_letters_and_unknown_hint() -> None:
    assert identify("12 34").form == "fr"
    assert identify("12 34", "xx").form == "fr"
    assert identify("12 34").margin == 0


def test_the_model_is_small() -> None:
    assert MODEL.stat().st_size < 400_000


@given(st.text(), st.sampled_from((*FORMS, None)))
def test_total(text: str, hint: str | None) -> None:
    found = identify(text, hint)
    assert found.form in FORMS
    assert 0 <= found.margin <= 1


def test_modern_arabic_stays_until_a_word_of_darija() -> None:
    assert identify("عندي ألم شديد في الصدر", "ar").form == "ar"
    assert identify("عندي ألم شديد في الصدر بزاف دابا", "ar").form == "ary-Arab"
    assert identify("عندي ألم شديد في الصدر", "ary-Arab").form == "ary-Arab"
