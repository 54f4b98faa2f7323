"""What the bot cannot read: said at once, shown to a person once there is consent, never instead of what was open."""

from nlu.types import Keyword
from tests.core.test_route import NEW, Talk


def test_a_photo_in_the_middle_leaves_the_question_open() -> None:
    talk = Talk()
    talk.say("oubli", intent="medication_missed")
    asked = talk.last.conversation.flow
    said = talk.say("", unreadable_media=True)
    assert said[:2] == ["media.unreadable", "handover.opened"]
    assert len(said) > 2
    assert talk.cases == ["media"]
    assert talk.last.conversation.flow is not None
    assert asked is not None
    assert talk.last.conversation.flow.flow == asked.flow


def test_a_location_is_no_photo() -> None:
    talk = Talk()
    assert talk.say("", unreadable_media=True, place_sent=True) == ["media.place", "handover.opened"]
    assert talk.cases == ["media"]


def test_words_beside_a_photo_are_answered_too() -> None:
    talk = Talk()
    said = talk.say("menu", keyword=Keyword.MENU, unreadable_media=True)
    assert said[:2] == ["media.unreadable", "handover.opened"]
    assert talk.flow == "menu"


def test_a_photo_to_a_person_who_is_answering_is_theirs_alone() -> None:
    talk = Talk()
    talk.say("", unreadable_media=True)
    assert talk.say("", unreadable_media=True) == []
    assert talk.cases == []
    assert talk.last.keep_text


def test_a_photo_after_stop_is_not_spoken_of() -> None:
    talk = Talk()
    talk.say("stop", keyword=Keyword.STOP)
    assert "media.unreadable" not in talk.say("", unreadable_media=True)
    assert talk.cases == []


def test_a_photo_before_consent_is_answered_and_asked_for_in_words() -> None:
    talk = Talk(NEW)
    assert talk.say("", unreadable_media=True)[0] == "media.unreadable"
    assert talk.cases == []
    assert not talk.last.keep_text
