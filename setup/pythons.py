"""Finding the interpreters: the one that runs this, and a Python 3.10 for Rasa."""

import sys
from pathlib import Path

from setup.terminal import Stop, answer

OLDEST = (3, 11)
RASA = "3.10"
"""The newest Python that Rasa 3.6 runs on."""
ASK = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"


def check_this_one() -> None:
    """Raises Stop when the running Python is too old, or cannot make environments."""
    if sys.version_info < OLDEST:
        raise Stop(
            f"This is Python {sys.version_info[0]}.{sys.version_info[1]}; Sahti needs 3.11 or newer.",
            "Install one (Debian: apt install python3 python3-venv), then run make PYTHON=python3.11 …",
        )
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian leaves it out of its python3
        import venv  # noqa: F401, PLC0415 - same
    except ImportError:
        raise Stop(
            "This Python cannot make environments (its venv module is missing).",
            "Install it (Debian: apt install python3-venv), then run the same command again.",
        ) from None


def find_rasa_python(uv: Path, root: Path) -> str | None:
    """A Python 3.10 that really runs: on the path, pyenv's, the system's or one that uv keeps. None without one.

    A pyenv shim is on the path without running; PYENV_VERSION makes it run, which is why each place is asked twice.
    """
    for env in ({}, {"PYENV_VERSION": RASA}):
        found = _runs(["python3.10"], env)
        if found:
            return found
        path = answer([uv, "python", "find", "--no-project", RASA], {**env, "UV_PYTHON_DOWNLOADS": "never"}, cwd=root)
        if path:
            found = _runs([path], env)
            if found:
                return found
    return None


def runs(python: Path) -> bool:
    """Whether an environment's interpreter is there and starts."""
    return python.exists() and answer([python, "-c", "pass"]) is not None


def _runs(command: list[str], env: dict[str, str]) -> str | None:
    said = answer([*command, "-c", ASK], env)
    version, _, executable = (said or "").partition(" ")
    return executable if version == RASA and executable else None
