from pathlib import Path

import pytest
import yaml

from nlu.keywords import Keywords
from nlu.types import FORMS, Keyword

LOCALES = Path(__file__).parents[2] / "locales"


def load() -> dict[str, dict[Keyword, list[str]]]:
    return {
        form: {
            Keyword(key): phrases
            for key, phrases in yaml.safe_load((LOCALES / form / "keywords.yml").read_text("utf-8")).items()
        }
        for form in ("fr", "ary-Latn", "ary-Arab", "ar", "zgh-Latn", "zgh-Tfng")
    }


KEYWORDS = Keywords(load())


def test_every_form_has_every_keyword() -> None:
    words = load()
    assert set(words) == set(FORMS)
    assert all(set(by_keyword) == set(Keyword) and all(by_keyword.values()) for by_keyword in words.values())


def test_every_phrase_of_the_files_is_found_as_its_own_keyword() -> None:
    wrong = [
        (form, keyword, phrase, KEYWORDS.find(phrase))
        for form, by_keyword in load().items()
        for keyword, phrases in by_keyword.items()
        for phrase in phrases
        if phrase != "?" and (KEYWORDS.find(phrase) or (None,))[0] != keyword
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "keyword", "form"),
    [
        ("STOP", "stop", "fr"), ("Stop!!", "stop", "fr"), ("stooop", "stop", "fr"), ("stop stop stop", "stop", "fr"),
        ("STOPALL", "stop", "fr"), ("unsubscribe", "stop", "fr"), ("Cancel", "stop", "fr"), ("END", "stop", "fr"),
        ("quit", "stop", "fr"), ("Arrêtez de m'envoyer ces SMS svp", "stop", "fr"), ("stop les messages", "stop", "fr"),
        ("Bonjour, je ne veux plus de vos messages merci", "stop", "fr"), ("bghit n7bes les messages", "stop", "ary-Latn"),
        ("salam 3afak bghit n7bess had les messages", "stop", "ary-Latn"),
        ("ma bghitch had les messages", "stop", "ary-Latn"), ("mabghitch had lmessages", "stop", "ary-Latn"),
        ("ستوب", "stop", "ary-Arab"), ("حبسو عليا هاد الرسائل", "stop", "ary-Arab"), ("أوقفوا هذه الرسائل من فضلكم", "stop", "ar"),
        ("إلغاء الإشتراك", "stop", "ar"), ("ⵓⵔ ⵔⵉⵖ ⵜⵉⴱⵔⴰⵜⵉⵏ", "stop", "zgh-Tfng"), ("ur riɣ tibratin", "stop", "zgh-Latn"),
        ("start", "start", "fr"), ("aide", "help", "fr"), ("مساعدة", "help", "ar"), ("3awnni 3afak", "help", "ary-Latn"),
        ("Menu", "menu", "fr"), ("القائمة", "menu", "ar"), ("Français", "language", "fr"), ("الدارجة", "language", "ary-Arab"),
        ("tamazight", "language", "zgh-Latn"), ("العربية", "language", "ar"), ("ⵜⴰⵎⴰⵣⵉⵖⵜ", "language", "zgh-Tfng"),
        ("je veux parler à un humain", "human", "fr"), ("bghit nhdr m3a chi wa7d", "human", "ary-Latn"),
        ("بغيت نهضر مع شي واحد عافاك", "human", "ary-Arab"), ("supprimez mes données", "delete", "fr"),
        ("حذف بياناتي", "delete", "ar"), ("mse7 lma3loumat dyali", "delete", "ary-Latn"),
    ],
)  # fmt: skip
def test_a_message_that_is_a_keyword(text: str, keyword: str, form: str) -> None:
    assert KEYWORDS.find(text) == (Keyword(keyword), form)


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "…", "🙂", "je ne peux pas arrêter de tousser", "est-ce que je dois arrêter le traitement ?",
        "ma bghitch", "mabghitch", "je ne veux pas", "لا أريد", "ur righ", "messages", "les messages", "svp", "merci",
        "wach n7bes dwa", "bghit n7bes dwa", "le bébé ne s'arrête pas de pleurer", "annuler mon rendez-vous",
        "stop le médicament ?", "J'ai besoin d'aide pour prendre rendez-vous demain", "حليب", "واش نحبس الدوا",
        "هل أتوقف عن الدواء", "le menu du ramadan pour diabétique", "je parle français et arabe", "fin kayn sbitar",
        "stop " * 40,
    ],
)  # fmt: skip
def test_talk_is_no_keyword(text: str) -> None:
    assert KEYWORDS.find(text) is None


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("ce n'est pas moi", "not_me"), ("C'EST PAS MOI", "not_me"), ("Bonjour, mauvais numéro svp", "not_me"),
        ("wrong number!", "not_me"), ("machi ana", "not_me"), ("mashi ana 3afak", "not_me"), ("nmra ghalta", "not_me"),
        ("ماشي أنا", "not_me"), ("سلام ماشي انا", "not_me"), ("النمرة غالطة", "not_me"), ("لست أنا", "not_me"),
        ("الرقم خاطئ", "not_me"), ("urd nekk", "not_me"), ("ur d nekkin", "not_me"), ("ⵓⵔⴷ ⵏⴽⴽ", "not_me"),
        ("pour quelqu'un d'autre", "for_other"), ("c'est pour une autre personne", "for_other"),
        ("l chi wa7ed akhor", "for_other"), ("lchi wahd akhor", "for_other"), ("لشي واحد آخر", "for_other"),
        ("لشخص آخر", "for_other"), ("i yan yadnin", "for_other"), ("ⵉ ⵢⴰⵏ ⵢⴰⴹⵏⵉⵏ", "for_other"),
    ],
)  # fmt: skip
def test_who_is_writing_and_for_whom(text: str, keyword: str) -> None:
    assert (KEYWORDS.find(text) or (None,))[0] == keyword


@pytest.mark.parametrize(
    "text",
    ["moi", "non", "ana", "la", "لا", "uhu", "c'est moi", "ah ana", "ce n'est pas moi qui ai pris le rendez-vous de demain, c'est lui",
     "une personne", "autre jour", "un autre jour", "chi 7aja khra", "شي حاجة أخرى", "bghit nhder m3a chi wahed"],
)  # fmt: skip
def test_what_only_sounds_like_it(text: str) -> None:
    assert (KEYWORDS.find(text) or (None,))[0] not in {Keyword.NOT_ME, Keyword.FOR_OTHER}
