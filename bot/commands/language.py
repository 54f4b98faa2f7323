"""`sahti understand`, `sahti when`, `sahti segments`: language at the command line, one text or JSON lines."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.commands.failing import Failed, json_lines, services, settings
from nlu import dates
from nlu.types import FORMS, Understood
from sms_gateway.segments import count


def _local(value: object, zone: str) -> datetime:
    """A moment as given (ISO, local unless it names an offset), or now; local wall time without a zone."""
    if value is None:
        return datetime.now(ZoneInfo(zone)).replace(tzinfo=None)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as wrong:
        raise ValueError("now must be an ISO date and time, such as 2026-11-24T09:00") from wrong
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if moment.tzinfo else moment


def _form(value: object) -> str | None:
    """A form from `language`: a whole tag, or a language alone (`ary` means its Arabic letters)."""
    if value is None:
        return None
    text = str(value)
    if text in FORMS:
        return text
    return next((form for form in FORMS if form.partition("-")[0] == text), None)


def _text(given: dict[str, Any]) -> str:
    text = given["text"]
    if not isinstance(text, str):
        raise TypeError("text must be a string")
    return text


def shown(said: Understood) -> dict[str, Any]:
    """What was understood, as the command prints it."""
    language, _, script = said.form.partition("-")
    return {
        "language": language,
        "script": script or {"ar": "Arab", "fr": "Latn"}[language],
        "intent": said.intent,
        "intent_detail": said.intent_detail,
        "confidence": round(said.confidence, 4),
        "entities": [{"type": one.type, "value": one.value, "text": one.text} for one in said.entities],
        "keyword": said.keyword.value if said.keyword else None,
        "danger": {"kind": said.danger.kind, "level": said.danger.level.value} if said.danger else None,
        "engine": said.engine,
    }


def understand(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """What a text means."""
    parser.add_argument("text", nargs="?", help="the text (or --jsonl)")
    parser.add_argument("--language", help="the conversation's language, such as fr or ary-Latn")
    parser.add_argument("--now", help="the moment dates are read against, local")
    parser.add_argument("--engine", choices=("auto", "rasa", "table"), default="auto")
    parser.add_argument("--jsonl", action="store_true", help='lines {"text", "language"?, "now"?} on stdin')
    given = parser.parse_args(arguments)
    made = services()
    zone = made.settings.zone

    def work(line: dict[str, Any]) -> dict[str, Any]:
        said = made.understander.understand(
            _text(line), form=_form(line.get("language")), now=_local(line.get("now"), zone), engine=given.engine
        )
        return shown(said)

    return _one_or_many(given, work, {"language": given.language, "now": given.now})


def when(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """The date, time or number that a text says."""
    parser.add_argument("text", nargs="?", help="the text (or --jsonl)")
    parser.add_argument("--language", help="its language")
    parser.add_argument("--now", help="the moment it is read against, local")
    parser.add_argument("--jsonl", action="store_true", help='lines {"text", "language"?, "now"} on stdin')
    given = parser.parse_args(arguments)
    zone = settings().zone

    def work(line: dict[str, Any]) -> dict[str, Any]:
        found = dates.when(_text(line), _local(line.get("now"), zone), _form(line.get("language")))
        return {"type": found.type, "value": found.value} if found else {"type": None, "value": None}

    return _one_or_many(given, work, {"language": given.language, "now": given.now})


def segments(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """How many SMS a text costs."""
    parser.add_argument("text", nargs="?", help="the text (or --jsonl)")
    parser.add_argument("--jsonl", action="store_true", help='lines {"text"} on stdin')
    given = parser.parse_args(arguments)

    def work(line: dict[str, Any]) -> dict[str, Any]:
        counted = count(_text(line))
        return {"encoding": counted.encoding, "units": counted.units, "segments": counted.segments}

    return _one_or_many(given, work, {})


def _one_or_many(given: argparse.Namespace, work: Any, extra: dict[str, Any]) -> int:  # noqa: ANN401 (one of the three above)
    if given.jsonl:
        return json_lines(lambda line: work({**{k: v for k, v in extra.items() if v is not None}, **line}))
    if given.text is None:
        raise Failed('Give a text, or --jsonl and lines on stdin. For example: sahti segments "salam"')
    try:
        answer = work({"text": given.text, **{k: v for k, v in extra.items() if v is not None}})
    except ValueError as wrong:
        raise Failed(str(wrong)) from wrong
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return 0
