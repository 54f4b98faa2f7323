"""Stamps: a step that was done for the same content is not done again. A step that was cut short left no stamp."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def content(paths: Iterable[Path], *facts: str) -> str:
    """A hash that changes with the content of the files or with a fact."""
    digest = hashlib.sha256()
    for path in paths:
        data = path.read_bytes()
        digest.update(f"{path.name}\0{len(data)}\0".encode())
        digest.update(data)
    for fact in facts:
        digest.update(f"{fact}\0".encode())
    return digest.hexdigest()


def read(stamp: Path) -> str:
    try:
        return stamp.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def write(stamp: Path, value: str) -> None:
    """Whole or not at all, so that an interrupted set-up is never taken for a finished one."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    half = stamp.with_name(stamp.name + ".half")
    half.write_text(value + "\n", encoding="ascii")
    half.replace(stamp)
