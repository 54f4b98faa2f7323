"""The demonstration checks itself; here it is checked that it would notice."""

import subprocess
from pathlib import Path

import pytest

from bot.commands import demo as command
from bot.commands.story import Story, WentOtherwise
from bot.wiring import Services
from tests.commands.conftest import ROOT, Sahti


@pytest.mark.processes
@pytest.mark.loopback
@pytest.mark.timeout(240)
def test_the_story_goes_as_it_should_over_real_processes(table: Path) -> None:
    ended = subprocess.run(
        [str(ROOT / ".venv" / "bin" / "sahti"), "demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=230,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    assert "The story went as it should: 30 checks" in ended.stdout


def test_the_first_thing_that_went_otherwise_is_told(
    sahti: Sahti, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], var: Path
) -> None:
    def tell(_: Story) -> None:
        raise WentOtherwise("no visit was booked")

    monkeypatch.setattr(command, "tell", tell)
    monkeypatch.setattr(command, "answers", lambda *_: True)
    ended = sahti("demo", "--running")
    assert ended.status == 1
    assert "The story went otherwise: no visit was booked" in ended.out


def test_without_processes_that_is_said(sahti: Sahti, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAHTI_PORT", "9")
    monkeypatch.setattr(command, "answers", lambda *_: False)
    ended = sahti("demo", "--running")
    assert ended.status == 1
    assert "Nothing runs here" in ended.err


@pytest.fixture
def story(var: Path) -> Story:
    from bot.settings import load

    return Story(Services(load({}, var=var)), lambda _: None)


def test_words_are_known_again_whatever_their_values(story: Story) -> None:
    assert story.has("Rappels : 8h00, 20h00. C'est bon ?", "medication.hours_ok", "fr")
    assert story.has("\u206615\u2069 x", "choice.name", "fr")
    assert not story.has("Rappels : 8h00.", "medication.hours_ok", "fr")
    with pytest.raises(WentOtherwise, match="expected"):
        story.expect("Bonjour", "stop.confirmed", "fr")


def test_what_does_not_become_so_ends_the_story(story: Story) -> None:
    with pytest.raises(WentOtherwise, match="it is not so: the moon is near"):
        story.check("the moon is near", lambda: False, patience=0.2)
    assert story.checked == 0


def test_a_web_process_that_is_gone_ends_the_story(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    from sms_gateway.errors import Unreachable

    def gone(*_: object) -> None:
        raise Unreachable

    monkeypatch.setattr("sms_gateway.http.HttpTransport.send", gone)
    with pytest.raises(WentOtherwise, match="does not answer"):
        story.phone("Nokia", "sms", "fr").dial("consent.ask")
