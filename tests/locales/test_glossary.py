"""The glossary gives each term once, in six forms, in letters that the channel can carry."""

import unicodedata
from pathlib import Path

import pytest

from sms_gateway.encoding import encoding_of, smart_encode

GLOSSARY = Path(__file__).parents[2] / "locales" / "glossary.md"
COLUMNS = ["term", "fr", "ar", "ary-Arab", "ary-Latn", "zgh-Latn", "zgh-Tfng", "sure"]
SCRIPTS = {"ar": {"ARABIC"}, "ary-Arab": {"ARABIC", "LATIN"}, "zgh-Tfng": {"TIFINAGH", "LATIN"}}


def terms() -> list[dict[str, str]]:
    lines = [line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows if row != COLUMNS and set(row) != {"---"}]


def test_each_term_stands_once_with_all_forms_and_a_mark() -> None:
    rows = terms()
    names = [row["term"] for row in rows]
    assert len(names) == len(set(names)) >= 70
    assert [row for row in rows if not all(row.values()) or row["sure"] not in {"high", "medium", "low"}] == []


@pytest.mark.parametrize("form", ["fr", "ary-Latn", "zgh-Latn"])
def test_latin_forms_cost_one_gsm_7_unit_a_letter(form: str) -> None:
    assert [row[form] for row in terms() if encoding_of(smart_encode(row[form])) != "GSM-7"] == []


@pytest.mark.parametrize("form", ["ary-Latn", "zgh-Latn"])
def test_forms_typed_on_a_phone_need_no_replacing(form: str) -> None:
    assert [row[form] for row in terms() if encoding_of(row[form]) != "GSM-7"] == []


@pytest.mark.parametrize("form", sorted(SCRIPTS))
def test_the_letters_are_those_of_the_form(form: str) -> None:
    for row in terms():
        scripts = {unicodedata.name(letter).split()[0] for letter in row[form] if letter.isalpha()}
        assert scripts <= SCRIPTS[form], row[form]
        assert scripts - {"LATIN"}, row[form]
