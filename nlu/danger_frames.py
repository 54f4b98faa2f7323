"""What stands around a danger sign and changes its level: questions, fears, jokes, the past, a good end."""

import re
from collections.abc import Sequence

from nlu.danger_negation import AND, BREAKS, COMMA, lights
from nlu.danger_phrases import Phrases
from nlu.fold import Token
from nlu.lexicon import danger_frames as around
from nlu.lexicon import danger_words as words
from nlu.types import Danger, DangerLevel

URGENCY = (DangerLevel.INFORM, DangerLevel.ASK, DangerLevel.NOW)
CALM = frozenset({"lightly", "inform", "asking", "past", "resolved", "recent", "why", "joke", "booking", "was"})
"""Frames beside which a sentence is hardly about what happens now."""
_WORDS = Phrases(
    [
        ("inform", words.INFORM), ("inform", around.PREVENT), ("asking", words.ASKING), ("own", words.OWN), ("past", words.PAST),
        ("past", around.PAST), ("resolved", words.RESOLVED), ("resolved", around.OVER), ("recent", words.RECENT),
        ("still", words.STILL), ("why", around.WHY), ("joke", around.JOKE), ("booking", around.BOOKING), ("was", around.WAS), ("lightly", around.LIGHTLY),
    ],
    strict=True,
)  # fmt: skip
_AGO, _LONG, _SHORT = (lights(bar) for bar in (words.AGO, words.LONG, words.SHORT))
_ANY = frozenset({"un", "une", "les", "des", "d"})
"""Before "woman" or "child": not one's own."""
_BEFORE = frozenset({"a", "قبل"})
"""Ago; hadi is said of what still lasts too."""
_AGO_REACH = 3
_WAS_REACH = 4
"""Tokens from "was" to the sign that it puts into the past."""
_THERE_IS = "illa"
"""Tamazight; with its double letter taken for one it would be the Darija "if"."""
_SLIGHT = frozenset({"joke", "booking", "lightly"})
"""Beside these a sign that would only be asked about is informed of."""
_PREFIXED = re.compile(r"[tn](?!a)")
"""After "kan": a verb whose prefix was typed apart ("kan t9aya", I vomit), not what once was."""
_GRAVE = frozenset({"self_harm", "violence"})
"""Signs that a laugh may hide: they are asked about all the same."""
_LASTING = frozenset({"poisoning", "sting", "violence", "stroke", "pregnancy", "postpartum", "newborn"})
"""Signs that one day does not settle. A stroke that passed is an emergency still."""


def frames(
    text: str,
    tokens: Sequence[Token],
    keys: Sequence[frozenset[str]],
    negated: Sequence[int],
    hidden: Sequence[bool],
    start: int,
) -> dict[str, list[int]]:
    """Where the sentence asks, fears, looks back or says that it is over."""
    found: dict[str, list[int]] = {}
    for at in range(len(tokens)):
        for name, _ in _WORDS.at(at, keys):
            seen = (not hidden[at] or name == "joke") and _meant(name, at, tokens, negated)
            if seen and (name != "recent" or _same_clause(text, tokens, *sorted((at, start)))):
                found.setdefault(name, []).append(at)
        ago = _ago(at, tokens)
        if ago:
            found.setdefault(ago, []).append(at)
    return found


def _meant(name: str, at: int, tokens: Sequence[Token], negated: Sequence[int]) -> bool:
    """Whether the words of a frame make one here: "illa" is no "if", "not better" no good end."""
    following = tokens[at + 1].light if at + 1 < len(tokens) else ""
    return not (
        (name == "asking" and tokens[at].light == _THERE_IS)
        or (name == "was" and _PREFIXED.match(following))
        or (name == "resolved" and negated[at])
        or (name == "own" and at and tokens[at - 1].light in _ANY)
    )


def _ago(at: int, tokens: Sequence[Token]) -> str:
    """`past` or `recent` where a time is said to lie back, else nothing."""
    light = tokens[at].light
    if light not in _AGO and not (light == "a" and at and tokens[at - 1].light == "y"):
        return ""
    ahead = [after.light for after in tokens[at + 1 : at + 1 + _AGO_REACH]]
    if any(word in _LONG for word in ahead):
        return "past"
    return "recent" if light in _BEFORE and any(word in _SHORT for word in ahead) else ""


def _same_clause(text: str, tokens: Sequence[Token], first: int, last: int) -> bool:
    between = text[tokens[first].end : tokens[last].start]
    inner = tokens[first + 1 : last + 1]
    return not COMMA.search(between) and not any(t.light in BREAKS or AND.match(t.light) for t in inner)


def lowered(danger: Danger, frames: dict[str, list[int]], start: int, *, someone: bool) -> Danger:
    """The sign at the level that the sentence around it leaves: asked about, feared, past, over or in jest.

    `someone` is whether the sentence tells of somebody, so that a question in it is not a general one.
    """
    level = danger.level
    asked = [at for at in frames.get("inform", ()) if at <= start or level is DangerLevel.ASK]
    resolved = "resolved" in frames and danger.kind != "stroke"
    goes_on = "still" in frames and "resolved" not in frames
    recent = "recent" in frames and not goes_on and danger.kind not in _LASTING
    was = any(0 < start - at <= _WAS_REACH for at in frames.get("was", ())) and not goes_on
    booked = any(at < start for at in frames.get("booking", ())) and not goes_on
    if any(at <= start for at in frames.get("asking", ())):
        frames = {**frames, "feared": []}
    if asked:
        own = any(min(asked) < at for at in frames.get("own", ()))
        level = DangerLevel.ASK if own else DangerLevel.INFORM
    elif resolved or recent or booked or {"joke", "feared"} & set(frames) or (was and danger.kind not in _LASTING):
        level = DangerLevel.ASK
    if ("why" in frames and not someone) or ("joke" in frames and danger.kind not in _GRAVE):
        level = DangerLevel.INFORM
    if danger.level is DangerLevel.ASK and not _SLIGHT.isdisjoint(frames):
        level = DangerLevel.INFORM
    if "past" in frames and not goes_on:
        level = DangerLevel.ASK if danger.kind == "self_harm" else DangerLevel.INFORM
    elif danger.kind == "self_harm" and not (asked or was or "why" in frames or "joke" in frames):
        level = DangerLevel.NOW
    return Danger(danger.kind, min(level, danger.level, key=URGENCY.index))
