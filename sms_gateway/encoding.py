"""Which alphabet an SMS needs, and the French spelling that keeps it in the cheap one.

The 7-bit alphabet is 3GPP TS 23.038 (default table and its extension); anything outside it turns the whole message
into UCS-2 and more than halves what fits. PURE.
"""

import unicodedata
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]
GSM7: Encoding = "GSM-7"
UCS2: Encoding = "UCS-2"

GSM7_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
)
"""One septet each. Lower ç is not here while upper Ç is: that is the standard, not a slip."""

GSM7_EXTENDED = frozenset("\f^{}\\[~]|€")
"""Two septets each: an escape and a character, which may not be parted."""

GSM7_ALL = GSM7_BASIC | GSM7_EXTENDED

SMART = str.maketrans(
    {
        "‘": "'",  # LEFT SINGLE QUOTATION MARK
        "’": "'",  # RIGHT SINGLE QUOTATION MARK, the French apostrophe of word processors
        "“": '"',  # LEFT DOUBLE QUOTATION MARK
        "”": '"',  # RIGHT DOUBLE QUOTATION MARK
        "«": '"',  # LEFT-POINTING DOUBLE ANGLE QUOTATION MARK
        "»": '"',  # RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK
        "–": "-",  # EN DASH
        "—": "-",  # EM DASH
        "…": "...",  # HORIZONTAL ELLIPSIS
        "\u00a0": " ",  # NO-BREAK SPACE
        "\u202f": " ",  # NARROW NO-BREAK SPACE, set before ? and ! in French
        "œ": "oe",
        "Œ": "OE",
        "°": "o",  # DEGREE SIGN, as in n°
        "ç": "c",
        "ÿ": "y",
        "Ÿ": "Y",
        "À": "A",
        "È": "E",
        "Ù": "U",
        **dict(zip("âêëîïôûÂÊËÎÏÔÛ", "aeeiiouAEEIIOU", strict=True)),
    },
)


def nfc(text: str) -> str:
    """The text in Unicode's composed form: `e` with a loose accent is not GSM-7, `é` is."""
    return unicodedata.normalize("NFC", text)


def encoding_of(text: str) -> Encoding:
    """The alphabet that carries this text (give it composed text: see `nfc`)."""
    return GSM7 if set(text) <= GSM7_ALL else UCS2


def units(character: str, encoding: Encoding) -> int:
    """What one character costs: septets in GSM-7, 16-bit units in UCS-2."""
    if encoding == GSM7:
        return 2 if character in GSM7_EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1  # noqa: PLR2004  the last code point of one 16-bit unit


def length(text: str, encoding: Encoding) -> int:
    """What the whole text costs in that alphabet: the sum of `units`, without a step for each character."""
    if encoding == GSM7:
        return len(text) + sum(map(text.count, GSM7_EXTENDED))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def smart_encode(text: str) -> str:
    """The text respelt for GSM-7 where only quotes, dashes, spaces and French accents stand in the way.

    A text that would need UCS-2 all the same (Arabic, Tifinagh, emoji) comes back composed and otherwise untouched, so
    nothing is lost without a gain.
    """
    composed = nfc(text)
    if encoding_of(composed) == GSM7:
        return composed
    respelt = composed.translate(SMART)
    return respelt if encoding_of(respelt) == GSM7 else composed
