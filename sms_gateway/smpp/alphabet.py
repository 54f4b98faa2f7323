"""Texts as the octets of a short message, by `data_coding` (SMPP 3.4, 5.2.19; groups: 3GPP TS 23.038 section 4). PURE.

Coding 0 is the centre's own alphabet: GSM 7-bit with one septet an octet, or Latin-1. Only the operator can say which.
"""

from typing import Literal

from sms_gateway.encoding import GSM7, UCS2, Encoding, encoding_of, nfc
from sms_gateway.segments import split

Alphabet = Literal["gsm7", "latin1"]

DEFAULT, LATIN1, UCS2_CODING = 0, 3, 8
ESCAPE = 0x1B

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default table of TS 23.038 6.2.1 in the order of its codes; at 0x1B the escape to the table below."""

_EXTENDED = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€",
}  # fmt: skip

_CODE = {character: bytes((code,)) for code, character in enumerate(_BASIC)} | {
    character: bytes((ESCAPE, code)) for code, character in _EXTENDED.items()
}

_CODECS = {1: "ascii", 3: "latin-1", 6: "iso8859-5", 7: "iso8859-8", 8: "utf-16-be"}


def written(text: str, alphabet: Alphabet) -> tuple[int, list[bytes]]:
    """The coding and the octets of each segment of a text, cut by `sms_gateway.segments`: no pair is ever parted.

    A text of GSM-7 letters that a Latin-1 centre cannot take (`€`, Greek capitals) goes in UCS-2.
    """
    composed = nfc(text)
    encoding = encoding_of(composed)
    if encoding == GSM7 and alphabet == "latin1" and not _is_latin1(composed):
        encoding = UCS2
    coding = DEFAULT if encoding == GSM7 else UCS2_CODING
    return coding, [_octets(part, encoding, alphabet) for part in split(composed, encoding)]


def read(octets: bytes, data_coding: int, alphabet: Alphabet) -> str | None:
    """The text of these octets; None where they are not text (pictures, ring tones, WAP) or in no alphabet known here."""
    coding = _coding(data_coding)
    if coding == DEFAULT:
        return octets.decode("latin-1") if alphabet == "latin1" else _from_gsm7(octets)
    codec = _CODECS.get(coding)
    return octets.decode(codec, "replace") if codec else None


def _coding(data_coding: int) -> int:
    """The coding without its message class: a text shown at once, or kept on the card, is a text like another."""
    if data_coding < 0x10:  # noqa: PLR2004  SMPP's own values; above are the groups of TS 23.038
        return data_coding
    if data_coding < 0x80:  # noqa: PLR2004  general group: bits 3 and 2 say the alphabet, bit 5 a compression nobody uses
        return {0: DEFAULT, 2: UCS2_CODING}.get(data_coding >> 2 & 3, data_coding)
    if data_coding >= 0xF0:  # noqa: PLR2004  data coding and class: bit 2 says 8-bit data
        return data_coding if data_coding & 4 else DEFAULT
    return {0xC: DEFAULT, 0xD: DEFAULT, 0xE: UCS2_CODING}.get(data_coding >> 4, data_coding)  # voice mail waits


def _octets(part: str, encoding: Encoding, alphabet: Alphabet) -> bytes:
    if encoding == UCS2:
        return part.encode("utf-16-be")
    return part.encode("latin-1") if alphabet == "latin1" else b"".join(map(_CODE.__getitem__, part))


def _from_gsm7(octets: bytes) -> str:
    letters: list[str] = []
    escaped = False
    for octet in octets:
        code = octet & 0x7F
        if escaped:
            # a letter of a table that we do not have is shown as the one of the basic table (TS 23.038 6.2.1.1)
            letters.append(_EXTENDED.get(code, _BASIC[code]))
            escaped = False
        elif code == ESCAPE:
            escaped = True
        else:
            letters.append(_BASIC[code])
    return "".join(letters)


def _is_latin1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
