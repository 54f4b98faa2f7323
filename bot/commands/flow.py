"""`sahti flow lint` and `sahti flow test`: what is wrong in a conversation's file, each with its place."""

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.commands.failing import Failed, services
from bot.core import flowing
from bot.core.render import labels
from bot.settings import ROOT
from bot.wiring import Services
from flows.lint import lint
from flows.load import load_text
from flows.schema import Flow, FlowError, Problem
from flows.testing import MONDAY, run_tests
from flows.types import Answer, FlowState, Say
from nlu.types import FORMS, INTENTS

DEFINITIONS = ROOT / "flows" / "definitions"
Check = Callable[[Flow], list[Problem]]


def flow(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Lint flows or run the talks in them; 1 when there is a problem."""
    parser.add_argument("what", choices=("lint", "test"), help="lint: does it hold together; test: do its talks hold")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="flows; without one all that ship")
    parser.add_argument(
        "--publishing", action="store_true", help="lint as for publishing: a clinical flow needs its review"
    )
    given = parser.parse_args(arguments)
    files = given.files or sorted(DEFINITIONS.glob("*.yaml"))
    made = services()
    read, problems = _read(files)
    check = _lint(made, read, publishing=given.publishing) if given.what == "lint" else _tests(made)
    held = 0
    for one in read:
        found = check(one)
        problems.extend(found)
        held += len(one.tests)
    for problem in problems:
        sys.stdout.write(f"{problem}\n")
    if problems:
        return 1
    what = "no problem" if given.what == "lint" else f"{held} talks hold"
    sys.stdout.write(f"{len(read)} flow{'' if len(read) == 1 else 's'}: {what}.\n")
    return 0


def _read(files: Sequence[Path]) -> tuple[list[Flow], list[Problem]]:
    flows: list[Flow] = []
    problems: list[Problem] = []
    for file in files:
        shown = str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else str(file)
        try:
            flows.append(load_text(file.read_text(encoding="utf-8"), name=shown))
        except FlowError as wrong:
            problems.extend(wrong.problems)
        except UnicodeDecodeError:
            problems.append(Problem(1, 1, "the file is not UTF-8 text", shown))
        except OSError as wrong:
            raise Failed(f"{file} cannot be read: {wrong.strerror}.") from wrong
    return flows, problems


def _lint(made: Services, read: Sequence[Flow], *, publishing: bool) -> Check:
    keys = {form: made.catalog.keys(form) for form in FORMS}
    known = {one.id for one in read} | {file.stem for file in DEFINITIONS.glob("*.yaml")}
    today = made.today().date()
    return partial(lint, keys=keys, flows=known, intents=INTENTS, today=today, publishing=publishing)


def _tests(made: Services) -> Check:
    """Talks are held with the product's own words and its own understanding of what is typed."""

    def render(say: Say, form: str, _channel: str) -> str:
        lines = [made.catalog.text(say.key, form, say.params)]
        shown = labels(say.choices, form, made.catalog)
        return "\n".join([*lines, *(f"{number}. {label}" for number, label in enumerate(shown.values(), 1))])

    def understand(text: str, form: str, state: FlowState) -> Answer:
        now: datetime = MONDAY.replace(tzinfo=None)
        said = made.understander.understand(text, form=form, now=now, engine="table")
        meant = flowing.label_meant(text, labels(state.choices, form, made.catalog)) if state.choices else None
        entities = tuple((one.type, one.value, one.text) for one in said.entities)
        return Answer(text, meant, said.intent, entities)

    return partial(run_tests, understand=understand, render=render)
