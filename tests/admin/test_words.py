"""The pages' own words: both languages whole, every key that a page asks for there, counts the same everywhere."""

import re
import shutil
import subprocess
from pathlib import Path
from string import Template

import pytest

import admin
from admin.wording import LANGUAGES, word_or, words
from sms_gateway.segments import count

PAGES = Path(admin.__file__).parent
ASKED = re.compile(r"\bt\('([a-z_.]+)'")
GROUP = re.compile(r"named\('([a-z_.]+)'")


def test_both_languages_have_the_same_keys_and_values() -> None:
    french, arabic = words("fr"), words("ar")
    assert french.keys() == arabic.keys()
    for key in french:
        assert Template(french[key]).get_identifiers() == Template(arabic[key]).get_identifiers(), key
        assert french[key].strip()
        assert arabic[key].strip()


def test_every_word_that_a_page_asks_for_is_there() -> None:
    pages = [path.read_text(encoding="utf-8") for path in (PAGES / "templates").glob("*.html")]
    asked = {key for page in pages for key in ASKED.findall(page) if not key.endswith(".")}
    assert asked <= words("fr").keys()
    groups = {group for page in pages for group in GROUP.findall(page)}
    assert {f"{group}.other" for group in groups} <= words("fr").keys()


def test_every_refusal_of_the_services_has_words() -> None:
    source = "".join(
        (PAGES.parent / "bot" / "service" / f"{name}.py").read_text(encoding="utf-8")
        for name in ("staffing", "handover", "campaigns", "publishing")
    )
    returned = set(re.findall(r'return (?:"", )?"([a-z_]{4,})"', source)) | set(
        re.findall(r', "([a-z_]+)"\),\n', source)
    )
    assert {"second_person", "text_long", "flow_refused"} <= returned
    assert {f"refused.{word}" for word in returned} <= words("fr").keys()


def test_arabic_keeps_latin_digits() -> None:
    for text in words("ar").values():
        assert not re.search("[٠-٩۰-۹]", text)


def test_an_unknown_name_gets_the_general_word() -> None:
    for language in LANGUAGES:
        assert word_or(language, "reason", "</bdi><script>") == words(language)["reason.other"]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine; the browser tests count too")
def test_the_page_counts_segments_as_the_server_does() -> None:
    script = (PAGES / "static" / "staff.js").read_text(encoding="utf-8")
    texts = ["", "a" * 160, "a" * 161, "é€" * 70, "ç", "سلام" * 30, "😀" * 40, "a" * 152 + "€" + "b" * 9, "e\u0301"]
    import json

    code = (
        "const document = {querySelectorAll: () => []};"
        + script
        + f"\nconsole.log(JSON.stringify({json.dumps(texts)}.map(countSegments)));"
    )
    found = json.loads(subprocess.run(["node", "-e", code], capture_output=True, check=True, text=True).stdout)
    for text, one in zip(texts, found, strict=True):
        counted = count(text)
        assert (one["encoding"], one["units"], one["segments"]) == (counted.encoding, counted.units, counted.segments)


def test_every_reason_why_nothing_was_sent_has_words() -> None:
    """The reasons as they stand in the code of the hub and the gateway: a new one needs words for the staff."""
    root = PAGES.parent
    hub = [path.read_text(encoding="utf-8") for path in (root / "bot").rglob("*.py")]
    found = {word for text in hub for word in re.findall(r'(?:reason="|Skip\("|Wait\([a-z_]+, ")([a-z_]+)"', text)}
    errors = (root / "sms_gateway" / "errors.py").read_text(encoding="utf-8")
    found |= set(re.findall(r'^    name = "([a-z_]+)"$', errors, re.MULTILINE))
    assert {"opted_out", "too_late", "throttled"} <= found
    assert {f"reason.{word}" for word in found} <= words("fr").keys()


def test_every_flow_programme_and_handover_has_a_name() -> None:
    root = PAGES.parent / "flows"
    names = {f"flow.{path.stem}" for path in (root / "definitions").glob("*.yaml")}
    names |= {f"programme.{path.stem}" for path in (root / "programmes").glob("*.yaml")}
    reasons = re.compile(r"handover: ([a-z_]+)")
    for path in (root / "definitions").glob("*.yaml"):
        names |= {f"case.{word}" for word in reasons.findall(path.read_text(encoding="utf-8"))}
    assert len(names) >= 20
    assert names <= words("fr").keys()
