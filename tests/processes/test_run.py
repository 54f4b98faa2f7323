"""`make run`'s second half over the real processes: it starts, says where to look, heals, and leaves nothing behind."""

import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.running import PROC, SAHTI, Running, environment, of_folder, prepare, running

pytestmark = [
    pytest.mark.processes,
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.timeout(240),
    pytest.mark.skipif(not PROC.is_dir(), reason="looks for left processes in /proc"),
]


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    made = environment(tmp_path_factory.mktemp("run") / "var")
    prepare(made)
    return made


@pytest.fixture
def started(env: dict[str, str]) -> Iterator[Running]:
    with running(env, "--demo") as one:
        one.wait_ready()
        yield one


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def leader(var: Path, words: str) -> int:
    """The process of a Procfile line: the first that the supervisor started for it."""
    return min(number for number, command in of_folder(var).items() if words in command)


def test_it_starts_in_time_says_where_to_look_and_ends_without_a_trace(env: dict[str, str]) -> None:
    began = time.monotonic()
    with running(env, "--demo") as one:
        one.wait_ready()
        assert time.monotonic() - began < 15
        block = one.wait_printed("Phones")
        assert f"http://127.0.0.1:{one.port}/phone" in block
        assert "/staff/" in one.wait_printed("Staff")
        status, page = get(one.port, "/phone")
        assert (status, page.lstrip()[:15].lower()) == (200, "<!doctype html>")
        assert one.wait_printed("starting").endswith("queue, web, worker, clock, nlu")
        assert one.end(signal.SIGINT) == 0
        assert any("everything has stopped" in line for line in one.lines)
        assert of_folder(Path(env["SAHTI_VAR"])) == {}


def test_the_first_administrators_password_is_shown_once(tmp_path: Path) -> None:
    env = environment(tmp_path / "var")
    prepare(env)
    shown = []
    for _ in range(2):
        with running(env, "--demo") as one:
            one.wait_printed("Ctrl-C stops it")
            one.wait_printed("First administrator")
            one.end()
            shown.append([line.split()[-1] for line in one.lines if "one-time password:" in line])
    assert len(shown[0]) == 1
    assert shown[1] == []
    for file in (tmp_path / "var").rglob("*"):
        if file.is_file():
            assert shown[0][0].encode() not in file.read_bytes(), file.name


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_it_as_well(env: dict[str, str], started: Running, number: int) -> None:
    assert started.end(number) == 128 + number
    assert of_folder(Path(env["SAHTI_VAR"])) == {}


@pytest.mark.parametrize("words", ["sahti web", "sahti worker", "sahti clock", "valkey-server", "nlu.serve"])
def test_a_process_that_is_killed_is_started_again(env: dict[str, str], started: Running, words: str) -> None:
    var = Path(env["SAHTI_VAR"])
    until = time.monotonic() + 20
    while not any(words in command for command in of_folder(var).values()) and time.monotonic() < until:
        time.sleep(0.1)
    before = leader(var, words)
    os.kill(before, signal.SIGKILL)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        alive = [number for number, command in of_folder(var).items() if words in command]
        if alive and before not in alive:
            break
        time.sleep(0.2)
    else:
        pytest.fail(f"{words} did not come back\n" + "\n".join(started.lines[-40:]))
    started.wait_ready(60)
    assert get(started.port, "/status")[0] == 200


def test_what_a_killed_supervisor_left_is_ended_by_the_next(env: dict[str, str]) -> None:
    var = Path(env["SAHTI_VAR"])
    with running(env, "--demo") as one:
        one.wait_ready()
        one.kill()
        left = set(of_folder(var))
        assert left
        with running(env, "--demo") as two:
            two.wait_printed("starting")  # the old web process answered until just before
            two.wait_ready()
            assert left & set(of_folder(var)) == set()


def test_a_used_port_is_one_sentence_before_anything_starts(env: dict[str, str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = subprocess.run(
            [SAHTI, "up"], env={**env, "SAHTI_PORT": str(port)}, capture_output=True, text=True, timeout=30, check=False
        )
    assert ended.returncode != 0
    assert f"Port {port}" in ended.stderr
    assert f"SAHTI_PORT={port + 1}" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert ended.stdout == ""
    assert of_folder(Path(env["SAHTI_VAR"])) == {}


def test_a_second_one_in_the_same_folder_is_refused(env: dict[str, str], started: Running) -> None:
    other = {**env, "SAHTI_PORT": "0"}
    ended = subprocess.run([SAHTI, "up"], env=other, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode != 0
    other = environment(Path(env["SAHTI_VAR"]))
    ended = subprocess.run([SAHTI, "up"], env=other, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode != 0
    assert "already runs" in ended.stderr
    assert get(started.port, "/status")[0] == 200


def test_wrong_settings_are_all_told_at_once(env: dict[str, str]) -> None:
    wrong = {**env, "SAHTI_ZONE": "Mars/Olympus", "SAHTI_LOG_FORMAT": "loud", "SAHTI_THREADS": "many"}
    ended = subprocess.run([SAHTI, "up"], env=wrong, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode != 0
    for name in ("SAHTI_ZONE", "SAHTI_LOG_FORMAT", "SAHTI_THREADS"):
        assert name in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_damaged_queue_is_set_aside_and_the_system_goes_on(tmp_path: Path) -> None:
    env = environment(tmp_path / "var")
    prepare(env)
    damaged = tmp_path / "var" / "valkey" / "appendonlydir"
    damaged.mkdir(parents=True)
    (damaged / "appendonly.aof.manifest").write_text("this is not a manifest\n")
    with running(env, "--demo") as one:
        one.wait_printed("set aside", 60)
        until = time.monotonic() + 20
        while '"queue":true' not in get(one.port, "/status")[1].replace(" ", "") and time.monotonic() < until:
            time.sleep(0.2)
        assert '"queue":true' in get(one.port, "/status")[1].replace(" ", "")


def test_the_database_is_in_its_folder_and_whole_after_the_end(env: dict[str, str], started: Running) -> None:
    started.end()
    with sqlite3.connect(Path(env["SAHTI_VAR"]) / "sahti.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert (Path(env["SAHTI_VAR"]) / "keys.json").stat().st_mode & 0o777 == 0o600
