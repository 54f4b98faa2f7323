"""What a link must still know after it was killed: segments whose text is not whole, and what came of which it was unsure.

Both stand under the var folder, because the centre was told that they are ours: a lost segment would be a lost message,
and a repeat taken for new would have its effect twice (P1).
"""

import contextlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bot.store.vault import Vault, VaultError
from sms_gateway.smpp.repeats import Repeats

PLACE = "link.segment"
SUFFIX = ".segment"
LONGEST_JOURNAL = 20_000
"""Lines after which the journal is written anew: some megabytes."""


@dataclass
class Held:
    """Segments of one text. `moment` is when its first came, `latest` when its newest did (seconds since the epoch)."""

    moment: float
    latest: float
    lines: dict[int, str] = field(default_factory=dict, repr=False)
    tries: int = 0


class HeldSegments:
    """Segments on disk, one sealed file each, and in memory. Used by one thread at a time."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        """Finds what an earlier process held; a file that cannot be read is set apart."""
        self._folder, self._vault = folder, vault
        self.groups: dict[str, Held] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for half in folder.glob("*.half"):
            half.unlink()
        for file in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                value = json.loads(vault.open(file.read_bytes(), PLACE))
                self._add(str(value["key"]), int(value["number"]), str(value["line"]), float(value["moment"]))
            except (VaultError, ValueError, KeyError, TypeError):
                file.rename(file.with_suffix(".corrupt"))

    def key(self, facts: tuple[object, ...]) -> str:
        """What stands for a text in names of files: a keyed hash."""
        return self._vault.blind(f"link:{facts!r}").hex()[:32]

    def keep(self, key: str, number: int, line: str, moment: float) -> Held:
        """Hold one segment; when this returns it survives a power cut. Raises OSError."""
        value = {"key": key, "number": number, "line": line, "moment": moment}
        half = self._folder / f"{key}-{number}.half"
        with half.open("wb") as file:
            file.write(self._vault.seal(json.dumps(value), PLACE))
            file.flush()
            os.fsync(file.fileno())
        half.rename(self._file(key, number))
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return self._add(key, number, line, moment)

    def drop(self, key: str) -> None:
        """The text was handed on."""
        for number in self.groups.pop(key, Held(0, 0)).lines:
            self._file(key, number).unlink(missing_ok=True)

    def set_apart(self, key: str) -> None:
        """The text can never be handed on: it is kept for a person to look at."""
        for number in self.groups.pop(key, Held(0, 0)).lines:
            with contextlib.suppress(FileNotFoundError):
                self._file(key, number).rename(self._file(key, number).with_suffix(".failed"))

    def _add(self, key: str, number: int, line: str, moment: float) -> Held:
        held = self.groups.setdefault(key, Held(moment, moment))
        held.lines[number] = line
        held.moment, held.latest = min(held.moment, moment), max(held.latest, moment)
        return held

    def _file(self, key: str, number: int) -> Path:
        return self._folder / f"{key}-{number}{SUFFIX}"


class Journal:
    """What came lately, by fingerprint, in a file that a killed process leaves behind."""

    def __init__(self, file: Path) -> None:
        """Finds what an earlier process knew; a line that was cut off is passed over."""
        self._file, self._lines = file, 0
        self._out: IO[str] | None = None
        self.repeats = Repeats()
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists():
            rows: dict[tuple[str, str], tuple[str, float, float | None]] = {}
            for line in file.read_text(encoding="ascii", errors="replace").splitlines():
                with contextlib.suppress(ValueError):
                    fingerprint, moment, answered = line.split(" ")
                    row = (fingerprint, float(moment), float(answered) if answered != "-" else None)
                    rows[fingerprint, moment] = row
            self.repeats.load(rows.values(), ended=file.stat().st_mtime)
        self._rewrite()

    def moment(self, fingerprint: str, connection: int, now: float) -> float:
        """See `Repeats.moment`; it is written down before anything else happens."""
        moment = self.repeats.moment(fingerprint, connection, now)
        self._write(f"{fingerprint} {moment} -")
        return moment

    def answered(self, fingerprint: str, moment: float, now: float) -> None:
        self.repeats.answered(fingerprint, moment, now)
        self._write(f"{fingerprint} {moment} {now}")

    def alive(self) -> None:
        """The connection stands at this moment: a later process counts from here when it ended."""
        os.utime(self._file)

    def _write(self, line: str) -> None:
        # no fsync: after a power cut the worst is a repeat taken for new, and the machine has other things to mend
        if self._out is None:
            return
        self._out.write(line + "\n")
        self._out.flush()
        self._lines += 1
        if self._lines > LONGEST_JOURNAL:
            self._rewrite()

    def _rewrite(self) -> None:
        rows = list(self.repeats.dump())
        half = self._file.with_suffix(".half")
        half.write_text(
            "".join(
                f"{fingerprint} {moment} {'-' if answered is None else answered}\n"
                for fingerprint, moment, answered in rows
            )
        )
        half.replace(self._file)
        if self._out is not None:
            self._out.close()
        self._lines = 0
        self._out = self._file.open("a", encoding="ascii")

    def close(self) -> None:
        """Write no more."""
        if self._out is not None:
            self._out.close()
            self._out = None
