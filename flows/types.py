"""The values of a conversation: what a flow says, asks for and remembers. All survive a JSON round trip."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing a person can choose: `id` comes back, the label is a key with its parameters."""

    id: str
    key: str
    params: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Say:
    """Say the text of `key`. With `choices` it is a question that is answered by one of them.

    A parameter is plain (text or number) or one of `{"day": iso}`, `{"time": iso}`, `{"datetime": iso}` (local wall
    time, worded per language), `{"count": n}` (chooses the plural), `{"words": {"Latn": …, "Arab": …}}` (a name by
    script).
    """

    key: str
    params: Mapping[str, Json] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Handover:
    """A person should take over; `reason` is a short word for staff (`asked_for_human`, `not_understood`, …)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Go:
    """The end of one flow and the beginning of another, with these first variables."""

    flow: str
    vars: Mapping[str, Json] = field(default_factory=dict, repr=False)


Effect = Say | Handover | Go


@dataclass(frozen=True, slots=True)
class Do:
    """An action for the caller to run in its transaction; its result goes to `resume`."""

    action: str
    params: Mapping[str, Json] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said to an open question, already understood. `entities` are (type, value, text).

    Like everything that can hold a person's words, they stay out of the `repr`, so that no log can show them.
    """

    text: str = field(default="", repr=False)
    choice: str | None = None
    intent: str | None = None
    entities: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class FlowState:
    """Where a conversation stands between two turns. `to_json`/`from_json` keep it whole."""

    flow: str
    version: int
    state: str
    vars: Mapping[str, Json] = field(default_factory=dict, repr=False)
    tries: int = 0
    choices: tuple[Choice, ...] = ()
    """What the open question offered, in the order shown."""
    asked_at: datetime | None = None
    moves: int = 0
    """How many states were entered since the person last spoke or fell silent; it bounds a turn."""

    def to_json(self) -> dict[str, Json]:
        """Everything, as JSON. `FlowState.from_json` gives back an equal state."""
        return {
            "flow": self.flow,
            "version": self.version,
            "state": self.state,
            "vars": dict(self.vars),
            "tries": self.tries,
            "choices": [{"id": c.id, "key": c.key, "params": dict(c.params)} for c in self.choices],
            "asked_at": self.asked_at.isoformat() if self.asked_at else None,
            "moves": self.moves,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Json]) -> "FlowState":
        """The state that `to_json` wrote, also by an earlier release. ValueError if it is not one."""
        try:
            asked_at = stored.get("asked_at")
            return cls(
                flow=_text(stored["flow"]),
                version=_whole(stored["version"]),
                state=_text(stored["state"]),
                vars=_object(stored.get("vars", {})),
                tries=_whole(stored.get("tries", 0)),
                choices=tuple(_choice(_object(c)) for c in _list(stored.get("choices", []))),
                asked_at=datetime.fromisoformat(_text(asked_at)) if asked_at is not None else None,
                moves=_whole(stored.get("moves", 0)),
            )
        except (KeyError, TypeError) as error:
            raise ValueError("this is not the state of a conversation") from error


def _choice(stored: dict[str, Json]) -> Choice:
    return Choice(_text(stored["id"]), _text(stored["key"]), _object(stored.get("params", {})))


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _whole(value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a whole number")
    return value


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


@dataclass(frozen=True, slots=True)
class Step:
    """What happened: the state to keep (None: the flow is over), effects in order, and an action that is waited for."""

    state: FlowState | None
    effects: tuple[Effect, ...] = ()
    do: Do | None = None
    outcome: str | None = None
    """How the flow ended: the word of its `end:`, or `handover`, or `go`. None while it goes on."""
    understood: bool = True
    """False when the answer fitted nothing here: the caller may prefer another flow that fits the intent."""
