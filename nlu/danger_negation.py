"""What is said and what is denied: negators of six languages and how far each of them reaches."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nlu.danger_phrases import DENIED, DENIED_END, spelt
from nlu.fold import Token, fold
from nlu.lexicon import danger_frames as around
from nlu.lexicon import danger_words as words

WINDOW = 14
"""Tokens between the first and the last word of a sign: a long phone sentence, shorter than two of them."""

NEGATION = 3
"""Tokens after a negator that it turns over: as far as an object stands from its verb ("pas de mal à respirer")."""

COMMA = re.compile(r"[,،:…()-]")


def lights(bar: str) -> frozenset[str]:
    """The first word, folded, of each entry of a bar-parted list."""
    return frozenset(token.light for entry in bar.split("|") for token in fold(entry).tokens[:1])


AND = re.compile(r"^و(?!جع|لد|ال|جه|احد|قت)")
BREAKS = frozenset(token.light for token in fold(words.BREAKS).tokens)
_NEGATORS = frozenset(spelt(token.light) for entry in words.NEGATORS.split("|") for token in fold(entry).tokens[:1])
_FRENCH = frozenset({"pas", "plus", "jamais", "aucun", "sans"})
"""Before "d'": then it is the French "of", not the Tamazight "and"."""
_SHORTEST = 3
_SUFFERS = lights(around.SUFFERS)
_HEDGES = frozenset({"presque", "vraiment", "quasiment", "toujours", "meme", "quasi"})
_SURE = 2
_NOR = frozenset({"la", "لا"})
_NOT = frozenset({"ma", "ما", "makayn", "makaynch"})
"""Before "la": then it is "nor", not the French article."""
_MAYBE = frozenset({"ولا", "wla", "wala"})
"""Both "and not" and "or"."""
_WHAT = frozenset(
    token.light for token in fold("هي هو هما هذا هذه اعراض الاعراض علامات العلامات معنى اسباب سبب").tokens
)
"""After these ما asks "what"; it does not deny."""
_REACHES = re.compile(r"3nd|عند|kayn|كاين|كان|^ma?fi|^fi|فيه|فيا|[9q]e?d|قد|قاد|bgh|بغ|b[9q]|بق|7es|حس|dar|لد")
_VERB_AFTER_MA = re.compile(r"ka[nty]|b[9q]|[nyti]?[9q]e?d|3nd|bgh|bagh|kh|fi(?:ya|h|ha|hom)$")


@dataclass(frozen=True)
class Hit:
    """A concept in a sentence. In doubt it is denied and said."""

    concept: str
    start: int
    end: int
    denied: bool
    said: bool


def polar(name: str, at: int, end: int, negated: Sequence[int], tokens: Sequence[Token]) -> Hit:
    """A concept with its polarity. A phrase of several words carries its own negation."""
    if end - at > 1:
        before = negated[at] if not any(_negator(tokens, place) for place in range(at, end)) else 0
        return Hit(name, at, end, denied=before > 0, said=before < _SURE)
    light = tokens[at].light
    glued = bool(DENIED.match(light))
    behind = next((token.light for token in tokens[end : end + 3] if token.light not in _HEDGES), "")
    after = behind == "pas"
    unclear = behind == "plus"
    denied = negated[at] == _SURE or glued or after
    return Hit(name, at, end, denied=denied or unclear or negated[at] > 0, said=not denied)


def negated(text: str, tokens: Sequence[Token], hidden: Sequence[bool]) -> list[int]:
    """For every token whether a negator before it in the same clause turns it over: 0 no, 1 perhaps, 2 yes."""
    found = [0] * len(tokens)
    for at, token in enumerate(tokens):
        sure = _negator(tokens, at)
        if hidden[at] or not sure:
            continue
        if DENIED.match(token.light) and not _REACHES.search(token.light):
            continue
        reach = NEGATION
        if any(after.light in _SUFFERS for after in tokens[at + 1 : at + 3]):
            reach += NEGATION
        for after in range(at + 1, min(len(tokens), at + 1 + reach)):
            gap = text[tokens[after - 1].end : tokens[after].start]
            light = tokens[after].light
            breaks = light in BREAKS and not (light == "d" and token.light in _FRENCH)
            if COMMA.search(gap) or breaks or (after > at + 1 and AND.match(light) and len(light) > _SHORTEST):
                break
            found[after] = max(found[after], sure)
            if token.light in ("ma", "ما") and DENIED_END.match(light) and not _REACHES.search(light):
                break  # Darija closes its negation with -ch; only "have", "be", "can", "want" hand it on
    return found


def _negator(tokens: Sequence[Token], at: int) -> int:
    light = tokens[at].light
    if light in _NOR:
        earlier = range(max(0, at - WINDOW), at)
        return 2 if light == "لا" or any(tokens[n].light in _NOT and _negator(tokens, n) for n in earlier) else 0
    if light in _MAYBE:
        return 1
    if light == "plus":
        return 2 if any(before.light in ("n", "ne", "y") for before in tokens[max(0, at - 3) : at]) else 0
    following = tokens[at + 1].light if at + 1 < len(tokens) else ""
    if light == "ما" and following in _WHAT:
        return 0
    if light == "ma":
        closes = any(token.light.endswith(("ch", "sh")) for token in tokens[at + 1 : at + 3])
        return 2 if closes or _VERB_AFTER_MA.match(following) else 0  # else the French "my"
    return 2 if spelt(light) in _NEGATORS or DENIED.match(light) else 0
