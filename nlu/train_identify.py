"""Trains the language models: `python -m nlu.train_identify` reads `nlu/data/langid/`, writes `nlu/lexicon/identify.json`.

An averaged perceptron over character n-grams, the same number of rows from every form in each round. Rows are cut to
random stretches of words, because the texts of a phone are short, and half of them lose their accents.
"""

import csv
import json
import random
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from nlu.fold import fold
from nlu.identify import MODEL, SCALE, Model, ngrams

DATA = Path(__file__).parent / "data" / "langid"
ALPHABETS: Mapping[str, tuple[str, ...]] = {"Arab": ("ary-Arab", "ar"), "Latn": ("ary-Latn", "fr", "zgh-Latn")}
GRAMS = 6000
ROUNDS = 12
PER_ROUND = 2500
MARGIN = 1.0
RARE = 3
WRITTEN = "written for Sahti"


def held_out(text: str) -> bool:
    """Whether a row belongs to the development part, one in seven, that training never sees."""
    return zlib.crc32(text.encode()) % 7 == 0


def rows() -> list[tuple[str, str, str]]:
    """Every row that is shipped: form, text, source."""
    found = []
    for path in (DATA / "free.tsv", DATA / "cc-by-sa" / "rows.tsv"):
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            found += [(row["form"], row["text"], row["source"]) for row in reader]
    return found


def words_of(text: str) -> list[str]:
    """The words that the models read: as typed, in lower case, without numbers."""
    return [text[t.start : t.end].lower() for t in fold(text).tokens if any(c.isalpha() for c in t.light)]


def _samples(forms: Sequence[str], chance: random.Random) -> dict[str, list[list[str]]]:
    pools: dict[str, list[list[str]]] = {form: [] for form in forms}
    frequent: list[str] = []
    for form, text, source in rows():
        words = words_of(text)
        if form not in pools or held_out(text) or not words:
            continue
        if source == "wordfreq":
            frequent += words
            continue
        # what was written for health counts several times: the rest is law, banking and place names
        pools[form] += [words] * (12 if source == WRITTEN else 3 if source.startswith("UDHR") else 1)
    for _ in range(1500 if frequent else 0):
        size = chance.randint(2, 8)
        pools["fr"].append([frequent[int(len(frequent) * chance.random() ** 3)] for _ in range(size)])
    return pools


def _cut(words: list[str], chance: random.Random) -> list[str]:
    size = chance.randint(2, 9)
    start = chance.randint(0, max(0, len(words) - size))
    piece = words[start : start + size]
    if chance.random() < 0.5:  # noqa: PLR2004 -- every other row, as people write
        return [token.light for word in piece for token in fold(word).tokens]
    return piece


def train(forms: Sequence[str]) -> Model:
    """The model of one alphabet. The same data gives the same model."""
    chance = random.Random(zlib.crc32(" ".join(forms).encode()))  # noqa: S311 -- repeatable, not secret
    pools = _samples(forms, chance)
    counts: dict[str, Counter[str]] = {form: Counter() for form in forms}
    for form, pool in pools.items():
        for words in pool:
            counts[form].update(set(ngrams(words)))
    share = {form: {g: n / len(pools[form]) for g, n in counts[form].items() if n >= RARE} for form in forms}
    spread = {
        gram: max(share[f].get(gram, 0.0) for f in forms) - min(share[f].get(gram, 0.0) for f in forms)
        for gram in sorted({g for f in forms for g in share[f]})
    }
    kept = sorted(spread, key=lambda gram: (-spread[gram], gram))[:GRAMS]
    weights = {gram: [0.0] * len(forms) for gram in kept}
    totals: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(forms))
    step = 0
    for _ in range(ROUNDS):
        batch = [(at, chance.choice(pools[form])) for at, form in enumerate(forms) for _ in range(PER_ROUND)]
        chance.shuffle(batch)
        for at, whole in batch:
            step += 1
            grams = [gram for gram in ngrams(_cut(whole, chance)) if gram in weights]
            sums = [sum(weights[gram][k] for gram in grams) / (len(grams) + 1) ** 0.5 for k in range(len(forms))]
            rival = max((k for k in range(len(forms)) if k != at), key=lambda k: sums[k])
            if sums[at] - sums[rival] < MARGIN:
                for gram in grams:
                    change = 1 / (len(grams) + 1) ** 0.5
                    weights[gram][at] += change
                    weights[gram][rival] -= change
                    totals[gram][at] += change * step
                    totals[gram][rival] -= change * step
    mean = {g: [round(SCALE * (w - t / step)) for w, t in zip(weights[g], totals[g], strict=True)] for g in kept}
    return Model(forms=list(forms), bias=[0] * len(forms), grams={g: w for g, w in mean.items() if any(w)})


def main() -> None:
    """Writes the models."""
    models = {name: train(forms) for name, forms in ALPHABETS.items()}
    MODEL.write_text(json.dumps(models, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main()
