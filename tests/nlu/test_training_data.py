"""The training utterances of the six forms are complete, readable and free of repetition."""

import json
import re
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from nlu.types import FORMS, INTENTS

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "nlu" / "rasa" / "data"
DEV = Path(__file__).parent / "data" / "intents_dev.jsonl"
DEV_FORMS = ("ary-Arab", "ary-Latn", "ar", "fr")
HEADER = ("# licence: CC0-1.0", "# origin: written for Sahti", "# columns: intent, text, review")
REVIEWS = {"ok", "needed"}
INTENT = re.compile(r"[a-z_]+(/[a-z_]+)?")
PHONE = re.compile(r"(\+|00)212\d|\b0[567]\d{8}\b")

Row = tuple[str, str, str]


def plain(text: str) -> str:
    """Lower case, no accents or vowel marks, no punctuation: what makes two utterances the same sentence."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w/.]+", " ", bare.replace("ـ", "")).split()) or text


def rows_of(path: Path) -> list[Row]:
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            intent, text, review = line.split("\t")
            rows.append((intent, text, review))
    return rows


def rows_of_form(form: str) -> list[Row]:
    return [row for path in sorted((DATA / form).glob("*.tsv")) for row in rows_of(path)]


def dev_rows() -> list[dict[str, str]]:
    return [json.loads(line) for line in DEV.read_text(encoding="utf-8").splitlines()]


def test_every_form_has_a_folder_and_no_other_folder_stands_there() -> None:
    assert {path.name for path in DATA.iterdir() if path.is_dir()} == set(FORMS)


@pytest.mark.parametrize("form", FORMS)
def test_every_file_says_its_licence_and_origin_first(form: str) -> None:
    files = sorted((DATA / form).glob("*.tsv"))
    assert files
    heads = {path.name: tuple(path.read_text(encoding="utf-8").splitlines()[:3]) for path in files}
    assert {name: head for name, head in heads.items() if head != HEADER} == {}


@pytest.mark.parametrize("form", FORMS)
def test_every_row_has_a_known_intent_a_text_and_a_review_mark(form: str) -> None:
    wrong = [
        (intent, text, review)
        for intent, text, review in rows_of_form(form)
        if INTENT.fullmatch(intent) is None
        or intent.partition("/")[0] not in INTENTS
        or review not in REVIEWS
        or text != unicodedata.normalize("NFC", text).strip()
        or not 1 <= len(text) <= 160
    ]
    assert wrong == []


@pytest.mark.parametrize("form", FORMS)
def test_no_utterance_stands_twice_in_a_form(form: str) -> None:
    seen = defaultdict(list)
    for intent, text, _ in rows_of_form(form):
        seen[plain(text)].append((intent, text))
    assert {text: places for text, places in seen.items() if len(places) > 1} == {}


@pytest.mark.parametrize("form", FORMS)
def test_every_intent_has_at_least_twenty_utterances(form: str) -> None:
    counts = Counter(intent.partition("/")[0] for intent, _, _ in rows_of_form(form))
    assert {intent: counts[intent] for intent in INTENTS if counts[intent] < 20} == {}


@pytest.mark.parametrize("form", FORMS)
def test_the_letters_are_those_of_the_form(form: str) -> None:
    """A letter of another alphabet that looks alike (Cyrillic, Greek) would never match what a contact types."""
    allowed = {"Arab": {"ARABIC"}, "Tfng": {"TIFINAGH"}}
    script = {"ar": "Arab", "fr": "Latn"}.get(form) or form.partition("-")[2]
    latin = {"LATIN", "MODIFIER"} | ({"GREEK"} if form == "zgh-Latn" else set())  # Tamazight is also written with ε, γ
    names = allowed.get(script, set()) | latin
    strange = {
        (text, char)
        for _, text, _ in rows_of_form(form)
        for char in text
        if char.isalpha() and unicodedata.name(char).split()[0] not in names
    }
    assert strange == set()


@pytest.mark.parametrize("form", FORMS)
def test_no_phone_number_is_in_the_data(form: str) -> None:
    assert [text for _, text, _ in rows_of_form(form) if PHONE.search(text)] == []


@pytest.mark.parametrize("form", DEV_FORMS)
def test_the_dev_set_asks_every_intent_at_least_eight_times(form: str) -> None:
    counts = Counter(row["intent"] for row in dev_rows() if row["form"] == form)
    assert {intent: counts[intent] for intent in INTENTS if counts[intent] < 8} == {}
    assert set(counts) <= set(INTENTS)


@pytest.mark.parametrize("form", DEV_FORMS)
def test_the_dev_set_repeats_no_training_utterance(form: str) -> None:
    trained = {plain(text) for _, text, _ in rows_of_form(form)}
    asked = [plain(row["text"]) for row in dev_rows() if row["form"] == form]
    assert [text for text in asked if text in trained] == []
    assert [text for text, times in Counter(asked).items() if times > 1] == []


@pytest.mark.parametrize("form", DEV_FORMS)
def test_the_dev_set_is_not_the_training_data_with_one_word_changed(form: str) -> None:
    trained = [set(plain(text).split()) for _, text, _ in rows_of_form(form)]
    near = []
    for row in dev_rows():
        words = set(plain(row["text"]).split())
        if row["form"] == form and any(len(words & other) >= 0.75 * len(words | other) for other in trained):
            near.append(row["text"])
    assert near == []
