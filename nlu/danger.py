"""Danger signs in a text: a phrase layer that needs no database and no model, so that it always answers.

Words become concepts (`nlu/lexicon/danger_words.py`), concepts that stand close together become signs
(`danger_rules.py`). Negation turns a concept over; a question about signs, a fear, the past and a good ending lower
the level, never below `inform`. Where the words leave a doubt, the more urgent level is taken.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nlu import danger_readings
from nlu.danger_phrases import DENIED, DENIED_END, Phrases, spelt, word_keys
from nlu.fold import Token, fold
from nlu.lexicon import danger_frames as around
from nlu.lexicon import danger_words as words
from nlu.lexicon.danger_concepts import CONCEPTS
from nlu.lexicon.danger_described import FIRST, THEN
from nlu.lexicon.danger_rules import RULES
from nlu.types import Danger, DangerLevel

WINDOW = 14
"""Tokens between the first and the last word of a sign: a long phone sentence, shorter than two of them."""

NEGATION = 3
"""Tokens after a negator that it turns over: as far as an object stands from its verb ("pas de mal à respirer")."""

LONG, OVERLAP = 300, 120
"""Letters of a piece of a sentence that does not end, and how many the next piece repeats: a sign has about 60."""

_FEW = 4
"""Sentences of a text that is also read as a whole."""

_URGENCY = (DangerLevel.INFORM, DangerLevel.ASK, DangerLevel.NOW)
_SENTENCE = re.compile(r"[.!?؟;\n]+(?!\d)")
_COMMA = re.compile(r"[,،:…()-]")


@dataclass(frozen=True)
class _Hit:
    concept: str
    start: int
    end: int
    denied: bool
    said: bool


_CONCEPTS = Phrases(CONCEPTS.items())
_EXCUSES = Phrases([("excuse", bar) for bar in (words.EXCUSES, words.NOT_NEGATED, around.EXCUSES)])
_FRAMES = Phrases(
    [
        ("inform", words.INFORM), ("asking", words.ASKING), ("own", words.OWN), ("past", words.PAST),
        ("past", around.PAST), ("resolved", words.RESOLVED), ("resolved", around.OVER), ("recent", words.RECENT),
        ("still", words.STILL), ("why", around.WHY), ("joke", around.JOKE), ("booking", around.BOOKING), ("was", around.WAS),
    ],
    strict=True,
)  # fmt: skip
_TOPICS = Phrases([("glucose", words.GLUCOSE), ("pressure", words.PRESSURE), ("other", words.ANALYTES)])


def _lights(bar: str) -> frozenset[str]:
    return frozenset(token.light for entry in bar.split("|") for token in fold(entry).tokens[:1])


_AGO, _LONG, _SHORT, _SINCE = (_lights(bar) for bar in (words.AGO, words.LONG, words.SHORT, words.SINCE))
_MONTHS, _DAYS, _DATED = (_lights(bar) for bar in (words.MONTHS, words.DAYS, words.DATED))
_COUNTS = {token.light: count for word, count in words.COUNTS.items() for token in fold(word).tokens}
_YOUNG = {"month": 2, "week": 12, "day": 90}
"""The last age under 3 months, in which every fever is urgent (WHO IMCI and clinical guidance on young infants)."""
_AGED = _lights(
    "a|age|agee|3ndo|3ndha|3endo|3endha|3ando|3andha|3mro|3mrha|3omro|عندو|عندها|عمرو|عمره|عمرها|ghurs|ɣurs|dars"
)
_OF = frozenset({"de", "d", "que", "qu", "w"})
_ANY = frozenset({"un", "une", "les", "des", "d"})
"""Before "woman" or "child": not one's own."""
_BEFORE = frozenset({"a", "قبل"})
"""Ago; hadi is said of what still lasts too."""
_AGO_REACH = 3
_WAS_REACH = 4
"""Tokens from "was" to the sign that it puts into the past."""
_THERE_IS = "illa"
"""Tamazight; with its double letter taken for one it would be the Darija "if"."""
_PREFIXED = re.compile(r"[tn](?!a)")
"""After "kan": a verb whose prefix was typed apart ("kan t9aya", I vomit), not what once was."""
_LASTING = frozenset({"poisoning", "sting", "violence", "stroke", "pregnancy", "postpartum", "newborn"})
"""Signs that one day does not settle. A stroke that passed is an emergency still."""
_AND = re.compile(r"^و(?!جع|لد|ال|جه|احد|قت)")
_NEGATORS = frozenset(spelt(token.light) for entry in words.NEGATORS.split("|") for token in fold(entry).tokens[:1])
_SUFFERS = _lights(around.SUFFERS)
_HEDGES = frozenset({"presque", "vraiment", "quasiment", "toujours", "meme", "quasi"})
_SURE = 2
_NOR = frozenset({"la", "لا"})
_NOT = frozenset({"ma", "ما", "la", "makayn", "makaynch"})
"""Before "la": then it is "nor", not the French article."""
_MAYBE = frozenset({"ولا", "wla", "wala"})
"""Both "and not" and "or"."""
_WHAT = frozenset(
    token.light for token in fold("هي هو هما هذا هذه اعراض الاعراض علامات العلامات معنى اسباب سبب").tokens
)
"""After these ما asks "what"; it does not deny."""
_REACHES = re.compile(r"3nd|عند|kayn|كاين|كان|^ma?fi|^fi|فيه|فيا|[9q]e?d|قد|قاد|bgh|بغ|b[9q]|بق|7es|حس|dar|لد")
_VERB_AFTER_MA = re.compile(r"ka[nty]|b[9q]|[nyti]?[9q]e?d|3nd|bgh|bagh|kh|fi(?:ya|h|ha|hom)$")
_BREAKS = frozenset(token.light for token in fold(words.BREAKS).tokens)
_RULES = tuple(
    (
        Danger(kind, DangerLevel(level)),
        tuple(needs.split()),
        frozenset(need.lstrip("-") for need in needs.split() if need[0] != "!"),
    )
    for kind, level, needs in (*FIRST, *RULES, *THEN)
)


