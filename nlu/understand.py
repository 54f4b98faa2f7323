"""Turns one text into its meaning. The order is: language, danger, keyword, menu answer, Rasa, built-in table.

Danger signs come from the phrase layer or from the classifier, whichever sees one; nothing lowers a level once raised.
Entities come from the pure layer alone, so that they are the same whatever engine answers.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Literal, Protocol, TypeVar

from nlu import bands, communes, dates, identify, named, robot
from nlu import danger as danger_signs
from nlu.client import NluClient, askable
from nlu.fold import clean
from nlu.keywords import Keywords, language_named
from nlu.places import Places
from nlu.table import Table
from nlu.types import FORMS, INTENTS, Danger, DangerLevel, Entity, Keyword, Language, Understood

Engine = Literal["auto", "rasa", "table"]
T = TypeVar("T")

LONGEST = 1600
"""Letters of a text that are read; the rest of a longer one is left out, as in `nlu.fold.clean`."""

KEYWORD_INTENTS = {
    Keyword.STOP: ("opt_out", None),
    Keyword.DELETE: ("opt_out", "opt_out/delete_data"),
    Keyword.HELP: ("help", None),
    Keyword.MENU: ("help", "help/menu"),
    Keyword.LANGUAGE: ("change_language", None),
    Keyword.HUMAN: ("talk_to_human", None),
    Keyword.NOT_ME: ("opt_out", "opt_out/not_me"),
    Keyword.START: ("affirm", "affirm/start"),
}
"""The intent that goes with a keyword. "For somebody else" says none: it is read in the words around it."""


def _unheard(layer: str, kind: str) -> None:
    """Nobody asked to hear of faults."""


class Found(Protocol):
    """What the finders of numbers, dates and places return."""

    @property
    def type(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one engine made of a text."""

    intent: str
    confidence: float
    detail: str | None
    engine: str
    model: str | None
    ranking: tuple[tuple[str, float], ...] = ()


