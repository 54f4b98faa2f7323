"""Reading the bodies of webhooks: forms and JSON, strictly, with one error for whatever is wrong. PURE."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from sms_gateway.errors import MalformedRequest

MAX_BODY = 1024 * 1024
"""Octets. No provider here sends more than some kilobytes; the rest is an attack."""

MAX_FIELDS = 1000
MAX_ID = 200
"""Characters of a provider's id: the longest seen (`wamid.…`) stay under 130, and columns hold 255."""

_REFERENCE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_SURROGATES = re.compile("[\ud800-\udfff]")


@lru_cache(maxsize=16)
def form_pairs(body: bytes) -> tuple[tuple[str, str], ...]:
    """The fields of a form, in order, empty values kept. Raises MalformedRequest.

    The last few are remembered: a form is read once to check its signature and again for its content.
    """
    if len(body) > MAX_BODY:
        raise MalformedRequest("the body is too large")
    try:
        return tuple(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS))
    except ValueError:
        raise MalformedRequest("the body is not a form in UTF-8") from None


def form(body: bytes) -> dict[str, str]:
    """The fields of a form, cleaned; of a repeated one the first. Raises MalformedRequest."""
    fields: dict[str, str] = {}
    for name, value in form_pairs(body):
        fields.setdefault(name, clean(value))
    return fields


def json_object(body: bytes, most: int = MAX_BODY) -> dict[str, Any]:
    """The JSON object in the body of at most `most` octets. Raises MalformedRequest."""
    if len(body) > most:
        raise MalformedRequest("the body is too large")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedRequest("the body is not JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise MalformedRequest("the body is not a JSON object")
    return value


def clean(text: str) -> str:
    """The text without NUL, which databases refuse, and with lone surrogates, which UTF-8 refuses, as U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    return _SURROGATES.sub("\ufffd", text)


def string(fields: Mapping[str, Any], key: str) -> str:
    """The string under `key`, cleaned; empty when absent. Raises MalformedRequest when it is something else."""
    value = fields.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedRequest(f"{key} is not a string")
    return clean(value)


def identifier(fields: Mapping[str, Any], *keys: str) -> str:
    """The first id present under these keys. Raises MalformedRequest when there is none or it is no id."""
    value = next((found for key in keys if (found := string(fields, key).strip())), "")
    if not value:
        raise MalformedRequest(f"{keys[0]} is missing")
    if len(value) > MAX_ID or not value.isprintable():
        raise MalformedRequest(f"{keys[0]} is not an id")
    return value


def reference(value: str) -> str | None:
    """Our own reference as a provider echoes it; None for anything that we cannot have written."""
    return value if _REFERENCE.fullmatch(value) else None


def instant(text: str) -> datetime | None:
    """An ISO date-time with its offset, in UTC; None for anything else, since a bad time must not lose a message."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
