"""Write down how transcripts go now, keeping what the person says and what must be so. To be read before it is kept."""

import sys
import tempfile
from pathlib import Path

from bot.settings import load
from nlu.train import build_table, table_path
from tests.talk.transcripts import Held, read

ROOT = Path(__file__).parents[2]


def record(file: Path) -> str:
    written = file.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        var = Path(folder)
        own = table_path(ROOT, var)
        own.parent.mkdir(parents=True)
        own.symlink_to(build_table(ROOT, ROOT / "var", lambda _: None))
        held = Held(read(written), load({}, var=var), SHARED)
        try:
            went = held.run()
            for wrong in held.wrong:
                print(f"{file.name}: {wrong}")  # noqa: T201 (a tool at the terminal)
        finally:
            SHARED.update({name: held.talk.services.__dict__[name] for name in ("catalog", "understander")})
            held.talk.services.database.close()
    head = [line for line in written.splitlines() if line.startswith("#")]
    return "\n".join([*head, *went]) + "\n"


SHARED: dict[str, object] = {}

if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        path.write_text(record(path), encoding="utf-8")
