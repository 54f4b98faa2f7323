"""Texts that gateways hand on as the SMSC sent them: UTF-16 as octets or in hexadecimal, the 7-bit alphabet. PURE.

A gateway in front of an SMSC says how a message is coded (`coding`, `charset`), and not always truly: whether it has
turned the text into UTF-8 itself depends on how it was set up. So what is said is tried first and kept where the outcome
is something that people write.
"""

import re

from sms_gateway.reading import clean

GSM7_TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet by septet, 3GPP TS 23.038 §6.2.1."""

GSM7_ESCAPED = dict(zip(b"\x0a\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65", "\f^{}\\[~]|€", strict=True))
"""What a septet means after the escape, §6.2.1.1; another septet keeps its own letter."""

UTF16 = frozenset({"utf16be", "utf16", "ucs2", "ucs2be", "iso10646ucs2", "unicode"})

_ESCAPE = 0x1B
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{4})+")
_ONLY_SEPTETS = re.compile(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]")
_WRITTEN = re.compile(
    r"[\n\r\t -~\u00a0-\u024f\u0250-\u036f\u0370-\u03ff\u0600-\u06ff\u0750-\u077f\u1e00-\u1eff\u200b-\u206f"
    r"\u20a0-\u20cf\u2100-\u27bf\u2b00-\u2bff\u2d30-\u2d7f\ufb50-\ufdff\ufe00-\ufe0f\ufe70-\ufeff\U0001f000-\U0001faff]+",
)
"""Latin, Greek, Arabic and Tifinagh letters, signs and emoji: what a message here is made of when it is read rightly."""


def message_text(octets: bytes, charset: str = "", *, unicode: bool = False) -> str:
    """The text, cleaned: `charset` is the name the gateway gives it or empty, `unicode` whether it says UCS-2."""
    name = re.sub("[^a-z0-9]", "", charset.lower())
    if name in UTF16 or (unicode and name not in {"utf8", "ascii", "usascii"}):
        read = _utf16(octets, sure=name in UTF16)
        if read is not None:
            return clean(read)
        if b"\x00" in octets:
            return clean(octets.decode("utf-16-be", "replace"))  # signs that nobody writes here, but UTF-16 surely
    if name.startswith("gsm"):
        return clean(from_septets(octets))
    try:
        return clean(octets.decode())
    except UnicodeDecodeError:
        return clean(octets.decode("cp1252" if "1252" in name else "latin-1", "replace"))


def from_hex(digits: str) -> bytes | None:
    """The octets of a hexadecimal string; None where it is none or is empty."""
    try:
        return bytes.fromhex(digits) or None
    except ValueError:
        return None


def from_septets(octets: bytes) -> str:
    """The text of unpacked septets in the 7-bit alphabet; an octet that is no septet is read as Latin-1."""
    letters: list[str] = []
    escaped = False
    for octet in octets:
        if octet == _ESCAPE and not escaped:
            escaped = True
            continue
        plain = GSM7_TABLE[octet] if octet < len(GSM7_TABLE) else chr(octet)
        letters.append(GSM7_ESCAPED.get(octet, plain) if escaped else plain)
        escaped = False
    return "".join(letters)


def are_septets(octets: bytes) -> bool:
    """Whether these octets must be septets: some of them stand for letters there and for nothing in ASCII."""
    return all(octet < len(GSM7_TABLE) for octet in octets) and _ONLY_SEPTETS.search(octets) is not None


def utf16_hex(text: str) -> str:
    """The text in UTF-16 big-endian as hexadecimal digits, as gateways take it; a lone surrogate becomes U+FFFD."""
    return clean(text).encode("utf-16-be").hex().upper()


def _utf16(octets: bytes, *, sure: bool) -> str | None:
    """The text if these octets are UTF-16, as they are or in hexadecimal; None where UTF-8 is the better reading."""
    if _HEX.fullmatch(octets):
        read = _decoded(bytes.fromhex(octets.decode()))
        if read is not None and any(letter.isalnum() or letter.isascii() for letter in read):
            return read  # and not a year such as 2024, which would be a leader's dot
    if not sure and not _ONLY_SEPTETS.search(octets) and _is_utf8(octets):
        return None  # nothing says that these are not simply letters
    return _decoded(octets)


def _decoded(octets: bytes) -> str | None:
    try:
        text = octets.removeprefix(b"\xfe\xff").decode("utf-16-be")
    except UnicodeDecodeError:
        return None
    return text if _WRITTEN.fullmatch(text) else None


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True