def find(text: str) -> Danger | None:
    """The most urgent danger sign of a cleaned text in any of the six forms, or None.

    Sentences are read one by one; only where none holds a sign is the text read as a whole. Never raises.
    """
    best: Danger | None = None
    pieces = [piece for piece in _SENTENCE.split(text) if piece.strip()]
    for piece in pieces:
        for part in _parts(piece):
            best = _worse(best, _read(part))
    return best or (_read(text) if 1 < len(pieces) <= _FEW else None)


def _parts(piece: str) -> Iterator[str]:
    """A sentence, or where nobody ended one for a page, overlapping pieces of it: time stays linear in the length."""
    if len(piece) <= LONG:
        yield piece
        return
    for start in range(0, len(piece) - OVERLAP, LONG - OVERLAP):
        yield piece[start : start + LONG]


def _worse(one: Danger | None, other: Danger | None) -> Danger | None:
    if one is None or other is None:
        return one or other
    return other if _URGENCY.index(other.level) > _URGENCY.index(one.level) else one


def _read(text: str) -> Danger | None:
    tokens = fold(text).tokens
    keys = [word_keys(token.light, token.skeleton) for token in tokens]
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
    hits = _grown(_merged(hits, text, tokens, keys), tokens)
    if not hits:
        return None
    found: tuple[Danger, int] | None = None
    spoken_of = {hit.concept for hit in hits}
    for danger, needs, concepts in _RULES:
        if not concepts <= spoken_of or (found and _URGENCY.index(danger.level) <= _URGENCY.index(found[0].level)):
            continue
        start = _match(needs, hits)
        if start is not None:
            found = (danger, start)
    if found is None:
        return None
    frames = _frames(text, tokens, keys, negated, hidden, found[1])
    return _lowered(found[0], frames, found[1], someone="own" in frames or "person" in spoken_of)


