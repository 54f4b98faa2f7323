"""Set-up's own promises: one clear sentence for what is missing, nothing done twice, an interruption forgotten by nobody."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from setup import cleaning, environments, pythons, stamps, steps
from setup.terminal import Stop, Terminal

ROOT = Path(__file__).resolve().parent.parent.parent


class Recorded(Terminal):
    """A terminal whose commands are noted, not run; `fails` names the step that fails."""

    def __init__(self, root: Path, fails: str = "") -> None:
        super().__init__(root)
        self.said: list[str] = []
        self.done: list[str] = []
        self.fails = fails

    def say(self, line: str) -> None:
        self.said.append(line)

    def run(self, doing: str, command: object, *, remedy: str, env: object = None) -> None:
        if self.fails and self.fails in doing:
            raise Stop(f"{doing}: it ended with 1.", remedy)
        self.done.append(doing)
        words = [str(word) for word in command]  # type: ignore[attr-defined]
        if "venv" in words:
            folder = Path(words[-1])
            (folder / "bin").mkdir(parents=True, exist_ok=True)
            for name in ("python", "uv"):
                (folder / "bin" / name).unlink(missing_ok=True)
                (folder / "bin" / name).symlink_to(sys.executable)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SAHTI_VAR", "SAHTI_RASA", "DATABASE_URL", "DATA"):
        monkeypatch.delenv(name, raising=False)
    for name in (
        "requirements.lock",
        "requirements-dev.lock",
        "pyproject.toml",
        "nlu/rasa/requirements.lock",
        "setup/tools.lock",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{name}\n")
    return tmp_path


def test_the_hubs_environment_is_made_once_for_its_lock(checkout: Path) -> None:
    first, again, changed = (Recorded(checkout) for _ in range(3))
    environments.hub(first, dev=False)
    assert "Installing the hub's packages (requirements.lock)" in first.done
    environments.hub(again, dev=False)
    assert again.done == []
    (checkout / "requirements.lock").write_text("another\n")
    environments.hub(changed, dev=False)
    assert any("packages" in step for step in changed.done)


def test_an_environment_for_tests_also_serves_to_run(checkout: Path) -> None:
    environments.hub(Recorded(checkout), dev=True)
    after = Recorded(checkout)
    environments.hub(after, dev=False)
    assert after.done == []


def test_an_environment_to_run_is_widened_for_tests(checkout: Path) -> None:
    environments.hub(Recorded(checkout), dev=False)
    after = Recorded(checkout)
    environments.hub(after, dev=True)
    assert "Installing the hub's packages (requirements-dev.lock)" in after.done


@pytest.mark.parametrize("fails", ["packages", "sahti command"])
def test_an_interrupted_set_up_goes_on_where_it_stopped(checkout: Path, fails: str) -> None:
    cut = Recorded(checkout, fails)
    with pytest.raises(Stop):
        environments.hub(cut, dev=False)
    after = Recorded(checkout)
    environments.hub(after, dev=False)
    assert "Installing the sahti command" in after.done
    assert "Making the hub's environment (.venv)" not in after.done
    assert "Installing uv" not in after.done


def test_without_a_python_3_10_the_bot_says_so_and_goes_on(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "find_rasa_python", lambda *_: None)
    terminal = Recorded(checkout)
    assert environments.rasa(terminal) is False
    assert len(terminal.said) == 1
    assert "built-in table" in terminal.said[0]
    assert "Python 3.10" in terminal.said[0]


def test_a_shim_that_does_not_run_is_not_taken_for_a_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "python3.10"
    shim.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pythons.find_rasa_python(tmp_path / "no-uv", tmp_path) is None


def test_a_shim_that_runs_for_its_version_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "python3.10"
    shim.write_text('#!/bin/sh\n[ "$PYENV_VERSION" = 3.10 ] || exit 127\necho "3.10 /opt/python3.10"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("PYENV_VERSION", raising=False)
    assert pythons.find_rasa_python(tmp_path / "no-uv", tmp_path) == "/opt/python3.10"


def test_a_folder_that_cannot_be_written_is_one_sentence(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / "file").write_text("in the way")
    monkeypatch.setenv("SAHTI_VAR", str(checkout / "file"))
    with pytest.raises(Stop, match="cannot write to its folder"):
        steps.prerequisites(checkout)


def test_a_missing_git_is_one_sentence(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(Stop, match="git is missing"):
        steps.prerequisites(checkout)


def test_no_new_enough_python_is_one_sentence(tmp_path: Path) -> None:
    for name in ("sh", "make", "sed", "expand"):
        found = shutil.which(name)
        assert found
        (tmp_path / name).symlink_to(found)
    ended = subprocess.run(
        ["make", "setup"], cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert ended.returncode != 0
    assert ended.stdout.startswith("No Python 3.11 or newer was found. Install one")
    assert len(ended.stdout.splitlines()) == 1


def test_the_database_is_laid_out_once(checkout: Path) -> None:
    (checkout / "bot" / "store" / "migrations").mkdir(parents=True)
    (checkout / "var").mkdir()
    (checkout / "var" / "sahti.db").touch()
    first, again, fresh = (Recorded(checkout) for _ in range(3))
    steps.database(first, demonstration=True)
    assert len(first.done) == 2
    steps.database(again, demonstration=True)
    assert again.done == []
    (checkout / "bot" / "store" / "migrations" / "0002_more.py").write_text("")
    steps.database(fresh, demonstration=True)
    assert fresh.done == ["Bringing the database to the newest schema"]


def test_a_real_set_up_has_no_invented_places(checkout: Path) -> None:
    (checkout / "var").mkdir()
    (checkout / "var" / "sahti.db").touch()
    terminal = Recorded(checkout)
    steps.database(terminal, demonstration=False)
    assert terminal.done == ["Bringing the database to the newest schema"]


@pytest.mark.parametrize("asked", [True, False])
def test_clean_keeps_data_and_keys_unless_asked(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, *, asked: bool
) -> None:
    for name in ("var/sahti.db", "var/keys.json", "var/tools/uv", ".venv/bin/python", "bot/__pycache__/x.pyc"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).touch()
    monkeypatch.setenv("DATA", "yes" if asked else "")
    cleaning.clean(Recorded(checkout))
    assert (checkout / "var" / "sahti.db").exists() is not asked
    assert (checkout / "var" / "keys.json").exists() is not asked
    for gone in ("var/tools", ".venv", "bot/__pycache__"):
        assert not (checkout / gone).exists()


def test_a_failed_command_shows_its_last_lines_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal(tmp_path)
    with pytest.raises(Stop) as stopped:
        terminal.run("Trying", [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"], remedy="Mend it.")
    assert "the reason" in capsys.readouterr().out
    assert stopped.value.what.startswith("Trying: it ended with 3")
    assert stopped.value.remedy == "Mend it."
    assert "the reason" in (tmp_path / "var" / "log" / "setup.log").read_text()


def test_a_stamp_is_whole_or_not_there(tmp_path: Path) -> None:
    stamp = tmp_path / "deep" / "stamp"
    assert stamps.read(stamp) == ""
    stamps.write(stamp, "abc")
    assert stamps.read(stamp) == "abc"
    assert [path.name for path in stamp.parent.iterdir()] == ["stamp"]
