"""Danger signs in a text: a phrase layer that needs no database and no model, so that it always answers.

Words become concepts (`nlu/lexicon/danger_words.py`), concepts that stand close together become signs
(`danger_rules.py`). Negation turns a concept over; a question about signs, a fear, the past and a good ending lower
the level, never below `inform`. Where the words leave a doubt, the more urgent level is taken.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nlu import danger_readings, danger_sense
from nlu.danger_frames import CALM, URGENCY, frames, lowered
from nlu.danger_negation import NEGATION, WINDOW, Hit, lights, negated, polar
from nlu.danger_phrases import Phrases, word_keys
from nlu.fold import Token, fold
from nlu.lexicon import danger_frames as around
from nlu.lexicon import danger_words as words
from nlu.lexicon.danger_concepts import CONCEPTS
from nlu.lexicon.danger_described import FIRST, THEN
from nlu.lexicon.danger_rules import RULES
from nlu.types import Danger, DangerLevel

LONG, OVERLAP = 360, 80
"""Letters of a piece of a sentence that does not end, and how many the next piece repeats: a sign has about 60."""

ENDS = 1200
"""Letters that are read at the beginning and at the end of a text that is longer than both: within 50 ms."""

_FEW = 4
"""Sentences of a text that is also read as a whole."""

ALARMED, DOUBTED, DOUBTEDCALM = 0.6, 0.03, 0.3
"""How sure the sense must be to raise the alarm, to ask, and to ask where the sentence also calms ("it passed"): chosen
on sentences of a sitting of its own, so that few near-misses are asked about (`docs/safety/hazards.md`)."""

_SENTENCE = re.compile(r"[.!?؟;\n]+(?!\d)")


_CONCEPTS = Phrases(CONCEPTS.items())
_EXCUSES = Phrases([("excuse", bar) for bar in (words.EXCUSES, words.NOT_NEGATED, around.EXCUSES)])
_TOPICS = Phrases([("glucose", words.GLUCOSE), ("pressure", words.PRESSURE), ("other", words.ANALYTES)])


_SINCE, _MONTHS, _DAYS, _DATED = (lights(bar) for bar in (words.SINCE, words.MONTHS, words.DAYS, words.DATED))
_COUNTS = {token.light: count for word, count in words.COUNTS.items() for token in fold(word).tokens}
_YOUNG = {"month": 2, "week": 12, "day": 90}
"""The last age under 3 months, in which every fever is urgent (WHO IMCI and clinical guidance on young infants)."""
_AGED = lights(
    "a|age|agee|3ndo|3ndha|3endo|3endha|3ando|3andha|3mro|3mrha|3omro|عندو|عندها|عمرو|عمره|عمرها|ghurs|ɣurs|dars"
)
_OF = frozenset({"de", "d", "que", "qu", "w"})
_NEUTRAL = frozenset(
    [
        "person",
        "someone",
        "child",
        "baby",
        "fetus",
        "burnplace",
        "serious",
        "thing",
        "abuser",
        "newborn",
        "neonate",
        "can",
        "want",
        "medicine",
        "swallow",
        "wrongly",
        "all",
        "everything",
        "much",
        "very",
        "long_time",
        "pregnant",
        "diabetic",
        "trigger",
        "stop",
    ]
)
"""Concepts that say who, how much or with what, and are no sign by themselves."""
_SENSE = danger_sense.load()
_RULES = tuple(
    (
        Danger(kind, DangerLevel(level)),
        tuple(needs.split()),
        frozenset(need.lstrip("-") for need in needs.split() if need[0] != "!"),
    )
    for kind, level, needs in (*FIRST, *RULES, *THEN)
)


def find(text: str, *, sense: bool = True) -> Danger | None:
    """The most urgent danger sign of a cleaned text in any of the six forms, or None.

    Sentences are read one by one; only where none holds a sign is the text read as a whole. `sense` False leaves the
    rules of words alone. Never raises.
    """
    if len(text) > 2 * ENDS:
        text = f"{text[:ENDS]}\n{text[-ENDS:]}"
    best: Danger | None = None
    pieces = [piece for piece in _SENTENCE.split(text) if piece.strip()]
    for piece in pieces:
        for part in _parts(piece):
            best = _worse(best, _read(part, sense=sense))
    return best or (_read(text, sense=sense) if 1 < len(pieces) <= _FEW else None)


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
    return other if URGENCY.index(other.level) > URGENCY.index(one.level) else one


def _read(text: str, *, sense: bool) -> Danger | None:
    seen = _see(text)
    sign = _by_rules(seen)
    if not sense or (sign is not None and sign.level is DangerLevel.NOW) or not _tells(seen.tokens):
        return sign
    return _sensed(seen, sign)


def _tells(tokens: Sequence[Token]) -> bool:
    """Whether there are words enough to sense anything in: not in "7:30 and 21:30", nor in "other hours"."""
    return sum(sum(letter.isalpha() for letter in token.light) > 1 for token in tokens) > 2  # noqa: PLR2004 (two words are a label or an answer; what two words can say, the rules know)


@dataclass(frozen=True)
class _Seen:
    """What a sentence is made of."""

    text: str
    tokens: Sequence[Token]
    keys: Sequence[frozenset[str]]
    negated: Sequence[int]
    hidden: Sequence[bool]
    hits: Sequence[Hit]
    spoken_of: frozenset[str]

    def frames(self, start: int) -> dict[str, list[int]]:
        return frames(self.text, self.tokens, self.keys, self.negated, self.hidden, start)


def _see(text: str) -> _Seen:
    tokens = fold(text).tokens
    keys = [word_keys(token.light, token.skeleton) for token in tokens]
    hidden = [False] * len(tokens)
    for at in range(len(tokens)):
        for _, end in _EXCUSES.at(at, keys):
            hidden[at:end] = [True] * (end - at)
    # ماء, water, folds to the negator ما: only the text as typed tells them apart
    spoken = [replace(t, light="ماء") if t.light == "ما" and "ء" in text[t.start : t.end] else t for t in tokens]
    turned = negated(text, spoken, hidden)
    hits = [
        polar(name, at, end, turned, spoken)
        for at in range(len(tokens))
        for name, end in _CONCEPTS.at(at, keys)
        if not all(hidden[at:end])
    ]
    hits = _grown(_merged(hits, text, tokens, keys), tokens)
    return _Seen(text, tokens, keys, turned, hidden, hits, frozenset(hit.concept for hit in hits))


def _by_rules(seen: _Seen) -> Danger | None:
    found: tuple[Danger, int] | None = None
    for danger, needs, concepts in _RULES:
        if not concepts <= seen.spoken_of or (found and URGENCY.index(danger.level) <= URGENCY.index(found[0].level)):
            continue
        start = _match(needs, seen.hits)
        if start is not None:
            found = (danger, start)
    if found is None:
        return None
    frames = seen.frames(found[1])
    return lowered(found[0], frames, found[1], someone="own" in frames or "person" in seen.spoken_of)


def noticed(text: str) -> tuple[Sequence[Token], set[str], Danger | None]:
    """The words of a sentence, its marks for `nlu.danger_sense`, and the sign that the rules alone find in it."""
    seen = _see(text)
    return seen.tokens, _marks(seen, seen.frames(0)), _by_rules(seen)


def _marks(seen: _Seen, frames: dict[str, list[int]]) -> set[str]:
    marks = {("-" if hit.denied and not hit.said else "") + hit.concept for hit in seen.hits}
    return marks | {"?" + name for name in frames}


def _sensed(seen: _Seen, sign: Danger | None) -> Danger | None:
    """The sign of the rules, raised where the sense for danger is surer; it lowers nothing."""
    if not seen.tokens:
        return sign
    frames = seen.frames(0)
    features = danger_sense.features(seen.tokens, _marks(seen, frames))
    likely = _SENSE.probability(features)
    calm = not CALM.isdisjoint(frames) or _all_denied(seen.hits)
    if likely >= ALARMED and not calm:
        return Danger(sign.kind if sign else _SENSE.kind(features), DangerLevel.NOW)
    if likely >= (DOUBTEDCALM if calm else DOUBTED) and (
        sign is None or (sign.level is DangerLevel.INFORM and not calm)
    ):
        return Danger(sign.kind if sign else _SENSE.kind(features), DangerLevel.ASK)
    return sign


def _all_denied(hits: Sequence[Hit]) -> bool:
    """Whether what could be a sign is denied, and nothing else is said."""
    telling = [hit for hit in hits if hit.concept not in _NEUTRAL]
    return bool(telling) and all(hit.denied for hit in telling)


def _merged(hits: Sequence[Hit], text: str, tokens: Sequence[Token], keys: Sequence[frozenset[str]]) -> list[Hit]:
    """The hits with those of the figures, without the words inside a denied phrase ("no shortness of breath")."""
    spans = [(hit.start, hit.end) for hit in hits if hit.end - hit.start > 1 and not hit.said]
    # "no trouble feeding": what the denied trouble would be about is not denied
    easy = [hit.end for hit in hits if hit.concept == "difficulty" and hit.denied]
    hits = [hit for hit in hits if not any(0 <= hit.start - end < NEGATION for end in easy)]
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
    return merged + [Hit(name, at, at + 1, denied=False, said=True) for name, at in read]


def _grown(hits: Sequence[Hit], tokens: Sequence[Token]) -> list[Hit]:
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


def _counts(hit: Hit, tokens: Sequence[Token]) -> bool:
    """Whether a bare figure counts days or tablets, or stands for an hour or a price, and is no temperature."""
    after = tokens[hit.end].light if hit.end < len(tokens) else ""
    return bool(danger_readings.COUNTED.match(after))


def _aged(hit: Hit, tokens: Sequence[Token]) -> bool:
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


def _young(hit: Hit, tokens: Sequence[Token]) -> bool:
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


def _match(needs: Sequence[str], hits: Sequence[Hit]) -> int | None:
    """Where the sign begins if every needed concept stands in one window, else None."""
    wanted: list[list[Hit]] = []
    # what a negator is said of denies its objects too: "ne bouge pas le bras" is about an arm all the same
    turned = any(need[0] == "-" for need in needs)
    for need in needs:
        if need[0] == "!":
            if any(hit.concept == need[1:] for hit in hits):
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


def _apart(options: Sequence[Sequence[Hit]], used: frozenset[int] = frozenset()) -> bool:
    """Whether every concept finds words of its own: one word is no two signs."""
    if not options:
        return True
    for hit in options[0]:
        places = frozenset(range(hit.start, hit.end))
        if not places & used and _apart(options[1:], used | places):
            return True
    return False
