"""The examples of docs/entities.md are read as it says."""

from datetime import datetime
from pathlib import Path

import pytest

from nlu import dates, named
from nlu.types import FORMS

PAGE = Path(__file__).parents[2] / "docs" / "entities.md"
NOW = datetime(2026, 11, 23, 9)  # noqa: DTZ001 - local wall time, a Monday
HEAD = "| type | value | ary-Arab | ary-Latn | ar | fr | zgh-Tfng | zgh-Latn |"


def rows() -> list[tuple[str, str, str, str]]:
    lines = PAGE.read_text(encoding="utf-8").split(HEAD)[1].strip().splitlines()[1:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [
        (form, type_, value, text) for type_, value, *texts in cells for form, text in zip(FORMS, texts, strict=True)
    ]


@pytest.mark.parametrize(("form", "type_", "value", "text"), rows())
def test_an_example_is_read_as_the_page_says(form: str, type_: str, value: str, text: str) -> None:
    found = [*dates.everything(text, NOW, form), *named.find(text, form)]
    assert [(one.type, one.value) for one in found] == [(type_, value)]


def test_every_type_that_is_found_stands_on_the_page() -> None:
    shown = PAGE.read_text(encoding="utf-8")
    assert all(f"`{type_}`" in shown for type_ in {row[1] for row in rows()} | {"phone", "medicine", "place", "ASK"})
