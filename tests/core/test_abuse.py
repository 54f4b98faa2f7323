"""Floods and loops: what is held back, what never is, and that nobody's danger sign goes unheard for more than a minute."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import abuse
from bot.core.abuse import Held, Limits, Seen, Sent
from bot.core.model import Consent, Conversation, Kind
from bot.core.sending import Skip, Wait
from bot.core.turn import Spoken
from nlu.types import Keyword, Understood
from tests.core.test_route import GIVEN, NOW, Talk

LIMITS = Limits()
START = 1_000_000.0


class Number:
    """One number that writes; time goes on by the second unless told otherwise."""

    def __init__(self, limits: Limits = LIMITS, *, home: bool = True) -> None:
        self.seen, self.now, self.limits, self.home = Seen(START), START, limits, home

    def say(self, text: str, after: float = 1.0) -> Held | None:
        self.now += after
        return abuse.weigh(self.seen, text, self.now, self.limits, home=self.home)

    def danger(self, after: float = 1.0) -> Held | None:
        self.now += after
        return abuse.weigh_danger(self.seen, self.now)


def test_the_twenty_first_same_text_is_acknowledged_and_the_rest_is_silence() -> None:
    number = Number()
    assert [number.say("salam") for _ in range(20)] == [None] * 20
    assert number.say("salam") == Held("same_text", told=True)
    assert [number.say("salam") for _ in range(50)] == [Held("same_text")] * 50
    assert number.say("menu") is None  # another text is answered


def test_a_flood_that_goes_on_stays_silent_over_the_end_of_its_window() -> None:
    number = Number()
    answers = [number.say("salam", 5) for _ in range(400)]
    assert answers.count(None) == 20
    assert sum(1 for one in answers if one and one.told) == 1


def test_after_the_window_and_a_quiet_minute_the_text_is_answered_again() -> None:
    number = Number()
    for _ in range(30):
        number.say("salam")
    assert number.say("salam", 301) is None


def test_somebody_who_writes_the_same_every_quarter_of_a_minute_is_no_flood() -> None:
    number = Number()
    assert [number.say("1", 16) for _ in range(19)] == [None] * 19


def test_few_texts_back_and_forth_are_a_machine() -> None:
    number = Number()
    answers = [number.say(("ok", "menu", "1")[step % 3], 2) for step in range(40)]
    assert answers[:30] == [None] * 30
    assert answers[30] == Held("no_variation", told=True)
    assert answers[31:] == [Held("no_variation")] * 9


def test_a_lively_conversation_is_not_held() -> None:
    number = Number()
    texts = ["bonjour", "1", "menu", "2", "rdv", "demain", "3", "oui", "merci", "non"]
    assert all(number.say(texts[step % 10], 4) is None for step in range(70))


def test_an_album_of_photos_without_words_is_not_a_repeated_text() -> None:
    number = Number()
    assert [number.say("", 0.5) for _ in range(60)] == [None] * 60


@pytest.mark.parametrize(
    "text",
    [
        "Auto-Reply: I am away until Monday.",
        "AUTOREPLY thanks for your message",
        "Réponse automatique : je suis absent.",
        "Reponse automatique: absent",
        "Message automatique, merci de ne pas répondre",
        "Out of office: back on 3 May",
        "[Out of the Office] Back soon",
        "رد تلقائي: أنا غير متوفر",
        "الرد التلقائي شكرا على رسالتك",
    ],
)
def test_a_machines_answer_is_not_answered(text: str) -> None:
    assert Number().say(text) == Held("automatic")


@pytest.mark.parametrize(
    "text",
    [
        "Je suis absent jusqu'au 3 mai.",
        "I'm driving, will get back to you",
        "أنا غير متوفر حاليا",
        "Ne pas répondre à ce message",
    ],
)
def test_what_people_say_too_is_answered_once(text: str) -> None:
    number = Number()
    assert number.say(text) is None
    assert [number.say(text) for _ in range(5)] == [Held("automatic")] * 5


@pytest.mark.parametrize(
    "text",
    [
        "je suis absent demain, je veux changer mon rendez-vous",
        "bghit nbeddel rendez-vous, ana msafer",
        "automatique",
        "wash kayn chi rdv auto",
        "je suis en réunion, rappelez-moi",
    ],
)
def test_a_person_who_is_away_is_answered(text: str) -> None:
    assert Number().say(text) is None


def test_our_own_text_coming_back_is_not_answered() -> None:
    number = Number()
    ours = "Salam, ana Sahti: service automatique w fabor."
    number.say("salam")
    number.seen.spoke([ours, "Wakha."], number.now)
    assert number.say(ours) == Held("echo")
    assert number.say("Wakha.") is None  # short enough to be a person's own
    assert number.say(ours, 601) is None


def test_two_of_us_talking_to_each_other_stop_at_once() -> None:
    left, right = Number(), Number()
    said, exchanges = "Bonjour, je suis un autre service automatique", 0
    for speaker in (left, right) * 50:
        if speaker.say(said) is not None:
            break
        exchanges += 1
        said = f"Je n'ai pas compris. Répondez par un chiffre. {'' if speaker is left else '!'}"
        speaker.seen.spoke([said], speaker.now)
    assert exchanges <= 42  # each hears the other's text twenty times


def test_one_number_has_an_hours_and_a_days_worth() -> None:
    number = Number(Limits(hourly=5, daily=8))
    answers = [number.say(f"text {n}") for n in range(7)]
    assert answers == [None] * 5 + [Held("number", told=True), Held("number")]
    number.now += 3600
    assert [number.say(f"text {n}") for n in range(7, 10)] == [None, Held("number"), Held("number")]


def test_a_stranger_abroad_gets_a_few_answers() -> None:
    number = Number(home=False)
    answers = [number.say(f"hello {n}") for n in range(14)]
    assert answers == [None] * 10 + [Held("abroad")] * 4


def test_limits_can_be_switched_off() -> None:
    number = Number(Limits(same_texts=0, hourly=0, daily=0))
    assert [number.say("salam", 0.1) for _ in range(2000)] == [None] * 2000


@pytest.mark.parametrize(
    ("scheme", "path", "home"),
    [
        ("tel", "+212612345678", True),
        ("whatsapp", "212612345678", True),
        ("tel", "+33612345678", False),
        ("whatsapp", "2125", True),
        ("whatsapp", "447400000000", False),
        ("bsuid", "FR.123", True),
    ],
)
def test_which_addresses_are_at_home(scheme: str, path: str, home: bool) -> None:  # noqa: FBT001 (a case)
    assert LIMITS.home(scheme, path) is home


def test_danger_is_answered_twenty_times_and_then_once_a_minute() -> None:
    number = Number()
    answers = [number.danger() for _ in range(20 + 180)]
    assert answers[:20] == [None] * 20
    assert answers[20:].count(None) == 3


@given(st.lists(st.floats(0.01, 120), min_size=1, max_size=400))
def test_no_danger_sign_waits_longer_than_a_minute_for_an_answer(pauses: list[float]) -> None:
    number, answered = Number(), START
    for pause in pauses:
        before = number.now
        if number.danger(pause) is None:
            answered = number.now
        assert number.now - answered < abuse.DANGER_EVERY or before == START


def turn_of(talk: Talk, text: str, keyword: Keyword | None = None) -> object:
    from bot.core.turn import Turn

    return Turn(Understood("fr", 0.0, keyword=keyword), talk.contact, talk.conversation, "sms", NOW, NOW, text=text)


def test_a_held_message_changes_nothing_and_is_kept() -> None:
    talk = Talk()
    talk.say("oubli", intent="medication_missed")
    decision = abuse.hold(turn_of(talk, "oubli"), Held("same_text"))  # type: ignore[arg-type]
    assert decision.effects == ()
    assert decision.conversation == talk.conversation
    assert decision.keep_text
    (said,) = abuse.hold(turn_of(talk, "oubli"), Held("same_text", told=True)).effects  # type: ignore[arg-type]
    assert isinstance(said, Spoken)
    assert said.say.key == "common.received"


def test_stop_stops_also_in_a_flood() -> None:
    decision = abuse.hold(turn_of(Talk(), "stop", Keyword.STOP), Held("same_text", told=True))  # type: ignore[arg-type]
    assert decision.contact.opted_out
    assert decision.effects == ()
    assert decision.conversation == Conversation()


def test_after_stop_a_flood_is_not_even_acknowledged_and_without_consent_not_kept() -> None:
    for contact in (replace(GIVEN, opted_out=True), replace(GIVEN, consent=Consent.UNKNOWN, form=None)):
        talk = Talk(contact)
        decision = abuse.hold(turn_of(talk, "x"), Held("same_text", told=True))  # type: ignore[arg-type]
        assert decision.keep_text is False
        assert bool(decision.effects) is not contact.opted_out
        assert decision.contact.form is not None


NOTHING = Sent(1, 1, 1, 1)
AT = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("home", [True, False])
def test_an_emergency_is_never_held_back(home: bool) -> None:  # noqa: FBT001 (a case)
    endless = Sent(10**6, 10**6, 10**6, 10**9)
    assert abuse.outgoing(Kind.EMERGENCY, endless, LIMITS, AT, home=home) is None


@pytest.mark.parametrize(
    ("kind", "sent", "home", "wanted"),
    [
        (Kind.REPLY, NOTHING, True, None),
        (Kind.REPLY, replace(NOTHING, number_hour=241), True, Skip("limit_number")),
        (Kind.CONFIRMATION, replace(NOTHING, number_day=1001), True, Skip("limit_number")),
        (Kind.REPLY, replace(NOTHING, prefix_hour=100_001), True, Skip("limit_prefix")),
        (Kind.STAFF, replace(NOTHING, everybody=1_000_001), True, Skip("limit_all")),
        (Kind.REPLY, replace(NOTHING, everybody=950_000), True, None),
        (Kind.REPLY, NOTHING, False, None),
        (Kind.REPLY, replace(NOTHING, number_day=11), False, Skip("limit_abroad")),
        (Kind.REMINDER, NOTHING, True, None),
        (Kind.REMINDER, NOTHING, False, Skip("country")),
        (Kind.CAMPAIGN, NOTHING, False, Skip("country")),
        (Kind.REMINDER, replace(NOTHING, number_day=21), True, Skip("limit_number")),
        (Kind.CAMPAIGN, replace(NOTHING, prefix_hour=10**6), True, None),
    ],
)
def test_what_goes_out(kind: Kind, sent: Sent, home: bool, wanted: object) -> None:  # noqa: FBT001 (a case)
    assert abuse.outgoing(kind, sent, LIMITS, AT, home=home) == wanted


def test_bulk_waits_for_the_next_hour_where_answers_still_go() -> None:
    full = replace(NOTHING, everybody=850_000)
    verdict = abuse.outgoing(Kind.CAMPAIGN, full, LIMITS, AT, home=True)
    assert isinstance(verdict, Wait)
    assert verdict.reason == "limit_all"
    assert timedelta(minutes=30) <= verdict.until - AT <= timedelta(minutes=31)
    assert abuse.outgoing(Kind.REPLY, full, LIMITS, AT, home=True) is None
