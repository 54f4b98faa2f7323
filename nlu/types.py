"""What a text means: the values that understanding hands to the hub."""

from dataclasses import dataclass, field
from enum import StrEnum

FORMS = ("ary-Arab", "ary-Latn", "ar", "fr", "zgh-Tfng", "zgh-Latn")
"""Language and script tags, in the order used everywhere."""

INTENTS = (
    "book_appointment", "cancel_appointment", "reschedule_appointment", "appointment_info",
    "medication_taken", "medication_missed", "medication_refill", "side_effect",
    "health_question", "vaccination_info", "pregnancy_advice", "report_reading",
    "emergency", "talk_to_human", "change_language", "greet", "thanks", "affirm", "deny",
    "help", "opt_out", "out_of_scope",
)  # fmt: skip
"""Public intent names. Finer ones nest under them with a slash: `health_question/diabetes`."""


class Keyword(StrEnum):
    """Words that work everywhere and that no flow can shadow."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    MENU = "menu"
    LANGUAGE = "language"
    HUMAN = "human"
    DELETE = "delete"
    NOT_ME = "not_me"
    FOR_OTHER = "for_other"


class DangerLevel(StrEnum):
    """`now`: the emergency text. `ask`: one short question, numbers beside it. `inform`: information, not an alarm."""

    NOW = "now"
    ASK = "ask"
    INFORM = "inform"


@dataclass(frozen=True, slots=True)
class Danger:
    """A danger sign: its kind (`bleeding`, `breathing`, `self_harm`, …) and how urgent the words make it."""

    kind: str
    level: DangerLevel


@dataclass(frozen=True, slots=True)
class Entity:
    """A piece of the text with a value. `start`/`end` are offsets into the original text.

    `type` is one of `date time datetime interval duration recurrence number blood_pressure glucose temperature weight
    pulse dose place person medicine phone`; `value` is written as documented in `nlu/dates.py` and `nlu/numbers.py`
    (`2026-11-24`, `2026-11-24T10:00`, `10:00`, `start/end`, `P14D`, `every PT8H`, `140/90`, `ASK` …), local wall time.
    """

    type: str
    value: str
    text: str = field(repr=False)
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Language:
    """The language and script of a text, with the margin by which they won (0 to 1). `form` is one of FORMS."""

    form: str
    margin: float

    @property
    def language(self) -> str:
        return self.form.partition("-")[0]

    @property
    def script(self) -> str:
        return {"ar": "Arab", "fr": "Latn"}.get(self.form) or self.form.partition("-")[2]


@dataclass(frozen=True, slots=True)
class Understood:
    """Everything understanding found in one text. `engine` is `rasa`, `table`, `keyword`, `danger` or `none`."""

    form: str
    margin: float
    intent: str | None = None
    confidence: float = 0.0
    entities: tuple[Entity, ...] = ()
    keyword: Keyword | None = None
    danger: Danger | None = None
    engine: str = "none"
    model: str | None = None
    """Version of the model that chose the intent."""
    intent_detail: str | None = None
    """The finer name under the intent, where there is one: `health_question/diabetes`."""
    ranking: tuple[tuple[str, float], ...] = ()
    """What an engine found likeliest, best first, at most three: full names of different public intents, and how sure."""
    language_named: str | None = None
    """The form of the language that the text names and asks for (`français`); `zgh` where its alphabet stays open."""
