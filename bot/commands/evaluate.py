"""`sahti evaluate`: how well texts are understood, form by form, on a set of labelled ones."""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from bot.commands.failing import Failed, services
from bot.settings import ROOT
from nlu.evaluate import Labelled, Report, Score
from nlu.evaluate import evaluate as measure
from nlu.types import FORMS, INTENTS

OWN_SETS = ("intents_dev.jsonl", "intents_dev_zgh.jsonl")
"""Texts of the project's own tests, kept apart from what the model is trained on."""
NOON = datetime(2026, 11, 24, 12)  # noqa: DTZ001 (wall time: what dates in the texts are read against)


def evaluate(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Measure understanding on labelled texts."""
    parser.add_argument(
        "--set",
        dest="files",
        type=Path,
        action="append",
        metavar="FILE",
        help='JSON lines {"text", "form", "intent"}; may be given again; without it the project\'s own sets',
    )
    parser.add_argument("--engine", choices=("auto", "rasa", "table"), default="auto")
    parser.add_argument("--json", action="store_true", help="the whole report as JSON")
    given = parser.parse_args(arguments)
    files = given.files or [ROOT / "tests" / "nlu" / "data" / name for name in OWN_SETS]
    rows = [row for file in files for row in _rows(file)]
    if not rows:
        raise Failed("There is no text in these files.")
    report = measure(rows, services().understander, now=NOON, engine=given.engine)
    if given.json:
        sys.stdout.write(json.dumps(report.as_dict(), ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(_table(report)) + "\n")
    return 0


def _rows(file: Path) -> Iterable[Labelled]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        raise Failed(f"{file} cannot be read as text.") from wrong
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
            row = Labelled(given["text"], given["form"], given["intent"])
        except (ValueError, KeyError, TypeError) as wrong:
            raise Failed(f'{file}:{number}: a line is {{"text", "form", "intent"}}.') from wrong
        if row.form not in FORMS:
            raise Failed(f"{file}:{number}: form must be one of {', '.join(FORMS)}.")
        if row.intent.partition("/")[0] not in INTENTS:
            raise Failed(f"{file}:{number}: there is no such intent.")
        yield row


def _table(report: Report) -> Iterable[str]:
    yield f"{'form':10} {'texts':>6} {'right':>7} {'macro-F1':>9} {'language':>9} {'danger':>7} {'p50 ms':>7} {'p95 ms':>7}"
    for form, score in (*report.forms.items(), ("all", report.total)):
        yield _line(form, score)
    yield ""
    yield "answered by: " + ", ".join(f"{name} {times}" for name, times in sorted(report.engines.items()))
    for true, guess, times in report.confusions[:10]:
        yield f"  {times:4} x {true} taken for {guess}"


def _line(form: str, score: Score) -> str:
    danger = "" if score.emergency_recall is None else f"{score.emergency_recall:.1%}"
    return (
        f"{form:10} {score.rows:6} {score.accuracy:7.1%} {score.macro_f1:9.3f} {score.form_accuracy:9.1%} "
        f"{danger:>7} {score.p50_ms:7.2f} {score.p95_ms:7.2f}"
    )
