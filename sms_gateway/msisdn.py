"""Telephone numbers as people in Morocco write them, and the E.164 form the house keeps. PURE.

The numbering plan is that of the `phonenumbers` metadata: after +212 nine digits, mobile ones beginning with 6 or 7.
"""

import re
import unicodedata

import phonenumbers

HOME = "MA"
HOME_CODE = 212
SMALLEST = 100_000_000
"""Nine digits after +212, the first of them no zero (ANRT's numbering plan, as `phonenumbers` has it)."""
LONGEST_WRITTEN = 40
"""More characters than any number written with its spaces and brackets takes."""

_E164_MOBILE = re.compile(r"\+212[67][0-9]{8}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SCHEME = re.compile(r"tel:", re.IGNORECASE)
"""RFC 3966 writes a number so, and address books copy it; its parameters (`;ext=`) make it another thing than a number."""
_BETWEEN = re.compile(r"[\s._·•]+")
_WRITTEN = re.compile(r"[(\[]?\+?[0-9 ()\[\]/\-‐‑‒–—]+")


def e164(written: str) -> str | None:
    """The number in E.164 (`+212612345678`), or None when it cannot be one.

    Reads 06…, 6…, 212…, 00212…, +212 (0)6… and tel:…, with spaces, dots, dashes and brackets, invisible marks, and
    Arabic-Indic or Eastern digits; a number without a country is Moroccan. A foreign number is taken when its length is
    possible in its country: people write in from anywhere. Words, extensions, several numbers and short codes are None.
    """
    if _E164_MOBILE.fullmatch(written):
        return written
    if len(written) > LONGEST_WRITTEN:
        return None
    plain = _INVISIBLE.sub("", "".join(_ascii_digit(c) for c in unicodedata.normalize("NFKC", written))).strip()
    if scheme := _SCHEME.match(plain):
        plain = plain[scheme.end() :]
    plain = _BETWEEN.sub(" ", plain).strip()
    if not _WRITTEN.fullmatch(plain):
        return None
    try:
        number = phonenumbers.parse(plain, HOME)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number) or _lacks_a_digit(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def from_network(written: str, country: str = HOME) -> str | None:
    """The sender of a message as a provider writes it, in E.164, or None when it cannot be a number.

    Providers write whole numbers without their plus as often as national ones. Where both readings are possible, the
    one that is also valid counts, a number of `country` (two letters, ISO 3166) before a foreign one.
    """
    if _E164_MOBILE.fullmatch(written):
        return written
    if len(written) > LONGEST_WRITTEN:
        return None
    plain = _INVISIBLE.sub("", "".join(_ascii_digit(c) for c in unicodedata.normalize("NFKC", written))).strip()
    if scheme := _SCHEME.match(plain):
        plain = plain[scheme.end() :]
    plain = _BETWEEN.sub(" ", plain).strip()
    if not _WRITTEN.fullmatch(plain):
        return None
    plain = f"+{plain[2:]}" if plain.startswith("00") else plain
    readings = [_parsed(plain, country)] + ([] if plain.startswith("+") else [_parsed(f"+{plain}", country)])
    possible = [number for number in readings if number is not None]
    best = next(filter(phonenumbers.is_valid_number, possible), possible[0] if possible else None)
    return phonenumbers.format_number(best, phonenumbers.PhoneNumberFormat.E164) if best else None


def is_country(code: str) -> bool:
    """Whether this is the two-letter code of a country whose numbers can be read."""
    return code in phonenumbers.SUPPORTED_REGIONS


def _lacks_a_digit(number: phonenumbers.PhoneNumber) -> bool:
    # 061234567: the zero before it is taken for a digit, and the length fits. No Moroccan number begins with a zero.
    return number.country_code == HOME_CODE and (number.national_number or 0) < SMALLEST


def may_sms(number: str) -> bool:
    """Whether an SMS may be sent to this E.164 number: Moroccan mobiles only.

    Landlines, premium and short numbers cannot get one, and a closed country list is the guard against toll fraud.
    """
    return _E164_MOBILE.fullmatch(number) is not None


def takes_sms(number: str) -> bool:
    """Whether this E.164 number can get an SMS as far as its form says: a Moroccan mobile, or any foreign number.

    What a channel asks before it builds a request. Which countries are written to at all is decided before that.
    """
    return may_sms(number) or (_E164.fullmatch(number) is not None and not number.startswith("+212"))


def _parsed(written: str, country: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def _ascii_digit(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)
