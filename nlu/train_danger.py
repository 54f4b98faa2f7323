"""Fits the sense for danger: `python -m nlu.train_danger` writes `nlu/lexicon/danger_sense.json`.

Danger is every row of the intent `emergency`; the rest of the training data and `nlu/data/danger/near_misses.tsv` are
not. What the kind of an emergency row is, the rules of words say. Nothing under `tests/` is read.
"""

import argparse
import base64
import json
import math
import random
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path

from nlu.danger import noticed
from nlu.danger_sense import BUCKETS, KIND_BUCKETS, KINDS, MODEL, features
from nlu.train import read_rows, unique

ROOT = Path(__file__).resolve().parent.parent
NEAR = Path(__file__).parent / "data" / "danger" / "near_misses.tsv"
SEED = 20261123
EPOCHS = 12
RATE = 6.0
SHRINK = 2e-5
WEIGHT_OF_NEAR = 8.0
"""How much more than an ordinary row a near-miss counts: there are few of them, and they are what goes wrong."""
WEIGHT_OF_DANGER = 2.0


def near_misses() -> list[tuple[str, str]]:
    """The shipped near-misses: form and text."""
    lines = [line.split("\t") for line in NEAR.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return [(form, text) for _, form, text in lines]


def examples() -> list[tuple[set[int], bool, float, str]]:
    """Features, whether it is danger, its weight, its kind."""
    found = []
    rows, _ = unique(read_rows(ROOT))
    for row in rows:
        tokens, marks, sign = noticed(row.text)
        danger = row.intent.startswith("emergency")
        kind = sign.kind if danger and sign else "unspecified"
        found.append((features(tokens, marks), danger, WEIGHT_OF_DANGER if danger else 1.0, kind))
    for _, text in near_misses():
        tokens, marks, _ = noticed(text)
        found.append((features(tokens, marks), False, WEIGHT_OF_NEAR, "unspecified"))
    return found


def fit(data: Sequence[tuple[set[int], bool, float]], size: int, epochs: int = EPOCHS) -> tuple[list[float], float]:
    """Weights and bias of a logistic regression by stochastic gradient descent, the same on every machine."""
    chance = random.Random(SEED)  # noqa: S311 -- an order of rows, nothing secret
    weights = [0.0] * size
    bias = 0.0
    order = list(range(len(data)))
    rows = [(sorted(seen), 1 / math.sqrt(len(seen)), answer, weight) for seen, answer, weight in data if seen]
    order = list(range(len(rows)))
    for epoch in range(epochs):
        rate = RATE / (1 + epoch)
        chance.shuffle(order)
        for at in order:
            seen, inverse, answer, weight = rows[at]
            score = bias + inverse * sum([weights[n] for n in seen])
            off = answer - 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))
            step = rate * weight * off * inverse
            if abs(step) < SHRINK:
                continue
            for n in seen:
                weights[n] += step
            bias += 0.01 * rate * off
    return weights, bias


def packed(weights: Sequence[float]) -> tuple[str, float]:
    """Weights as signed bytes in base64, and what one of them stands for."""
    top = sorted(abs(weight) for weight in weights)[int(len(weights) * 0.999)] or 1.0
    scale = top / 127
    return base64.b64encode(
        array("b", [max(-127, min(127, round(weight / scale))) for weight in weights]).tobytes()
    ).decode(), scale


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of `python -m nlu.train_danger`."""
    parser = argparse.ArgumentParser(prog="python -m nlu.train_danger", description="Fit the sense for danger.")
    parser.add_argument("--to", type=Path, default=MODEL, help="the file to write")
    options = parser.parse_args(arguments)
    data = examples()
    weights, bias = fit([(seen, danger, weight) for seen, danger, weight, _ in data], BUCKETS)
    kinds = {}
    alarms = [(({n % KIND_BUCKETS for n in seen}), kind) for seen, danger, _, kind in data if danger]
    for name in KINDS:
        same = (
            {"pregnancy", "postpartum"}
            if name == "pregnancy"
            else {"poisoning", "sting"}
            if name == "poisoning"
            else {name}
        )
        of_kind, _ = fit([(seen, kind in same, 1.0) for seen, kind in alarms], KIND_BUCKETS, 6)
        kinds[name] = packed(of_kind)[0]
    text, scale = packed(weights)
    options.to.write_text(
        json.dumps({"bias": round(bias, 4), "scale": scale, "weights": text, "kinds": kinds}) + "\n", encoding="utf-8"
    )
    sys.stdout.write(f"{len(data)} rows, {sum(d for _, d, _, _ in data)} of danger, written to {options.to.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