def _merged(hits: Sequence[_Hit], text: str, tokens: Sequence[Token], keys: Sequence[frozenset[str]]) -> list[_Hit]:
    """The hits with those of the figures, without the words inside a denied phrase ("no shortness of breath")."""
    spans = [(hit.start, hit.end) for hit in hits if hit.end - hit.start > 1 and not hit.said]
    merged = [
        hit
        for hit in hits
        if not any(a <= hit.start and hit.end <= b and (a, b) != (hit.start, hit.end) for a, b in spans)
    ]
    if not any(letter.isdigit() for letter in text):
        return merged
    topics: dict[str, list[int]] = {}
    for at in range(len(tokens)):
        for name, _ in _TOPICS.at(at, keys):
            topics.setdefault(name, []).append(at)
    read = list(danger_readings.find(text, tokens, topics, [token.light in _DATED for token in tokens]))
    if any(name == "normal" for name, _ in read) and not any(name in ("fever", "warm") for name, _ in read):
        merged = [hit for hit in merged if hit.concept != "fever"]
    return merged + [_Hit(name, at, at + 1, denied=False, said=True) for name, at in read]


def _grown(hits: Sequence[_Hit], tokens: Sequence[Token]) -> list[_Hit]:
    """The hits without the ages of those who are no longer newborn, without durations and days taken for ages.

    An age said as one ("il a 10 jours", "3ndha simana") is a newborn's, even where nobody says "baby".
    """
    kept = [
        hit
        for hit in hits
        if (hit.concept != "newborn" or _young(hit, tokens)) and not (hit.concept == "degrees" and _counts(hit, tokens))
    ]
    grown = any(hit.concept in ("pregnant", "birth", "abuser") for hit in hits)
    if grown and not any(hit.concept in ("baby", "child") for hit in hits):
        return kept
    return kept + [replace(hit, concept="neonate") for hit in kept if hit.concept == "newborn" and _aged(hit, tokens)]


def _counts(hit: _Hit, tokens: Sequence[Token]) -> bool:
    """Whether a bare figure counts days or tablets, or stands for an hour or a price, and is no temperature."""
    after = tokens[hit.end].light if hit.end < len(tokens) else ""
    return bool(danger_readings.COUNTED.match(after))


def _aged(hit: _Hit, tokens: Sequence[Token]) -> bool:
    """Whether a duration is said as an age: owned, counted, and not "a 3 jours de fièvre" or "il y a 3 jours"."""
    before = [token.light for token in tokens[max(0, hit.start - 3) : hit.start]]
    after = tokens[hit.end].light if hit.end < len(tokens) else ""
    return (
        len(before) > 1
        and _count(before[-1]) is not None
        and before[-2] in _AGED
        and "y" not in before
        and after not in _OF
    )


def _young(hit: _Hit, tokens: Sequence[Token]) -> bool:
    word = tokens[hit.end - 1].light
    before = [token.light for token in tokens[max(0, hit.start - 2) : hit.start]]
    if any(light in _SINCE for light in before):
        return False
    count = _count(before[-1]) if before else None
    if hit.end - hit.start > 1:
        return True
    if word in _DAYS and count is None:
        return False
    unit = (
        "month" if word in _MONTHS else "week" if word.startswith(("sem", "sim", "sm", "imal", "سيم", "اسب")) else "day"
    )
    return count is None or count <= _YOUNG[unit]


def _count(light: str) -> int | None:
    return int(light) if light.isdecimal() else _COUNTS.get(light)


def _hit(name: str, at: int, end: int, negated: Sequence[int], tokens: Sequence[Token]) -> _Hit:
    """A concept with its polarity. A phrase of several words carries its own negation."""
    if end - at > 1:
        before = negated[at] if not any(_negator(tokens, place) for place in range(at, end)) else 0
        return _Hit(name, at, end, denied=before > 0, said=before < _SURE)
    light = tokens[at].light
    glued = bool(DENIED.match(light))
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
        if DENIED.match(token.light) and not _REACHES.search(token.light):
            continue
        reach = NEGATION
        if any(after.light in _SUFFERS for after in tokens[at + 1 : at + 3]):
            reach += NEGATION
        for after in range(at + 1, min(len(tokens), at + 1 + reach)):
            gap = text[tokens[after - 1].end : tokens[after].start]
            light = tokens[after].light
            if _COMMA.search(gap) or light in _BREAKS:
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


