"""The try-it phone: a conversation held over again from its beginning at every step, without effect on anybody. PURE.

The page carries what was said so far; nothing is stored. Where the flow asks the hub to do something, whoever tries it
chooses how that turns out, and sample values stand for what would have been found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.flowing import label_meant
from bot.core.render import labels, render
from flows import engine
from flows.actions import ACTIONS
from flows.schema import Action, Flow, FlowError
from flows.testing import plain_answer
from flows.types import Effect, Go, Handover, Json, Say, Step
from locales.catalog import Catalog
from sms_gateway.channel import Capabilities

MOST_STEPS = 60
MOST_DIGITS = 2
SCREENS: Mapping[str, Capabilities] = {
    "sms": Capabilities("sms"),
    "ussd": Capabilities("ussd", inline_reply=True, max_parts=1, page_gsm7=160, page_ucs2=70, tifinagh=False),
    "whatsapp": Capabilities("whatsapp", max_units=4096, buttons=3, list_rows=10),
}
"""What each kind of channel shows (docs/channels.md)."""

_PLACES: list[Json] = [
    {"id": "agdal", "name": {"Latn": "CS Agdal", "Arab": "م.ص أكدال", "Tfng": "ⴰⴳⴷⴰⵍ"}},
    {"id": "gueliz", "name": {"Latn": "CS Gueliz", "Arab": "م.ص جليز", "Tfng": "ⴳⵉⵍⵉⵣ"}},
]
_SERVICES: list[Json] = [
    {"id": "general", "name": {"Latn": "Consultation", "Arab": "طبيب عام", "Tfng": "ⴰⴹⴱⵉⴱ"}},
    {"id": "vaccination", "name": {"Latn": "Vaccination", "Arab": "تلقيح", "Tfng": "ⵜⴰⴳⴳⴰⵣⵜ"}},
]
_NAMES: Json = {"Latn": "CS Agdal", "Arab": "م.ص أكدال", "Tfng": "ⴰⴳⴷⴰⵍ"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line on the phone: `bot`, `me`, or a `note` of what the hub would do."""

    who: str
    text: str
    choices: tuple[str, ...] = ()
    word: str = ""
    """For notes: which words of the page introduce the text."""


@dataclass(frozen=True, slots=True)
class Tried:
    """The conversation so far, and what is waited for: an answer, the outcome of an action, or nothing more."""

    lines: tuple[Line, ...]
    waits_for: str
    branches: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


@dataclass(slots=True)
class _Phone:
    flow: Flow
    texts: Mapping[str, Mapping[str, str]]
    catalog: Catalog
    form: str
    medium: str
    now: datetime
    lines: list[Line] = field(default_factory=list)

    def show(self, effects: tuple[Effect, ...]) -> None:
        capabilities = SCREENS[self.medium]
        for effect in effects:
            if isinstance(effect, Say):
                shown = render([effect], self.form, capabilities, self.catalog, self.texts)
                for text in shown.pages or tuple(part.text for part in shown.parts):
                    part = shown.parts[0]
                    rows = part.buttons or (part.menu.rows if part.menu else ())
                    self.lines.append(Line("bot", text, tuple(row.title for row in rows)))
            elif isinstance(effect, Handover):
                self.lines.append(Line("note", effect.reason, word="try.handover"))
            elif isinstance(effect, Go):
                self.lines.append(Line("note", effect.flow, word="try.go"))

    def answer(self, step: Step, said: str) -> Step:
        state = step.state
        if state is None:
            return step
        self.lines.append(Line("me", said))
        meant = plain_answer(said)
        choice = meant.choice
        typed = said.strip()
        if (
            choice is None
            and typed.isascii()
            and typed.isdigit()
            and len(typed) <= MOST_DIGITS
            and 0 < int(typed) <= len(state.choices)
        ):
            choice = state.choices[int(typed) - 1].id
        if choice is None:
            choice = label_meant(said, labels(state.choices, self.form, self.catalog, self.texts))
        meant = type(meant)(meant.text, choice, meant.intent, meant.entities)
        return engine.answer(self.flow, state, meant, self.now)

    def act(self, step: Step, branch: str) -> Step:
        if step.state is None or step.do is None:
            return step
        self.lines.append(Line("note", f"{step.do.action} → {branch}", word="try.done"))
        value = _sample(step.do.action, branch, self.now)
        return engine.resume(self.flow, step.state, {"branch": branch, "value": value}, self.now)


def _sample(action: str, branch: str, now: datetime) -> Json:
    if branch != "some":
        return None
    times = [now.replace(hour=9, minute=0) + timedelta(days=day) for day in (1, 2, 3)]
    slots: list[Json] = [
        {"id": f"sample-{number}", "starts_at": f"{at:%Y-%m-%dT%H:%M}", "facility": _NAMES}
        for number, at in enumerate(times)
    ]
    return {
        "appointments.places": _PLACES,
        "appointments.services": _SERVICES,
        "appointments.offer": slots,
        "appointments.mine": [visit(now)],
    }.get(action)


def visit(now: datetime) -> Json:
    """A made-up appointment, for flows that begin with one."""
    at = now.replace(hour=10, minute=0) + timedelta(days=1)
    return {
        "id": "sample",
        "starts_at": f"{at:%Y-%m-%dT%H:%M}",
        "facility": _NAMES,
        "place": "agdal",
        "service": "general",
    }


def _branches(flow: Flow, step: Step) -> tuple[str, ...]:
    if step.do is None or step.state is None:
        return ()
    node = flow.states.get(step.state.state)
    mapped = tuple(node.to) if isinstance(node, Action) else ()
    spec = ACTIONS.get(step.do.action)
    return mapped or (spec.results if spec else ("done",))


def replay(
    flow: Flow,
    texts: Mapping[str, Mapping[str, str]],
    catalog: Catalog,
    *,
    form: str,
    medium: str,
    steps: tuple[str, ...],
    now: datetime,
) -> Tried:
    """Hold the conversation with these steps (answers and outcomes in turn). `now` is local time without a zone."""
    phone = _Phone(flow, texts, catalog, form, medium, now)
    given: dict[str, Json] = {"form": form, "medium": medium}
    if "appointment" in flow.starts_with and flow.starts_with["appointment"] is None:
        given["appointment"] = visit(now)
    taken: list[str] = []
    try:
        step = engine.start(flow, given, now)
        phone.show(step.effects)
        for said in steps[:MOST_STEPS]:
            if step.state is None:
                break
            step = phone.act(step, said) if step.do else phone.answer(step, said)
            taken.append(said)
            phone.show(step.effects)
    except (FlowError, ValueError, TypeError, KeyError) as broken:
        phone.lines.append(Line("note", str(broken)[:200], word="try.broken"))
        return Tried(tuple(phone.lines), "over", steps=tuple(taken))
    if step.state is None:
        phone.lines.append(Line("note", step.outcome or "", word="try.over"))
        return Tried(tuple(phone.lines), "over", steps=tuple(taken))
    waits_for = step.do.action if step.do else "answer"
    return Tried(tuple(phone.lines), waits_for, _branches(flow, step), tuple(taken))
