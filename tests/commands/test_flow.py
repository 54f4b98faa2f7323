from pathlib import Path

import pytest

from tests.commands.conftest import ROOT, Sahti

GOOD = (ROOT / "flows" / "definitions" / "menu.yaml").read_text(encoding="utf-8")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "menu.yaml"


def test_all_flows_that_ship_hold_together(sahti: Sahti) -> None:
    ended = sahti("flow", "lint")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.endswith("flows: no problem.\n")


def test_the_talks_of_all_flows_that_ship_hold(sahti: Sahti) -> None:
    ended = sahti("flow", "test")
    assert ended.status == 0
    assert "talks hold" in ended.out


def test_a_mistake_is_told_with_file_line_and_column(sahti: Sahti, written: Path) -> None:
    written.write_text(GOOD.replace("to: visit,", "to: nowhere,"), encoding="utf-8")
    ended = sahti("flow", "lint", str(written))
    assert ended.status == 1
    line = next(n for n, text in enumerate(written.read_text(encoding="utf-8").splitlines(), 1) if "nowhere" in text)
    assert f"{written}:{line}:" in ended.out
    assert "there is no state “nowhere”" in ended.out


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("say: menu.main", "say: menu.unheard_of", "menu.unheard_of"),
        ("go: education", "go: astrology", "there is no flow “astrology”"),
        ("accept: [health_question]", "accept: [horoscope]", "there is no intent “horoscope”"),
        ("expires: 1d", "expires: soon", "soon"),
    ],
)
def test_what_does_not_exist_is_told(sahti: Sahti, written: Path, before: str, after: str, told: str) -> None:
    written.write_text(GOOD.replace(before, after), encoding="utf-8")
    ended = sahti("flow", "lint", str(written))
    assert ended.status == 1
    assert told in ended.out


def test_a_talk_that_goes_otherwise_is_told_at_its_line(sahti: Sahti, written: Path) -> None:
    written.write_text(GOOD.replace('{me: "1"}, {go: appointment_book}', '{me: "2"}, {go: appointment_book}'))
    ended = sahti("flow", "test", str(written))
    assert ended.status == 1
    assert f"{written}:" in ended.out
    assert "appointment_book" in ended.out


def test_a_talk_may_use_words_instead_of_numbers(sahti: Sahti, written: Path) -> None:
    written.write_text(
        GOOD.replace('{me: "1"}, {go: appointment_book}', '{me: "Prendre rendez-vous"}, {go: appointment_book}')
    )
    assert sahti("flow", "test", str(written)).status == 0


def test_publishing_wants_a_clinical_review(sahti: Sahti) -> None:
    ended = sahti("flow", "lint", "--publishing")
    assert ended.status == 1
    assert "flows/definitions/medication_checkin.yaml:" in ended.out


def test_a_file_that_is_not_there_is_one_sentence(sahti: Sahti, tmp_path: Path) -> None:
    ended = sahti("flow", "lint", str(tmp_path / "none.yaml"))
    assert ended.status == 1
    assert "cannot be read" in ended.err


def test_bytes_that_are_no_text_are_told(sahti: Sahti, written: Path) -> None:
    written.write_bytes(b"\xff\xfe")
    ended = sahti("flow", "lint", str(written))
    assert ended.status == 1
    assert f"{written}:1:1: the file is not UTF-8 text" in ended.out


@pytest.mark.parametrize("command", ["flow", "channel", "channels", "evaluate", "demo"])
def test_every_command_explains_itself(sahti: Sahti, command: str) -> None:
    ended = sahti(command, "--help")
    assert ended.status == 0
    assert f"sahti {command}" in ended.out
