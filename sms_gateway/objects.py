"""Reading JSON of providers that write one field now as a string and now as a number, and leave others out. PURE.

Nothing here raises for a value of the wrong kind: it counts as absent, so that one bent field costs no more than itself.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sms_gateway import webhook
from sms_gateway.errors import MalformedRequest
from sms_gateway.reading import MAX_ID, clean, json_object
from sms_gateway.types import HttpRequest

T = TypeVar("T")

MAX_EVENTS = 1000
"""Events in one request. Providers send up to some hundreds at once."""

_LONGEST_NUMBER = 10**30


def scalar(fields: Mapping[str, Any], key: str) -> str:
    """The string or number under `key` as a clean string; empty for anything else."""
    value = fields.get(key)
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value) if abs(value) < _LONGEST_NUMBER else ""


def child(fields: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object under `key`; empty for anything else."""
    value = fields.get(key)
    return value if isinstance(value, dict) else {}


def children(fields: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The objects in the list under `key`; whatever else is in it is left out."""
    value = fields.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def flat(request: HttpRequest) -> dict[str, str]:
    """The fields of query and form, or of query and a flat JSON object, as strings. Raises MalformedRequest."""
    if request.method == "GET" or not looks_like_json(request):
        return webhook.fields(request)
    said = json_object(request.body)
    in_query = webhook.fields(HttpRequest("GET", request.url, {}))
    return in_query | {clean(name): text for name in said if (text := scalar(said, name))}


def looks_like_json(request: HttpRequest) -> bool:
    """Whether the body is JSON by its announced type or by its first character, which no form here begins with."""
    announced = request.headers.get("content-type", "").lower()
    return "json" in announced or request.body.lstrip()[:1] in {b"{", b"["}


def identifier(value: str) -> str:
    """The id, stripped; empty where it is none."""
    value = value.strip()
    return value if value.isprintable() and len(value) <= MAX_ID else ""


def each(fields: Mapping[str, Any], key: str, read: Callable[[Mapping[str, Any]], T | None]) -> list[T]:
    """Everything in the batch that can be read; `read` gives None for an event that is not for us.

    Raises MalformedRequest where `key` is no list, and where not one event of a batch can be read.
    """
    items = fields.get(key)
    if not isinstance(items, list) or len(items) > MAX_EVENTS:
        raise MalformedRequest(f"{key} is not a list of at most {MAX_EVENTS}")
    good: list[T] = []
    bad: MalformedRequest | None = None
    for item in items:
        try:
            if not isinstance(item, dict):
                raise MalformedRequest(f"{key} holds something other than objects")  # noqa: TRY301  one bad item is told apart from its neighbours just below
            event = read(item)
        except MalformedRequest as error:
            bad = error
        else:
            good += [event] if event is not None else []
    if bad and not good:
        raise bad
    return good
