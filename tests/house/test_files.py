"""Files: none too long, none without a subject, none unfinished, and ratchets that may only fall."""

import re
import statistics
from collections import Counter
from pathlib import Path

import pytest

from tests.house.ratchet import against_ratchet
from tests.house.tree import MODULES, PILLARS, ROOT, files, text, with_suffix, words_of_code

CEILING = 400
MEDIAN = 180
COUNTED = (".py", ".js", ".html", ".css", ".sql", ".toml", ".sh", ".yml")
CELLARS = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
PROVIDERS = sorted(path.stem for path in with_suffix(".py") if path.parts[:2] == ("sms_gateway", "channels"))
WORDS_TOO = {"__init__", "external", "simulator", "smpp", "turn"}
"""Channel files whose names are words that the rest of the code needs as well; one of them a protocol."""


def test_no_file_is_longer_than_400_lines() -> None:
    lines = {str(path): text(path).count("\n") for path in with_suffix(*COUNTED)}
    assert (
        against_ratchet("long_files", Counter({name: count for name, count in lines.items() if count > CEILING})) == {}
    )


def test_half_of_the_files_are_short() -> None:
    lines = [count for path in with_suffix(".py", under=MODULES) if (count := text(path).count("\n"))]
    assert len(lines) > 50
    assert statistics.median(lines) < MEDIAN


def test_every_module_has_a_subject() -> None:
    parts = {str(path): {part.removesuffix(path.suffix).lower() for part in path.parts} for path in with_suffix(".py")}
    assert {name for name, words in parts.items() if words & CELLARS} == set()


def test_the_pillars_open_empty() -> None:
    for pillar in PILLARS:
        assert (ROOT / pillar / "__init__.py").read_bytes() == b"", pillar


def test_a_provider_is_named_in_its_own_file_and_one_line_of_the_registry() -> None:
    assert {"twilio", "africastalking"} <= set(PROVIDERS)
    found: Counter[str] = Counter()
    for path in with_suffix(".py", under=MODULES):
        if path.parts[:2] == ("sms_gateway", "channels") or path == Path("sms_gateway/registry.py"):
            continue
        named = [
            line
            for line, word in words_of_code(path)
            if any(provider in word.lower() for provider in PROVIDERS if provider not in WORDS_TOO)
        ]
        if named:
            found[str(path)] = len(set(named))
    assert against_ratchet("provider_names", found) == {}


UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK|NotImplemented" + r"Error)\b")


def test_nothing_is_left_unfinished() -> None:
    found = {
        str(path) for path in with_suffix(".py", ".js", ".html", ".css", ".sh", ".md") if UNFINISHED.search(text(path))
    }
    assert found == set()


HOSTS = ("py" + "pi.org", "python" + "hosted", "registry.np" + "mjs", "deb.deb" + "ian", "index-u" + "rl ")
ELSEWHERE = (
    r"(?<![\w.])/(?:wo" + r"rk|ro" + r"ot|home/\w+)(?:/|\b)(?!\w)",  # a machine's own folders
    "|".join(re.escape(host) for host in HOSTS),  # registries' addresses
)


@pytest.mark.parametrize("pattern", ELSEWHERE)
def test_no_file_knows_the_machine_it_was_written_on(pattern: str) -> None:
    kept = [path for path in files() if path.suffix not in {".gz", ".png", ".ico", ".http", ".tsv", ".woff2"}]
    assert len(kept) > 100
    assert {str(path) for path in kept if re.search(pattern, text(path))} == set()


OTHER_WORDS = re.compile(r"recip" + r"ient|subscr" + r"iber", re.IGNORECASE)
"""A person who writes to us is a contact. Providers' own field names keep to the files that speak to them."""
THEIRS = {("sms_gateway", "channels"), ("sms_gateway", "meta")}


def test_one_word_for_one_thing() -> None:
    found = {
        f"{path}:{line}"
        for path in with_suffix(".py", under=MODULES)
        if path.parts[:2] not in THEIRS
        for line, word in words_of_code(path)
        if OTHER_WORDS.search(word) and " " not in word
    }
    assert found == set()
