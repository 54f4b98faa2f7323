"""Turns keys into words: all texts of all forms, checked when they are loaded and worded when they are asked for.

python-i18n holds the texts and fills the placeholders. Three of its habits are worked around here: its plurals are not
CLDR's (Babel chooses), its current locale is one for the whole process (a locale is always passed), and a key it does
not know costs a search of the disk (everything is loaded first, and what is missing is remembered).
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from threading import Lock

import i18n
from i18n import translations
from i18n.translator import TranslationFormatter

from locales.reading import (
    LocaleError,
    LocaleProblem,
    Text,
    placeholders,
    placeholders_of,
    read_mapping,
    read_messages,
)
from locales.wording import Wording, isolated, wording

__all__ = ["CHAINS", "FORMS", "Catalog", "LocaleError", "LocaleProblem"]

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

Defaults = Mapping[str, Json] | Callable[[], Mapping[str, Json]]

CHAINS: Mapping[str, tuple[str, ...]] = {
    "ary-Arab": ("ary-Arab", "ary-Latn", "ar", "fr"),
    "ary-Latn": ("ary-Latn", "ary-Arab", "ar", "fr"),
    "ar": ("ar", "fr"),
    "fr": ("fr", "ar"),
    "zgh-Tfng": ("zgh-Tfng", "zgh-Latn", "fr", "ar"),
    "zgh-Latn": ("zgh-Latn", "zgh-Tfng", "fr", "ar"),
}
"""Where to look, in order, when a form lacks a key."""

FORMS = tuple(CHAINS)
COMPLETE = ("ar", "fr")
"""The forms that must have every key: all others end in them."""

LAST_RESORT = "common.error_try_later"

_serial = count(1)
_compile = lru_cache(maxsize=4096)(TranslationFormatter)


class Catalog:
    """The words of the product. Immutable once loaded, apart from `missing`; safe to share between threads."""

    def __init__(self, texts: Mapping[str, Mapping[str, Text]], wordings: Mapping[str, Wording]) -> None:
        self.missing: Counter[str] = Counter()
        """How often a text was not there, by `form:key`, or a value for it, by `form:key:placeholder`."""
        self.defaults: Defaults = {}
        """Values for placeholders that the caller gave nothing for."""
        self._wordings = wordings
        self._texts = texts
        self._keywords: Mapping[str, Mapping[str, list[str]]] = {}
        self._lock = Lock()
        # Each catalog has locales of its own in python-i18n's process-wide store, so that two never mix.
        serial = next(_serial)
        self._locales = {form: f"{form}@{serial}" for form in texts}
        for form, locale in self._locales.items():
            for key, text in texts[form].items():
                i18n.add_translation(key, text, locale=locale)
        self._found: dict[tuple[str, str], tuple[str, Text]] = {}

    @classmethod
    def load(cls, root: Path | None = None, defaults: Defaults | None = None) -> "Catalog":
        """All texts under `root` (the product's own when not given): `<form>/{meta,messages*,keywords}.yml`.

        `defaults` are values that any text may name without being given them: the emergency numbers `ambulance`,
        `samu`, `police` and `poison`, from the one table that holds them. A function is asked each time, since numbers
        expire. Raises `LocaleError` with all mistakes of all files.
        """
        root = root or Path(__file__).parent
        problems: list[LocaleProblem] = []
        texts: dict[str, Mapping[str, Text]] = {}
        places: dict[str, dict[str, tuple[str, int]]] = {}
        wordings: dict[str, Wording] = {}
        keywords: dict[str, Mapping[str, list[str]]] = {}
        for form in FORMS:
            reading = read_messages(root / form)
            problems += reading.problems
            texts[form], places[form] = reading.texts, reading.places
            meta_file = f"{form}/meta.yml"
            meta = read_mapping(root / form / "meta.yml", problems)
            found = wording(form, meta, partial(LocaleProblem, meta_file, 1), problems)
            if found:
                wordings[form] = found
            if (root / form / "keywords.yml").is_file():
                keywords[form] = _phrases(read_mapping(root / form / "keywords.yml", problems))
        problems += _disagreements(texts, places, wordings)
        if problems:
            raise LocaleError(problems)
        catalog = cls(texts, wordings)
        catalog._keywords = keywords
        catalog.defaults = defaults or {}
        return catalog

    def text(
        self,
        key: str,
        form: str,
        params: Mapping[str, Json] | None = None,
        overrides: Mapping[str, Mapping[str, str]] | None = None,
        *,
        isolate: bool = False,
    ) -> str:
        """The text of `key` in `form`, or in the next form of its chain that has it.

        A parameter is plain, a list of parameters, or one of `{"day": iso}`, `{"time": iso}`, `{"datetime": iso}`,
        `{"short": iso}` (local wall time; the last is brief, for choices), `{"count": n}` (chooses the plural), `{"words": {form or script: text}}`, each also with a list of such values. `overrides`
        (key → form → text) come before the shipped text of the same form. With `isolate`, Latin words and numbers
        in right-to-left text are set apart (for WhatsApp; it would cost SMS units). A key that nobody has gives the
        text of `common.error_try_later`, a value that is not there nothing: both are counted in `missing`.
        """
        own, text = self._find(key, form, overrides)
        words = self._wordings[own]
        values: dict[str, str] = {}
        number: float | None = None
        for name, value in (params or {}).items():
            if type(value) is str:
                values[name] = value
                continue
            if isinstance(value, dict) and isinstance(counted := value.get("count"), int | float):
                number = counted
            values[name] = _word(value, words)
        if isinstance(text, dict):
            text = text.get(words.plural(number or 0), text["other"])
        template = _compile(text)
        try:
            said = str(template.substitute(values))
        except KeyError:
            said = self._filled(template, f"{form}:{key}", words, values)
        return isolated(said) if isolate and words.direction == "rtl" else said

    def has(self, key: str, form: str) -> bool:
        """Whether `form` itself has `key`, without its chain."""
        return key in self._texts[form]

    def keys(self, form: str) -> frozenset[str]:
        """All keys that `form` itself has."""
        return frozenset(self._texts[form])

    def raw(self, key: str, form: str) -> str:
        """The template of `key`, with its placeholders; of plurals, the `other` one. Falls back as `text` does."""
        _, text = self._find(key, form, None)
        return text if isinstance(text, str) else text["other"]

    def variants(self, key: str, form: str) -> Mapping[str, str]:
        """The template of `key` by plural category; a text without plurals stands under `other`."""
        _, text = self._find(key, form, None)
        return {"other": text} if isinstance(text, str) else text

    @staticmethod
    def placeholders(template: str) -> set[str]:
        """The names of the values that a template wants."""
        return placeholders(template)

    def day(self, value: str | date, form: str) -> str:
        """A day (ISO date or datetime, local) in words, without the year."""
        return self._wordings[form].day(value)

    def time(self, value: str | time | datetime, form: str) -> str:
        """A time of the day (ISO, local) in words."""
        return self._wordings[form].time(value)

    def datetime(self, value: str | datetime, form: str) -> str:
        """A day and time (ISO, local) in words."""
        return self._wordings[form].datetime(value)

    def keywords(self) -> Mapping[str, Mapping[str, list[str]]]:
        """The words that work everywhere: form → keyword → phrases."""
        return self._keywords

    def direction(self, form: str) -> str:
        """`rtl` or `ltr`."""
        return self._wordings[form].direction

    def name(self, form: str) -> str:
        """The form's own name for itself."""
        return self._wordings[form].name

    def review_needed(self, form: str) -> frozenset[str]:
        """Keys whose wording a speaker still has to look at: those listed in `meta.yml`, by key, topic or `*`."""
        listed = self._wordings[form].review
        return frozenset(
            key for key in self._texts[form] if "*" in listed or any(f"{key}.".startswith(f"{one}.") for one in listed)
        )

    def reviewed_by(self, form: str) -> str | None:
        """Who reviewed the texts of this form; None while nobody has."""
        return self._wordings[form].reviewed_by

    def _find(self, key: str, form: str, overrides: Mapping[str, Mapping[str, str]] | None) -> tuple[str, Text]:
        edited = overrides.get(key) if overrides else None
        if edited is None and (found := self._found.get((form, key))):
            if found[0] != form:
                self._miss(f"{form}:{key}")
            return found
        for place in CHAINS[form]:
            if edited and place in edited:
                return place, edited[place]
            if translations.has(key, self._locales[place]):
                found = place, translations.get(key, self._locales[place])
                break
        else:
            self._miss(f"{form}:{key}")
            if key == LAST_RESORT:
                return form, "..."
            return self._find(LAST_RESORT, form, overrides)
        if found[0] != form:
            self._miss(f"{form}:{key}")
        if edited is None:
            self._found[form, key] = found
        return found

    def _filled(self, template: TranslationFormatter, place: str, words: Wording, values: dict[str, str]) -> str:
        defaults = self.defaults() if callable(self.defaults) else self.defaults
        for name in placeholders(template.template) - values.keys():
            if name not in defaults:
                self._miss(f"{place}:{name}")
            values[name] = _word(defaults.get(name), words)
        return str(template.substitute(values))

    def _miss(self, what: str) -> None:
        with self._lock:
            self.missing[what] += 1


def _word(value: Json, words: Wording) -> str:
    if isinstance(value, list):
        return words.list_separator.join(_word(one, words) for one in value)
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    kind, said = next(iter(value.items()), ("", None))
    if isinstance(said, list):
        return words.list_separator.join(_word({kind: one}, words) for one in said)
    if kind == "words" and isinstance(said, dict):
        return _by_script(said, words)
    if said is None:
        return ""
    return _moment(words, kind, str(said))


@lru_cache(maxsize=8192)  # a campaign or a morning of reminders words the same few days and hours again and again
def _moment(words: Wording, kind: str, said: str) -> str:
    writers: Mapping[str, Callable[[str], str]] = {
        "day": words.day,
        "time": words.time,
        "datetime": words.datetime,
        "short": words.short,
    }
    return writers.get(kind, str)(said)


def _by_script(names: Mapping[str, Json], words: Wording) -> str:
    for tag in (words.form, words.script, "Latn"):
        if names.get(tag):
            return str(names[tag])
    return next((str(name) for name in names.values() if name), "")


def _phrases(content: Mapping[str, object]) -> Mapping[str, list[str]]:
    return {word: [str(one) for one in phrases] for word, phrases in content.items() if isinstance(phrases, list)}


def _disagreements(
    texts: Mapping[str, Mapping[str, Text]],
    places: Mapping[str, Mapping[str, tuple[str, int]]],
    wordings: Mapping[str, Wording],
) -> list[LocaleProblem]:
    problems: list[LocaleProblem] = []
    every = {key: form for form in reversed(FORMS) for key in texts[form]}
    for form in COMPLETE:
        for key in sorted(every.keys() - texts[form].keys()):
            file, line = places[every[key]][key]
            problems.append(LocaleProblem(file, line, f"{key} has no text in {form}"))
    for form in FORMS:
        for key, text in texts[form].items():
            file, line = places[form][key]
            if key in texts["fr"] and placeholders_of(text) != (wanted := placeholders_of(texts["fr"][key])):
                names = ", ".join(sorted(wanted)) or "none"
                problems.append(LocaleProblem(file, line, f"{key} has other placeholders than French ({names})"))
            if isinstance(text, dict) and form in wordings and (lacking := wordings[form].categories - text.keys()):
                problems.append(LocaleProblem(file, line, f"{key} lacks the plural {', '.join(sorted(lacking))}"))
    return problems
