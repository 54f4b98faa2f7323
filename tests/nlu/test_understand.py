import json
import statistics
import time
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu import client, danger, understand
from nlu.bands import alarms_from
from nlu.client import NluClient, Parse
from nlu.keywords import Keywords
from nlu.places import Places
from nlu.table import Table, parse
from nlu.table_fit import fit
from nlu.types import FORMS, INTENTS, Danger, DangerLevel, Entity, Keyword, Understood
from nlu.understand import KEYWORD_INTENTS, Engine, Understander

NOW = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001 - local wall time, a Monday
EXAMPLES = [
    *(
        (text, "book_appointment")
        for text in ("bghit maw3id m3a tbib", "بغيت موعد مع الطبيب", "je veux un rendez-vous")
    ),
    *((text, "health_question/diabetes") for text in ("chno howa sokkar", "شنو هو السكري", "c'est quoi le diabète")),
    *((text, "emergency") for text in ("3ta9ouni daba", "عتقوني دابا", "au secours vite", "au secours")),
    *((text, "thanks") for text in ("chokran bezaf", "شكرا بزاف", "merci beaucoup")),
]


class FakeClient(NluClient):
    """Answers what it is given, without any server."""

    def __init__(self, answer: Parse | None) -> None:
        super().__init__("http://127.0.0.1:1", "t")
        self.answer = answer
        self.asked: list[str] = []

    def parse(self, text: str) -> Parse | None:
        self.asked.append(text)
        return self.answer


@pytest.fixture(scope="module")
def table() -> Table:
    return parse(fit(EXAMPLES, "v1"))


@pytest.fixture(scope="module")
def keywords() -> Keywords:
    words = {
        "fr": {Keyword.STOP: ["stop"], Keyword.START: ["start"], Keyword.MENU: ["menu"], Keyword.HUMAN: ["agent"]},
        "ary-Latn": {Keyword.STOP: ["7bess"], Keyword.DELETE: ["mse7 ma3loumati"]},
    }
    return Keywords(words)


@pytest.fixture(scope="module")
def plain(keywords: Keywords, table: Table) -> Understander:
    return Understander(keywords, table)


def ask(understander: Understander, text: str, form: str | None = "ary-Latn", engine: Engine = "auto") -> Understood:
    return understander.understand(text, form=form, now=NOW, engine=engine)


def test_the_table_answers_where_there_is_no_rasa(plain: Understander) -> None:
    found = ask(plain, "bghit chi maw3id")
    assert (found.intent, found.engine, found.model) == ("book_appointment", "table", "v1")


def test_rasa_answers_first_and_its_version_is_kept(keywords: Keywords, table: Table) -> None:
    rasa = FakeClient(Parse("health_question/diabetes", 0.8, "m7"))
    found = ask(Understander(keywords, table, rasa), "bghit chi maw3id")
    assert (found.intent, found.intent_detail) == ("health_question", "health_question/diabetes")
    assert (found.confidence, found.engine, found.model) == (0.8, "rasa", "m7")


@pytest.mark.parametrize("answer", [None, Parse("something_else", 0.9, "m7")])
def test_the_table_answers_where_rasa_does_not(keywords: Keywords, table: Table, answer: Parse | None) -> None:
    found = ask(Understander(keywords, table, FakeClient(answer)), "bghit chi maw3id")
    assert (found.intent, found.engine) == ("book_appointment", "table")


def test_the_engine_that_is_asked_for_is_the_only_one(keywords: Keywords, table: Table) -> None:
    rasa = FakeClient(Parse("thanks", 0.8, "m7"))
    both = Understander(keywords, table, rasa)
    assert ask(both, "bghit chi maw3id", engine="table").engine == "table"
    assert rasa.asked == []
    rasa.answer = None
    found = ask(both, "bghit chi maw3id", engine="rasa")
    assert (found.intent, found.engine, found.confidence) == (None, "none", 0.0)


