import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from bot.settings import Settings
from bot.web.app import create_app
from bot.web.phone import PHRASES, WORDS, page_words
from bot.wiring import Services

STATIC = WORDS.parents[2] / "static" / "phone"


@pytest.fixture
def client(var: Path) -> FlaskClient:
    return create_app(Services(Settings(var=var, demo=True))).test_client()


def keys(words: dict[str, Any]) -> set[str]:
    nested = {f"{key}.{inner}" for key, value in words.items() if isinstance(value, dict) for inner in value}
    return {key for key, value in words.items() if isinstance(value, str)} | nested


def test_both_languages_say_the_same_things_with_the_same_places() -> None:
    french, arabic = page_words()["fr"], page_words()["ar"]
    assert keys(french) == keys(arabic)
    for key, text in french.items():
        if isinstance(text, str):
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", arabic[key])), key


def test_every_text_of_the_page_is_used() -> None:
    sources = [*STATIC.glob("*.js"), WORDS.parent / "page.html", Path(__file__).parents[2] / "bot/web/phone.py"]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    built = {"empty_sms", "empty_whatsapp"}  # by the name of the medium
    unused = [
        k for k in page_words()["fr"] if k not in built and f"words.{k}" not in code and f'words["{k}"]' not in code
    ]
    assert unused == []


@pytest.mark.parametrize(("asked", "accepted", "lang", "direction"), [
    ("?lang=ar", "fr", "ar", "rtl"),
    ("?lang=fr", "ar", "fr", "ltr"),
    ("", "ar-MA,fr;q=0.5", "ar", "rtl"),
    ("?lang=de", "", "fr", "ltr"),
])  # fmt: skip
def test_the_page_speaks_the_language_asked_for(
    client: FlaskClient, asked: str, accepted: str, lang: str, direction: str
) -> None:
    page = client.get(f"/phone{asked}", headers={"Accept-Language": accepted}).text
    assert f'<html lang="{lang}" dir="{direction}">' in page
    assert page_words()[lang]["title"] in page


def test_nothing_runs_that_does_not_come_from_here(client: FlaskClient) -> None:
    answer = client.get("/phone")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert re.findall(r"<script(?![^>]*\bsrc=)", answer.text) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", answer.text) == []
    for name in re.findall(r"(?:src|href)=\"([^\"]+)\"", answer.text):
        assert name.startswith(("/phone/static/", "?lang="))
    for path in STATIC.glob("*.*"):
        assert re.findall(r"https?://(?!www\.w3\.org/)", path.read_text(encoding="utf-8")) == []


def test_every_file_of_the_page_is_served(client: FlaskClient) -> None:
    page = client.get("/phone").text
    for path in STATIC.glob("*.css"):
        assert f'href="/phone/static/{path.name}"' in page
    for path in STATIC.glob("*.*"):
        answer = client.get(f"/phone/static/{path.name}")
        assert answer.status_code == 200
        assert answer.data == path.read_bytes()
        answer.close()


def test_every_field_has_a_label_and_every_button_a_name(client: FlaskClient) -> None:
    page = client.get("/phone").text
    labelled = set(re.findall(r'<label for="([^"]+)"', page))
    assert set(re.findall(r'<(?:input|textarea) id="([^"]+)"', page)) <= labelled
    for attributes, inside in re.findall(r"<button([^>]*)>(.*?)</button>", page, re.DOTALL):
        assert "aria-label" in attributes or re.sub(r"<[^>]*>", "", inside).strip()


def test_there_is_something_to_try_in_each_form() -> None:
    assert [tag for tag, *_ in PHRASES] == ["ary-Latn", "ary-Arab", "fr", "ar", "zgh-Tfng", "zgh-Latn"]
    assert {tag: direction for tag, direction, *_ in PHRASES if direction == "rtl"} == {"ary-Arab": "rtl", "ar": "rtl"}


def test_the_words_are_one_object_a_language() -> None:
    assert list(json.loads(WORDS.read_text(encoding="utf-8"))) == ["fr", "ar"]
