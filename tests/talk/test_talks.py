"""Every transcript holds, word for word. `python -m tests.talk.record FILE…` writes down how one goes now."""

from pathlib import Path

import pytest

from bot.settings import Settings
from tests.talk.reach import reached
from tests.talk.transcripts import FOLDER, Held, all_files, read, written_lines


@pytest.mark.parametrize("file", all_files(), ids=lambda file: str(file.relative_to(FOLDER).with_suffix("")))
def test_a_conversation_goes_as_written(file: Path, base: Settings, parts: dict[str, object]) -> None:
    transcript = read(file.read_text(encoding="utf-8"))
    held = Held(transcript, base, parts)
    try:
        assert held.run() == written_lines(transcript)
        assert held.wrong == []
        # whatever was said, nothing was written to anybody but whoever said it
        wrote = {
            line.text.partition(" ")[2] for line in transcript.lines if line.sign == "~" and line.text.startswith("a")
        }
        assert reached(held.talk.services) <= {one.removeprefix("+") for one in (*wrote, transcript.number)}
    finally:
        held.talk.services.database.close()
