"""Measures understanding on labelled texts: intents, danger, entities, language, confidence and time, form by form."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from math import sqrt
from typing import Protocol

from nlu.table import parse
from nlu.table_fit import fit
from nlu.types import DangerLevel, Understood
from nlu.understand import Engine

FEW_WORDS = 5
"""Texts of up to so many words are measured apart: they say little of their language."""
SURE = 1.96
"""Standard deviations of a 95 % interval."""
BINS = 10


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with its form and what is true of it; what is None or empty is not measured.

    A finer intent name counts as the public one above it. `red_flag` is a danger's kind, `level` the least it deserves;
    `near_miss` marks a text that sounds like one and is none. `entities` are (type, value) pairs.
    """

    text: str
    form: str
    intent: str | None = None
    red_flag: str | None = None
    level: DangerLevel = DangerLevel.ASK
    near_miss: bool = False
    entities: tuple[tuple[str, str], ...] | None = None
    now: datetime | None = None
    """Wall time against which its dates are read; None: that of the whole measurement."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with Wilson's 95 % interval (Wilson 1927, Journal of the American Statistical Association)."""

    right: int
    of: int

    @property
    def value(self) -> float:
        return self.right / self.of

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval in which the share of all such texts lies."""
        share, count = self.value, self.of
        middle = share + SURE**2 / (2 * count)
        half = SURE * sqrt(share * (1 - share) / count + SURE**2 / (4 * count**2))
        whole = 1 + SURE**2 / count
        return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)


@dataclass(frozen=True, slots=True)
class Score:
    """How one form did; what there was nothing of is None. Times are milliseconds for one text.

    `danger` are danger signs answered `now` or `ask`, `danger_now` those that deserve `now` and get it. `alarms_now` and
    `alarms` are near-misses that were answered so all the same: less is better. `entities` are texts whose every
    entity is there with its value. Language and script are found without a hint.
    """

    rows: int
    accuracy: float | None
    macro_f1: float | None
    emergency_recall: float | None
    danger: Share | None
    danger_now: Share | None
    alarms_now: Share | None
    alarms: Share | None
    entities: Share | None
    language_short: Share | None
    language_long: Share | None
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about the same confidence: how sure they were on average, and how often right."""

    rows: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Report:
    """Scores by form, over all forms, and what lies behind them."""

    forms: Mapping[str, Score]
    total: Score
    engines: Mapping[str, int]
    confusions: Sequence[tuple[str, str, int]]
    """(true intent, intent given, how often), the commonest first, at most twenty."""
    kinds: Mapping[str, Share] = field(default_factory=dict)
    """Danger signs answered `now` or `ask`, by kind."""
    calibration: Sequence[Bin] = ()

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
    got: Understood
    seconds: float

    @property
    def true(self) -> str:
        return (self.row.intent or "").partition("/")[0]

    @property
    def given(self) -> str:
        return self.got.intent or "none"

    @property
    def level(self) -> DangerLevel | None:
        return self.got.danger.level if self.got.danger else None

    @property
    def alarmed(self) -> bool:
        return self.level in {DangerLevel.NOW, DangerLevel.ASK}


