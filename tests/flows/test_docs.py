"""What `docs/flows.md` shows can be read by the readers it describes, and it names all there is."""

import re
from pathlib import Path

import pytest

from flows.load import load_text
from flows.programmes import AT_HOURS
from flows.states import ASK_TYPES, KINDS
from flows.transcripts import read_transcript

PAGE = (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")
BLOCKS = [block.partition("\n")[2] for block in PAGE.split("```")[1::2]]
EXAMPLES = re.findall(r"^\| .* \| `(\{.*\})` \|$", PAGE, flags=re.MULTILINE)
HEAD = """\
id: page
schema: 1
languages: [fr]
channels: [sms]
source: {title: t}
expires: 1d
start: shown
states:
"""


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_a_state_is_one(example: str) -> None:
    assert load_text(f"{HEAD}  shown: {example}\n", name="page").states["shown"]


def test_every_kind_of_state_and_question_is_on_the_page() -> None:
    assert len(EXAMPLES) == len(KINDS) + 1
    assert [word for word in (*KINDS, *ASK_TYPES, AT_HOURS) if f"`{word}`" not in PAGE] == []


def test_the_transcript_on_the_page_is_one() -> None:
    shown = next(block for block in BLOCKS if block.startswith("# lang"))
    assert [turn.kind for turn in read_transcript(shown, name="page").turns] == ["bot", "me", "do", "bot", "end"]


def test_the_test_on_the_page_can_be_read() -> None:
    shown = next(
        block for block in re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL) if block.startswith("tests:")
    )
    flow = load_text(f"{HEAD}  shown: {{end: over}}\n{shown}", name="page")
    assert len(flow.tests) == 1
