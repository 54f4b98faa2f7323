"""The Procfile runs what the code asks for: a worker for every queue, a command for every line."""

import ast
import importlib
from pathlib import Path

import pytest
from honcho.environ import parse_procfile

from bot import processes
from bot.cli import COMMANDS
from bot.settings import Settings
from bot.waking import QUEUE
from sms_gateway.registry import TYPES
from tests.house.tree import ROOT, text, with_suffix

LINES = parse_procfile((ROOT / "Procfile").read_text()).processes
MAKERS = {"Queue", "Worker", "SimpleWorker", "SpawnWorker"}


def queues_named() -> dict[str, str]:
    """Where a queue or worker of RQ is made, and the names it is made with."""
    found = {}
    for path in with_suffix(".py", under=("bot", "admin")):
        if "from rq import" not in text(path):
            continue
        for node in ast.walk(ast.parse(text(path))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in MAKERS and node.args:
                found[f"{path}:{node.lineno}"] = ast.unparse(node.args[0])
    return found


def test_every_queue_has_a_worker_in_the_procfile() -> None:
    named = queues_named()
    assert len(named) >= 2  # one who writes, one who reads
    assert {where: name for where, name in named.items() if name not in {"QUEUE", "[QUEUE]", repr(QUEUE)}} == {}
    assert any(command.endswith("sahti worker") for command in LINES.values())


def test_a_line_named_like_a_channel_type_runs_only_where_such_a_channel_is_configured(var: Path) -> None:
    procfile = (ROOT / "Procfile").read_text()
    settings = Settings(var=var, redis_url="redis://127.0.0.1:1")

    def names() -> set[str]:
        return {process.name for process in processes.processes(settings, procfile, {})}

    own = {channel for channel in TYPES if channel in LINES}
    assert own == {"smpp"}
    assert names() == set(LINES) - own
    (var / "channels.toml").write_text('[code]\ntype = "simulator"\n')
    assert names() == set(LINES) - own
    (var / "channels.toml").write_text('[code]\ntype = "smpp"\nhost = "smsc.example.ma"\n')
    assert names() == set(LINES)
    (var / "channels.toml").write_text("not TOML at all")
    assert names() == set(LINES) - own


def test_every_line_of_the_procfile_is_a_command_that_exists() -> None:
    for command in LINES.values():
        program, argument = command.split()[:2]
        assert program in {".venv/bin/sahti", ".venv/bin/python"}
        if program.endswith("sahti"):
            assert argument in COMMANDS


def test_every_job_is_asked_for_by_a_name_that_exists() -> None:
    jobs = {node.name for node in ast.parse(text(ROOT / "bot" / "jobs.py")).body if isinstance(node, ast.FunctionDef)}
    asked = {
        node.args[0].value.removeprefix("bot.jobs.")
        for path in with_suffix(".py", under=("bot", "admin"))
        for node in ast.walk(ast.parse(text(path)))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith(".enqueue")
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }
    assert asked
    assert asked <= jobs


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_called(name: str) -> None:
    module, function, text = COMMANDS[name]
    assert callable(getattr(importlib.import_module(module), function))
    assert text
