"""A wish said beside the question: another language, another day, a way out. The question is not forgotten."""

from dataclasses import replace

import pytest

from nlu.types import Danger, DangerLevel, Entity, Keyword
from tests.core.test_route import GIVEN, NEW, STATES, Talk


def test_a_language_asked_for_by_its_name_is_taken_at_once_and_the_open_question_put_again() -> None:
    talk = Talk()
    talk.say("menu", keyword=Keyword.MENU)
    talk.say("2")
    asked = talk.flow
    for name, form in (("بالعربية", "ar"), ("tachelhit", "zgh-Latn"), ("français", "fr")):
        assert talk.say(name, keyword=Keyword.LANGUAGE, named=form) == ["language.changed", "medication.start_ask"]
        assert (talk.flow, talk.contact.form) == (asked, form)


def test_a_small_screen_shows_the_language_without_saying_it() -> None:
    talk = Talk(medium="ussd")
    talk.say("menu", keyword=Keyword.MENU)
    assert talk.say("darija", keyword=Keyword.LANGUAGE, named="ary-Latn") == ["menu.main"]
    assert talk.contact.form == "ary-Latn"


def test_before_consent_a_named_language_asks_for_consent_in_it() -> None:
    talk = Talk(NEW)
    talk.say("je voudrais un rendez-vous", intent="book_appointment")
    assert talk.say("العربية", keyword=Keyword.LANGUAGE, named="ar") == ["language.changed", "consent.ask"]
    assert talk.contact.form == "ar"
    assert talk.say("langue", keyword=Keyword.LANGUAGE) == ["language.ask"]
    assert talk.say("3") == ["language.changed", "consent.ask"]
    assert talk.say("1")[0] == "consent.given"
    assert talk.last.do is not None  # goes on to the visit that was asked for first
    assert talk.last.do.action == "appointments.places"


def test_tamazight_in_arabic_letters_only_leaves_its_alphabet_open() -> None:
    talk = Talk()
    assert talk.say("تمازيغت", keyword=Keyword.LANGUAGE, named="zgh") == ["language.ask_alphabet"]
    assert talk.say("1")[0] == "language.changed"
    assert talk.contact.form == "zgh-Tfng"


def test_no_menu_comes_between_a_person_who_answers_and_somebody_who_changes_the_language() -> None:
    talk = Talk(STATES["with a person"])
    assert talk.say("العربية", keyword=Keyword.LANGUAGE, named="ar") == ["language.changed"]
    assert talk.flow is None


def test_an_open_question_comes_back_after_a_danger_that_was_none() -> None:
    talk = Talk()
    talk.say("menu", keyword=Keyword.MENU)
    talk.say("2")
    assert talk.say("vertige", danger=Danger("fainting", DangerLevel.ASK)) == ["safety.ask"]
    assert talk.say("2") == ["safety.not_now", "medication.start_ask"]
    assert talk.say("1") == ["medication.how_often"]


def test_a_first_word_of_every_language_is_answered_in_the_usual_one() -> None:
    for margin, form in ((0.07, "ary-Latn"), (0.5, "fr")):
        talk = Talk(NEW)
        talk.say("salut", intent="greet", margin=margin)
        assert talk.contact.form == form


def test_hours_and_single_letters_do_not_change_the_alphabet() -> None:
    for text, form in (("8h w 20h", "ar"), ("rendez-vous demain à 8h", "fr")):
        talk = Talk(replace(GIVEN, form="ar"))
        talk.say(text)
        assert talk.contact.form == form


@pytest.mark.parametrize(
    ("intent", "text"), [("report_reading", "handover.reading"), ("side_effect", "medication.side_effect_tip")]
)
def test_who_hands_in_a_reading_or_a_side_effect_is_told_what_happens(intent: str, text: str) -> None:
    assert Talk().say("tension 14/9", intent=intent) == [text]


def test_the_way_out_is_told_whoever_is_answering() -> None:
    assert Talk(STATES["with a person"]).say("plus rien, s'il vous plait", intent="opt_out") == ["stop.how"]


def test_a_wish_instead_of_consent_is_kept_for_after_it() -> None:
    talk = Talk(NEW)
    talk.say("bonjour", intent="greet")
    assert talk.say("un rendez-vous", intent="book_appointment") == ["consent.needed", "consent.ask"]
    assert talk.say("non, vendredi", intent="reschedule_appointment") == ["consent.needed", "consent.ask"]
    talk.say("1")
    assert talk.last.do is not None
    assert talk.last.do.action == "appointments.places"


def test_another_day_beside_the_question_is_another_day_and_a_clear_cancellation_is_none() -> None:
    monday = (Entity("date", "2026-11-30", "lundi"),)
    for confidence, action in ((0.8, "appointments.places"), (0.99, "appointments.mine")):
        talk = Talk()
        talk.say("rdv", intent="book_appointment")
        state = talk.last.conversation.flow
        assert state is not None
        talk.say("non, lundi", intent="cancel_appointment", confidence=confidence, entities=monday)
        assert talk.last.do is not None
        assert talk.last.do.action == action


def test_help_in_the_menu_leaves_its_numbers_open() -> None:
    talk = Talk()
    talk.say("menu", keyword=Keyword.MENU)
    assert talk.say("aide", keyword=Keyword.HELP) == ["help.text"]
    assert talk.say("2") == ["medication.start_ask"]


def test_another_day_before_any_was_asked_for_keeps_the_place() -> None:
    talk = Talk()
    talk.say("rdv", intent="book_appointment")
    talk.say("un autre jour", intent="reschedule_appointment", confidence=0.99)
    assert talk.flow == "appointment_move"
    assert talk.last.conversation.flow is not None
    assert talk.last.conversation.flow.vars["booking"] is True
