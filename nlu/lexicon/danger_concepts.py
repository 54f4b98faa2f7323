"""Every word of danger, by concept: those of `danger_words` with those of its companions. Nothing else is in here."""

from nlu.lexicon import danger_body, danger_family, danger_harm, danger_words

_PARTS = (danger_words.CONCEPTS, danger_body.WORDS, danger_family.WORDS, danger_harm.WORDS)

CONCEPTS: dict[str, str] = {
    name: "|".join(part[name] for part in _PARTS if name in part)
    for name in dict.fromkeys(n for p in _PARTS for n in p)
}
"""Concept to its words in all six forms, parted by bars; how an entry matches is said in `danger_words`."""
