"""Trains both models from the same data, once per content: the built-in table, and Rasa's where its environment exists.

`python -m nlu.train` does both for the checkout that it is run in. Everything it makes is under `var/nlu/`, named after
a hash of what it was made from; what is there already is kept.
"""

import argparse
import contextlib
import fcntl
import hashlib
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from nlu.fold import clean, fold
from nlu.table import warmed
from nlu.table_fit import fit, warmth_of
from nlu.types import FORMS, INTENTS

DATA = Path("nlu/rasa/data")
PYTHON = Path("nlu/rasa/.venv/bin/python")
WORDS = ("nlu/fold.py", "nlu/concepts.py", "nlu/lexicon/concepts.tsv", "nlu/table.py")
TABLE_CODE = (*WORDS, "nlu/table_fit.py", "nlu/calibration.py")
MODEL_CODE = (*TABLE_CODE, "nlu/rasa/config.yml", "nlu/rasa/domain.yml", "nlu/rasa/requirements.lock")
REVIEWS = ("ok", "needed")
PATIENCE = 900
"""Seconds after which a training that has not ended is given up; it takes well under 60."""

Say = Callable[[str], None]


class BadData(ValueError):
    """The training data cannot be used: which file and line, and why."""


class TrainingFailed(RuntimeError):
    """Rasa's training ended with an error; the message names the file with what it printed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One training sentence. `intent` is the full name, `where` its file and line."""

    form: str
    intent: str
    text: str
    review: str
    where: str

    @property
    def key(self) -> tuple[str, str]:
        """Equal for rows of one form that differ in spelling noise only."""
        return self.form, fold(self.text).light or self.text


@dataclass(frozen=True, slots=True)
class Built:
    """What training made: the table's file, and the Rasa model's where Rasa is installed."""

    table: Path
    model: Path | None


def read_rows(root: Path) -> list[Row]:
    """All training rows of the checkout at `root`, in a fixed order. Raises BadData."""
    rows = [
        row
        for form in FORMS
        for path in sorted((root / DATA / form).glob("*.tsv"))
        for row in parse_rows(path.read_text(encoding="utf-8"), form, str(path.relative_to(root)))
    ]
    if not rows:
        raise BadData(f"no training data under {DATA}")
    return rows


def parse_rows(content: str, form: str, name: str) -> list[Row]:
    """The rows of one file: comment lines, then `intent`, `text`, `review` between tabs. Raises BadData."""
    rows = []
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        where = f"{name}:{number}"
        columns = line.split("\t")
        if columns[:2] == ["intent", "text"]:
            continue
        if len(columns) != 3:  # noqa: PLR2004 - intent, text, review
            raise BadData(f"{where}: {len(columns)} columns, not 3")
        intent, text, review = (column.strip() for column in columns)
        if intent.partition("/")[0] not in INTENTS or not re.fullmatch(r"[a-z_]+(/[a-z_]+)?", intent):
            raise BadData(f"{where}: unknown intent {intent}")
        if review not in REVIEWS:
            raise BadData(f"{where}: review is {review}, not ok or needed")
        if not clean(text).strip():
            raise BadData(f"{where}: no text")
        if re.search(r"\][({]", text) or text.startswith("/"):
            raise BadData(f"{where}: Rasa would read markup or a command")
        rows.append(Row(form, intent, clean(text), review, where))
    return rows


def unique(rows: Iterable[Row]) -> tuple[list[Row], list[str]]:
    """Rows without repeats within a form (the first stays), and one sentence for each repeat left out."""
    first: dict[tuple[str, str], Row] = {}
    repeats = []
    for row in rows:
        earlier = first.setdefault(row.key, row)
        if earlier is not row:
            same = "the same" if earlier.intent == row.intent else "another"
            repeats.append(f"{row.where} repeats {earlier.where} with {same} intent")
    return list(first.values()), repeats


def leaks(rows: Iterable[Row], held_out: Iterable[tuple[str, str]], shortest: int = 3) -> list[str]:
    """One sentence for each held-out (form, text) of at least `shortest` words that is also in the training data."""
    known = {row.key: row for row in rows}
    found = []
    for form, text in held_out:
        light = fold(clean(text)).light
        row = known.get((form, light))
        if row is not None and len(light.split()) >= shortest:
            found.append(f"{row.where} is held out for evaluation")
    return found


def table_path(root: Path, var: Path) -> Path:
    """Where the table of the checkout's present data is or will be."""
    return var / "nlu" / f"table-{content_hash(root, TABLE_CODE)}.json"


def model_path(root: Path, var: Path) -> Path:
    """Where the Rasa model of the checkout's present data, pipeline and components is or will be."""
    components = sorted(str(path.relative_to(root)) for path in (root / "nlu/rasa/components").glob("*.py"))
    return var / "nlu" / "models" / f"{content_hash(root, (*MODEL_CODE, *components))}.tar.gz"


