"""Words that work everywhere: STOP, START, HELP, MENU, LANGUAGE, HUMAN, DELETE."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from nlu.fold import Folded, Token, fold
from nlu.lexicon.language_names import LANGUAGE_NAMES
from nlu.types import Keyword

MAX_TOKENS = 12
"""A longer text is talk, not a keyword."""

_NOUN = "messages"
_MIN_CONSONANTS = 4
"""Shorter skeletons are shared by unrelated words (`help` and حليب)."""


def _lights(words: str) -> frozenset[str]:
    return frozenset(token.light for token in fold(words).tokens)


_POLITE = _lights(
    """svp stp sil s il te vous plait please pls merci bonjour bonsoir salut salam slm 3afak afak 3afakom 3afakoum ɛafak
    chokran choukran lah ikhlik ykhlik allah khalik daba maintenant هلا سلام عليكم السلام وعليكم عافاك عفاك عافاكم شكرا
    من فضلك فضلكم رجاء مرحبا الله يخليك يخليكم دابا الان azul tanmmirt tanmirt ⴰⵣⵓⵍ ⵜⴰⵏⵎⵎⵉⵔⵜ ⵄⴰⴼⴰⴽ"""
)
_SMALL = _lights(
    """le la les l de des d du un une ces ce cet cette vos votre tes mes me m mon ma a had hada hadou hado dyal dial
    dyali dyalkom dyawlkom el al o w f 3liya 3lia هاد هادو هاذ هذه هذا ديال ديالي ديالكم علي ليا لي عليا n ad inu inw
    ⵏ ⴰⴷ ⵉⵏⵓ"""
)
_MESSAGES = _lights(
    """message messages msg msgs mesg sms smsat texto textos lmessage lmessages lmessagat messagat rasa2il rassa2il lmsg
    الرسائل رسائل رسايل الرسايل ميساجات الميساجات ميساج لميساجات مساجات المساجات الرساءل tuzinin tibratin tibrat
    ⵜⵉⴱⵔⴰⵜⵉⵏ"""
)


class Keywords:
    """Finds the keyword that a whole message is. Made once from the words of all forms, then only read."""

    def __init__(self, words: Mapping[str, Mapping[Keyword, Sequence[str]]]) -> None:
        self._exact: dict[tuple[str, ...], tuple[Keyword, str]] = {}
        self._bones: dict[tuple[str, ...], tuple[Keyword, str]] = {}
        for form, by_keyword in words.items():
            for keyword, phrases in by_keyword.items():
                for phrase in phrases:
                    folded = fold(phrase)
                    for said in _readings(folded):
                        self._exact.setdefault(_light(said), (keyword, form))
                        if sum(len(word.skeleton) for word in said) >= _MIN_CONSONANTS:
                            self._bones.setdefault(_bones(said), (keyword, form))

    def find(self, text: str) -> tuple[Keyword, str] | None:
        """The keyword that the whole text says, and the form of the phrase that said it; None for anything longer.

        Greetings, politeness and a word said twice do not matter; spelling is folded. A phrase that several forms
        share (`stop`) is given with the first of them, so the form says nothing about the contact's language there;
        the name of a language (`français`) is LANGUAGE with that language's form.
        """
        folded = fold(text)
        if not folded.tokens or len(folded.tokens) > MAX_TOKENS:
            return None
        readings = tuple(_readings(folded))
        exact = (self._exact.get(_light(words)) for words in readings)
        bones = (self._bones.get(_bones(words)) for words in readings)
        return next((found for found in (*exact, *bones) if found), None)


def language_named(text: str) -> str | None:
    """The form of the language whose name the whole text is (`Français svp`), `zgh` where its alphabet stays open, or None."""
    folded = fold(text)
    if not folded.tokens or len(folded.tokens) > MAX_TOKENS:
        return None
    names = (_names().get(_light(words)) for words in _readings(folded))
    return next((form for form in names if form), None)


@cache
def _names() -> Mapping[tuple[str, ...], str]:
    names: dict[tuple[str, ...], str] = {}
    for form, phrases in LANGUAGE_NAMES.items():
        for phrase in phrases:
            for said in _readings(fold(phrase)):
                names.setdefault(_light(said), form)
    return names


def _light(words: Sequence[Token]) -> tuple[str, ...]:
    return tuple(_NOUN if word.light in _MESSAGES else word.light for word in words)


def _bones(words: Sequence[Token]) -> tuple[str, ...]:
    return tuple(_NOUN if word.light in _MESSAGES else word.skeleton for word in words)


def _readings(folded: Folded) -> Iterator[tuple[Token, ...]]:
    """The words as they are, without politeness and repetition, and without the small words around the rest."""
    whole = folded.tokens
    yield whole
    plain = [word for word in whole if word.light not in _POLITE]
    spoken = tuple(word for at, word in enumerate(plain) if at == 0 or word.light != plain[at - 1].light)
    if spoken:
        yield spoken
    bare = tuple(word for word in spoken if word.light not in _SMALL)
    if len(bare) > 1:
        yield bare
