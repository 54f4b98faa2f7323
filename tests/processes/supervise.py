"""The real supervisor over the Procfile without the lines named as arguments: what `sahti up` runs, less what a test
does not need. `python -m tests.processes.supervise nlu`."""

import sys

from bot import processes
from bot.settings import ROOT, load

lines = [line for line in (ROOT / "Procfile").read_text().splitlines() if line.partition(":")[0] not in sys.argv[1:]]
sys.exit(processes.run(load(), "\n".join(lines), sys.stdout))