@pytest.mark.parametrize("text", ["2", " 15 ", "١", "140/90", "", "   ", "😀", "?!", "\u200f", "1️⃣"])
def test_digits_and_texts_without_letters_wait_for_no_engine(keywords: Keywords, table: Table, text: str) -> None:
    rasa = FakeClient(Parse("thanks", 0.8, "m7"))
    found = ask(Understander(keywords, table, rasa), text)
    assert (found.intent, found.engine) == (None, "none")
    assert rasa.asked == []


def test_a_tapped_choice_waits_for_no_engine_and_is_no_keyword(keywords: Keywords, table: Table) -> None:
    rasa = FakeClient(Parse("thanks", 0.8, "m7"))
    found = Understander(keywords, table, rasa).understand("Menu", form="fr", now=NOW, choice="menu:3")
    assert (found.keyword, found.intent, found.engine) == (None, None, "none")
    assert rasa.asked == []


@pytest.mark.parametrize(
    ("text", "keyword", "intent", "detail"),
    [
        ("STOP", Keyword.STOP, "opt_out", None),
        ("7bess", Keyword.STOP, "opt_out", None),
        ("start", Keyword.START, "affirm", "affirm/start"),
        ("Menu !", Keyword.MENU, "help", "help/menu"),
        ("mse7 ma3loumati", Keyword.DELETE, "opt_out", "opt_out/delete_data"),
        ("agent", Keyword.HUMAN, "talk_to_human", None),
    ],
)
def test_keywords_need_no_engine(
    keywords: Keywords, table: Table, text: str, keyword: Keyword, intent: str | None, detail: str | None
) -> None:
    rasa = FakeClient(Parse("thanks", 0.8, "m7"))
    found = ask(Understander(keywords, table, rasa), text)
    assert (found.keyword, found.intent, found.intent_detail, found.engine) == (keyword, intent, detail, "keyword")
    assert rasa.asked == []


def test_every_intent_of_a_keyword_is_public() -> None:
    assert {intent for intent, _ in KEYWORD_INTENTS.values()} <= set(INTENTS)


def test_a_danger_sign_now_waits_for_no_engine(
    monkeypatch: pytest.MonkeyPatch, keywords: Keywords, table: Table
) -> None:
    monkeypatch.setattr(danger, "find", lambda _: Danger("bleeding", DangerLevel.NOW))
    rasa = FakeClient(Parse("thanks", 1.0, "m7"))
    found = ask(Understander(keywords, table, rasa), "merci beaucoup")
    assert found.danger == Danger("bleeding", DangerLevel.NOW)
    assert (found.intent, found.confidence, found.engine) == ("emergency", 1.0, "danger")
    assert rasa.asked == []


@pytest.mark.parametrize("level", [DangerLevel.ASK, DangerLevel.INFORM])
def test_no_engine_lowers_a_danger_sign(
    monkeypatch: pytest.MonkeyPatch, keywords: Keywords, table: Table, level: DangerLevel
) -> None:
    monkeypatch.setattr(danger, "find", lambda _: Danger("stroke", level))
    rasa = FakeClient(Parse("thanks", 1.0, "m7"))
    found = ask(Understander(keywords, table, rasa), "merci beaucoup")
    assert found.danger == Danger("stroke", level)
    assert (found.intent, found.engine) == ("thanks", "rasa")


@pytest.mark.parametrize(
    ("confidence", "sign"), [(alarms_from(), Danger("unspecified", DangerLevel.ASK)), (alarms_from() - 0.01, None)]
)
def test_a_sure_classifier_raises_the_flag_where_no_phrase_did(
    monkeypatch: pytest.MonkeyPatch, keywords: Keywords, table: Table, confidence: float, sign: Danger | None
) -> None:
    monkeypatch.setattr(danger, "find", lambda _: None)
    rasa = FakeClient(Parse("emergency", confidence, "m7"))
    assert ask(Understander(keywords, table, rasa), "merci beaucoup").danger == sign


