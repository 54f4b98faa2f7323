"""Editing conversations: drafts of flows with their texts, what speaks against publishing them, and going back."""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.core import numbers
from bot.core.ids import IdSource
from bot.service.flowbook import Flows
from bot.store import flows as store
from bot.store import staff
from bot.store.database import Database
from bot.store.flows import Version
from flows.graph import uses
from flows.lint import lint
from flows.load import load_text
from flows.schema import Flow, FlowError, Problem
from flows.testing import run_tests
from locales.catalog import FORMS, Catalog
from sms_gateway.segments import count

Texts = Mapping[str, Mapping[str, str]]

SMS_SEGMENTS = 4
"""A text of a conversation is no longer than this many SMS segments."""
WHATSAPP_UNITS = 1024
"""The body of a WhatsApp message with buttons or a list (Meta's Cloud API reference, interactive messages)."""
USSD_PAGES = 5
"""More screens than this nobody turns: a USSD session lasts about three minutes."""
USSD_UNITS = {"GSM-7": 140, "UCS-2": 60}
"""What a USSD page holds beside its navigation lines, of 160 septets or 70 UCS-2 units."""
LONE_PERCENT = re.compile(r"%(?!\{[a-z][a-z0-9_]*\})")
LONGEST_YAML = 200_000
LONGEST_TEXT = 4096


