"""Every exception to a rule carries its reason on its line."""

import re
from collections import Counter
from pathlib import Path

from tests.house.ratchet import against_ratchet
from tests.house.tree import text, with_suffix

EXCEPTION = re.compile(
    r"#\s*(noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?|type:\s*ignore(?:\[[a-z, -]+\])?|pragma: no \w+)(.*)$"
)
NEAR = 4
"""Lines within which a reason given once holds for the same exception again."""


def exceptions(path: Path) -> list[tuple[int, str, str]]:
    return [
        (number, re.sub(r"\s", "", match[1]), match[2].strip(" #-—()"))
        for number, line in enumerate(text(path).splitlines(), 1)
        if (match := EXCEPTION.search(line))
    ]


def test_every_exception_in_the_code_names_its_rule_and_carries_a_reason() -> None:
    found: Counter[str] = Counter()
    for path in with_suffix(".py", under=("admin", "bot", "flows", "locales", "nlu", "setup", "sms_gateway")):
        reasoned: dict[str, int] = {}
        for number, rule, reason in exceptions(path):
            if reason:
                reasoned[rule] = number
            elif number - reasoned.get(rule, -NEAR) >= NEAR:
                found[str(path)] += 1
            if rule in {"noqa", "type:ignore"}:
                found[str(path)] += 1
    assert against_ratchet("bare_exceptions", found) == {}


def test_every_ignore_of_the_tools_carries_a_reason() -> None:
    section, bare = "", []
    for number, line in enumerate(text(Path("pyproject.toml")).splitlines(), 1):
        if line.startswith("["):
            section = line
        ignores = ("ignore" in section or "ruff.lint" in section or "importlinter" in section) and re.match(
            r'\s+"[A-Z]+\d*"|ignore_|\s+".+ -> ', line
        )
        if ignores and "#" not in line and not line.rstrip().endswith("["):
            bare.append(f"{number}: {line.strip()}")
    assert bare == []
