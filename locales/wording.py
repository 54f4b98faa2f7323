"""How one language writes days, times, lists and counts, as its `meta.yml` says."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal

from babel import Locale
from i18n.translator import TranslationFormatter

from locales.reading import PLURALS, LocaleProblem

LEFT_TO_RIGHT_ISOLATE = "\u2066"
POP_ISOLATE = "\u2069"

_LATIN_RUN = re.compile(r"[0-9A-Za-z\u00c0-\u024f](?:[0-9A-Za-z\u00c0-\u024f .:/+%'&-]*[0-9A-Za-z\u00c0-\u024f])?")
_NEEDED = (
    "name", "direction", "script", "plural_rules", "list_separator", "day_pattern", "time_pattern", "datetime_pattern",
    "short_pattern",
)  # fmt: skip


def isolated(text: str) -> str:
    """`text` with each run of Latin letters and digits set apart from the right-to-left words around it."""
    return _LATIN_RUN.sub(lambda run: f"{LEFT_TO_RIGHT_ISOLATE}{run.group()}{POP_ISOLATE}", text)


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """The writing habits of one form.

    `plural` gives the CLDR category of a number. Chosen by Babel: python-i18n knows only "up to five is few".
    """

    form: str
    name: str
    direction: Literal["ltr", "rtl"]
    script: str
    list_separator: str
    days: tuple[str, ...]
    """Names of the days of the week, Monday first."""
    months: tuple[str, ...]
    plural: Callable[[float], str]
    categories: frozenset[str]
    """The plural categories that a text with a count needs here."""
    review: frozenset[str]
    """Keys whose words a speaker of the language still has to look at."""
    reviewed_by: str | None
    _day: TranslationFormatter
    _time: TranslationFormatter
    _datetime: TranslationFormatter
    _short: TranslationFormatter

    def day(self, value: str | date) -> str:
        """A day with its weekday, without the year: `mardi 24 novembre`."""
        when = date.fromisoformat(value[:10]) if isinstance(value, str) else value
        weekday, month = self.days[when.weekday()], self.months[when.month - 1]
        return str(self._day.substitute(weekday=weekday, day=when.day, month=month))

    def time(self, value: str | time | datetime) -> str:
        """A time of the day on the 24-hour clock: `10h30`."""
        if isinstance(value, str):
            value = time.fromisoformat(value[11:] if "T" in value[1:] else value)
        return str(self._time.substitute(hour=value.hour, minute=f"{value.minute:02d}"))

    def datetime(self, value: str | datetime) -> str:
        """A day and a time: `mardi 24 novembre, 10h30`."""
        return str(self._datetime.substitute(day=self.day(value), time=self.time(value)))

    def short(self, value: str) -> str:
        """A day and a time as a choice shows them: `mardi 24/11 10h30`."""
        when = datetime.fromisoformat(value)
        weekday = self.days[when.weekday()]
        return str(self._short.substitute(weekday=weekday, day=when.day, month=when.month, time=self.time(when)))


def wording(
    form: str, meta: Mapping[str, object], line_of: Callable[[str], LocaleProblem], problems: list[LocaleProblem]
) -> Wording | None:
    """The writing habits told by a `meta.yml`; mistakes are added to `problems` through `line_of(message)`."""
    before = len(problems)
    problems.extend(line_of(f"{name} is missing") for name in _NEEDED if not isinstance(meta.get(name), str))
    days = _names(meta.get("days"), 7)
    months = _names(meta.get("months"), 12)
    if days is None:
        problems.append(line_of("days must be seven names, Monday first"))
    if months is None:
        problems.append(line_of("months must be twelve names"))
    if meta.get("direction") not in {"ltr", "rtl"}:
        problems.append(line_of("direction must be ltr or rtl"))
    if len(problems) > before or days is None or months is None:
        return None
    rule = Locale.parse(str(meta["plural_rules"])).plural_form
    review = meta.get("review_needed")
    return Wording(
        form=form,
        name=str(meta["name"]),
        direction="rtl" if meta["direction"] == "rtl" else "ltr",
        script=str(meta["script"]),
        list_separator=str(meta["list_separator"]),
        days=days,
        months=months,
        plural=rule,
        categories=_categories(rule),
        review=frozenset(map(str, review)) if isinstance(review, list) else frozenset(),
        reviewed_by=str(meta["reviewed_by"]) if meta.get("reviewed_by") else None,
        _day=TranslationFormatter(meta["day_pattern"]),
        _time=TranslationFormatter(meta["time_pattern"]),
        _datetime=TranslationFormatter(meta["datetime_pattern"]),
        _short=TranslationFormatter(meta["short_pattern"]),
    )


def _names(value: object, count: int) -> tuple[str, ...] | None:
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == count:
        return tuple(map(str, value))
    return None


def _categories(rule: Callable[[float], str]) -> frozenset[str]:
    # The categories that whole numbers up to 200 meet; French keeps `many` for millions, which no text here counts.
    return frozenset(PLURALS) & ({rule(number) for number in range(201)} | {"other"})