class Understander:
    """Understands texts. Made once a process; thread-safe; never raises on any text.

    `table` None leaves the intent to Rasa alone; `client` None leaves it to the table alone. `on_fault` hears the name of
    a layer that failed on a text and the kind of its error, never the text.
    """

    def __init__(
        self,
        keywords: Keywords,
        table: Table | None,
        client: NluClient | None = None,
        places: Places | None = None,
        *,
        on_fault: Callable[[str, str], None] = _unheard,
    ) -> None:
        self._on_fault = on_fault
        self._keywords = keywords
        self._table = table
        self._client = client
        self._places = places
        communes.load()

    def on_table(self, table: Table) -> "Understander":
        """The same understanding with another table, and without Rasa: a candidate to compare."""
        return Understander(self._keywords, table, None, self._places, on_fault=self._on_fault)

    def understand(
        self,
        text: str,
        *,
        form: str | None,
        now: datetime,
        engine: Engine = "auto",
        choice: str | None = None,
    ) -> Understood:
        """Everything found in one text.

        `form` is the conversation's language and script, a hint: short texts keep it. `now` is local wall time in
        Morocco, against which dates are read. `choice` is the id of a button or row that was tapped: it needs no engine.
        `engine` `auto` asks Rasa within its deadline, then the table; USSD passes `table`.
        """
        found, unread = self._found(text, form, now, choice)
        return found if unread is None else self._with_reading(found, unread, engine)

    def at_once(
        self, text: str, *, form: str | None, now: datetime, engine: Engine = "auto", choice: str | None = None
    ) -> Understood | None:
        """The same where nobody needs to be asked for it; None where Rasa would be, which takes milliseconds."""
        found, unread = self._found(text, form, now, choice)
        if unread is None:
            return found
        if engine == "auto" and (self._client is None or not askable(unread)):
            engine = "table"
        return self._with_reading(found, unread, engine) if engine == "table" else None

    def _found(self, text: str, form: str | None, now: datetime, choice: str | None) -> tuple[Understood, str | None]:
        """What the rules find, and the cleaned text where an engine has yet to name its intent."""
        text = text[:LONGEST]
        cleaned = self._guarded("clean", lambda: clean(text), "")
        hint = form if form in FORMS else None
        language = self._guarded("identify", lambda: identify.identify(cleaned, hint), Language(hint or FORMS[0], 0.0))
        # a label of ours that was tapped holds no danger of its own
        look = danger_signs.find if choice is None else partial(danger_signs.find, sense=False)
        sign = self._guarded("danger", lambda: look(cleaned), None)
        keyword = None if choice is not None else self._guarded("keywords", lambda: self._keywords.find(cleaned), None)
        named = None if choice is not None else self._guarded("keywords", lambda: language_named(cleaned), None)
        if named is not None and (keyword is None or keyword[0] is Keyword.LANGUAGE):
            keyword = (Keyword.LANGUAGE, named)
        else:
            named = None
        found = Understood(
            language.form,
            language.margin,
            entities=self._guarded("entities", lambda: self._entities(text, language.form, now), ()),
            danger=sign,
            language_named=named,
        )
        if sign is not None and sign.level is DangerLevel.NOW:
            word = keyword[0] if keyword else None
            return replace(found, intent="emergency", confidence=1.0, keyword=word, engine="danger"), None
        if keyword is not None:
            if keyword[0] not in KEYWORD_INTENTS:
                return replace(found, keyword=keyword[0]), cleaned
            intent, detail = KEYWORD_INTENTS[keyword[0]]
            meant = replace(
                found, keyword=keyword[0], intent=intent, intent_detail=detail, confidence=1.0, engine="keyword"
            )
            return meant, None
        return found, None if choice is not None or _needs_no_engine(cleaned) else cleaned

    def _with_reading(self, found: Understood, text: str, engine: Engine) -> Understood:
        read = _with_reading(found, self._read(text, engine))
        if read.intent is not None and self._guarded("robot", lambda: robot.asks(text), otherwise=False):
            return replace(read, intent_detail=f"{read.intent}/robot")
        return read

    def _read(self, text: str, engine: Engine) -> _Reading | None:
        if engine != "table" and self._client is not None:
            client = self._client
            parse = self._guarded("rasa", lambda: client.parse(text), None)
            top = parse.intent.partition("/")[0] if parse else ""
            if parse and top in INTENTS:
                return _Reading(top, parse.confidence, _finer(parse.intent), "rasa", parse.model, parse.ranking)
        if engine != "rasa" and self._table is not None:
            table = self._table
            guess = self._guarded("table", lambda: table.predict(text), None)
            if guess and guess.intent in INTENTS:
                return _Reading(guess.intent, guess.confidence, guess.detail, "table", table.version, guess.ranking)
        return None

    def _guarded(self, layer: str, work: Callable[[], T], otherwise: T) -> T:
        """One broken layer never silences the others: a danger sign is answered whatever else fails."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - any fault of one layer, on any text a stranger may send
            self._on_fault(layer, type(error).__name__)
            return otherwise

    def _entities(self, text: str, form: str, now: datetime) -> tuple[Entity, ...]:
        nothing: tuple[Found, ...] = ()
        found = self._guarded("dates", lambda: tuple(dates.everything(text, now, form)), nothing)
        found += self._guarded("named", lambda: tuple(named.find(text, form)), nothing)
        if self._places is not None:
            places = self._places
            found += self._guarded("places", lambda: tuple(places.find(text)), nothing)
        found += self._guarded("communes", lambda: tuple(communes.find(text)), nothing)
        return entities(found)


def entities(found: Iterable[Found]) -> tuple[Entity, ...]:
    """Entities in the order of the text, without overlaps: the longest wins, of equally long ones the first given."""
    taken: list[Entity] = []
    for one in sorted(found, key=lambda one: one.start - one.end):
        if all(one.end <= other.start or one.start >= other.end for other in taken):
            taken.append(Entity(one.type, one.value, one.text, one.start, one.end))
    return tuple(sorted(taken, key=lambda entity: entity.start))


def _with_reading(found: Understood, reading: _Reading | None) -> Understood:
    if reading is None:
        return found
    sign = found.danger
    if sign is None and reading.intent == "emergency" and reading.confidence >= bands.alarms_from():
        sign = Danger("unspecified", DangerLevel.ASK)
    return replace(
        found,
        intent=reading.intent,
        confidence=reading.confidence,
        intent_detail=reading.detail,
        engine=reading.engine,
        model=reading.model,
        ranking=reading.ranking,
        danger=sign,
    )


def _finer(intent: str) -> str | None:
    return intent if "/" in intent else None


def _needs_no_engine(text: str) -> bool:
    """A menu number, a reading or nothing to read at all: no letter, so no intent to ask an engine for."""
    return not any(letter.isalpha() for letter in text)