def content_hash(root: Path, code: Iterable[str]) -> str:
    """Sixteen hexadecimal digits that change when the training data or one of the named files changes."""
    data = sorted(str(path.relative_to(root)) for path in (root / DATA).glob("*/*.tsv"))
    digest = hashlib.sha256()
    for name in (*data, *code):
        content = (root / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def build_table(root: Path, var: Path, say: Say) -> Path:
    """The table's file, fitted if it is not there yet. Needs the standard library alone. Raises BadData."""
    target = table_path(root, var)
    with _alone(target):
        if not target.exists():
            rows, repeats = unique(read_rows(root))
            say(f"table: fitting on {len(rows)} sentences ({len(repeats)} repeats left out)")
            began = time.monotonic()
            examples = [(row.text, row.intent) for row in rows]
            # two fits: the temperature's, on four fifths of the sentences, takes the second core meanwhile
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as beside:
                warmth = beside.submit(warmth_of, examples)
                content = fit(examples, target.stem.partition("-")[2])
                _write(target, warmed(content, warmth.result()))
            say(f"table: fitted in {time.monotonic() - began:.0f} s, {target.stat().st_size / 1e6:.1f} MB")
    return target


def train_rasa(root: Path, var: Path, say: Say) -> Path | None:
    """The model's file, trained if it is not there yet; None when Rasa's environment is missing.

    Raises BadData or TrainingFailed; a half-made model never takes the final name.
    """
    if not (root / PYTHON).exists():
        say("rasa: no environment at nlu/rasa/.venv (it needs Python 3.10); the table alone will answer")
        return None
    target = model_path(root, var)
    with _alone(target):
        if not target.exists():
            rows, _ = unique(read_rows(root))
            say(f"rasa: training on {len(rows)} sentences")
            began = time.monotonic()
            version = target.name.partition(".")[0]
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-") as folder:
                build = Path(folder)
                write_project(root, build, rows, version)
                _run_training(root, build, var / "nlu" / "train.log")
                (build / "out" / f"{version}.tar.gz").replace(target)
            say(f"rasa: trained in {time.monotonic() - began:.0f} s, {target.stat().st_size / 1e6:.1f} MB")
    return target


def prepare(root: Path, var: Path, say: Say, *, table_only: bool = False) -> Built:
    """Both models for the checkout at `root`, kept under `var`; made only where missing. Raises BadData, TrainingFailed."""
    table = build_table(root, var, say)
    return Built(table, None if table_only else train_rasa(root, var, say))


def write_project(root: Path, build: Path, rows: Sequence[Row], version: str) -> None:
    """Writes Rasa's own project into `build`: sentences, domain, and the pipeline stamped with the version."""
    intents = sorted({row.intent for row in rows})
    lines = ['version: "3.1"', "nlu:"]
    for intent in intents:
        lines += [f"- intent: {rasa_name(intent)}", "  examples: |"]
        lines += [f"    - {' '.join(row.text.split())}" for row in rows if row.intent == intent]
    (build / "nlu.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    domain = (root / "nlu/rasa/domain.yml").read_text(encoding="utf-8")
    finer = "".join(f"  - {rasa_name(intent)}\n" for intent in intents if "/" in intent)
    (build / "domain.yml").write_text(domain.replace("intents:\n", f"intents:\n{finer}", 1), encoding="utf-8")
    pipeline = (root / "nlu/rasa/config.yml").read_text(encoding="utf-8")
    name = "  - name: components.classifier.TfidfClassifier\n"
    stamped = pipeline.replace(name, f'{name}    version: "{version}"\n', 1)
    (build / "config.yml").write_text(stamped, encoding="utf-8")


def rasa_name(intent: str) -> str:
    """Rasa takes a slash in a name for a response selector; a dot means nothing to it."""
    return intent.replace("/", ".")


def environment(root: Path, home: Path) -> dict[str, str]:
    """The environment of Rasa's processes: our components first, no telemetry, no cache, and none of the hub's secrets."""
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "LANG", "TZ", "TMPDIR") or name.startswith(("LC_", "OPENBLAS_", "OMP_", "MALLOC_"))
    }
    return passed | {
        "HOME": str(home),
        "PYTHONPATH": f"{root / 'nlu/rasa'}{os.pathsep}{root}",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
        "RASA_TELEMETRY_ENABLED": "false",
        "RASA_MAX_CACHE_SIZE": "0",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
    }


def _run_training(root: Path, build: Path, log: Path) -> None:
    version = re.search(r'version: "([0-9a-f]+)"\n', (build / "config.yml").read_text(encoding="utf-8"))
    name = version.group(1) if version else "model"
    command = [str(root / PYTHON), "-m", "rasa", "train", "nlu", "--nlu", "nlu.yml", "--config", "config.yml"]
    command += ["--domain", "domain.yml", "--out", "out", "--fixed-model-name", name]
    with log.open("wb") as printed:
        ended = subprocess.run(  # noqa: S603 - our own interpreter and fixed arguments
            command,
            cwd=build,
            env=environment(root, build),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
    if ended.returncode != 0 or not (build / "out" / f"{name}.tar.gz").exists():
        raise TrainingFailed(f"Rasa's training ended with {ended.returncode}; see {log}")


@contextlib.contextmanager
def _alone(target: Path) -> Iterator[None]:
    """One process at a time makes a target; the lock ends with the process, however it ends."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in target.parent.glob(".build-*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _write(target: Path, content: str) -> None:
    partial = target.with_suffix(".partial")
    partial.write_text(content, encoding="utf-8")
    partial.replace(target)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: 0 when everything is there, 1 with one sentence when not."""
    parser = argparse.ArgumentParser(
        prog="python -m nlu.train", description="Train the understanding, once per content."
    )
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent, help="the checkout")
    parser.add_argument("--var", type=Path, help="where state is kept (default: var/ in the checkout)")
    parser.add_argument("--table-only", action="store_true", help="leave Rasa out")
    given = parser.parse_args(arguments)
    root = given.root.resolve()
    try:
        built = prepare(root, (given.var or root / "var").resolve(), _print, table_only=given.table_only)
    except (BadData, TrainingFailed, subprocess.TimeoutExpired) as error:
        _print(f"training failed: {error}")
        return 1
    _print(f"ready: {built.table.name}" + (f" and {built.model.name}" if built.model else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
