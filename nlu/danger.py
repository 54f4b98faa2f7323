"""Danger signs in a text: a phrase layer that needs no database and no model, so that it always answers.

Words become concepts (`nlu/lexicon/danger_words.py`), concepts that stand close together become signs
(`danger_rules.py`). Negation turns a concept over; a question about signs, a fear, the past and a good ending lower
the level, never below `inform`. Where the words leave a doubt, the more urgent level is taken.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from nlu.fold import Token, fold
from nlu.lexicon import danger_words as words
from nlu.lexicon.danger_rules import RULES
from nlu.types import Danger, DangerLevel

WINDOW = 14
"""Tokens between the first and the last word of a sign: a long phone sentence, shorter than two of them."""

NEGATION = 3
"""Tokens after a negator that it turns over: as far as an object stands from its verb ("pas de mal à respirer")."""

_BONES = 3
"""Consonants below which skeletons say too little and only the letters count."""

_URGENCY = (DangerLevel.INFORM, DangerLevel.ASK, DangerLevel.NOW)
_SENTENCE = re.compile(r"[.!?؟;\n]+(?!\d)")
_COMMA = re.compile(r"[,،:…()-]")
_TIFINAGH = str.maketrans(
    dict(
        zip(
            "ⴰⴱⴳⴷⴹⴻⴼⴽⵀⵃⵇⵉⵊⵍⵎⵏⵓⵔⵕⵙⵚⵜⵟⵡⵢⵣⵥ",
            "abgddefkhhqijlmnurrssttwyzz",
            strict=True,
        )
    )
    | {"ⵄ": "3", "ⵖ": "gh", "ⵅ": "kh", "ⵛ": "ch", "ⵯ": "", "ɣ": "gh", "ɛ": "3"}
)
_ARABIC_CLITIC = re.compile(r"^[وف]?(?:ال|بال|فال|لل|كال|دال|[بلفدك])?(?=..)")
_LATIN_CLITIC = re.compile(r"^(?:[fbwdl]?(?:el|al|l)|[fbwdl])(?=...)")
_VERB = re.compile(r"^(?:[kt]a|ki|ke|ti|gha|kat|ghad|كا?|غا?|تا?)(?:[ytni]|[يتن])?(?=...)|^[ytni](?=...)|^[يتن](?=..)")
_DENIED = re.compile(r"^(?:ma|ما)(.{2,})(?:ch|sh|c|ش)$")
_DOUBLE = re.compile(r"([^\W\d])\1+")
_DENIED_END = re.compile(r"^(.{3,})(?:ch|sh|ش)$")


@dataclass(frozen=True)
class _Hit:
    concept: str
    start: int
    end: int
    denied: bool
    said: bool


class _Phrases:
    """Finds phrases of several words at a place; made once from entries parted by bars."""

    def __init__(self, entries: Iterable[tuple[str, str]], *, strict: bool = False) -> None:
        """`strict`: a single word matches by its letters only, for words that lower a level."""
        self._first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for name, bar in entries:
            for entry in bar.split("|"):
                keys = tuple(_entry_keys(entry.strip(), strict=strict))
                if keys:
                    self._first.setdefault(keys[0], []).append((keys[1:], name))

    def at(self, place: int, keys: Sequence[frozenset[str]]) -> Iterator[tuple[str, int]]:
        """The names of the phrases that begin at a place, with the place after each."""
        for key in keys[place]:
            for rest, name in self._first.get(key, ()):
                end = place + 1 + len(rest)
                if end <= len(keys) and all(k in keys[place + 1 + n] for n, k in enumerate(rest)):
                    yield name, end


def _entry_keys(entry: str, *, strict: bool) -> Iterator[str]:
    exact = entry.startswith("=") or (strict and " " not in entry)
    for part in entry.removeprefix("=").split():
        stem = part.endswith("*")
        for token in fold(part.rstrip("*")).tokens:
            letters = _letters(token.light)
            if stem:
                yield letters + "*"
            elif len(token.skeleton) >= _BONES and not exact:
                yield "~" + token.skeleton
            else:
                yield letters


def _letters(light: str) -> str:
    return _DOUBLE.sub(r"\1", light.translate(_TIFINAGH))


@lru_cache(maxsize=8192)
def _keys(light: str, bones: str) -> frozenset[str]:
    """Every key by which an entry can name this word: its letters without clitics, stems, skeletons."""
    letters = _letters(light)
    forms = {letters}
    denied = _DENIED.match(letters) or _DENIED_END.match(letters)
    if denied:
        forms.add(denied.group(1))
    for form in tuple(forms):
        forms |= {_ARABIC_CLITIC.sub("", form), _LATIN_CLITIC.sub("", form), _VERB.sub("", form)}
        forms.add(_VERB.sub("", _ARABIC_CLITIC.sub("", form)))
    found = set(forms) | {"~" + bones}
    for form in forms:
        found.update(form[:end] + "*" for end in range(2, len(form) + 1))
        for token in fold(form).tokens:
            found.add("~" + token.skeleton)
    return frozenset(found)


_CONCEPTS = _Phrases(words.CONCEPTS.items())
_EXCUSES = _Phrases([("excuse", words.EXCUSES), ("excuse", words.NOT_NEGATED)])
_FRAMES = _Phrases(
    [
        ("inform", words.INFORM), ("asking", words.ASKING), ("own", words.OWN),
        ("past", words.PAST), ("resolved", words.RESOLVED),
    ],
    strict=True,
)  # fmt: skip
_NEGATORS = frozenset(_letters(token.light) for entry in words.NEGATORS.split("|") for token in fold(entry).tokens[:1])
_HEDGES = frozenset({"presque", "vraiment", "quasiment", "toujours", "meme", "quasi"})
_SURE = 2
_MAYBE = frozenset({"ولا", "wla", "wala"})
"""Both "and not" and "or"."""
_REACHES = re.compile(r"3nd|عند|kayn|كاين|كان|^ma?fi|^fi|فيه|فيا|[9q]e?d|قد|قاد|bgh|بغ|b[9q]|بق|7es|حس|dar|لد")
_VERB_AFTER_MA = re.compile(r"ka[nty]|b[9q]|[nyti]?[9q]e?d|3nd|bgh|bagh|kh|fi(?:ya|h|ha|hom)$")
_BREAKS = frozenset(token.light for token in fold(words.BREAKS).tokens)
_RULES = tuple((kind, DangerLevel(level), tuple(needs.split())) for kind, level, needs in RULES)


def find(text: str) -> Danger | None:
    """The most urgent danger sign of a cleaned text in any of the six forms, or None.

    Sentences are read one by one; only where none holds a sign is the text read as a whole. Never raises.
    """
    best: Danger | None = None
    pieces = [piece for piece in _SENTENCE.split(text) if piece.strip()]
    for piece in pieces:
        best = _worse(best, _read(piece))
    return best or (_read(text) if len(pieces) > 1 else None)


def _worse(one: Danger | None, other: Danger | None) -> Danger | None:
    if one is None or other is None:
        return one or other
    return other if _URGENCY.index(other.level) > _URGENCY.index(one.level) else one


def _read(text: str) -> Danger | None:
    tokens = fold(text).tokens
    keys = [_keys(token.light, token.skeleton) for token in tokens]
    hidden = [False] * len(tokens)
    for at in range(len(tokens)):
        for _, end in _EXCUSES.at(at, keys):
            hidden[at:end] = [True] * (end - at)
    # ماء, water, folds to the negator ما: only the text as typed tells them apart
    spoken = [replace(t, light="ماء") if t.light == "ما" and "ء" in text[t.start : t.end] else t for t in tokens]
    negated = _negated(text, spoken, hidden)
    hits = [
        _hit(name, at, end, negated, spoken)
        for at in range(len(tokens))
        for name, end in _CONCEPTS.at(at, keys)
        if not all(hidden[at:end])
    ]
    if not hits:
        return None
    found: tuple[Danger, int] | None = None
    for kind, level, needs in _RULES:
        if found and _URGENCY.index(level) <= _URGENCY.index(found[0].level):
            continue
        start = _match(needs, hits)
        if start is not None:
            found = (Danger(kind, level), start)
    if found is None:
        return None
    return _lowered(found[0], found[1], keys)


def _hit(name: str, at: int, end: int, negated: Sequence[int], tokens: Sequence[Token]) -> _Hit:
    """A concept with its polarity. A phrase of several words carries its own negation."""
    if end - at > 1:
        before = negated[at] if not any(_negator(tokens, place) for place in range(at, end)) else 0
        return _Hit(name, at, end, denied=before > 0, said=before < _SURE)
    light = tokens[at].light
    glued = bool(_DENIED.match(light))
    behind = next((token.light for token in tokens[end : end + 3] if token.light not in _HEDGES), "")
    after = behind == "pas"
    unclear = behind == "plus"
    denied = negated[at] == _SURE or glued or after
    return _Hit(name, at, end, denied=denied or unclear or negated[at] > 0, said=not denied)


def _negated(text: str, tokens: Sequence[Token], hidden: Sequence[bool]) -> list[int]:
    """For every token whether a negator before it in the same clause turns it over: 0 no, 1 perhaps, 2 yes."""
    found = [0] * len(tokens)
    for at, token in enumerate(tokens):
        sure = _negator(tokens, at)
        if hidden[at] or not sure:
            continue
        if _DENIED.match(token.light) and not _REACHES.search(token.light):
            continue
        for after in range(at + 1, min(len(tokens), at + 1 + NEGATION)):
            gap = text[tokens[after - 1].end : tokens[after].start]
            light = tokens[after].light
            if _COMMA.search(gap) or light in _BREAKS:
                break
            found[after] = max(found[after], sure)
            if token.light in ("ma", "ما") and _DENIED_END.match(light) and not _REACHES.search(light):
                break  # Darija closes its negation with -ch; only "have", "be", "can", "want" hand it on
    return found


def _negator(tokens: Sequence[Token], at: int) -> int:
    light = tokens[at].light
    if light in _MAYBE:
        return 1
    if light == "plus":
        return 2 if any(before.light in ("n", "ne", "y") for before in tokens[max(0, at - 3) : at]) else 0
    if light == "ma":
        following = tokens[at + 1].light if at + 1 < len(tokens) else ""
        closes = any(token.light.endswith(("ch", "sh")) for token in tokens[at + 1 : at + 3])
        return 2 if closes or _VERB_AFTER_MA.match(following) else 0  # else the French "my"
    return 2 if _letters(light) in _NEGATORS or _DENIED.match(light) else 0


def _match(needs: Sequence[str], hits: Sequence[_Hit]) -> int | None:
    """Where the sign begins if every needed concept stands in one window, else None."""
    wanted: list[list[_Hit]] = []
    for need in needs:
        if need[0] == "!":
            if any(hit.concept == need[1:] and hit.said for hit in hits):
                return None
            continue
        name = need.lstrip("-")
        options = [hit for hit in hits if hit.concept == name and (hit.denied if need[0] == "-" else hit.said)]
        if not options:
            return None
        wanted.append(options)
    for anchor in wanted[0]:
        near = [[hit for hit in options if abs(hit.start - anchor.start) < WINDOW] for options in wanted]
        if all(near) and _apart(near):
            return min(anchor.start, *(options[0].start for options in near))
    return None


def _apart(options: Sequence[Sequence[_Hit]], used: frozenset[int] = frozenset()) -> bool:
    """Whether every concept finds words of its own: one word is no two signs."""
    if not options:
        return True
    for hit in options[0]:
        places = frozenset(range(hit.start, hit.end))
        if not places & used and _apart(options[1:], used | places):
            return True
    return False


def _lowered(danger: Danger, start: int, keys: Sequence[frozenset[str]]) -> Danger:
    """The sign at the level that the sentence around it leaves: asked about, feared, past or over."""
    frames: dict[str, list[int]] = {}
    for at in range(len(keys)):
        for name, _ in _FRAMES.at(at, keys):
            frames.setdefault(name, []).append(at)
    level = danger.level
    asked = [at for at in frames.get("inform", ()) if at <= start]
    if asked:
        own = any(min(asked) < at for at in frames.get("own", ()))
        level = DangerLevel.ASK if own else DangerLevel.INFORM
    elif any(at <= start for at in frames.get("asking", ())) or "resolved" in frames:
        level = DangerLevel.ASK
    if "past" in frames and danger.kind != "self_harm":
        level = DangerLevel.INFORM
    if danger.kind == "self_harm" and level is not DangerLevel.NOW and not asked:
        level = DangerLevel.NOW
    return Danger(danger.kind, min(level, danger.level, key=_URGENCY.index))
