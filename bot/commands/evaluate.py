"""`sahti evaluate`: how well texts are understood, form by form, on a set of labelled ones."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.commands.failing import Failed, services
from bot.settings import ROOT
from nlu import table as tables
from nlu.evaluate import Labelled, Report, Score, Share, worse
from nlu.evaluate import evaluate as measure
from nlu.types import FORMS, INTENTS, DangerLevel

OWN_SETS = ("intents_dev.jsonl", "intents_dev_zgh.jsonl")
"""Texts of the project's own tests, kept apart from what the model is trained on."""
LINE = '{"text", "form" or "lang" and "script", "intent"?, "entities"?, "near_miss"?, "red_flag"?, "level"?, "now"?}'
FORM_OF = {(form.partition("-")[0], form.partition("-")[2] or None): form for form in FORMS} | {
    ("ar", "Arab"): "ar",
    ("fr", "Latn"): "fr",
}
NOON = datetime(2026, 11, 24, 12)  # noqa: DTZ001 (wall time: what dates in the texts are read against)


def evaluate(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Measure understanding on labelled texts."""
    parser.add_argument(
        "--set",
        dest="files",
        type=Path,
        action="append",
        metavar="FILE",
        help=f"JSON lines {LINE}; may be given again; without it the project's own sets",
    )
    parser.add_argument("--engine", choices=("auto", "rasa", "table"), default="auto")
    parser.add_argument("--against", type=Path, metavar="TABLE", help="a candidate table; 1 where it is worse anywhere")
    parser.add_argument("--json", action="store_true", help="the whole report as JSON")
    given = parser.parse_args(arguments)
    files = given.files or [ROOT / "tests" / "nlu" / "data" / name for name in OWN_SETS]
    rows = [row for file in files for row in _rows(file)]
    if not rows:
        raise Failed("There is no text in these files.")
    if given.against is not None:
        return _compared(rows, given.against)
    report = measure(rows, services().understander, now=NOON, engine=given.engine)
    if given.json:
        sys.stdout.write(json.dumps(report.as_dict(), ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(_table(report)) + "\n")
    return 0


def _compared(rows: Sequence[Labelled], file: Path) -> int:
    """A candidate table beside the one in use, on the same texts. Raises Failed where it is worse in any form."""
    try:
        candidate = tables.load(file)
    except (OSError, tables.UnusableTable) as wrong:
        raise Failed(f"{file} is no table: {wrong}.") from wrong
    used = services().understander
    current = measure(rows, used, now=NOON, engine="table")
    against = measure(rows, used.on_table(candidate), now=NOON, engine="table")
    for report in (current, against):
        sys.stdout.write("\n".join(_table(report)) + "\n\n")
    if found := worse(current, against):
        raise Failed("The candidate is worse. " + "; ".join(found) + ".")
    sys.stdout.write(f"The candidate {candidate.version} is not worse in any form.\n")
    return 0


def _rows(file: Path) -> Iterable[Labelled]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        raise Failed(f"{file} cannot be read as text.") from wrong
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _labelled(json.loads(line))
            except (KeyError, TypeError) as wrong:
                raise Failed(f"{file}:{number}: a line is {LINE}.") from wrong
            except ValueError as wrong:
                told = f"a line is {LINE}" if isinstance(wrong, json.JSONDecodeError) else str(wrong)
                raise Failed(f"{file}:{number}: {told}.") from wrong


def _labelled(given: dict[str, Any]) -> Labelled:
    """One line. Raises KeyError, TypeError or ValueError, the last with a sentence."""
    form = (
        given.get("form") or given.get("language") or FORM_OF.get((given["lang"], given.get("script")), given["lang"])
    )
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}")
    intent, flag = given.get("intent"), given.get("red_flag")
    if intent is not None and str(intent).partition("/")[0] not in INTENTS:
        raise ValueError("there is no such intent")
    entities = given.get("entities")
    if intent is None and flag is None and entities is None and not given.get("near_miss") and "lang" not in given:
        raise KeyError("intent")
    return Labelled(
        text=str(given["text"]),
        form=form,
        intent=intent,
        red_flag=None if given.get("near_miss") or not flag else str(flag),
        level=DangerLevel(given.get("level") or "ask") if flag and not given.get("near_miss") else DangerLevel.ASK,
        near_miss=bool(given.get("near_miss")),
        entities=None if entities is None else tuple((str(one["type"]), str(one["value"])) for one in entities),
        now=datetime.fromisoformat(given["now"]).replace(tzinfo=None) if given.get("now") else None,
    )


def _table(report: Report) -> Iterable[str]:
    yield f"{'form':10}" + "".join(f"{head:>{width}}" for head, width, _ in COLUMNS)
    for form, score in (*report.forms.items(), ("all", report.total)):
        yield f"{form:10}" + "".join(f"{_cell(cell(score)):>{width}}" for _, width, cell in COLUMNS)
    yield ""
    if report.total.danger:
        low, high = report.total.danger.bounds
        yield f"danger signs answered: {report.total.danger.value:.1%} (95 %: {low:.1%} to {high:.1%})"
        yield "by kind: " + ", ".join(f"{kind} {share.value:.2f}" for kind, share in report.kinds.items())
    if report.total.alarms:
        low, high = report.total.alarms.bounds
        yield f"near-misses answered all the same: {report.total.alarms.value:.1%} (95 %: {low:.1%} to {high:.1%})"
    yield "answered by: " + ", ".join(f"{name} {times}" for name, times in sorted(report.engines.items()))
    for one in report.calibration:
        yield f"  {one.rows:5} answers {one.confidence:.2f} sure on average, {one.accuracy:.2f} of them right"
    for true, guess, times in report.confusions[:10]:
        yield f"  {times:4} x {true} taken for {guess}"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, Share):
        return f"{value.value:.1%}"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


COLUMNS: tuple[tuple[str, int, Callable[[Score], object]], ...] = (
    ("texts", 7, lambda score: score.rows),
    ("right", 8, lambda score: score.accuracy),
    ("macro-F1", 10, lambda score: score.macro_f1),
    ("danger", 9, lambda score: score.danger),
    ("now", 8, lambda score: score.danger_now),
    ("alarm now", 11, lambda score: score.alarms_now),
    ("alarm", 8, lambda score: score.alarms),
    ("entities", 10, lambda score: score.entities),
    ("1-5 words", 11, lambda score: score.language_short),
    ("6+ words", 10, lambda score: score.language_long),
    ("p50 ms", 8, lambda score: score.p50_ms),
    ("p99 ms", 8, lambda score: score.p99_ms),
)
"""What the table shows: intents, danger signs and false alarms, entities, language by length, time."""
