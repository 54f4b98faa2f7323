"""How many SMS segments a text takes, and where they part.

Sizes follow from 140 octets a segment and 6 octets of header in each of several (3GPP TS 23.040): 160 or 153 septets,
70 or 67 UCS-2 units. PURE.
"""

from dataclasses import dataclass

from sms_gateway.encoding import GSM7, UCS2, Encoding, encoding_of, length, nfc, units

SINGLE: dict[Encoding, int] = {GSM7: 160, UCS2: 70}
"""Units in a message of one segment."""

CONCATENATED: dict[Encoding, int] = {GSM7: 153, UCS2: 67}
"""Units in each segment of a longer message."""


@dataclass(frozen=True, slots=True)
class Count:
    """The price of a text: its alphabet, its length in units of that alphabet, and the segments billed."""

    encoding: Encoding
    units: int
    segments: int


def count(text: str, alphabet: Encoding | None = None) -> Count:
    """Count the text as the network does, after composing it (NFC). An empty text still costs one segment.

    `alphabet` may ask for UCS-2, where a provider sends everything so.
    """
    composed = nfc(text)
    encoding = alphabet or encoding_of(composed)
    total = length(composed, encoding)
    if total <= SINGLE[encoding]:
        return Count(encoding, total, 1)
    return Count(encoding, total, len(_pack(composed, encoding)))


def split(text: str, alphabet: Encoding | None = None) -> list[str]:
    """The composed text (NFC) cut into its segments; joined they are the text again. `alphabet` may ask for UCS-2.

    An escape pair or a surrogate pair is never cut: it moves whole to the next segment, so a text may take one segment
    more than a division would say.
    """
    composed = nfc(text)
    encoding = alphabet or encoding_of(composed)
    if length(composed, encoding) <= SINGLE[encoding]:
        return [composed]
    return _pack(composed, encoding)


def _pack(text: str, encoding: Encoding) -> list[str]:
    limit = CONCATENATED[encoding]
    if length(text, encoding) == len(text):
        return [text[start : start + limit] for start in range(0, len(text), limit)]
    parts: list[str] = []
    start = used = 0
    for index, character in enumerate(text):
        cost = units(character, encoding)
        if used + cost > limit:
            parts.append(text[start:index])
            start, used = index, 0
        used += cost
    parts.append(text[start:])
    return parts