def _match(needs: Sequence[str], hits: Sequence[_Hit]) -> int | None:
    """Where the sign begins if every needed concept stands in one window, else None."""
    wanted: list[list[_Hit]] = []
    # what a negator is said of denies its objects too: "ne bouge pas le bras" is about an arm all the same
    turned = any(need[0] == "-" for need in needs)
    for need in needs:
        if need[0] == "!":
            if any(hit.concept == need[1:] and hit.said for hit in hits):
                return None
            continue
        name = need.lstrip("-")
        options = [
            hit for hit in hits if hit.concept == name and (hit.denied if need[0] == "-" else hit.said or turned)
        ]
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


def _frames(
    text: str,
    tokens: Sequence[Token],
    keys: Sequence[frozenset[str]],
    negated: Sequence[int],
    hidden: Sequence[bool],
    start: int,
) -> dict[str, list[int]]:
    """Where the sentence asks, fears, looks back or says that it is over."""
    frames: dict[str, list[int]] = {}
    for at, token in enumerate(tokens):
        for name, _ in _FRAMES.at(at, keys):
            if hidden[at] or (name == "asking" and token.light == _THERE_IS):
                continue
            if name == "was" and _PREFIXED.match(tokens[at + 1].light if at + 1 < len(tokens) else ""):
                continue
            if name == "resolved" and negated[at]:
                continue
            if name == "own" and at and tokens[at - 1].light in _ANY:
                continue
            if name == "recent" and not _same_clause(text, tokens, *sorted((at, start))):
                continue
            frames.setdefault(name, []).append(at)
        if token.light in _AGO or (token.light == "a" and at and tokens[at - 1].light == "y"):
            ahead = [after.light for after in tokens[at + 1 : at + 1 + _AGO_REACH]]
            if any(light in _LONG for light in ahead):
                frames.setdefault("past", []).append(at)
            elif any(light in _SHORT for light in ahead) and token.light in _BEFORE:
                frames.setdefault("recent", []).append(at)
    return frames


def _same_clause(text: str, tokens: Sequence[Token], first: int, last: int) -> bool:
    between = text[tokens[first].end : tokens[last].start]
    inner = tokens[first + 1 : last + 1]
    return not _COMMA.search(between) and not any(t.light in _BREAKS or _AND.match(t.light) for t in inner)


def _lowered(danger: Danger, frames: dict[str, list[int]], start: int, *, someone: bool) -> Danger:
    """The sign at the level that the sentence around it leaves: asked about, feared, past, over or in jest.

    `someone` is whether the sentence tells of somebody, so that a question in it is not a general one.
    """
    level = danger.level
    asked = [at for at in frames.get("inform", ()) if at <= start or level is DangerLevel.ASK]
    resolved = "resolved" in frames and danger.kind != "stroke"
    goes_on = "still" in frames and "resolved" not in frames
    recent = "recent" in frames and not goes_on and danger.kind not in _LASTING
    if asked:
        own = any(min(asked) < at for at in frames.get("own", ()))
        level = DangerLevel.ASK if own else DangerLevel.INFORM
    elif any(at <= start for at in frames.get("asking", ())) or resolved or recent:
        level = DangerLevel.ASK
    was = any(0 < start - at <= _WAS_REACH for at in frames.get("was", ()))
    if was and not goes_on and danger.kind not in _LASTING:
        level = min(level, DangerLevel.ASK, key=_URGENCY.index)
    if "why" in frames and not someone:
        level = DangerLevel.INFORM
    if "joke" in frames or ("booking" in frames and level is DangerLevel.ASK):
        level = DangerLevel.ASK if level is DangerLevel.NOW else DangerLevel.INFORM
    if "past" in frames and not goes_on and danger.kind != "self_harm":
        level = DangerLevel.INFORM
    if danger.kind == "self_harm" and level is not DangerLevel.NOW and not asked:
        level = DangerLevel.NOW
    return Danger(danger.kind, min(level, danger.level, key=_URGENCY.index))
