"""The order of the route is policy: danger, opt-out, consent, a person who is answering, global words, flows, the menu."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.flowing import FLOW_FOR
from bot.core.model import Consent, Contact, Conversation, Kind
from bot.core.route import decide
from bot.core.turn import Decision, FlowBook, Open, Spoken, Turn
from bot.settings import ROOT
from flows.load import load_folder
from nlu.types import INTENTS, Danger, DangerLevel, Entity, Keyword, Understood

FLOWS = load_folder(ROOT / "flows" / "definitions")
BOOK = FlowBook(FLOWS, {(flow.id, flow.version): flow for flow in FLOWS.values()})
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NUMBERS = {"ambulance": "15", "police": "19", "samu": "141", "poison": "15", "gendarmerie": "177"}
GIVEN = Contact("c", form="fr", consent=Consent.GIVEN, last_inbound_at=NOW - timedelta(minutes=1))
NEW = Contact("c", new=True)
BLEEDS = Danger("bleeding", DangerLevel.NOW)


class Talk:
    """One person and what is open with them."""

    def __init__(self, contact: Contact = GIVEN, medium: str = "sms") -> None:
        self.contact, self.medium, self.now = contact, medium, NOW
        self.conversation = Conversation()
        self.last: Decision

    def say(
        self,
        text: str = "",
        *,
        intent: str | None = None,
        keyword: Keyword | None = None,
        danger: Danger | None = None,
        confidence: float = 0.9,
        named: str | None = None,
        margin: float = 0.5,
        entities: tuple[Entity, ...] = (),
        **given: object,
    ) -> list[str]:
        """Keys of what is answered."""
        said = Understood(
            "fr",
            margin,
            intent=intent,
            confidence=confidence if intent else 0.0,
            keyword=keyword,
            danger=danger,
            language_named=named,
            entities=entities,
        )
        facts: dict[str, object] = {"text": text} | given
        turn = Turn(
            said=said,
            contact=self.contact,
            conversation=self.conversation,
            medium=self.medium,
            now=self.now,
            wall=self.now.astimezone(ZoneInfo("Africa/Casablanca")),
            **facts,  # type: ignore[arg-type]
        )
        self.last = decide(turn, BOOK, NUMBERS)
        self.contact = replace(self.last.contact, last_inbound_at=self.now)
        self.conversation = replace(self.last.conversation, updated_at=self.now)
        for effect in self.last.effects:
            if isinstance(effect, Open):
                self.contact = replace(self.contact, case_id="case")
        return keys(self.last)

    @property
    def flow(self) -> str | None:
        return self.conversation.flow.flow if self.conversation.flow else None

    @property
    def cases(self) -> list[str]:
        return [effect.reason for effect in self.last.effects if isinstance(effect, Open)]


def keys(decision: Decision) -> list[str]:
    return [effect.say.key for effect in decision.effects if isinstance(effect, Spoken)]


STATES: Mapping[str, Contact] = {
    "new": NEW,
    "given": GIVEN,
    "refused": replace(GIVEN, consent=Consent.REFUSED),
    "stopped": replace(GIVEN, opted_out=True),
    "with a person": replace(GIVEN, case_id="case"),
}


@pytest.mark.parametrize("state", list(STATES))
@pytest.mark.parametrize("medium", ["sms", "ussd", "whatsapp"])
@pytest.mark.parametrize("keyword", [None, Keyword.STOP, Keyword.START, Keyword.MENU, Keyword.HELP])
def test_danger_beats_everything(state: str, medium: str, keyword: Keyword | None) -> None:
    talk = Talk(STATES[state], medium)
    assert talk.say("je saigne", intent="emergency", keyword=keyword, danger=BLEEDS) == ["safety.now.general"]
    assert talk.cases == ["danger_bleeding"]
    assert all(effect.kind is Kind.EMERGENCY for effect in talk.last.effects if isinstance(effect, Spoken))
    assert talk.contact.opted_out == STATES[state].opted_out
    assert talk.last.keep_text == (STATES[state].consent is Consent.GIVEN)


def test_an_unsure_danger_is_asked_about_once() -> None:
    talk = Talk()
    faints = Danger("fainting", DangerLevel.ASK)
    assert talk.say("vertige", danger=faints) == ["safety.ask"]
    assert talk.cases == []
    assert talk.say("1") == ["safety.now.general"]
    assert talk.cases == ["danger_fainting"]
    for no in ({"text": "2"}, {"text": "non", "intent": "deny"}):
        again = Talk()
        again.say("vertige", danger=faints)
        assert again.say(**no)[0] == "safety.not_now"  # type: ignore[arg-type]
        assert again.cases == []
        assert again.flow == "menu"


def test_somebody_who_stopped_gets_no_menu_after_the_danger_question() -> None:
    talk = Talk(STATES["stopped"])
    talk.say("vertige", danger=Danger("fainting", DangerLevel.ASK))
    assert talk.say("2") == ["safety.not_now"]
    assert talk.flow is None


def test_information_about_a_danger_is_added_to_the_answer() -> None:
    talk = Talk()
    found = talk.say("signes d'infarctus ?", danger=Danger("heart", DangerLevel.INFORM))
    assert found[0] == "safety.inform"
    assert len(found) > 1
    assert talk.cases == []


@given(
    st.sampled_from([None, *INTENTS]),
    st.sampled_from([None, *(word for word in Keyword if word is not Keyword.START)]),
    st.sampled_from(["sms", "whatsapp"]),
    st.sampled_from(list(Consent)),
    st.booleans(),
    st.text(max_size=10),
)
def test_after_stop_nothing_but_its_confirmation_is_said(
    intent: str | None,
    keyword: Keyword | None,
    medium: str,
    consent: Consent,
    case: bool,  # noqa: FBT001 (drawn by hypothesis)
    text: str,
) -> None:
    stopped = replace(GIVEN, opted_out=True, consent=consent, case_id="case" if case else None)
    talk = Talk(stopped, medium)
    said = talk.say(text, intent=intent, keyword=keyword)
    assert said == (["stop.confirmed"] if keyword is Keyword.STOP else [])
    assert talk.contact.opted_out
    assert talk.flow is None
    assert all(effect.kind.passes_opt_out for effect in talk.last.effects if isinstance(effect, Spoken))


def test_stop_and_start() -> None:
    talk = Talk()
    talk.say("rdv", intent="book_appointment")
    assert talk.say("stop", keyword=Keyword.STOP) == ["stop.confirmed"]
    assert (talk.contact.opted_out, talk.flow) == (True, None)
    assert talk.say("salut", intent="greet") == []
    talk.now += timedelta(days=2)
    assert talk.say("salut", intent="greet") == ["stop.confirmed"]  # told the way back once more
    assert talk.say("start", keyword=Keyword.START) == ["start.confirmed"]
    assert not talk.contact.opted_out
    assert Talk(STATES["stopped"], "ussd").say("", session_new=True) == ["stop.confirmed"]


def test_wanting_to_stop_in_other_words_is_told_how() -> None:
    talk = Talk()
    assert talk.say("laissez-moi tranquille", intent="opt_out") == ["stop.how"]
    assert not talk.contact.opted_out


@given(st.sampled_from([None, *INTENTS]), st.sampled_from([None, *Keyword]), st.sampled_from([NEW, STATES["refused"]]))
def test_before_consent_nothing_is_kept(intent: str | None, keyword: Keyword | None, contact: Contact) -> None:
    talk = Talk(contact)
    talk.say("quelque chose de privé", intent=intent, keyword=keyword)
    assert not talk.last.keep_text
    assert talk.flow in {None, "welcome", "language"}
    assert talk.last.do is None


def test_consent_leads_on_to_what_was_wanted() -> None:
    talk = Talk(NEW)
    assert talk.say("je voudrais un rendez-vous", intent="book_appointment") == ["consent.ask"]
    assert talk.say("1")[0] == "consent.given"
    assert talk.contact.consent is Consent.GIVEN
    assert talk.last.do is not None
    assert talk.last.do.action == "appointments.places"
    other = Talk(NEW)
    other.say("salut", intent="greet")
    assert other.say("2") == ["consent.refused"]
    assert other.contact.consent is Consent.REFUSED


def test_while_a_person_answers_the_bot_is_silent() -> None:
    talk = Talk()
    assert talk.say("une personne", keyword=Keyword.HUMAN) == ["handover.opened"]
    assert talk.cases == ["asked_for_human"]
    assert talk.say("bonjour", intent="greet") == []
    assert talk.say("rendez-vous", intent="book_appointment") == []
    talk.now += timedelta(minutes=31)
    assert talk.say("il y a quelqu'un ?") == ["handover.waiting"]
    assert talk.say("menu", keyword=Keyword.MENU) == ["menu.main"]  # the words that work everywhere still do
    assert talk.say("je saigne", danger=BLEEDS) == ["safety.now.general"]


@pytest.mark.parametrize(
    ("keyword", "flow"),
    [
        (Keyword.HELP, "help"),
        (Keyword.LANGUAGE, "language"),
        (Keyword.DELETE, "privacy"),
        (Keyword.MENU, "menu"),
        (Keyword.START, "menu"),
    ],
)
def test_global_words_work_in_any_conversation(keyword: Keyword, flow: str) -> None:
    asked = Talk().say("", keyword=keyword)
    assert asked
    talk = Talk()
    talk.say("chute", intent="medication_missed")
    assert talk.flow == "medication_checkin"
    after = ["medication.why"] if keyword is Keyword.HELP else []  # who asks for help has not left
    assert talk.say("", keyword=keyword) == asked + after
    assert talk.flow == ("medication_checkin" if after else flow)


def test_every_intent_leads_somewhere() -> None:
    for intent in INTENTS:
        talk = Talk()
        talk.say("mots", intent=intent)
        assert talk.last.effects or talk.last.do
    assert set(FLOW_FOR) <= set(INTENTS)
    assert set(FLOW_FOR.values()) <= set(FLOWS)


def test_what_is_not_understood_gets_the_menu_and_a_number_alone_just_the_menu() -> None:
    assert Talk().say("xyzzy") == ["common.not_understood", "menu.main"]
    assert Talk().say("7") == ["menu.main"]
    assert Talk().say("rdv", intent="book_appointment", confidence=0.3)[0] == "common.not_understood"


def test_a_clear_intent_leaves_a_question_that_it_does_not_answer() -> None:
    talk = Talk()
    talk.say("oubli", intent="medication_missed")
    assert talk.flow == "medication_checkin"
    talk.say("annuler mon rdv", intent="cancel_appointment", confidence=0.85)
    assert talk.last.do is not None
    assert talk.last.do.action.startswith("appointments.")


def test_a_photo_goes_to_a_person() -> None:
    talk = Talk()
    assert talk.say("", unreadable_media=True) == ["media.unreadable", "handover.opened"]
    assert talk.cases == ["media"]


def test_a_dropped_ussd_session_can_be_taken_up_again() -> None:
    def dropped(after: timedelta) -> Talk:
        talk = Talk(medium="ussd")
        talk.say("", session_new=True)
        assert talk.flow == "menu"
        talk.say("mots", intent="medication_missed")
        assert talk.flow == "medication_checkin"
        talk.now += after
        return talk

    soon = dropped(timedelta(minutes=5))
    asked = keys(soon.last)
    assert soon.say("", session_new=True) == ["ussd.dropped"]
    assert soon.say("1") == asked
    afresh = dropped(timedelta(minutes=5))
    afresh.say("", session_new=True)
    assert afresh.say("2") == ["menu.main"]
    late = dropped(timedelta(minutes=11))
    assert late.say("", session_new=True) == ["menu.main"]


def test_ussd_pages_go_round_and_change_nothing_else() -> None:
    talk = Talk(medium="ussd")
    talk.conversation = Conversation(pages=("one", "two", "three"))
    seen = []
    for _ in range(4):
        assert talk.say("0") == []
        assert talk.last.turn_page
        seen.append(talk.conversation.pages[talk.conversation.page])
    assert seen == ["two", "three", "one", "two"]
    assert talk.say("00") == ["menu.main"]
    sms = Talk()
    sms.conversation = Conversation(pages=("one", "two"))
    sms.say("0")
    assert not sms.last.turn_page


def test_the_end_of_a_session_says_nothing() -> None:
    talk = Talk(medium="ussd")
    assert talk.say("", session_ended=True) == []
    assert not talk.last.keep_text


def test_an_open_question_expires() -> None:
    talk = Talk()
    talk.say("oubli", intent="medication_missed")
    talk.now += timedelta(hours=12)
    assert talk.say("1") == ["menu.main"]


@pytest.mark.parametrize(
    ("known", "said", "text", "form"),
    [
        (None, "ar", "سلام", "ar"),
        (None, "ar", "1", "ary-Latn"),
        ("fr", "ary-Latn", "wakha", "fr"),
        ("fr", "ary-Latn", "bghit nakhod maw3id m3a tbib", "ary-Latn"),
        ("fr", "ary-Arab", "واخا", "ary-Arab"),
        ("ary-Arab", "ar", "نعم", "ary-Arab"),
        ("zgh-Tfng", "zgh-Latn", "azul", "zgh-Latn"),
        ("ar", "fr", "1", "ar"),
    ],
)
def test_a_short_or_unsure_message_never_flips_the_language(known: str | None, said: str, text: str, form: str) -> None:
    contact = replace(GIVEN, form=known)
    turn = Turn(Understood(said, 0.5), contact, Conversation(), "sms", NOW, NOW, text=text)
    assert decide(turn, BOOK, NUMBERS).contact.form == form
