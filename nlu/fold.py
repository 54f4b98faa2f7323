"""Spelling noise taken away: one form of a word for every way of typing it.

Runs under Python 3.10 as well as 3.11 with the standard library only, because the Rasa side imports it.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

MAX_CHARS = 1600
"""Longest text looked at: ten joined GSM-7 parts of 153 characters are 1530; nobody types more on a phone."""

# Arabic and Tifinagh letters and marks with their compatibility forms; every other letter is of the second class.
_A = "\u0600-\u061a\u061c\u0620-\u065f\u066e-\u06d3\u06d5-\u06ef\u06fa-\u06ff\u0750-\u077f\u08a0-\u08ff\u2d30-\u2d7f\ufb50-\ufdfb\ufe70-\ufefc\U0001ee00-\U0001eeff"
_INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_B = rf"[^\W_{_A}]"
_UNIT = r"(?:[hH]\d{0,2}|[mM][gGlLnN]|[mM][iI][nN]|[kK]?[gG]|[gG]/[lL]|[cC][mM]|[uU][iI]|[xX]|[jJ]|[aA][nN][sS]|[mM][oO][iI][sS]|[eE][rR]|[eEèÈ][mM][eE])"
# The three kinds of token: a number with its separators and unit; a run of digits that cannot be Arabizi letters
# (0, 1 and 4 never are) in front of a word; words of either class. Only second-class words may hold digits (Arabizi).
_TOKEN = re.compile(
    rf"(?P<number>\+?\d+(?:[./:,\-–٫٬]\d+)*(?:°[cC]?\d*|%|{_UNIT})?(?!{_B}))"
    rf"|(?P<digits>\d*[014]\d*(?={_B}))"
    rf"|(?P<arabic>[{_A}](?:[{_A}{_INVISIBLE}])*)"
    rf"|(?P<word>{_B}(?:{_B}|[\u0300-\u036f{_INVISIBLE}])*)"
)
_RUN = re.compile(r"([^\W\d_])\1{2,}")
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_SPELLING = str.maketrans(
    {
        "\u0640": None, "ى": "ي", "ی": "ي", "ې": "ي", "ے": "ي", "ة": "ه", "ۃ": "ه", "ھ": "ه", "ہ": "ه", "ە": "ه",
        "ٱ": "ا", "ء": None, "ک": "ك", "ڪ": "ك", "ڭ": "گ", "ݣ": "گ", "ڨ": "گ", "پ": "ب", "ڤ": "ف", "ڥ": "ف",
        "چ": "ش", "œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ı": "i", "ε": "ɛ", "γ": "ɣ", "ʕ": "ɛ",
        "٫": ".", "٬": ",", "–": "-",
    }
)  # fmt: skip
# Consonants that people type for one another share a sign: emphatic with plain, p with b, v with f, ح with ه,
# the interdentals with the stops. `c` stands for the sound of ش and `v` for the sound of غ.
_SOUND = {
    "ب": "b", "ت": "t", "ث": "t", "ط": "t", "ج": "j", "ح": "h", "خ": "x", "د": "d", "ذ": "d", "ض": "d", "ظ": "d",
    "ر": "r", "ز": "z", "س": "s", "ص": "s", "ش": "c", "ع": "3", "غ": "v", "ف": "f", "ق": "q", "ك": "k", "گ": "g",
    "ل": "l", "م": "m", "ن": "n", "ه": "h", "و": "W", "ي": "Y", "ا": "A",
    "ⴱ": "b", "ⴲ": "b", "ⵀ": "h", "ⵃ": "h", "ⵄ": "3", "ⵅ": "x", "ⵇ": "q", "ⴽ": "k", "ⴾ": "k", "ⴳ": "g", "ⴴ": "g",
    "ⴷ": "d", "ⴸ": "d", "ⴹ": "d", "ⴺ": "d", "ⴼ": "f", "ⵊ": "j", "ⵍ": "l", "ⵎ": "m", "ⵏ": "n", "ⵔ": "r", "ⵕ": "r",
    "ⵖ": "v", "ⵙ": "s", "ⵚ": "s", "ⵛ": "c", "ⵜ": "t", "ⵝ": "t", "ⵟ": "t", "ⵣ": "z", "ⵥ": "z", "ⵡ": "W", "ⵢ": "Y",
    "ⵯ": "", "ⵞ": "c", "ⵠ": "f", "ⵒ": "b", "ⴰ": "A", "ⴻ": "A", "ⵉ": "I", "ⵓ": "U",
    "kh": "x", "gh": "v", "ch": "c", "sh": "c", "th": "t", "dh": "d", "ph": "f", "dj": "j", "ce": "sA", "ci": "sI",
    "cy": "sI", "ou": "W", "2": "", "3": "3", "5": "x", "6": "t", "7": "H", "9": "q", "ɛ": "3", "ɣ": "v",
    "b": "b", "c": "k", "d": "d", "f": "f", "g": "g", "h": "h", "j": "j", "k": "k", "l": "l", "m": "m", "n": "n",
    "p": "b", "q": "q", "r": "r", "s": "s", "t": "t", "v": "f", "w": "W", "x": "x", "y": "Y", "z": "z",
    "a": "A", "e": "A", "i": "I", "o": "U", "u": "U",
}  # fmt: skip
_SOUNDS = re.compile("|".join(sorted(_SOUND, key=len, reverse=True)) + "|.", re.DOTALL)
_VOWEL = {"A": "a", "I": "i", "U": "u", "W": "u", "Y": "i"}
_ARTICLE = re.compile(r"ال|[ea]?l(?=[^\Waeiou])|ل(?=[^\Wاوي])")
_TWICE = re.compile(r"(.)\1+")


@dataclass(frozen=True)
class Token:
    """One word or number. `start` and `end` are offsets into the text given to `fold`."""

    start: int
    end: int
    light: str
    skeleton: str


@dataclass(frozen=True)
class Folded:
    """A folded text: `light` is the tokens' light forms with one space between them."""

    light: str
    tokens: "tuple[Token, ...]"


