"""The whole system of real processes on free ports, in a folder of its own, with a fake provider beside it."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.settings import Settings, load
from bot.wiring import Services
from nlu.train import model_path, table_path
from tests import planted
from tests.gateway.provider import FakeProvider, fake_provider

ROOT = Path(__file__).parents[2]
TOKEN, SECRET, CODE = "token-of-the-tests-0001", "secret-of-the-tests-0001", "code-of-the-tests-0001"


@dataclass
class System:
    var: Path
    port: int
    provider: FakeProvider
    supervisor: "subprocess.Popen[bytes]"
    settings: Settings

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def services(self) -> Iterator[Services]:
        """The same database and keys, seen from the test."""
        made = Services(self.settings)
        try:
            yield made
        finally:
            made.database.close()

    def log(self) -> str:
        return (self.var / "output.log").read_text(errors="replace")

    def kill(self, name: str) -> int:
        """kill -9 one process of the Procfile (or `queue`); returns its number."""
        process = self.process(name)
        os.kill(process, signal.SIGKILL)
        return process

    def process(self, name: str) -> int:
        """The number of the process that leads, found by its command line among the supervisor's children."""
        words = {"queue": "valkey", "nlu": "nlu.serve", "rasa": "nlu/rasa/server.py"}.get(name, f"sahti {name}")
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                ours = str(self.var) in command if name == "rasa" else parent == self.supervisor.pid
                if ours and words in command:
                    return int(entry.name)
        raise LookupError(f"no process {name}")

    def status(self) -> dict[str, object] | None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)
        try:
            connection.request("GET", "/status")
            found: dict[str, object] = json.loads(connection.getresponse().read())
        except (OSError, ValueError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return found

    def well(self) -> bool:
        """Web, database and queue answer; worker and clock live."""
        found = self.status()
        with contextlib.suppress(LookupError):
            return bool(found and found["ok"] and found["queue"] and self.process("worker") and self.process("clock"))
        return False


def wait(until: Callable[[], bool], seconds: float, what: str) -> float:
    """Seconds it took; fails after `seconds`."""
    began = time.monotonic()
    while not until():
        assert time.monotonic() - began < seconds, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.1)
    return time.monotonic() - began


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def channels(provider: str, port: int) -> str:
    return f"""
[tw]
type = "twilio"
service = "sms"
account_sid = "AC1"
auth_token = "{TOKEN}"
sender = "SAHTI"
base_url = "{provider}"
webhook_url = "http://127.0.0.1:{port}/channels/tw"

[net]
type = "simulator"
service = "sms"
secret = "{SECRET}"
network_url = "{provider}/simulator/messages"

[code]
type = "simulator"
service = "ussd"
secret = "{SECRET}"

[dial]
type = "africastalking"
service = "ussd"
username = "sandbox"
api_key = "{CODE}"
webhook_token = "{CODE}"
"""


def lend_models(var: Path, *, rasa: bool = False) -> None:
    """What was trained for this content already is used again; the table is made here where there is none."""
    wanted = [table_path(ROOT, var), *([model_path(ROOT, var)] if rasa else [])]
    for path in wanted:
        there = ROOT / "var" / path.relative_to(var)
        path.parent.mkdir(parents=True, exist_ok=True)
        if there.exists():
            path.symlink_to(there)
    if not all(path.exists() for path in wanted):
        train = [sys.executable, "-m", "nlu.train", "--var", str(var), *([] if rasa else ["--table-only"])]
        subprocess.run(train, cwd=ROOT, check=True, capture_output=True)


@contextlib.contextmanager
def running(*, database: str | None = None, rasa: bool = False, **more: str) -> Iterator[System]:
    """Everything started and answering; everything ended afterwards."""
    var = Path(tempfile.mkdtemp(prefix="sahti-"))
    port, nlu_port = free_port(), free_port()
    with fake_provider(var / "ledger.jsonl", auth_token=TOKEN, secret=SECRET) as provider:
        (var / "channels.toml").write_text(channels(provider.url, port))
        lend_models(var, rasa=rasa)
        given = {"SAHTI_VAR": str(var), "SAHTI_PORT": str(port), "SAHTI_NLU_PORT": str(nlu_port)}
        given |= {"SAHTI_QUIET_FROM": "00:00", "SAHTI_QUIET_TO": "00:00"}
        # the load repeats a few texts for ever, each request up to three times: not what the limits are tested by
        given |= {"SAHTI_SAME_TEXTS": "0", "SAHTI_NUMBER_HOURLY": "0", "SAHTI_NUMBER_DAILY": "0"}
        given |= {"DATABASE_URL": database} if database else {}
        given |= more
        kept = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH")
        env = {name: os.environ[name] for name in kept if name in os.environ} | given
        for command in ("migrate", "seed"):
            subprocess.run([str(ROOT / ".venv/bin/sahti"), command], cwd=ROOT, env=env, check=True, capture_output=True)
        command = [sys.executable, "-m", "tests.processes.supervise", *([] if rasa else ["nlu"])]
        with (var / "output.log").open("wb") as output:
            supervisor = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
        settings = load(var=var, port=port, nlu_port=nlu_port, database_url=database, redis_url=None)
        system = System(var, port, provider, supervisor, settings)
        try:
            wait(system.well, 30, "the start")
            yield system
        finally:
            supervisor.send_signal(signal.SIGTERM)
            try:
                supervisor.wait(25)
            except subprocess.TimeoutExpired:
                supervisor.kill()
                supervisor.wait()
            planted.keep(var / "output.log", var.name)
            shutil.rmtree(var, ignore_errors=True)
