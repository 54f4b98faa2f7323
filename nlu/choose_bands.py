"""Chooses the confidence bands on texts that nothing was trained on, and writes them down with what they rest on.

`python -m nlu.choose_bands TABLE FILE…` reads a table and JSON lines {"text", "form", "intent"} and prints the file that
`nlu.bands` reads. Run it again when the training data has grown much; a review of what changed is part of the commit.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nlu.table import Table, load
from nlu.types import FORMS

RIGHT = 0.85
"""Of the texts that are answered at their word so many are to be right. A wrong answer costs two messages, `MENU` and the
wish again, a question back one; higher, a third of the Arabic and French texts would be asked about."""
RIGHT_TO_LEAVE = 0.9
"""The same where an open question is left: what was being arranged is lost."""
RIGHT_CAREFUL = 0.92
"""The same for an intent that costs more when it is wrong, over all forms."""
HELD = 0.6
"""Of the texts that are asked about the wish is to be among the three so often; else the menu is the shorter way."""
CAREFUL = (
    "cancel_appointment", "opt_out", "medication_taken", "medication_missed", "side_effect", "report_reading",
    "affirm", "deny",
)  # fmt: skip
"""What agrees, takes something away from a person, stands in their record, or takes a member of the staff's time."""
FEWEST = 10
"""Texts between two thresholds that say something of the share among them."""
STEPS = tuple(step / 100 for step in range(20, 95, 5))
ANSWERS = (0.45, 0.55)
"""Where the answer band may begin: lower, too many wrong answers are too near; higher, too many right ones are asked about."""
GIVE_UP = 0.95
"""A dozen sentences that name a day and say "not that one" during a booking are too few to choose by. Until there are
more, only near-certainty gives a booking up."""
DANGER = 0.6
"""Chosen with the danger rules (`nlu.danger`): lower, near-misses alarm more often than signs are won."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One text as the table read it."""

    form: str
    true: str
    given: str
    confidence: float
    among: bool
    """Whether the true intent is in the ranking."""

    @property
    def right(self) -> bool:
        return self.true == self.given


def seen(table: Table, files: Sequence[Path]) -> list[Seen]:
    """Every text of the files as the table reads it; those that it knows nothing of are left out."""
    found = []
    for line in (line for file in files for line in file.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        guess = table.predict(row["text"])
        if guess is not None:
            true = str(row["intent"]).partition("/")[0]
            ranked = {name.partition("/")[0] for name, _ in guess.ranking}
            found.append(Seen(row["form"], true, guess.intent, guess.confidence, true in ranked))
    return found


def choose(texts: Sequence[Seen]) -> dict[str, object]:
    """The content of the bands' file: thresholds by form and by careful intent, and beside each what it rests on."""
    forms = {form: _of_form([one for one in texts if one.form == form]) for form in FORMS}
    careful = {
        intent: _first([one for one in texts if one.given == intent], RIGHT_CAREFUL, 0.5, 0.7) for intent in CAREFUL
    }
    return {"forms": forms, "careful": careful, "give_up": GIVE_UP, "danger": DANGER}


def _of_form(texts: Sequence[Seen]) -> dict[str, float]:
    answer = _first(texts, RIGHT, *ANSWERS)
    leave = max(answer, _first(texts, RIGHT_TO_LEAVE, 0.5, 0.8))
    ask = answer
    for step in reversed([step for step in STEPS if step < answer]):
        between = [one for one in texts if step <= one.confidence < answer]
        if len(between) >= FEWEST and sum(one.among for one in between) / len(between) < HELD:
            break
        ask = step
    answered = [one for one in texts if one.confidence >= answer]
    asked = [one for one in texts if ask <= one.confidence < answer]
    return {
        "ask": ask,
        "answer": answer,
        "leave": leave,
        "texts": len(texts),
        "answered": round(len(answered) / len(texts), 3),
        "answered_right": round(sum(one.right for one in answered) / max(1, len(answered)), 3),
        "asked": round(len(asked) / len(texts), 3),
        "asked_about": round(sum(one.among for one in asked) / max(1, len(asked)), 3),
    }


def _first(texts: Sequence[Seen], share: float, lowest: float, highest: float) -> float:
    """The lowest confidence from which so large a share is right; the highest allowed where none is."""
    for step in STEPS:
        above = [one for one in texts if one.confidence >= step]
        if lowest <= step <= highest and above and sum(one.right for one in above) / len(above) >= share:
            return step
    return highest


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m nlu.choose_bands", description="Choose the confidence bands.")
    parser.add_argument("table", type=Path, help="a table's file")
    parser.add_argument("files", type=Path, nargs="+", help='JSON lines {"text", "form", "intent"}')
    given = parser.parse_args(arguments)
    table = load(given.table)
    by_file: dict[str, int] = defaultdict(int)
    for file in given.files:
        by_file[file.name] += len(file.read_text(encoding="utf-8").splitlines())
    chosen = {
        "how": "python -m nlu.choose_bands; rules and reasons in nlu/choose_bands.py and docs/adr/0021-confidence.md",
        "table": table.version,
        "sets": dict(by_file),
        **choose(seen(table, given.files)),
    }
    sys.stdout.write(json.dumps(chosen, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
