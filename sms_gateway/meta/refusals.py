"""What WhatsApp's answer to a send means: taken, or which of Meta's error codes costs what. PURE.

Codes: developers.facebook.com, WhatsApp Cloud API, "Error codes"; those under 3000 that are not in the Cloud API's list
are the on-premises API's ("Error and status codes"), which some providers still answer with.
"""

from collections.abc import Mapping
from typing import Any

from sms_gateway.answers import code_of, refusal
from sms_gateway.errors import (
    ChannelError,
    ContactOptedOut,
    InvalidUrn,
    MalformedRequest,
    Misconfigured,
    OutcomeUnknown,
    OutsideWindow,
    Rejected,
    Throttled,
    Unreachable,
)
from sms_gateway.reading import identifier, json_object
from sms_gateway.types import Accepted, HttpResponse

Kind = type[ChannelError]


def _codes(kind: Kind, *codes: int) -> dict[str, Kind]:
    return dict.fromkeys(map(str, codes), kind)


MARKETING_LIMIT = "131049"
"""The person has had as many marketing messages as Meta lets through for now."""
MARKETING_WAIT = 24 * 3600.0
"""Seconds. Trying again sooner counts against the sender (same page)."""

ERRORS: dict[str, Kind] = {
    **_codes(OutsideWindow, 131047),
    **_codes(ContactOptedOut, 131050),
    **_codes(Throttled, 4, 80007, 130429, 131048, 131056, 133016, int(MARKETING_LIMIT)),
    **_codes(Unreachable, 1, 2, 131000, 131016, 131053, 131057),
    **_codes(InvalidUrn, 131026),  # not on WhatsApp, or with an app too old
    **_codes(Rejected, 100, 131008, 131009, 131021, 131051, 130472, 132000, 132005, 132008, 132012, 131062),
    **_codes(Misconfigured, 0, 3, 10, 33, 190, *range(200, 300), 368),
    **_codes(Misconfigured, 131005, 131030, 131031, 131037, 131042, 131045, 130497, 133010),
    **_codes(Misconfigured, 132001, 132007, 132015, 132016),
    # the on-premises API
    **_codes(OutsideWindow, 470),
    **_codes(Throttled, 429, 430, 471, 1015),
    **_codes(Unreachable, 1011, 1016),
    **_codes(InvalidUrn, 1006, 1013, 1021, 1026),
    **_codes(Rejected, 1000, 1001, 1002, 1003, 1008, 1009, 1010, 1025, 2000, 2004),
    **_codes(Misconfigured, 402, 1005, 1007, 1022, 1024, 2001, 2003),
}


def error_code(error: Mapping[str, Any]) -> str | None:
    """The code of one error object as a string; zero is one of them."""
    given = error.get("code")
    return "0" if given == 0 and isinstance(given, int) and not isinstance(given, bool) else code_of(given)


def read_answer(response: HttpResponse) -> Accepted:
    """What the answer to a send means. Raises a ChannelError.

    A success whose body cannot be read is OutcomeUnknown: something took the message, and gave no name.
    """
    try:
        answer = json_object(response.body)
    except MalformedRequest:
        answer = {}
    code = next((code for error in _errors(answer) if (code := error_code(error))), None)
    if response.status not in {200, 201, 202}:
        if code == MARKETING_LIMIT:
            raise Throttled(code=code, wait=MARKETING_WAIT)
        raise refusal(response, code, ERRORS)
    items = answer.get("messages")
    first = items[0] if isinstance(items, list) and items else None
    try:
        return Accepted(identifier(first if isinstance(first, dict) else {}, "id"))
    except MalformedRequest:
        raise OutcomeUnknown("success without a message id", code=code) from None


def _errors(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The Cloud API names one `error`, the on-premises API lists `errors`."""
    several = answer.get("errors")
    found = [answer.get("error"), *(several if isinstance(several, list) else ())]
    return [error for error in found if isinstance(error, dict)]