def evaluate(rows: Iterable[Labelled], understander: Understands, *, now: datetime, engine: Engine = "auto") -> Report:
    """Understands every text without any context and compares. Raises ValueError when there is nothing to compare."""
    outcomes = []
    for row in rows:
        began = time.perf_counter()
        got = understander.understand(row.text, form=None, now=row.now or now, engine=engine)
        outcomes.append(_Outcome(row, got, time.perf_counter() - began))
    if not outcomes:
        raise ValueError("nothing to evaluate")
    by_form: dict[str, list[_Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_form[outcome.row.form].append(outcome)
    named = [one for one in outcomes if one.true]
    wrong = Counter((one.true, one.given) for one in named if one.given != one.true)
    kinds: dict[str, list[bool]] = defaultdict(list)
    for one in outcomes:
        if one.row.red_flag:
            kinds[one.row.red_flag].append(one.alarmed)
    return Report(
        forms={form: _score(of_form) for form, of_form in sorted(by_form.items())},
        total=_score(outcomes),
        engines=dict(Counter(one.got.engine for one in outcomes)),
        confusions=[(true, given, times) for (true, given), times in wrong.most_common(20)],
        kinds={kind: Share(sum(seen), len(seen)) for kind, seen in sorted(kinds.items())},
        calibration=_calibration(named),
    )


def cross_validate(rows: Sequence[Labelled], folds: int = 5, measured: int | None = None) -> dict[str, float]:
    """Macro-F1 of the table by form (and `all`) on texts that it was not fitted on.

    Every `folds`-th text is held out in turn; `measured` limits how many of the folds are done, for time.
    """
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for fold in range(measured or folds):
        fitted = [(row.text, row.intent or "") for at, row in enumerate(rows) if at % folds != fold]
        table = parse(fit(fitted, "cross-validation"))
        for row in rows[fold::folds]:
            guess = table.predict(row.text)
            pairs[row.form].append(((row.intent or "").partition("/")[0], guess.intent if guess else "none"))
    pairs["all"] = [pair for of_form in list(pairs.values()) for pair in of_form]
    return {form: macro_f1(of_form) for form, of_form in sorted(pairs.items())}


def worse(current: Report, candidate: Report) -> list[str]:
    """In what a candidate does worse than what is in use, one sentence each; empty where it may take its place.

    Both measured on the same texts. By form: the intents and language; danger signs and near-misses to the last text.
    """
    found = []
    for form, old in current.forms.items():
        new = candidate.forms[form]
        pairs: tuple[tuple[str, float | None, float | None], ...] = (
            ("macro-F1", old.macro_f1, new.macro_f1),
            ("danger signs answered", _value(old.danger), _value(new.danger)),
            ("danger signs answered at once", _value(old.danger_now), _value(new.danger_now)),
            ("emergencies seen", old.emergency_recall, new.emergency_recall),
            ("near-misses left alone", _left(old.alarms), _left(new.alarms)),
        )
        found += [
            f"{form}: {what} {after:.3f}, was {before:.3f}"
            for what, before, after in pairs
            if before is not None and after is not None and after < before
        ]
    return found


def _value(share: Share | None) -> float | None:
    return share.value if share else None


def _left(alarms: Share | None) -> float | None:
    return 1 - alarms.value if alarms else None


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """The mean of the F1 of every intent that is true at least once, from (true, given) pairs."""
    true = Counter(right for right, _ in pairs)
    given = Counter(guess for _, guess in pairs)
    both = Counter(right for right, guess in pairs if right == guess)
    return sum(2 * both[intent] / (true[intent] + given[intent]) for intent in true) / len(true)


def _score(outcomes: Sequence[_Outcome]) -> Score:
    pairs = [(one.true, one.given) for one in outcomes if one.true]
    urgent = [one for one in outcomes if one.true == "emergency"]
    signs = [one for one in outcomes if one.row.red_flag]
    misses = [one for one in outcomes if one.row.near_miss]
    times = sorted(one.seconds * 1000 for one in outcomes)
    return Score(
        rows=len(outcomes),
        accuracy=sum(right == guess for right, guess in pairs) / len(pairs) if pairs else None,
        macro_f1=macro_f1(pairs) if pairs else None,
        emergency_recall=_share(urgent, lambda one: one.given == "emergency" or one.got.danger is not None),
        danger=_counted(signs, lambda one: one.alarmed),
        danger_now=_counted(
            [one for one in signs if one.row.level is DangerLevel.NOW], lambda one: one.level is DangerLevel.NOW
        ),
        alarms_now=_counted(misses, lambda one: one.level is DangerLevel.NOW),
        alarms=_counted(misses, lambda one: one.alarmed),
        entities=_counted([one for one in outcomes if one.row.entities is not None], _has_entities),
        language_short=_counted([one for one in outcomes if _is_short(one)], _in_its_form),
        language_long=_counted([one for one in outcomes if not _is_short(one)], _in_its_form),
        p50_ms=times[len(times) // 2],
        p99_ms=times[int(len(times) * 0.99)],
    )


def _is_short(one: _Outcome) -> bool:
    return len(one.row.text.split()) <= FEW_WORDS


def _in_its_form(one: _Outcome) -> bool:
    return one.got.form == one.row.form


def _has_entities(one: _Outcome) -> bool:
    said = {(entity.type, entity.value) for entity in one.got.entities}
    return said >= set(one.row.entities or ())


def _counted(outcomes: Sequence[_Outcome], right: "Judge") -> Share | None:
    return Share(sum(right(one) for one in outcomes), len(outcomes)) if outcomes else None


def _share(outcomes: Sequence[_Outcome], right: "Judge") -> float | None:
    counted = _counted(outcomes, right)
    return counted.value if counted else None


class Judge(Protocol):
    """Says whether a text came out right."""

    def __call__(self, one: _Outcome, /) -> bool: ...


def _calibration(outcomes: Sequence[_Outcome]) -> list[Bin]:
    """Answers of an engine that estimates, in bins of equal width of their confidence; empty ones left out."""
    bins: dict[int, list[_Outcome]] = defaultdict(list)
    for one in outcomes:
        if one.got.engine in {"rasa", "table"} and one.got.intent:
            bins[min(BINS - 1, int(one.got.confidence * BINS))].append(one)
    return [
        Bin(
            len(found),
            sum(one.got.confidence for one in found) / len(found),
            sum(one.given == one.true for one in found) / len(found),
        )
        for _, found in sorted(bins.items())
    ]
