"""Measures understanding on the held-out texts: shares only, never a text.

`python -m tests.nlu.heldout` prints the figures; `--raise` also lifts `floors.json` to them, less a margin. Every share
is such that more is better, so a floor can only be lifted. Whoever works on `nlu/` reads the figures and not the lines.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.settings import ROOT, Settings
from bot.wiring import Services
from nlu import dates, train
from nlu.evaluate import Labelled, evaluate
from nlu.types import DangerLevel
from nlu.understand import Understander

FOLDER = Path(__file__).parent / "data" / "heldout"
FLOORS = FOLDER / "floors.json"
MARGIN = 0.02
"""How far a floor stays under what was measured: room for one text in fifty."""
NOON = datetime(2026, 11, 24, 12)  # noqa: DTZ001 (wall time: what `sahti evaluate` reads texts against)
FEW_WORDS = 5

Row = dict[str, Any]
Figures = dict[str, dict[str, float]]
"""Name of a measure → form, or `all` → share from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One text measured: where it counts, and whether it was right. `kind` is that of a danger sign."""

    form: str
    right: bool
    kind: str = ""


def rows(name: str) -> list[Row]:
    """The lines of a held-out file, each with its `form`."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [{**row, "form": _form(row)} for row in map(json.loads, lines)]


def _form(row: Mapping[str, Any]) -> str:
    if "language" in row:
        return str(row["language"])
    language = str(row["lang"])
    return language if language in {"ar", "fr"} else f"{language}-{row['script']}"


def understander() -> Understander:
    """The hub's own, on its table: no server has to run, and the figures are the same everywhere."""
    settings = Settings()
    train.build_table(ROOT, settings.var, lambda _: None)
    return Services(settings).understander


def intents(subject: Understander) -> Figures:
    """Macro-F1 over the 22 intents, as `sahti evaluate` measures it."""
    labelled = [Labelled(row["text"], row["form"], row["intent"]) for row in rows("intents.jsonl")]
    report = evaluate(labelled, subject, now=NOON, engine="table")
    shares = {form: score.macro_f1 for form, score in report.forms.items()}
    return {"intent macro-F1": {**shares, "all": report.total.macro_f1}}


def danger(subject: Understander) -> tuple[Figures, dict[str, float]]:
    """Danger signs by form, and the share seen of each kind. `alert` is `now` or `ask`.

    Signs: all that get an alert, those meant `now` that get `now`, and those told as the right kind. Near-misses: how
    many stay without `now`, and without any alert.
    """
    measured: dict[str, list[Answer]] = defaultdict(list)
    for row in rows("danger.jsonl"):
        found = subject.understand(row["text"], form=None, now=NOON, engine="table").danger
        level = found.level if found else None
        alert = level in {DangerLevel.NOW, DangerLevel.ASK}
        form, kind = row["form"], row.get("red_flag", "")
        if row.get("near_miss"):
            measured["near-miss without now"].append(Answer(form, level is not DangerLevel.NOW))
            measured["near-miss without alert"].append(Answer(form, not alert))
            continue
        measured["danger now or ask"].append(Answer(form, alert, kind))
        measured["danger of its kind"].append(Answer(form, found is not None and alert and found.kind == kind, kind))
        if row["level"] == "now":
            measured["danger now"].append(Answer(form, level is DangerLevel.NOW, kind))
    seen = _shares((answer.kind, answer.right) for answer in measured["danger now or ask"])
    return {name: _by_form(answers) for name, answers in measured.items()}, seen


def when(_: Understander) -> Figures:
    """Dates, times and readings alone: the value, and its type too, exactly right."""
    answers = []
    for row in rows("when.jsonl"):
        found = dates.when(row["text"], datetime.fromisoformat(row["now"]), row["form"])
        answers.append(Answer(row["form"], found is not None and fits(row, found.type, found.value)))
    return {"when alone": _by_form(answers)}


