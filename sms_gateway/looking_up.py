"""Finding one message in a provider's list of what it took. PURE."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any


def only_one(
    listed: object, wanted: Mapping[str, str], made: str, since: datetime, until: datetime
) -> dict[str, Any] | None:
    """The one object of the list with these fields, made between the moments by its field `made` (RFC 2822).

    None where there is none, and where there are several: which of them is ours cannot be told.
    """
    found = [
        one
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict)
        and all(one.get(name) == value for name, value in wanted.items())
        and (moment := _moment(one.get(made))) is not None
        and since <= moment <= until
    ]
    return found[0] if len(found) == 1 else None


def _moment(value: object) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value) if isinstance(value, str) else None
    except (ValueError, IndexError, OverflowError):
        return None
    return moment if moment and moment.tzinfo else None
