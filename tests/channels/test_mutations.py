"""Every field of every captured JSON request, replaced by what it never was: an answer, and the neighbours kept."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sms_gateway.channel import Channel
from sms_gateway.errors import MalformedRequest
from sms_gateway.types import DeliveryReport, HttpRequest, Inbound
from tests.channels.cases import Case, cases, name_of

REPLACED: list[Any] = [None, 7, -1.5, True, "", "x", [], [None], {}, {"x": []}, "\ud800\x00", 10**40]
MISSING = object()
EVENTS = {"entry", "changes", "messages", "statuses", "results", "reports"}


def captured(kind: str) -> list[Case]:
    """The captured requests with a JSON body that a provider really sends."""
    return [case for case in cases(kind) if "raises" not in case.says and case.request().body[:1] in {b"{", b"["}]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*path, number))


def changed(value: Any, path: tuple[str | int, ...], to: Any) -> Any:
    made = copy.deepcopy(value)
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    if to is MISSING:
        del holder[path[-1]]
    else:
        holder[path[-1]] = to
    return made


def read(channel: Channel, kind: str, request: HttpRequest, value: Any) -> list[Inbound] | list[DeliveryReport] | None:
    # the signature was of the request as it came; what is read here is what a signed one could hold
    posted = HttpRequest(request.method, request.url, request.headers, json.dumps(value).encode())
    try:
        return channel.parse_inbound(posted) if kind == "inbound" else channel.parse_status(posted)
    except MalformedRequest:
        return None


@pytest.mark.parametrize("kind", ["inbound", "status"])
def test_any_field_may_be_anything(kind: str) -> None:
    tried = 0
    for case in captured(kind):
        channel, request = case.channel(), case.request()
        value = json.loads(request.body)
        for path in places(value):
            for to in (*REPLACED, MISSING):
                for event in read(channel, kind, request, changed(value, path, to)) or ():
                    assert event.external_id, (name_of(case), path)
                    event.external_id.encode()
                    (getattr(event, "text", "") or "").encode()
                tried += 1
    assert tried > 1000


def lists(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where a request holds events, or what leads to them."""
    for place in places(value):
        inner = value
        for step in place:
            inner = inner[step]
        if isinstance(inner, list) and inner and place[-1] in EVENTS:
            yield place


@pytest.mark.parametrize("kind", ["inbound", "status"])
def test_a_bad_neighbour_loses_nobody(kind: str) -> None:
    """Beside each element of each list something broken is put, before and after: the events are those of before."""
    for case in captured(kind):
        channel, request = case.channel(), case.request()
        value = json.loads(request.body)
        before = read(channel, kind, request, value)
        if not before:
            continue
        for place in lists(value):
            inner = value
            for step in place:
                inner = inner[step]
            for broken in (None, 7, "x", [], {}, {"id": []}):
                for beside in ([broken, *inner], [*inner, broken]):
                    found = read(channel, kind, request, changed(value, place, beside))
                    assert found is not None, (name_of(case), place, broken)
                    # a reference in the address alone can name one event, not two
                    kept = {(one.external_id, getattr(one, "text", getattr(one, "status", ""))) for one in found}
                    named = {(one.external_id, getattr(one, "text", getattr(one, "status", ""))) for one in before}
                    assert named <= kept, (name_of(case), place, broken)
