"""What the documents name exists: paths, links, make's targets and sahti's commands."""

import re
from pathlib import Path

import pytest

from bot.cli import COMMANDS
from tests.house.tree import ROOT, text, with_suffix

DOCS = [path for path in with_suffix(".md") if path.parts[0] in {"docs", "flows", "locales"} or len(path.parts) == 1]
TARGETS = set(re.findall(r"^([a-z]+):.*##", text(Path("Makefile")), re.MULTILINE))
MADE_BY_RUNNING = ("var", ".venv", "nlu/rasa/.venv")
CODE = re.compile(r"`([^`\n]+)`")
BLOCK = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
PATH = re.compile(r"(?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|py|toml|lock|yml|yaml)")
TOPS = {path.parts[0] for path in with_suffix(".py", ".md", ".yaml", ".yml", ".toml", ".txt") if len(path.parts) > 1}


def named(content: str) -> list[str]:
    inline = CODE.findall(BLOCK.sub("", content))
    return [*inline, *(line.strip() for block in BLOCK.findall(content) for line in block.splitlines())]


@pytest.mark.parametrize("doc", DOCS, ids=str)
def test_every_path_that_a_document_names_exists(doc: Path) -> None:
    missing = []
    for words in CODE.findall(BLOCK.sub("", text(doc))):
        for word in words.split():
            path = word.strip(".,;:()")
            if not PATH.fullmatch(path) or path.startswith(MADE_BY_RUNNING) or path.split("/")[0] not in TOPS:
                continue
            if not (ROOT / path).exists() and not (ROOT / doc.parent / path).exists():
                missing.append(path)
    assert missing == []


@pytest.mark.parametrize("doc", DOCS, ids=str)
def test_every_link_in_a_document_leads_somewhere(doc: Path) -> None:
    links = [link for link in LINK.findall(text(doc)) if not re.match(r"[a-z]+:", link)]
    assert [link for link in links if not (ROOT / doc.parent / link).exists()] == []


@pytest.mark.parametrize("doc", DOCS, ids=str)
def test_every_command_that_a_document_names_exists(doc: Path) -> None:
    unknown = []
    for words in named(text(doc)):
        unknown += [
            f"make {target}" for target in re.findall(r"(?:^|\s)make ([a-z]+)\b", words) if target not in TARGETS
        ]
        unknown += [
            f"sahti {command}"
            for command in re.findall(r"(?:^|\s|/)sahti ([a-z][a-z-]*)\b", words)
            if command not in COMMANDS
        ]
    assert unknown == []


def test_documents_and_targets_are_found_at_all() -> None:
    assert {"README.md", "CONTRIBUTING.md"} <= {str(path) for path in DOCS}
    assert {"run", "test", "check", "clean", "help"} <= TARGETS
