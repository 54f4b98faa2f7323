"""What the tests plant: numbers, names and texts of people, of which no log of a whole run may hold a trace (P8).

Tests take them from here and say them to the real application. Each process of a run keeps what it logged in one folder:
the lines of started processes (`keep`), and what was logged and written to stderr during each test (`note`). At the end
of the run tests/conftest.py searches the folder and fails the run for anything found.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FOLDER = "PLANTED_LOGS"
"""Names the folder to the processes of a run."""

NUMBER = "+212612345678"
OTHER_NUMBER = "+212699887766"
WORLDS_NUMBER = "+212600009871"
NUMBERS = (NUMBER, OTHER_NUMBER, WORLDS_NUMBER)
NAME = "Planted Nameson"
FIRST_NAME = "Zineb"
NAMES = (NAME, "Nameson", FIRST_NAME)
ILLNESS = "planted words about my illness"
PAIN = "douleur au genou"
STAFFS_ANSWER = "Venez demain"
ODD = "Mot-planté-pour-le-test quatre-vingt"
BLEEDING = "je saigne beaucoup je suis enceinte"
NO_BREATH = "أبي لا يتنفس"
TEXTS = (ILLNESS, "planted words", PAIN, STAFFS_ANSWER, ODD, BLEEDING, NO_BREATH)

ANY_NUMBER = re.compile(rb"(?<![0-9A-Za-z])(?:\+|00)?212[5-7][0-9]{8}(?![0-9A-Za-z])")
"""Whatever else is a whole Moroccan number: the load's contacts have thousands of them."""


@dataclass(frozen=True)
class Leak:
    """Where something planted stands: the file, the line, and what it is."""

    file: str
    line: int
    what: str


def words() -> list[str]:
    """Everything to look for; numbers without their country as well, as somebody might cut them."""
    return [*(number.removeprefix("+212") for number in NUMBERS), *NAMES, *TEXTS]


def leaks(folder: Path) -> list[Leak]:
    """What was found in the files of a folder, of any depth."""
    wanted = [(word, word.encode()) for word in words()]
    found = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        for number, line in enumerate(file.read_bytes().splitlines(), 1):
            name = str(file.relative_to(folder))
            found += [Leak(name, number, word) for word, octets in wanted if octets in line]
            if ANY_NUMBER.search(line):
                found.append(Leak(name, number, "a whole number"))
    return found


def keep(log: Path | Iterable[str], name: str) -> None:
    """Keep what a started process printed, for the search at the end of the run."""
    folder = os.environ.get(FOLDER)
    if folder is None:
        return
    content = log.read_bytes() if isinstance(log, Path) else "\n".join(log).encode()
    with (Path(folder) / f"{name}-{os.getpid()}.log").open("ab") as file:
        file.write(content + b"\n")


def note(test: str, sections: Iterable[tuple[str, str]]) -> None:
    """Keep what a test's own process logged; what a command prints on stdout is its answer and no log."""
    folder = os.environ.get(FOLDER)
    said = [text for title, text in sections if "stdout" not in title and text.strip()]
    if folder is None or not said:
        return
    with (Path(folder) / f"tests-{os.getpid()}.log").open("a", encoding="utf-8", errors="replace") as file:
        # a test's own name may hold what it plants: its parameters stay out
        file.write("\n".join([f"--- {test.partition('[')[0]}", *said, ""]))
