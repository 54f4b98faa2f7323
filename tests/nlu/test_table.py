import base64
import json
import math
import statistics
import time
from array import array
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.table import BEST, Table, UnusableTable, dump, features, load, parse, shape, softmax, warmed
from nlu.table_fit import fit

EXAMPLES = [
    *((text, "greet") for text in ("salam", "salam 3likom", "السلام عليكم", "bonjour", "azul", "sbah lkhir")),
    *((text, "thanks") for text in ("merci", "chokran", "شكرا بزاف", "merci beaucoup", "tanmmirt", "lah ykhlik")),
    *((text, "health_question/diabetes") for text in ("chno howa sokkar", "شنو هو السكر", "c'est quoi le diabète")),
    *((text, "health_question/nutrition") for text in ("chno nakol", "شنو ناكل", "que manger le soir")),
    *((text, "health_question") for text in ("3endi so2al 3la s7a", "عندي سؤال على الصحة", "une question de santé")),
]


@pytest.fixture(scope="module")
def table() -> Table:
    return parse(fit(EXAMPLES, "v1"))


@pytest.mark.parametrize(("text", "intent"), EXAMPLES)
def test_knows_what_it_was_fitted_on(table: Table, text: str, intent: str) -> None:
    guess = table.predict(text)
    assert guess is not None
    assert guess.intent == intent.partition("/")[0]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("chokrane", "thanks"),
        ("ⵜⴰⵏⵎⵎⵉⵔⵜ", "thanks"),
        ("سلام", "greet"),
        ("Bonjouuuur !!", "greet"),
        ("ASALAM", "greet"),
    ],
)
def test_reads_other_spellings_and_scripts(table: Table, text: str, intent: str) -> None:
    guess = table.predict(text)
    assert guess is not None
    assert guess.intent == intent


def test_the_finer_name_is_kept_beside_the_public_one(table: Table) -> None:
    guess = table.predict("le diabète c'est quoi")
    assert guess is not None
    assert guess.intent == "health_question"
    assert guess.detail == "health_question/diabetes"
    plain = table.predict("une question sur la santé")
    assert plain is not None
    assert (plain.intent, plain.detail) == ("health_question", None)


def test_the_ranking_names_three_public_intents_each_by_its_likeliest_full_name(table: Table) -> None:
    guess = table.predict("le diabète c'est quoi")
    assert guess is not None
    assert next(name.partition("/")[0] for name, _ in guess.ranking) == guess.intent
    assert len({name.partition("/")[0] for name, _ in guess.ranking}) == len(guess.ranking) == BEST
    assert guess.ranking[0] == ("health_question/diabetes", guess.confidence)
    shares = [share for _, share in guess.ranking]
    assert shares == sorted(shares, reverse=True)


def test_fast_sums_are_those_of_the_plain_formula() -> None:
    """What `Table` adds up in long numbers, worked out feature by feature from the file."""
    content = fit(EXAMPLES, "v1")
    raw, table = json.loads(content), parse(content)
    packed = array("h")
    packed.frombytes(base64.b64decode(raw["weights"]))
    width = len(raw["labels"])
    for text in ("salam", "c'est quoi le sucre", "merci merci merci bzaf", "chno nakol lyoum 14/9", "ⴰⵣⵓⵍ"):
        known = [at for at, feature in enumerate(raw["features"]) if feature in features(text)]
        length = math.sqrt(sum(raw["squares"][at] for at in known))
        for label in range(width):
            total = sum(packed[at * width + label] for at in known)
            scores = table.scores(text)
            assert scores is not None
            assert scores[label] == pytest.approx(raw["bias"][label] + raw["scale"] * total / length)


def test_the_temperature_divides_what_is_between_the_intents() -> None:
    content = fit(EXAMPLES, "v1")
    cold, hot = parse(warmed(content, 0.5)), parse(warmed(content, 2.0))
    assert cold.predict("merci").confidence > parse(content).predict("merci").confidence  # type: ignore[union-attr]
    assert hot.predict("merci").confidence < parse(content).predict("merci").confidence  # type: ignore[union-attr]
    assert cold.predict("merci").intent == hot.predict("merci").intent  # type: ignore[union-attr]


def test_finer_names_count_together_for_the_public_one(table: Table) -> None:
    shares = table.probabilities("chno")
    guess = table.predict("chno")
    assert shares is not None
    assert guess is not None
    under = [share for label, share in zip(table.labels, shares, strict=True) if label.startswith("health_question")]
    assert guess.confidence == pytest.approx(sum(under))
    assert guess.confidence > max(under)


@pytest.mark.parametrize("text", ["", "   ", "😀😀", "…?!", "漢字"])
def test_knows_nothing_of_a_text_without_known_words(table: Table, text: str) -> None:
    assert table.predict(text) is None


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_is_total_and_sure_between_zero_and_one(table: Table, text: str) -> None:
    guess = table.predict(text)
    assert guess is None or 0 <= guess.confidence <= 1
    shares = table.probabilities(text)
    assert shares is None or sum(shares) == pytest.approx(1)


def test_the_same_examples_give_the_same_table_in_any_order() -> None:
    assert fit(EXAMPLES, "v1") == fit(list(reversed(EXAMPLES)), "v1")


def test_which_number_never_matters() -> None:
    assert shape("14/9") == shape("12/8") == "00/0"
    assert shape("2mg") == shape("5mg")
    assert shape("3chra") == "3chra"
    assert features("tension 14/9") == features("tension 12/8")
    assert features("tension 14/9") != features("tension 140/90")


def test_survives_the_file(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text(fit(EXAMPLES, "v1"), encoding="utf-8")
    loaded = load(path)
    assert loaded.version == "v1"
    assert loaded.probabilities("merci") == table.probabilities("merci")


@pytest.mark.parametrize(
    "change",
    [
        {"format": 1},
        {"labels": []},
        {"labels": ["greet"]},
        {"weights": "AAAA"},
        {"weights": "é"},
        {"bias": [0.0]},
        {"features": []},
        {"scale": None},
        {"temperature": 0},
        {"temperature": None},
    ],
)
def test_refuses_a_damaged_file(change: dict[str, object]) -> None:
    content = json.loads(fit(EXAMPLES, "v1")) | change
    with pytest.raises(UnusableTable):
        parse(json.dumps(content))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1}', "null", fit(EXAMPLES, "v")[:-40]])
def test_refuses_what_is_no_table(content: str) -> None:
    with pytest.raises(UnusableTable):
        parse(content)


def test_weights_lose_less_than_a_thousandth_of_the_largest_in_the_file() -> None:
    content = dump("v", ["a", "b"], [0.0, 0.0], {"wx": (1.0, [3.0, -1.0])})
    shares = parse(content).probabilities("x")
    assert shares == pytest.approx(softmax([3.0, -1.0]), abs=1e-3)


def test_very_large_scores_do_not_overflow() -> None:
    assert softmax([1e6, 0.0]) == [1.0, 0.0]


def test_a_short_text_takes_less_than_half_a_millisecond(table: Table) -> None:
    table.predict("salam bghit chi maw3id m3a tbib ghedda")
    times = []
    for number in range(200):
        began = time.thread_time()
        table.predict(f"salam bghit chi maw3id m3a tbib nhar {number}")
        times.append(time.thread_time() - began)
    assert statistics.median(times) < 0.0005
