"""Reading requests of any shape by the names that a settings file gives their fields. PURE."""

import json
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from sms_gateway import webhook
from sms_gateway.errors import MalformedRequest
from sms_gateway.reading import MAX_BODY, clean
from sms_gateway.types import HttpRequest

MAX_EVENTS = 500
"""Messages in one request; a longer list is an attack or a mistake."""

Event = Mapping[str, Any]

_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*)\s*[:=]\s*([^\r\n]*)")
_BETWEEN_HEADERS = re.compile(r"[|\n]|,\s*(?=[A-Za-z][A-Za-z0-9-]*\s*[:=])")


def pairs_of(written: str, between: str, inside: str) -> list[tuple[str, str]]:
    """`A=b,C=d` → [("A", "b"), ("C", "d")], stripped; a piece without its sign has an empty value."""
    pieces = (piece.partition(inside) for piece in written.split(between) if piece.strip())
    return [(key.strip(), value.strip()) for key, _, value in pieces]


def headers_of(written: str) -> dict[str, str]:
    """`Name: value` (or `Name=value`) pieces joined by `|`, commas or line ends, or a JSON object, → names in lower case.

    Raises ValueError where a piece is no header.
    """
    if written.lstrip().startswith("{"):
        given = json.loads(written)
        pieces = [f"{name}:{value}" for name, value in given.items()]
    else:
        pieces = [piece for piece in _BETWEEN_HEADERS.split(written) if piece.strip()]
    matches = [_HEADER.fullmatch(piece.strip()) for piece in pieces]
    if not all(matches):
        raise ValueError("not a header")
    return {match[1].lower(): match[2].strip() for match in matches if match}


def found_in(event: object, names: str, *, strict: bool = False) -> str:
    """What stands under the first of `names` (alternatives joined by `|`) that holds something, as text; else empty.

    A name is tried as it is, then as a path whose dots go into objects and whose numbers go into lists. Numbers are read
    as text; an object, a list or a truth value is nothing. With `strict` one must be there. Raises MalformedRequest.
    """
    there = False
    for name in names.split("|"):
        written = _text(_at(event, name.strip()))
        there |= written is not None
        if written:
            return written
    if strict and not there:
        raise MalformedRequest("none of the mapped fields is there")
    return ""


def events_of(request: HttpRequest, *wanted: str) -> list[object]:
    """The events in this request: those of a JSON list wherever it stands, or the one of an object, form or query.

    `wanted` are the names by which an event is known. A single event sees the fields of the query beside its own.
    Raises MalformedRequest.
    """
    if len(request.body) > MAX_BODY:
        raise MalformedRequest("the body is too large")
    if not _looks_like_json(request):
        return [webhook.fields(request)]
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise MalformedRequest("the body is not JSON in UTF-8") from None
    items = _listed(body, wanted)
    if len(items) > MAX_EVENTS:
        raise MalformedRequest(f"more than {MAX_EVENTS} events")
    if len(items) == 1 and isinstance(items[0], dict):
        return [webhook.fields(HttpRequest("GET", request.url, {})) | items[0]]
    return items


def _listed(body: object, wanted: tuple[str, ...]) -> list[object]:
    """The events of a body: the body itself where it has what is wanted, else its first list of objects."""
    if isinstance(body, list):
        return body
    if not isinstance(body, dict):
        raise MalformedRequest("the body is neither an object nor a list")
    if all(found_in(body, names) for names in wanted):
        return [body]
    for key, value in body.items():
        if _holds_objects(value):
            return [_beside(item, {key: item}) for item in value]
        for inner, deeper in value.items() if isinstance(value, dict) else ():
            if _holds_objects(deeper):
                return [_beside(item, {key: {inner: item}}) for item in deeper]
    return [body]


def _holds_objects(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _beside(item: object, whole: Event) -> object:
    """The item under its own names and under those that lead to it from the top: `from` and `messages.from` alike."""
    return {**whole, **item} if isinstance(item, dict) else item


def _at(event: object, path: str) -> object:
    if isinstance(event, dict) and path in event:
        return event[path]
    here = event
    for step in path.split("."):
        if isinstance(here, dict):
            here = here.get(step)
        elif isinstance(here, list) and step.isascii() and step.isdigit() and len(step) < len(str(MAX_BODY)):
            here = here[int(step)] if int(step) < len(here) else None
        else:
            return None
    return here


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)
    except ValueError:  # more digits than Python writes
        return None


def _looks_like_json(request: HttpRequest) -> bool:
    if not request.body.strip():
        return False
    return "json" in request.headers.get("content-type", "").lower() or request.body.lstrip()[:1] in {b"{", b"["}
