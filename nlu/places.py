"""Names of places in a text, whatever the script and spelling: `Places({"ain-chock": ["Aïn Chock", "عين الشق"]})`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nlu.date_words import Found, key
from nlu.fold import MAX_CHARS, Token, fold

_LONG = 6
"""Letters from which one wrong, missing or extra letter is forgiven; shorter names differ by one letter too often."""
_LONG_BONES = 4
"""Consonants from which a match of the consonants alone is enough."""
_SHORT = 3
"""Letters from which two scripts' consonants are compared at all."""


@dataclass(frozen=True)
class _Name:
    place: str
    light: "tuple[str, ...]"
    keys: "tuple[str, ...]"
    bones: "tuple[str, ...]"


class Places:
    """Finds places by any of their names; `names` maps an id to its names in any script."""

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self._by_length: dict[int, list[_Name]] = {}
        for place, spellings in names.items():
            for spelling in spellings:
                tokens = fold(spelling).tokens
                if tokens:
                    self._by_length.setdefault(len(tokens), []).append(
                        _Name(
                            place,
                            tuple(t.light for t in tokens),
                            tuple(key(t.light) for t in tokens),
                            tuple(t.skeleton for t in tokens),
                        )
                    )
        self._lengths = sorted(self._by_length, reverse=True)

    def find(self, text: str) -> "list[Found]":
        """The places of a text in its order, the longest names first; `value` is the id. Never raises.

        Where one name belongs to several places (`centre de santé`), the first given is found: ask back with the list.
        """
        tokens = fold(text[:MAX_CHARS]).tokens
        keys = [key(token.light) for token in tokens]
        taken = [False] * len(tokens)
        found: list[Found] = []
        for length in self._lengths:
            for i in range(len(tokens) - length + 1):
                if any(taken[i : i + length]):
                    continue
                name = self._match(tokens[i : i + length], keys[i : i + length], length)
                if name:
                    taken[i : i + length] = [True] * length
                    start, end = tokens[i].start, tokens[i + length - 1].end
                    found.append(Found("place", name.place, text[start:end], start, end))
        return sorted(found, key=lambda hit: hit.start)

    def _match(self, tokens: "tuple[Token, ...]", keys: "list[str]", length: int) -> "_Name | None":
        best: tuple[int, _Name] | None = None
        for name in self._by_length[length]:
            cost = 0
            for n in range(length):
                step = _cost(tokens[n], keys[n], name, n)
                if step is None:
                    break
                cost += step
            else:
                if best is None or cost < best[0]:
                    best = (cost, name)
        return best[1] if best else None


def _cost(token: Token, spelling: str, name: _Name, n: int) -> "int | None":
    """0 the same spelling, 1 the same but for noise, 2 the same consonants, 3 one letter off; None: another word."""
    light, wanted, bones = name.light[n], name.keys[n], name.bones[n]
    if token.light == light:
        return 0
    if token.light[:1].isdigit() and token.light.isdigit():
        return None
    if spelling == wanted or _bare(spelling) == _bare(wanted):
        return 1
    whole = len(name.bones) > 1 and len(bones) > 1 and sum(map(len, name.bones)) >= _LONG_BONES
    if token.skeleton == bones and (len(bones) >= _LONG_BONES or whole or _other_script(token.light, light)):
        return 2
    if min(len(token.light), len(light)) >= _LONG and _one_off(spelling, wanted):
        return 3
    return None


def _bare(spelling: str) -> str:
    """The spelling without the article, where enough is left."""
    for article in ("ال", "al", "l"):
        if spelling.startswith(article) and len(spelling) - len(article) >= _LONG_BONES:
            return spelling[len(article) :]
    return spelling


def _other_script(one: str, other: str) -> bool:
    return _script(one) != _script(other) and min(len(one), len(other)) >= _SHORT


def _script(word: str) -> str:
    first = word[:1]
    if "\u0600" <= first <= "\u06ff":
        return "Arab"
    return "Tfng" if "\u2d30" <= first <= "\u2d7f" else "Latn"


def _one_off(one: str, other: str) -> bool:
    """Whether one letter more, less, other, or two neighbours swapped make the words the same."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return one == other
    i = 0
    while i < min(len(one), len(other)) and one[i] == other[i]:
        i += 1
    if len(one) == len(other):
        return one[i + 1 :] == other[i + 1 :] or (
            one[i : i + 2] == other[i : i + 2][::-1] and one[i + 2 :] == other[i + 2 :]
        )
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return longer[i + 1 :] == shorter[i:]
