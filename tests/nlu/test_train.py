from pathlib import Path

import pytest

from nlu import train
from nlu.table import load

ROOT = Path(train.__file__).resolve().parent.parent
HEADER = "# licence: CC0-1.0\n# origin: written for Sahti\n# columns: intent, text, review\n"
SENTENCES = {
    "greet": ["salam", "sbah lkhir", "ahlan", "salam 3likom"],
    "thanks": ["chokran", "merci", "lah y7efdek", "chokran bezaf"],
    "help/menu": ["lmenu 3afak", "bghit nchof lmenu", "werini lkhtiyarat", "menu"],
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small checkout with data in one form and the code that a hash is made of; no Rasa environment."""
    root = tmp_path / "checkout"
    for name in (*train.TABLE_CODE, *train.MODEL_CODE, "nlu/rasa/components/classifier.py"):
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    lines = [f"{intent}\t{text}\tok\n" for intent, texts in SENTENCES.items() for text in texts]
    data = root / train.DATA / "ary-Latn" / "intents.tsv"
    data.parent.mkdir(parents=True)
    data.write_text(HEADER + "".join(lines), encoding="utf-8")
    return root


def test_builds_a_table_that_answers_without_rasa(checkout: Path, tmp_path: Path) -> None:
    said: list[str] = []
    built = train.prepare(checkout, tmp_path / "var", said.append)
    assert built.model is None
    assert any("Python 3.10" in line for line in said)
    table = load(built.table)
    assert built.table.name == f"table-{table.version}.json"
    guess = table.predict("salam")
    assert guess is not None
    assert guess.intent == "greet"
    finer = table.predict("lmenu")
    assert finer is not None
    assert (finer.intent, finer.detail) == ("help", "help/menu")


def test_what_is_there_already_is_kept(checkout: Path, tmp_path: Path) -> None:
    first = train.build_table(checkout, tmp_path / "var", lambda _: None)
    before = first.stat().st_mtime_ns
    said: list[str] = []
    assert train.build_table(checkout, tmp_path / "var", said.append) == first
    assert first.stat().st_mtime_ns == before
    assert said == []


def test_other_data_gives_another_table_and_another_model(checkout: Path, tmp_path: Path) -> None:
    table, model = train.table_path(checkout, tmp_path), train.model_path(checkout, tmp_path)
    data = checkout / train.DATA / "ary-Latn" / "intents.tsv"
    data.write_text(data.read_text(encoding="utf-8") + "greet\tsalam labas\tok\n", encoding="utf-8")
    assert train.table_path(checkout, tmp_path) != table
    assert train.model_path(checkout, tmp_path) != model


@pytest.mark.parametrize("name", ["nlu/rasa/config.yml", "nlu/rasa/components/classifier.py"])
def test_another_pipeline_gives_another_model_and_the_same_table(checkout: Path, tmp_path: Path, name: str) -> None:
    table, model = train.table_path(checkout, tmp_path), train.model_path(checkout, tmp_path)
    (checkout / name).write_text((checkout / name).read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert train.table_path(checkout, tmp_path) == table
    assert train.model_path(checkout, tmp_path) != model


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("greet\tsalam", "2 columns"),
        ("hello\tsalam\tok", "unknown intent"),
        ("greet/\tsalam\tok", "unknown intent"),
        ("greet\tsalam\tmaybe", "review"),
        ("greet\t \u200b\tok", "no text"),
        ("greet\t[salam](greeting)\tok", "markup"),
        ("greet\t/greet\tok", "command"),
    ],
)
def test_bad_rows_are_refused_with_their_place(line: str, reason: str) -> None:
    with pytest.raises(train.BadData, match=rf"intents.tsv:4: .*{reason}"):
        train.parse_rows(HEADER + line, "ary-Latn", "intents.tsv")


def test_no_data_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(train.BadData, match="no training data"):
        train.read_rows(tmp_path)


def test_repeats_within_a_form_are_left_out_and_named() -> None:
    rows = train.parse_rows("greet\tSalam!\tok\ngreet\tsalam\tok\nthanks\tsalaaam\tneeded\n", "ary-Latn", "f")
    other = train.parse_rows("greet\tsalam\tok\n", "fr", "g")
    kept, repeats = train.unique([*rows, *other])
    assert [row.where for row in kept] == ["f:1", "g:1"]
    assert repeats == ["f:2 repeats f:1 with the same intent", "f:3 repeats f:1 with another intent"]


def test_a_held_out_text_in_the_training_data_is_a_leak_unless_very_short() -> None:
    rows = train.parse_rows("greet\tsalam labas 3lik\tok\ngreet\tsalam\tok\n", "ary-Latn", "f")
    held_out = [("ary-Latn", "Salam, labas 3lik?"), ("ary-Latn", "salam"), ("fr", "salam labas 3lik")]
    assert train.leaks(rows, held_out) == ["f:1 is held out for evaluation"]


def test_the_rasa_project_names_every_intent_without_a_slash(checkout: Path, tmp_path: Path) -> None:
    build = tmp_path / "build"
    build.mkdir()
    train.write_project(checkout, build, train.read_rows(checkout), "abc123")
    assert "- intent: help.menu\n" in (build / "nlu.yml").read_text(encoding="utf-8")
    assert "  - help.menu\n" in (build / "domain.yml").read_text(encoding="utf-8")
    assert 'version: "abc123"' in (build / "config.yml").read_text(encoding="utf-8")


def test_rasas_processes_see_none_of_the_hubs_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    environment = train.environment(tmp_path, tmp_path)
    assert "DATABASE_URL" not in environment
    assert environment["OPENBLAS_CORETYPE"] == "Haswell"
    assert environment["RASA_TELEMETRY_ENABLED"] == "false"


def test_the_command_line_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in train.TABLE_CODE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    assert train.main(["--root", str(tmp_path), "--var", str(tmp_path / "var"), "--table-only"]) == 1
    assert "no training data" in capsys.readouterr().out


def test_the_command_line_names_what_is_ready(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train.main(["--root", str(checkout), "--var", str(tmp_path / "var"), "--table-only"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("ready: table-")
