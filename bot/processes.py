"""Runs every line of the Procfile and, without a REDIS_URL, the embedded Valkey: starts, watches, starts again, ends.

`sahti up` is this; `make run` and `make serve` end in it. Each process has a session of its own, so that
Ctrl-C reaches only this one, which ends the others in order and leaves nothing behind.
"""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from honcho.colour import get_colours
from honcho.environ import parse_procfile
from honcho.printer import Message, Printer

from bot import embedded, sessions
from bot.settings import ROOT, Settings, SettingsError, channel_table
from bot.welcome import welcome
from nlu.serve import token
from nlu.train import PYTHON as RASA_PYTHON
from sms_gateway.registry import TYPES

SHORTEST_PAUSE = 1.0
LONGEST_PAUSE = 10.0
"""Seconds before a process that ended is started again: doubled while it keeps ending young, at most this. Promise P7
asks for a whole system within 60 s of the end of a fault."""
LIVED = 30.0
"""Seconds after which a process counts as having worked: the pause is the shortest again."""
GRACE = 12.0
"""Seconds that processes have to end by themselves; a worker lets the message in hand go out first."""
BEAT = 0.1


class CannotRun(Exception):
    """Nothing was started; the message says why and what to do."""


@dataclass
class Process:
    """One line of the Procfile and what became of it."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    colour: str | None = None
    child: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    again_at: float = 0.0
    pause: float = SHORTEST_PAUSE
    young_deaths: int = 0
    reader: threading.Thread | None = field(default=None, repr=False)

    @property
    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None


class Supervisor:
    """Keeps processes alive until `stop` is called; then ends them, the last of the list last."""

    def __init__(self, processes: Sequence[Process], out: IO[str], record: Path) -> None:
        self.processes = processes
        self._printer = Printer(out, width=max(len(process.name) for process in processes))
        self._printing = threading.Lock()
        self._record = record
        self.stopping = threading.Event()

    def stop(self) -> None:
        self.stopping.set()

    def say(self, line: str, process: Process | None = None) -> None:
        """One line with the time and the process's name before it."""
        name, colour = (process.name, process.colour) if process else ("sahti", None)
        with self._printing, contextlib.suppress(OSError, ValueError):  # the terminal may be gone
            self._printer.write(Message("line", line, datetime.now().astimezone(), name, colour))

    def block(self, text: str) -> None:
        """Text for people, without a prefix."""
        with self._printing, contextlib.suppress(OSError, ValueError):
            self._printer.output.write(f"\n{text}\n\n")
            self._printer.output.flush()

    def run(self) -> None:
        """Start everything and watch until stopped. Returns when no process is left."""
        self.say(f"starting {', '.join(process.name for process in self.processes)}")
        try:
            for process in self.processes:
                self._start(process)
                if process.name == embedded.NAME and not embedded.ready(process.env):
                    self.say("the queue does not answer yet; the others go on without it")
            while not self.stopping.wait(BEAT):
                for process in self.processes:
                    self._watch(process)
        finally:
            self._end()

    def _start(self, process: Process) -> None:
        process.child = subprocess.Popen(  # noqa: S603 - the Procfile's commands
            process.command,
            cwd=ROOT,
            env=dict(process.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        process.started = time.monotonic()
        process.again_at = 0.0
        process.reader = threading.Thread(target=self._relay, args=(process, process.child.stdout), daemon=True)
        process.reader.start()
        self._note()

    def _relay(self, process: Process, pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                self.say(line.decode("utf-8", "replace").rstrip("\n"), process)

    def _watch(self, process: Process) -> None:
        if process.alive:
            return
        now = time.monotonic()
        if process.child is not None:
            code, lived = process.child.returncode, now - process.started
            sessions.end(process.child.pid)
            process.child = None
            young = lived < LIVED
            process.young_deaths = process.young_deaths + 1 if young else 0
            process.pause = min(process.pause * 2, LONGEST_PAUSE) if process.young_deaths > 1 else SHORTEST_PAUSE
            process.again_at = now + process.pause
            self.say(f"{process.name} ended ({_how(code)}); it starts again in {process.pause:.0f} s")
        elif now >= process.again_at:
            if (
                process.name == embedded.NAME
                and process.young_deaths >= embedded.TRIES
                and embedded.set_aside(process.env)
            ):
                self.say("the queue's file was damaged and is set aside; what it held is found in the database")
            self._start(process)

    def _end(self) -> None:
        self.stopping.set()
        self.say("stopping")
        began = time.monotonic()
        ordered = [[process for process in self.processes if process.name != embedded.NAME]]
        ordered.append([process for process in self.processes if process.name == embedded.NAME])
        for group in ordered:
            for process in group:
                if process.alive and process.child is not None:
                    with contextlib.suppress(ProcessLookupError):
                        process.child.send_signal(signal.SIGTERM)
            for process in group:
                if process.child is not None:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.child.wait(max(0.1, began + GRACE - time.monotonic()))
        for process in self.processes:
            if process.child is not None:
                sessions.end(process.child.pid)
                process.child.wait()
                if process.reader:
                    process.reader.join(1)
        self._record.unlink(missing_ok=True)
        self.say("everything has stopped")

    def _note(self) -> None:
        pids = [process.child.pid for process in self.processes if process.child is not None]
        half = self._record.with_suffix(".half")
        half.write_text(json.dumps(sessions.identify(pids)))
        half.replace(self._record)


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """One set of processes to a folder of state. Raises CannotRun when another is at work there."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotRun(
                "Sahti already runs from this folder. Stop it with Ctrl-C where it was started, then try again."
            ) from None
        yield


def require_free(host: str, port: int, variable: str) -> None:
    """Raises CannotRun when something listens on the port, or when the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as refused:
            raise CannotRun(
                f"Port {port} on {host} cannot be used ({refused.strerror}). "
                f"Stop what uses it, or choose another: {variable}={port + 1} make run"
            ) from None


def processes(settings: Settings, procfile: str, environment: Mapping[str, str]) -> list[Process]:
    """The Procfile's processes, and the embedded Valkey where no REDIS_URL is given.

    A line named like a channel type runs only where a channel of that type is configured.
    """
    env = {**environment, "PYTHONUNBUFFERED": "1", "SAHTI_VAR": str(settings.var)}
    wanted = configured_types(settings)
    found = parse_procfile(procfile).processes
    lines = {name: command for name, command in found.items() if name not in TYPES or name in wanted}
    made = [Process(name, ["/bin/sh", "-c", f"exec {command}"], env) for name, command in lines.items()]
    if settings.redis_url is None:
        made.insert(0, Process(embedded.NAME, embedded.command(settings.var), env))
    for process, colour in zip(made, get_colours(), strict=False):
        process.colour = colour
    return made


def configured_types(settings: Settings) -> set[str]:
    """Types of the configured channels; none where the file cannot be read, which the other processes will say."""
    try:
        table = channel_table(settings.channels_file or settings.var / "channels.toml")
    except SettingsError:
        return set()
    return {fields["type"] for fields in table.values()}


def run(settings: Settings, procfile: str, out: IO[str]) -> int:
    """Run until a signal comes. Raises CannotRun before anything was started."""
    folder = settings.var / "run"
    with only_one(folder):
        record = folder / "processes.json"
        sessions.sweep(record)
        require_free(settings.host, settings.port, "SAHTI_PORT")
        if (ROOT / RASA_PYTHON).exists():
            require_free("127.0.0.1", settings.nlu_port, "SAHTI_NLU_PORT")
            # made before the others start: they look for it once
            (settings.var / "nlu").mkdir(parents=True, exist_ok=True)
            token(settings.var / "nlu" / "token")
        supervisor = Supervisor(processes(settings, procfile, os.environ), out, record)
        interrupted = 0

        def on_signal(number: int, _frame: object) -> None:
            nonlocal interrupted
            interrupted = number
            supervisor.stop()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, on_signal)
        greeting = threading.Thread(target=welcome, args=(settings, supervisor.block, supervisor.stopping), daemon=True)
        greeting.start()
        supervisor.run()
        greeting.join()
    return 128 + interrupted if interrupted not in {0, signal.SIGINT} else 0
