"""Telephone numbers as people in Morocco write them, and the E.164 form the house keeps. PURE.

The numbering plan is that of the `phonenumbers` metadata: after +212 nine digits, mobile ones beginning with 6 or 7.
"""

import re
import unicodedata

import phonenumbers

HOME = "MA"
LONGEST_WRITTEN = 40
"""More characters than any number written with its spaces and brackets takes."""

_E164_MOBILE = re.compile(r"\+212[67][0-9]{8}")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_WRITTEN = re.compile(r"[(\[]?\+?[0-9\s().\[\]/\-‐‑‒–—]+")


def e164(written: str) -> str | None:
    """The number in E.164 (`+212612345678`), or None when it cannot be one.

    Reads 06…, 6…, 212…, 00212…, +212 (0)6… with spaces, dots, dashes and brackets, and Arabic-Indic digits; a number
    without a country is Moroccan. A foreign number is taken when its length is possible in its country: people write
    in from anywhere. Words, extensions and short codes are None.
    """
    if _E164_MOBILE.fullmatch(written):
        return written
    if len(written) > LONGEST_WRITTEN:
        return None
    plain = _INVISIBLE.sub("", "".join(_ascii_digit(c) for c in unicodedata.normalize("NFKC", written))).strip()
    if not _WRITTEN.fullmatch(plain):
        return None
    try:
        number = phonenumbers.parse(plain, HOME)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def may_sms(number: str) -> bool:
    """Whether an SMS may be sent to this E.164 number: Moroccan mobiles only.

    Landlines, premium and short numbers cannot get one, and a closed country list is the guard against toll fraud.
    """
    return _E164_MOBILE.fullmatch(number) is not None


def _ascii_digit(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)
