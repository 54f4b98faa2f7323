"""Every control of the hazard log names a test that exists."""

import re
from pathlib import Path

from tests.house.tree import text, with_suffix

LOG = Path("docs/safety/hazards.md")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> list[list[str]]:
    lines = [line for line in text(LOG).splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_hazard_has_its_severity_control_owner_and_test() -> None:
    assert len(rows()) >= 17
    assert [row[0] for row in rows()] == [str(number) for number in range(1, len(rows()) + 1)]
    assert [row for row in rows() if len(row) != 7 or not all(row) or not NAMED.search(row[-1])] == []


def test_the_tests_that_are_named_exist() -> None:
    files = {str(path) for path in with_suffix(".py")}
    missing = [
        f"{path}::{name}"
        for path, name in NAMED.findall(text(LOG))
        if path not in files or not re.search(rf"^(?:async )?def {name}\(", text(Path(path)), re.MULTILINE)
    ]
    assert missing == []
