"""Whoever asks whether a machine answers is told so; whoever wants a person has not asked that."""

import pytest

from nlu import robot


@pytest.mark.parametrize(
    "text",
    [
        "vous êtes un robot ?",
        "t'es un bot",
        "c'est une machine qui répond ?",
        "est-ce que je parle à un humain",
        "wach nta robot",
        "wach ntoma bnadem wla machine",
        "واش نتا روبو؟",
        "واش كنهضر مع بنادم",
        "هل أنت إنسان",
        "هل أتحدث مع روبوت",
        "is tgit robot",
        "ⵉⵙ ⵜⴳⵉⵜ ⴰⴼⴳⴰⵏ",
    ],
)
def test_asks_what_answers(text: str) -> None:
    assert robot.asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "je veux parler à un humain",
        "pas un robot",
        "bghit nhder m3a bnadem",
        "ma fhemtch had robot bghit nas",
        "wach kayn chi bnadem",
        "بغيت نهضر مع بنادم",
        "أريد التحدث مع إنسان",
        "righ afgan",
        "c'est humain de se tromper mais là vous avez oublié mon rendez-vous de mardi",
    ],
)
def test_says_something_else(text: str) -> None:
    assert not robot.asks(text)