def clean(text: str) -> str:
    """The text in NFC with ASCII digits, without controls, direction marks and broken surrogates; at most MAX_CHARS.

    Never raises. Line ends and tabs stay. Cleaning twice changes nothing.
    """
    kept = unicodedata.normalize("NFC", _CONTROL.sub("", text[: MAX_CHARS * 4]))
    return "".join(str(unicodedata.decimal(c)) if c > "\x7f" and c.isdecimal() else c for c in kept)[:MAX_CHARS]


@lru_cache(maxsize=64)  # every layer of understanding folds the same text: a few of them are under way at a time
def fold(text: str) -> Folded:
    """The text's tokens with their light forms and skeletons.

    Never raises; the time is linear in the length, so give it a cleaned text. Numbers, times and readings
    (`14/9`, `2mg`, `10h30`) are one token each, and no digit is ever changed except to its ASCII form.
    """
    tokens = [
        Token(match.start(), match.end(), light, bones)
        for match in _TOKEN.finditer(text)
        for light, bones in _forms(match.group())
    ]
    return Folded(" ".join(token.light for token in tokens), tuple(tokens))


def skeleton(word: str) -> str:
    """The consonants of a word, the same for every script and most spellings of it (`ghdda` and `غدا`: `vd`).

    A word without consonants keeps its vowels; the Arabic article is taken off where two consonants remain.
    A number is given back as it is.
    """
    forms = _forms(word)
    return "".join(bones for _, bones in forms)


@lru_cache(maxsize=8192)
def _forms(raw: str) -> "tuple[tuple[str, str], ...]":
    light = _light(raw)
    pieces = [match.group() for match in _TOKEN.finditer(light)]
    if pieces != [light]:  # rare compatibility letters change class when folded: what they became is read again
        return tuple(form for piece in pieces for form in _forms(piece))
    match = _TOKEN.match(light)
    is_number = match is not None and match.lastgroup in ("number", "digits")
    return ((light, light if is_number else _bones(light)),)


def _light(raw: str) -> str:
    form = raw
    for _ in range(4):  # lower-casing and decomposing feed each other; two rounds settle all of Unicode but a few
        before = form
        kept = "".join(_plain(c) for c in form.lower())  # first, or NFKD would turn ¼ and ² into digits
        form = "".join(_plain(c) for c in unicodedata.normalize("NFKD", kept))
        form = _RUN.sub(r"\1", form.translate(_SPELLING))
        if form == before:
            break
    return form


def _plain(character: str) -> str:
    if character < "\x80":
        return character
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return character if category[0] == "L" or character in "°٫٬–" else ""


def _bones(light: str) -> str:
    article = _ARTICLE.match(light)
    if article:
        rest = _consonants(light[article.end() :])
        if len(rest) > 1 and rest.lower() == rest:
            return rest
    return _consonants(light) or "".join(_VOWEL.get(sound, "") for sound in _sounds(light)) or light


def _consonants(light: str) -> str:
    sounds = _sounds(light)
    head = sounds[:1]
    if head in ("W", "Y"):  # و and ي are vowels inside a word, consonants in front of it
        sounds = head.lower() + sounds[1:]
    elif len(sounds) > 1 and sounds[-1] == "h":  # ta marbuta and the silent h of its Latin spellings
        sounds = sounds[:-1]
    bones = "".join(sound for sound in sounds if sound not in _VOWEL)
    return _TWICE.sub(r"\1", bones.replace("H", "h"))


def _sounds(light: str) -> str:
    return "".join(_SOUND.get(found, found) for found in _SOUNDS.findall(light))