@dataclass(frozen=True, slots=True)
class Listed:
    """A flow in the list. `published` is None while the shipped version is in force."""

    id: str
    title: str
    published: int | None
    reviewed: bool
    clinical: bool
    draft: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """A flow being looked at: the YAML and texts to edit (the draft's, else those in force), and its versions."""

    id: str
    yaml: str
    texts: Texts
    draft: Version | None
    history: tuple[Version, ...]
    in_force: int | None


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: mistakes in the file, and what else speaks against publishing."""

    flow: Flow | None
    mistakes: tuple[Problem, ...]
    blockers: tuple[Problem, ...]

    @property
    def may_publish(self) -> bool:
        return self.flow is not None and not self.mistakes and not self.blockers


class Publishing:
    """What administrators do with flows. Refusals are words of the pages; None means that it was done."""

    def __init__(
        self,
        *,
        database: Database,
        flows: Flows,
        folder: Path,
        catalog: Catalog,
        clock: Callable[[], datetime],
        new_id: IdSource,
        zone: str,
    ) -> None:
        self._database, self._flows, self._folder, self._catalog = database, flows, folder, catalog
        self._clock, self._new_id, self._zone = clock, new_id, ZoneInfo(zone)
        self._publishing = threading.Lock()

    def _today(self) -> date:
        return self._clock().astimezone(self._zone).date()

    def listing(self) -> list[Listed]:
        """All flows by id, with what is in force."""
        book = self._flows.book()
        listed = []
        for flow_id, shipped in sorted(self._flows.shipped.items()):
            flow = book.current.get(flow_id, shipped)
            with self._database.read() as connection:
                history = store.history(connection, flow_id)
            listed.append(
                Listed(
                    id=flow_id,
                    title="; ".join(source.title for source in flow.sources)[:120],
                    published=next((one.number for one in history if one.in_force), None),
                    reviewed=all(source.reviewed_by for source in flow.sources),
                    clinical=flow.clinical,
                    draft=self._differs(flow_id, history),
                ),
            )
        return listed

    def _differs(self, flow_id: str, history: Sequence[Version]) -> bool:
        """Whether there is a draft that says something else than what is in force."""
        draft = next((one for one in history if one.state == "draft"), None)
        if draft is None:
            return False
        current = next((one for one in history if one.in_force), None)
        yaml, texts = (current.yaml, current.texts) if current else (self.shipped(flow_id), {})
        return (draft.yaml, draft.texts) != (yaml, texts)

    def shipped(self, flow_id: str) -> str | None:
        """The YAML that came with the release; None for a flow that it does not have."""
        if flow_id not in self._flows.shipped:
            return None
        return (self._folder / f"{flow_id}.yaml").read_text(encoding="utf-8")

    def open(self, flow_id: str) -> Opened | None:
        """A flow to look at or edit; None when there is none of that id."""
        shipped = self.shipped(flow_id)
        if shipped is None:
            return None
        with self._database.read() as connection:
            history = store.history(connection, flow_id)
        draft = next((one for one in history if one.state == "draft"), None)
        in_force = next((one for one in history if one.in_force), None)
        best = draft or in_force
        return Opened(
            id=flow_id,
            yaml=best.yaml if best else shipped,
            texts=best.texts if best else {},
            draft=draft,
            history=tuple(one for one in history if one.state != "draft"),
            in_force=in_force.number if in_force else None,
        )

    def keys(self, flow: Flow) -> list[str]:
        """Keys of the texts that a flow uses, in the order of its file."""
        found = [use.key for name in flow.states for use in uses(flow, name) if use.key]
        return list(dict.fromkeys(found))

    def check(self, flow_id: str, yaml: str, texts: Texts) -> Checked:
        """Everything wrong with a draft, at its line."""
        if len(yaml) > LONGEST_YAML:
            return Checked(None, (Problem(1, 1, "the flow is too long", flow_id),), ())
        try:
            flow = load_text(yaml, name=flow_id)
        except FlowError as wrong:
            return Checked(None, tuple(wrong.problems), ())
        if flow.id != flow_id:
            problem = flow.problem("id", f"this is the page of “{flow_id}”: the id must stay")
            return Checked(flow, (problem,), ())
        known = {form: self._catalog.keys(form) | {k for k, by in texts.items() if by.get(form)} for form in FORMS}
        every = set(self._flows.shipped)
        mistakes = lint(flow, keys=known, flows=every, measure=lambda key, form: self._length(flow, texts, key, form))
        mistakes += self._placeholders(flow, texts)
        publishing = lint(flow, keys=known, flows=every, today=self._today(), publishing=True)
        blockers = [problem for problem in publishing if problem not in mistakes]
        blockers += self._expired_numbers(flow, texts)
        if not mistakes:
            blockers += run_tests(flow)
        return Checked(flow, tuple(sorted(set(mistakes))), tuple(sorted(set(blockers))))

    def text(self, texts: Texts, key: str, form: str) -> str:
        """The text of a key in a form as this draft has it, with its placeholders; empty where nobody has it."""
        own = texts.get(key, {}).get(form)
        if own:
            return own
        return self._catalog.raw(key, form) if self._catalog.has(key, form) else ""

    def _length(self, flow: Flow, texts: Texts, key: str, form: str) -> str | None:
        text = self.text(texts, key, form)
        counted = count(text)
        if "sms" in flow.channels and counted.segments > SMS_SEGMENTS:
            return f"{counted.segments} SMS segments, at most {SMS_SEGMENTS}"
        if "whatsapp" in flow.channels and len(text.encode("utf-16-le", "surrogatepass")) // 2 > WHATSAPP_UNITS:
            return f"longer than the {WHATSAPP_UNITS} characters of a WhatsApp message"
        if "ussd" in flow.channels and counted.units > USSD_PAGES * USSD_UNITS[counted.encoding]:
            return f"more than {USSD_PAGES} USSD screens"
        return None

    def _placeholders(self, flow: Flow, texts: Texts) -> list[Problem]:
        """An edited text keeps to the values that the shipped one names: no other is given."""
        problems = []
        used = self.keys(flow)
        for key, by_form in texts.items():
            wanted = self._catalog.placeholders(self._catalog.raw(key, "fr")) if self._catalog.has(key, "fr") else None
            for form, text in by_form.items():
                if len(text) > LONGEST_TEXT:
                    problems.append(flow.problem("", f"the text “{key}” in {form} is too long"))
                if LONE_PERCENT.search(text.replace("%%", "")):
                    problems.append(
                        flow.problem("", f"the text “{key}” in {form} has a % that begins no value: write %%")
                    )
                extra = self._catalog.placeholders(text) - wanted if wanted is not None else set()
                if key in used and extra:
                    names = ", ".join(f"%{{{name}}}" for name in sorted(extra))
                    problems.append(
                        flow.problem("", f"the text “{key}” in {form} names {names}, which it is not given")
                    )
        return problems

    def _expired_numbers(self, flow: Flow, texts: Texts) -> list[Problem]:
        expired = {number.name for number in numbers.expired(self._today())}
        if not expired:
            return []
        problems = []
        for key in self.keys(flow):
            shown = set().union(*(self._catalog.placeholders(self.text(texts, key, form)) for form in flow.languages))
            if old := sorted(shown & expired):
                problems.append(flow.problem("", f"“{key}” shows a number to be checked again first: {', '.join(old)}"))
        return problems

    def save(self, flow_id: str, yaml: str, texts: Texts, staff_id: str) -> str | None:
        """Keep what was written as the flow's draft, with its mistakes; only publishing is refused for them."""
        if len(yaml) > LONGEST_YAML or any(len(t) > LONGEST_TEXT for by in texts.values() for t in by.values()):
            return "text_long"
        now = self._clock()
        with self._publishing, self._database.write() as connection:
            draft = next((one for one in store.history(connection, flow_id) if one.state == "draft"), None)
            if draft is None or not store.change_draft(connection, draft.id, yaml, texts):
                store.add_draft(connection, Version(self._new_id(), flow_id, 0, yaml, texts, created_by=staff_id), now)
            staff.note(connection, self._new_id(), staff_id, "flow.written", flow_id, now)
        return None

    def publish(self, flow_id: str, staff_id: str) -> str | None:
        """Put the draft in force as a new version."""
        now = self._clock()
        with self._publishing:
            opened = self.open(flow_id)
            if opened is None or opened.draft is None:
                return "no_draft"
            if not self.check(flow_id, opened.draft.yaml, opened.draft.texts).may_publish:
                return "flow_refused"
            with self._database.write() as connection:
                same = store.get(connection, opened.draft.id)
                if same is None or same.yaml != opened.draft.yaml or same.texts != opened.draft.texts:
                    return "changed_meanwhile"
                store.publish(connection, opened.draft.id, now)
                staff.note(connection, self._new_id(), staff_id, "flow.published", flow_id, now)
        self._flows.refresh()
        return None

    def discard(self, flow_id: str, staff_id: str) -> str | None:
        """Make the draft again what is in force."""
        now = self._clock()
        opened = self.open(flow_id)
        if opened is None or opened.draft is None:
            return "no_draft"
        current = next((one for one in opened.history if one.in_force), None)
        yaml = current.yaml if current else self.shipped(flow_id) or ""
        with self._database.write() as connection:
            store.change_draft(connection, opened.draft.id, yaml, current.texts if current else {})
            staff.note(connection, self._new_id(), staff_id, "flow.discarded", flow_id, now)
        return None

    def roll_back(self, flow_id: str, version_id: str | None, staff_id: str) -> str | None:
        """Put an earlier version back in force, or with None the one that ships."""
        now = self._clock()
        with self._database.write() as connection:
            if version_id is None:
                store.withdraw(connection, flow_id, now)
            else:
                version = store.get(connection, version_id)
                if version is None or version.flow != flow_id or version.state == "draft":
                    return "not_found"
                store.publish(connection, version_id, now)
            staff.note(connection, self._new_id(), staff_id, "flow.rolled_back", flow_id, now)
        self._flows.refresh()
        return None
