"""Measures understanding on labelled texts: per form, accuracy, macro-F1, emergency recall and time."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol

from nlu.table import parse
from nlu.table_fit import fit
from nlu.types import Understood
from nlu.understand import Engine


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with its form and its intent; a finer intent name counts as the public one above it."""

    text: str
    form: str
    intent: str


@dataclass(frozen=True, slots=True)
class Score:
    """How one form did. Shares are 0 to 1; `p50_ms` and `p95_ms` are milliseconds for one text.

    `emergency_recall` counts a text as seen when its intent is `emergency` or a danger sign was raised; None when
    there was no such text. `form_accuracy` is that of the language and script, without a hint.
    """

    rows: int
    accuracy: float
    macro_f1: float
    form_accuracy: float
    emergency_recall: float | None
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Report:
    """Scores by form, over all forms, how often each engine answered, and the commonest confusions."""

    forms: Mapping[str, Score]
    total: Score
    engines: Mapping[str, int]
    confusions: Sequence[tuple[str, str, int]]
    """(true intent, intent given, how often), the commonest first, at most twenty."""

    def as_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return asdict(self)


class Understands(Protocol):
    """What is measured: `nlu.understand.Understander`, or anything with its one method."""

    def understand(
        self, text: str, *, form: str | None, now: datetime, engine: Engine = "auto", choice: str | None = None
    ) -> Understood: ...


@dataclass(frozen=True, slots=True)
class _Outcome:
    row: Labelled
    true: str
    got: Understood
    seconds: float


def evaluate(rows: Iterable[Labelled], understander: Understands, *, now: datetime, engine: Engine = "auto") -> Report:
    """Understands every text without any context and compares. Raises ValueError when there is nothing to compare."""
    outcomes = []
    for row in rows:
        began = time.perf_counter()
        got = understander.understand(row.text, form=None, now=now, engine=engine)
        outcomes.append(_Outcome(row, row.intent.partition("/")[0], got, time.perf_counter() - began))
    if not outcomes:
        raise ValueError("nothing to evaluate")
    by_form: dict[str, list[_Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_form[outcome.row.form].append(outcome)
    wrong = Counter((one.true, one.got.intent or "none") for one in outcomes if one.got.intent != one.true)
    return Report(
        forms={form: _score(of_form) for form, of_form in sorted(by_form.items())},
        total=_score(outcomes),
        engines=dict(Counter(one.got.engine for one in outcomes)),
        confusions=[(true, given, times) for (true, given), times in wrong.most_common(20)],
    )


def cross_validate(rows: Sequence[Labelled], folds: int = 5, measured: int | None = None) -> dict[str, float]:
    """Macro-F1 of the table by form (and `all`) on texts that it was not fitted on.

    Every `folds`-th text is held out in turn; `measured` limits how many of the folds are done, for time.
    """
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for fold in range(measured or folds):
        fitted = [(row.text, row.intent) for at, row in enumerate(rows) if at % folds != fold]
        table = parse(fit(fitted, "cross-validation"))
        for row in rows[fold::folds]:
            guess = table.predict(row.text)
            pairs[row.form].append((row.intent.partition("/")[0], guess.intent if guess else "none"))
    pairs["all"] = [pair for of_form in list(pairs.values()) for pair in of_form]
    return {form: macro_f1(of_form) for form, of_form in sorted(pairs.items())}


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """The mean of the F1 of every intent that is true at least once, from (true, given) pairs."""
    true = Counter(right for right, _ in pairs)
    given = Counter(guess for _, guess in pairs)
    both = Counter(right for right, guess in pairs if right == guess)
    return sum(2 * both[intent] / (true[intent] + given[intent]) for intent in true) / len(true)


def _score(outcomes: Sequence[_Outcome]) -> Score:
    pairs = [(one.true, one.got.intent or "none") for one in outcomes]
    urgent = [one for one in outcomes if one.true == "emergency"]
    seen = sum(one.got.intent == "emergency" or one.got.danger is not None for one in urgent)
    times = sorted(one.seconds * 1000 for one in outcomes)
    return Score(
        rows=len(outcomes),
        accuracy=sum(right == guess for right, guess in pairs) / len(pairs),
        macro_f1=macro_f1(pairs),
        form_accuracy=sum(one.got.form == one.row.form for one in outcomes) / len(outcomes),
        emergency_recall=seen / len(urgent) if urgent else None,
        p50_ms=times[len(times) // 2],
        p95_ms=times[int(len(times) * 0.95)],
    )