def when_inside(subject: Understander) -> Figures:
    """The same inside sentences: every one that the sentence holds is among its entities."""
    answers = []
    for row in rows("when_inside.jsonl"):
        now = datetime.fromisoformat(row["now"])
        said = subject.understand(row["text"], form=row["form"], now=now, engine="table").entities
        right = all(any(fits(wanted, one.type, one.value) for one in said) for wanted in row["entities"])
        answers.append(Answer(row["form"], right))
    return {"when inside": _by_form(answers)}


def language(subject: Understander) -> Figures:
    """Language and script without a hint, for texts of up to five words and for longer ones."""
    short: list[Answer] = []
    long: list[Answer] = []
    for row in rows("language.jsonl"):
        right = subject.understand(row["text"], form=None, now=NOON, engine="table").form == row["form"]
        (short if len(row["text"].split()) <= FEW_WORDS else long).append(Answer(row["form"], right))
    return {"language of 1-5 words": _by_form(short), "language of 6+ words": _by_form(long)}


def everything() -> tuple[Figures, dict[str, float]]:
    """All figures, and the share seen of each kind of danger."""
    subject = understander()
    figures, kinds = danger(subject)
    others: tuple[Callable[[Understander], Figures], ...] = (intents, when, when_inside, language)
    for measure in others:
        figures.update(measure(subject))
    return figures, kinds


def fits(wanted: Mapping[str, Any], kind: str, value: str) -> bool:
    """Whether a reading is the one wanted, or the other one (`or`) that the words allow as well."""
    return any(kind == one["type"] and same(one["value"], value) for one in (wanted, wanted.get("or")) if one)


def same(wanted: str, given: str) -> bool:
    """Whether two values say the same: `P2W` is `P14D`, `1.20 g/L` is `1.2 g/L`, `1/week` is `every P1W`."""
    return _plain(wanted) == _plain(given)


_UNIT = re.compile(r"(?<=\d) g/L$")
"""Glucose was written with its unit when the texts were; the value is the plain number since (docs/entities.md)."""
_ONCE = {"1/day": "every P1D", "1/week": "every P1W", "1/month": "every P1M"}


_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")


def _plain(value: str) -> tuple[object, ...]:
    parts: list[object] = []
    for word in _ONCE.get(value, _UNIT.sub("", value)).split():
        if match := _DURATION.fullmatch(word):
            years, months, weeks, days, hours, minutes = (int(number or 0) for number in match.groups())
            parts += [years * 12 + months, ((weeks * 7 + days) * 24 + hours) * 60 + minutes]
        else:
            parts.append(float(word) if re.fullmatch(r"\d+(\.\d+)?", word) else word)
    return tuple(parts)


def lifted(floors: Figures, measured: Figures) -> Figures:
    """The floors after a measurement: each at what was measured less the margin, and none lower than it was."""
    found: Figures = {}
    for name, shares in sorted(measured.items()):
        old = floors.get(name, {})
        found[name] = {
            form: max(old.get(form, 0.0), int(max(share - MARGIN, 0.0) * 1000) / 1000) for form, share in shares.items()
        }
    return found


def _by_form(answers: Iterable[Answer]) -> dict[str, float]:
    listed = list(answers)
    return _shares((form, answer.right) for answer in listed for form in (answer.form, "all"))


def _shares(pairs: Iterable[tuple[str, bool]]) -> dict[str, float]:
    grouped: dict[str, list[bool]] = defaultdict(list)
    for key, right in pairs:
        grouped[key].append(right)
    return {key: sum(rights) / len(rights) for key, rights in sorted(grouped.items())}


def main(arguments: list[str]) -> int:
    """Prints the figures; with `--raise`, lifts the floors."""
    figures, kinds = everything()
    for name, shares in sorted(figures.items()):
        sys.stdout.write(f"{name}: " + "  ".join(f"{form} {share:.3f}" for form, share in shares.items()) + "\n")
    sys.stdout.write("danger seen by kind: " + "  ".join(f"{kind} {share:.2f}" for kind, share in kinds.items()) + "\n")
    if "--raise" in arguments:
        floors = json.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.exists() else {}
        FLOORS.write_text(json.dumps(lifted(floors, figures), indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
