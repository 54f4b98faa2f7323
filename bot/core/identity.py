"""Who is who: which addresses are one contact, what becomes of two contacts that turn out to be one, who must be asked again.

PURE. Why it is decided so: docs/adr/0016-identity.md.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model import Consent
from sms_gateway.types import Urn

SILENT = timedelta(days=183)
"""Six months. An unused prepaid number goes to somebody else sooner or later; how soon is the operators' to say, and the
figure is ours until they have."""

MOST_PROFILES = 6
"""People behind one number; with "someone new" they fit a WhatsApp list of ten rows. Our choice: a household, no clinic."""
LONGEST_NAME = 20
"""Characters of a first name or nickname: what a WhatsApp button shows (docs/channels.md)."""
MOST_WORDS = 2
"""Words of one ("Lalla Fatima"); three are a sentence, or a family name with it."""

_NUMBER = re.compile(r"[1-9][0-9]{6,14}")
"""ITU-T E.164: at most fifteen digits with the country code. Shorter than seven is a short code, no person's."""
_NAME = re.compile(r"[^\W\d_]+(?:['’ -][^\W\d_]+)*")
_STRICTNESS = (Consent.AGAIN, Consent.REFUSED, Consent.GIVEN, Consent.UNKNOWN)


def number_of(urn: Urn) -> str | None:
    """The digits of the phone number that an address is, country code first; None where it is another kind of id."""
    digits = urn.path.removeprefix("+") if urn.scheme == "tel" else urn.path if urn.scheme == "whatsapp" else ""
    return digits if _NUMBER.fullmatch(digits) else None


def twin(urn: Urn) -> Urn | None:
    """The same phone on the other network: `tel:+212…` of `whatsapp:212…`, and the reverse. None for other ids."""
    digits = number_of(urn)
    if digits is None:
        return None
    return Urn("whatsapp", digits) if urn.scheme == "tel" else Urn("tel", f"+{digits}")


def leaving(addresses: Iterable[Urn], writer: Urn) -> list[Urn]:
    """Which of a contact's addresses go to whoever says at `writer` that they are somebody else.

    The phone they hold on every network, and ids without a number, which cannot be told from it. Another phone number
    stays: nobody said anything about that one. Who writes by an id without a number takes all of them along.
    """
    phone = number_of(writer)
    return [urn for urn in addresses if phone is None or number_of(urn) in {None, phone}]


def silent_too_long(last_inbound_at: datetime | None, now: datetime) -> bool:
    """Whether the number may meanwhile be somebody else's."""
    return last_inbound_at is not None and now - last_inbound_at > SILENT


@dataclass(frozen=True, slots=True)
class Side:
    """What one of two contacts brings to a merge. Times are UTC."""

    id: str
    form: str | None
    consent: Consent
    consent_at: datetime | None
    opted_out: bool
    named: bool
    case_id: str | None
    created_at: datetime
    last_inbound_at: datetime | None


@dataclass(frozen=True, slots=True)
class Merged:
    """The contact that is left, and which side's name it carries (an id; None: no name)."""

    id: str
    gone: str
    form: str | None
    consent: Consent
    consent_at: datetime | None
    opted_out: bool
    name_of: str | None
    case_id: str | None
    last_inbound_at: datetime | None


def merged(one: Side, other: Side, now: datetime) -> Merged:
    """Two contacts as one, the same whichever is named first.

    The older id stays. An opt-out of either holds (P5), and so does the stricter consent: a doubt who it is, then a no,
    then a yes. A yes of six months ago is a doubt: the number may have changed hands before it was named here. Language,
    name and open case are those of the side heard last, where it has one.
    """
    older, newer = sorted((one, other), key=lambda side: (side.created_at, side.id))
    heard = sorted((one, other), key=lambda side: (side.last_inbound_at or side.created_at, side.id), reverse=True)
    consent = min((_holds(side, now) for side in heard), key=_STRICTNESS.index)
    moments = [side.last_inbound_at for side in heard if side.last_inbound_at is not None]
    return Merged(
        id=older.id,
        gone=newer.id,
        form=next((side.form for side in heard if side.form), None),
        consent=consent,
        consent_at=max(
            (side.consent_at for side in heard if side.consent is consent and side.consent_at), default=None
        ),
        opted_out=one.opted_out or other.opted_out,
        name_of=next((side.id for side in heard if side.named), None),
        case_id=next((side.case_id for side in heard if side.case_id), None),
        last_inbound_at=max(moments, default=None),
    )


def _holds(side: Side, now: datetime) -> Consent:
    doubted = side.consent is Consent.GIVEN and silent_too_long(side.last_inbound_at, now)
    return Consent.AGAIN if doubted else side.consent


def read_name(written: str) -> str | None:
    """A first name or nickname as it is kept; None where it is none: digits, more than two words, too long, no letter."""
    plain = " ".join(unicodedata.normalize("NFC", written).replace("’", "'").split()).strip(" .,!?؟،")
    if not _NAME.fullmatch(_bare(plain)) or len(plain.split()) > MOST_WORDS:
        return None
    return plain if len(plain.encode("utf-16-le")) // 2 <= LONGEST_NAME else None


def same_name(one: str, other: str) -> bool:
    """Whether two names are one, capitals and accents apart."""
    return _key(one) == _key(other)


def _bare(text: str) -> str:
    # vowel marks are part of an Arabic name and no letters; the pattern knows letters only
    return "".join(c for c in text if not unicodedata.combining(c))


def _key(name: str) -> str:
    return _bare(unicodedata.normalize("NFKD", name)).casefold()
