"""Whole conversations, written down as a patient would see them, held with the real application.

`tests/talk/<folder>/<what it shows>.txt`:

    # lang=ary-Latn channel=sms now=2026-11-24T09:00        the header; also from=, and after=<steps before it>
    ## a remark
    > salam                                                  what the person writes, taps or types
    < Salam, ana Sahti: …                                    what comes back, line for line; `[1] …` is a button or row
    < --                                                     between two messages; (end) closes a USSD session
    ~ wait 10m | drop | dial | photo | voice | staff TEXT    what happens beside the talk
    ~ on sms | ussd | whatsapp                             from here on by another channel, with the same phone
    ~ as MA.1 | also MA.1                                  known to WhatsApp by this id alone | beside the number
    ! appointment booked 2026-11-25T10:00                    what must now be so (see `tests/talk/effects.py`)

At the end the contact's language and script are those of the header.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.commands.talk import Talk, written
from bot.core import wallclock
from bot.service.handover import Handover
from bot.settings import Settings
from bot.store import cases
from flows.expressions import read_span
from tests import planted
from tests.talk.effects import Effects

FOLDER = Path(__file__).parent
NUMBER = planted.NUMBER
_SETTING = re.compile(r"([a-z]+)=(\S+)")


@dataclass(frozen=True)
class Line:
    number: int
    sign: str
    text: str


@dataclass(frozen=True)
class Transcript:
    lines: tuple[Line, ...]
    form: str
    channel: str
    number: str
    now: datetime


def read(text: str) -> Transcript:
    wallclock.require_current_zones()
    settings: dict[str, str] = {}
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            settings.update(_SETTING.findall(line) if not line.startswith("##") else ())
        elif line.strip():
            assert line[0] in "<>~!", f"line {number} begins with none of < > ~ !"
            lines.append(Line(number, line[0], line[1:].removeprefix(" ")))
    moment = datetime.fromisoformat(settings["now"])
    now = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(wallclock.MOROCCO))
    return Transcript(tuple(lines), settings["lang"], settings["channel"], settings.get("from", NUMBER), now)


class Held:
    """A transcript being held: gives what really happens, line by line."""

    def __init__(self, transcript: Transcript, base: Settings, shared: dict[str, object]) -> None:
        self.transcript = transcript
        self.talk = Talk(base, transcript.channel, transcript.number, transcript.now)
        self.talk.services.__dict__.update(shared)
        self.effects = Effects(self.talk.services, transcript.channel, transcript.number)
        self.heard: list[str] = []
        self.wrong: list[str] = []

    def run(self) -> list[str]:
        """The transcript as it really went: bot lines are those that came, all others as written."""
        went: list[str] = []
        if self.talk.dialling:
            self.take(self.talk.say(""))
        said = [line for line in self.transcript.lines if line.sign != "<"]
        for line in said:
            went += self.heard_lines()
            went.append(f"{line.sign} {line.text}".rstrip())
            if line.sign == ">":
                self.take(self.talk.say(line.text.replace("\\n", "\n")))
            elif line.sign == "~":
                self.happen(line)
            else:
                self.look(line)
        went += self.heard_lines()
        self.look(Line(0, "!", f"form {self.transcript.form}"))
        return went

    def look(self, line: Line) -> None:
        if (wrong := self.effects.wrong(line.text)) is not None:
            self.wrong.append(f"line {line.number}: {line.text}: {wrong}")

    def take(self, messages: list[dict[str, object]]) -> None:
        for number, message in enumerate(messages):
            if number:
                self.heard.append("--")
            self.heard += written(message).split("\n")
            if message["end"]:
                self.heard.append("(end)")

    def heard_lines(self) -> list[str]:
        heard, self.heard = self.heard, []
        return [f"< {line}".rstrip() for line in heard]

    def happen(self, line: Line) -> None:
        word, _, rest = line.text.partition(" ")
        match word:
            case "wait":
                self.take(self.talk.wait(read_span(rest)))
            case "drop":
                self.talk.drop()
            case "dial":
                self.take(self.talk.say(""))
            case "photo" | "voice":
                self.take(self.talk.say("", media=["image" if word == "photo" else "audio"]))
            case "staff":
                self.staff(rest)
            case "on":
                self.talk.go_on(rest)
            case "as" | "also":
                self.talk.write_as(rest, number=word == "also")
            case _:
                raise AssertionError(f"line {line.number}: nothing is known to happen by “{word}”")

    def staff(self, said: str) -> None:
        made = self.talk.services
        desk = Handover(
            database=made.database,
            vault=made.vault,
            push=made.all_channels.push,
            composer=made.composer,
            catalog=made.catalog,
            wake=lambda _: None,
            clock=made.clock,
            new_id=made.new_id,
            zone=made.settings.zone,
        )
        with made.database.read() as connection:
            case = cases.waiting(connection, made.vault)[0]
        refused = (
            desk.close(case.id, self.effects.staff())
            if said == "close"
            else desk.reply(case.id, said, self.effects.staff())
        )
        assert refused is None, f"the answer of the staff is refused: {refused}"
        self.take(self.talk.arrived())


def written_lines(transcript: Transcript) -> list[str]:
    return [f"{line.sign} {line.text}".rstrip() for line in transcript.lines]


def all_files() -> list[Path]:
    return sorted(FOLDER.glob("*/*.txt"))
