"""The checkout as these tests see it: what git keeps, nothing that was built or written by a run."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PILLARS = ("bot", "nlu", "flows", "sms_gateway", "locales", "admin")
MODULES = (*PILLARS, "setup")


@cache
def files() -> tuple[Path, ...]:
    """Every file that git keeps and that is there, relative to the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return tuple(path for name in listed.split("\0") if name and (ROOT / (path := Path(name))).is_file())


def with_suffix(*suffixes: str, under: tuple[str, ...] = ()) -> list[Path]:
    return [path for path in files() if path.suffix in suffixes and (not under or path.parts[0] in under)]


@cache
def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def prose(tree: ast.Module) -> set[int]:
    """Ids of the string nodes that are docstrings or free-standing notes."""
    return {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def words_of_code(path: Path) -> Iterator[tuple[int, str]]:
    """Names and strings of a module with their lines; comments and docstrings are not code."""
    tree = ast.parse(text(path))
    notes = prose(tree)
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield line, node.value
        elif isinstance(node, ast.Name):
            yield line, node.id
        elif isinstance(node, ast.Attribute):
            yield line, node.attr
        elif isinstance(node, ast.arg):
            yield line, node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield line, node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            if isinstance(node, ast.ImportFrom):
                yield line, node.module or ""
            for alias in node.names:
                yield line, alias.name