def test_danger_is_found_with_every_other_layer_broken(monkeypatch: pytest.MonkeyPatch, keywords: Keywords) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(danger, "find", lambda _: Danger("bleeding", DangerLevel.NOW))
    monkeypatch.setattr(understand.identify, "identify", broken)
    monkeypatch.setattr(understand.dates, "everything", broken)
    monkeypatch.setattr(Keywords, "find", broken)
    faults: list[tuple[str, str]] = []
    understander = Understander(keywords, None, on_fault=lambda layer, kind: faults.append((layer, kind)))
    found = ask(understander, "je saigne", form="fr")
    assert found.danger == Danger("bleeding", DangerLevel.NOW)
    assert found.form == "fr"
    assert faults == [(layer, "RuntimeError") for layer in ("identify", "keywords", "dates")]


def test_entities_come_with_their_place_in_the_text(keywords: Keywords, table: Table) -> None:
    places = Places({"f1": ["Centre de santé Hay Salam", "حي السلام"]})
    text = "je veux un rendez-vous demain à 10h au centre de santé Hay Salam"
    found = Understander(keywords, table, places=places).understand(text, form="fr", now=NOW)
    assert ("datetime", "2026-11-24T10:00") in [(one.type, one.value) for one in found.entities]
    assert ("place", "f1") in [(one.type, one.value) for one in found.entities]
    assert all(text[one.start : one.end] == one.text for one in found.entities)


def test_overlapping_entities_leave_the_longest() -> None:
    day = Entity("date", "2026-11-24", "demain", 0, 6)
    moment = Entity("datetime", "2026-11-24T10:00", "demain à 10h", 0, 12)
    place = Entity("place", "f1", "hay salam", 13, 22)
    assert understand.entities([day, place, moment]) == (moment, place)


def test_entities_are_read_from_a_menu_answer(plain: Understander) -> None:
    assert [(one.type, one.value) for one in ask(plain, "2").entities] == [("number", "2")]


@given(
    st.one_of(
        st.text(max_size=400),
        st.text(alphabet=st.characters(categories=["Cs", "Cc", "Cf", "Mn", "So"]), max_size=60),
        st.sampled_from(["/greet", "salam" * 5000, "\x00", "\ud800", "ⴰⵣⵓⵍ" * 500, "9" * 5000, "ا\u0651" * 2000]),
    ),
    st.sampled_from([*FORMS, None, "xx"]),
)
@settings(max_examples=150, deadline=None)
def test_is_total(keywords: Keywords, table: Table, text: str, form: str | None) -> None:
    faults: list[tuple[str, str]] = []
    understander = Understander(keywords, table, on_fault=lambda layer, kind: faults.append((layer, kind)))
    found = ask(understander, text, form=form)
    assert faults == []
    assert found.form in FORMS
    assert found.intent is None or found.intent in INTENTS
    assert all(text[one.start : one.end] == one.text for one in found.entities)


def test_longest_texts_are_read_in_time_and_never_asked_of_rasa(keywords: Keywords, table: Table) -> None:
    understander = Understander(keywords, table, NluClient("http://127.0.0.1:1", "t"))
    began = time.thread_time()
    found = ask(understander, "bghit maw3id m3a tbib " * 50_000)
    assert time.thread_time() - began < 0.8  # seconds of this thread: a provider waits fifteen
    assert found.engine == "table"
    assert client.LONGEST < understand.LONGEST


def test_a_short_text_takes_less_than_three_milliseconds(plain: Understander) -> None:
    times = []
    for number in range(60):
        began = time.thread_time()
        ask(plain, f"salam bghit maw3id nhar {number % 28 + 1}/12")
        times.append(time.thread_time() - began)
    assert statistics.median(times) < 0.003


def test_the_domain_of_rasa_names_the_public_intents() -> None:
    domain = yaml.safe_load((Path(understand.__file__).parent / "rasa" / "domain.yml").read_text(encoding="utf-8"))
    assert tuple(domain["intents"]) == INTENTS


def test_a_text_never_shows_in_what_is_printed_of_an_entity() -> None:
    assert "demain" not in repr(Entity("date", "2026-11-24", "demain", 0, 6))
    assert json.dumps("demain") not in repr(Entity("date", "2026-11-24", "demain", 0, 6))
