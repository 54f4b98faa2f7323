"""What an HTTP answer to a send means, the same for every provider. PURE.

The question is always: was the message taken? 429, 503 and the "could not connect" codes of a front (521 to 523) are
said before the work begins, so trying again is safe. 500, 502, 504 and any other 5xx may come after the provider stored
the message: sending again could send twice, so the outcome is unknown until a report or a look-up settles it. A code of
the provider's own in the answer weighs more than the status, because it names what happened.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from sms_gateway.errors import ChannelError, Misconfigured, OutcomeUnknown, Rejected, Throttled, Unreachable
from sms_gateway.types import HttpResponse

NOT_TAKEN = frozenset({408, 425, 503, 521, 522, 523})
"""Statuses that say the request was not worked on (RFC 9110 and 8470; 521 to 523 are Cloudflare's)."""

CREDENTIALS = frozenset({401, 403, 404, 405, 407})
"""Statuses that say the account, the key or the address is wrong."""

LONGEST_WAIT = 3600.0
"""Seconds. A longer Retry-After is cut: the back-off of the caller takes over."""

LONGEST_CODE = 40
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")


def retry_after(response: HttpResponse, now: datetime | None = None) -> float | None:
    """Seconds the provider asks us to wait, between 0 and an hour; None when it does not say.

    A date is understood against `now`, or against the answer's own Date header where `now` is not given.
    """
    value = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", value):
        return min(float(value), LONGEST_WAIT)
    until, said = _date(value), now or _date(response.headers.get("date", ""))
    if until is None or said is None:
        return None
    return min(max((until - said).total_seconds(), 0.0), LONGEST_WAIT)


def code_of(value: object) -> str | None:
    """A provider's error code as a short string; None where the answer holds none or something that is no code."""
    if isinstance(value, int) and not isinstance(value, bool) and value:
        return str(value)[:LONGEST_CODE]
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def refusal(response: HttpResponse, code: str | None, table: Mapping[str, type[ChannelError]]) -> ChannelError:
    """The error that an answer other than success stands for; `table` knows the provider's own codes."""
    if code is not None and code in table:
        return _made(table[code], response, code)
    return _made(_by_status(response.status), response, code or str(response.status))


def _by_status(status: int) -> type[ChannelError]:
    if status == 429:  # noqa: PLR2004  Too Many Requests
        return Throttled
    if status in NOT_TAKEN:
        return Unreachable
    if status >= 500:  # noqa: PLR2004  any other fault of the provider's
        return OutcomeUnknown
    if 200 <= status < 300:  # noqa: PLR2004  a success of another kind: something took it
        return OutcomeUnknown
    if status in CREDENTIALS or status < 400:  # noqa: PLR2004  a redirect or a page means a wrong address
        return Misconfigured
    return Rejected


def _made(kind: type[ChannelError], response: HttpResponse, code: str) -> ChannelError:
    wait = retry_after(response)
    if kind is Throttled or (kind is Unreachable and wait is not None):
        return Throttled(code=code, wait=wait)
    return kind(code=code)


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
