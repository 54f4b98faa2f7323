"""Reads a transcript: a talk written down as people would write it, one line a turn. `docs/flows.md` shows the format."""

import re
from datetime import datetime

from flows.nodes import parse
from flows.schema import Flow, Problem
from flows.testing import MONDAY, Kind, Render, Talk, Turn, Understand, hold
from flows.types import Json

_SIGNS: dict[str, Kind] = {"<": "bot", ">": "me", "=": "do", "~": "wait"}
_SETTING = re.compile(r"([a-z]+)=(\S+)")
_CLOSINGS: dict[str, Kind] = {"end": "end", "handover": "handover", "go": "go"}


class _Unreadable(ValueError):
    """Why a line is not one of a transcript."""


def run_transcript(
    flow: Flow, text: str, *, name: str, understand: Understand | None = None, render: Render | None = None
) -> list[Problem]:
    """Where the talk went otherwise (or cannot be read), with the line in the transcript. None means it holds."""
    try:
        talk = read_transcript(text, name=name)
    except _Unreadable as error:
        line, message = error.args
        return [Problem(line, 1, message, name)]
    return hold(flow, talk, understand=understand, render=render)


def read_transcript(text: str, *, name: str) -> Talk:
    """The talk of a transcript. ValueError (line, message) if a line is none."""
    settings: dict[str, str] = {}
    first: dict[str, Json] = {}
    turns: list[Turn] = []
    for number, line in enumerate(text.splitlines(), start=1):
        sign, rest = line[:1], line[1:].strip()
        try:
            if sign == "#":
                settings.update(_SETTING.findall(rest))
            elif sign == "@":
                variable, _, value = rest.partition(":")
                first[variable.strip()] = _value(value)
            elif line.strip():
                turns.append(_turn(sign, rest, number))
        except _Unreadable:
            raise
        except ValueError as error:
            raise _Unreadable(number, str(error)) from error
    if not turns:
        raise _Unreadable(1, "nobody says anything here")
    if not {"lang", "channel"} <= set(settings):
        raise _Unreadable(1, "the first line is “# lang=… channel=…” and, if it matters, now=…")
    try:
        now = datetime.fromisoformat(settings["now"]) if "now" in settings else MONDAY
    except ValueError as error:
        raise _Unreadable(1, f"“{settings['now']}” is not a moment") from error
    return Talk(tuple(turns), settings["lang"], settings["channel"], now, first, name)


def _turn(sign: str, rest: str, number: int) -> Turn:
    if sign == "!":
        word, _, text = rest.partition(" ")
        if word in _CLOSINGS:
            return Turn(_CLOSINGS[word], text.strip(), {}, number)
        raise _Unreadable(number, "after ! stands: end, handover or go")
    if sign not in _SIGNS:
        raise _Unreadable(number, "a line begins with # @ < > = ~ or !")
    if sign != "=":
        return Turn(_SIGNS[sign], rest, {}, number)
    action, _, result = rest.partition(" ")
    branch, _, value = result.strip().partition(" ")
    more: dict[str, Json] = {"branch": branch} if branch else {}
    if value.strip():
        more["value"] = _value(value)
    return Turn("do", action, more, number)


def _value(text: str) -> Json:
    place, notes = parse(text, "value")
    found = place.json() if place else None
    if notes.problems:
        raise ValueError(notes.problems[0].message)
    return found
