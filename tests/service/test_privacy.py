"""P8: no number, name or text of a contact ever reaches a log line, an error or a `repr`, whatever goes wrong."""

import io
import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import structlog
from sqlalchemy import text, update

from bot.commands.serve import tick
from bot.observing import set_up_logging
from bot.service import inbound as module
from bot.service.actions import Actions
from bot.store.database import DatabaseDown
from bot.store.hot import HotStore
from bot.store.tables import contacts as people
from bot.store.tables import messages as said
from sms_gateway.errors import OutcomeUnknown
from sms_gateway.types import DeliveryReport, HttpRequest, HttpResponse, Status
from tests import planted
from tests.service.world import World

NUMBER, NAME, TEXT = planted.OTHER_NUMBER, planted.NAME, planted.ILLNESS
PLANTED = (NUMBER, NUMBER[1:], "699887766", NAME, "Nameson", TEXT, "planted words", "planted-secret")


class Heard(logging.Handler):
    """Everything that any logger says, with tracebacks as a careless formatter would write them."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.structured = io.StringIO()
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    before, root, handler = structlog.get_config(), logging.getLogger(), Heard()
    set_up_logging("json")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(handler.structured))
    monkeypatch.setattr(root, "handlers", [handler])
    monkeypatch.setattr(root, "level", logging.DEBUG)
    yield handler
    structlog.configure(**before)


def nothing_planted(*seen: object) -> None:
    for one in seen:
        told = one if isinstance(one, str) else repr(one)
        assert not [word for word in PLANTED if word in told]


class Breaks:
    """Actions that fail with everything they know in their mouth."""

    def run(self, *given: Any) -> Any:
        raise RuntimeError(f"cannot do {given!r}")


def test_a_conversation_with_every_kind_of_failure_leaves_no_trace_in_the_logs(
    world: World, heard: Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    failures: list[BaseException] = []

    def say(words: str) -> None:
        one = world.inbound(words, number=NUMBER, name=NAME)
        nothing_planted(one)
        try:
            nothing_planted(world.receive(one))
        except Exception as failed:  # noqa: BLE001 (what is told of it is the test)
            failures.append(failed)

    for words in ("salam", "1", TEXT):
        say(words)
    for behaviour in (
        OutcomeUnknown(f"no answer about {NUMBER}"),
        HttpResponse(400, {}, f'{{"error": "rejected", "message": "{NUMBER} {TEXT}"}}'.encode()),
        HttpResponse(500, {}, NUMBER.encode()),
        ValueError(f"{NUMBER} {TEXT}"),
    ):
        say("menu")
        world.provider.next = [behaviour]
        nothing_planted(world.services.delivery.run("sim-sms"))
    world.services.delivery.report("sim-sms", [DeliveryReport("x", Status.FAILED, "30003")])
    world.services.hub._actions = cast("Actions", Breaks())  # noqa: SLF001
    say("bghit rendez-vous")
    with world.services.database.write() as connection:
        connection.execute(update(people.conversations).values(state_enc=b"\x01" + TEXT.encode()))
    say(TEXT)
    tick(world.services)
    with world.services.database.write() as connection:
        connection.execute(text("ALTER TABLE inbound RENAME TO elsewhere"))
    say(TEXT)
    tick(world.services)
    world.services.spool.keep("sim-sms", "inbound", HttpRequest("POST", "http://x", {}, TEXT.encode()), ["ab12"])
    tick(world.services)
    assert len(failures) >= 3
    structured = heard.structured.getvalue()
    faults = [json.loads(line)["where"] for line in structured.splitlines() if json.loads(line)["event"] == "fault"]
    assert {"inbound", "clock:spool"} <= set(faults)  # the logs do say that something was wrong
    captured = capsys.readouterr()
    nothing_planted(structured, captured.out, captured.err, *heard.lines)


def test_a_database_that_goes_away_names_the_fault_and_not_the_message(world: World, vault: Any) -> None:
    hot = HotStore("sqlite", vault, world.new_id)
    prepared = world.services.hub.prepare(world.channels["sim-sms"], world.inbound(TEXT, number=NUMBER, name=NAME))
    nothing_planted(prepared)
    with world.services.database.write() as connection:
        connection.execute(text("DROP TABLE conversations"))
    with pytest.raises(DatabaseDown) as told, world.services.database.write() as connection:
        hot.load_many(connection, [prepared.arrival])
    nothing_planted(told.value, str(told.value))


def test_values_on_their_way_hide_what_they_carry(world: World) -> None:
    world.agree(NUMBER)
    seen: list[object] = []
    real = world.services.composer.__class__.compose

    def spied(self: Any, *given: Any, **named: Any) -> Any:
        made = real(self, *given, **named)
        seen.extend((*given, made))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.Composer, "compose", spied)
        world.receive(world.inbound(TEXT, number=NUMBER, name=NAME))
    assert len(seen) > 5
    nothing_planted(*[one for one in seen if "Catalog" not in type(one).__name__])


def test_settings_and_keys_hide_themselves(world: World) -> None:
    secret = world.channels["sim-sms"].settings.secret
    nothing_planted(world.channels, world.services.vault)
    assert secret not in repr(world.channels["sim-sms"].settings)
    assert world.services.vault.lookup_key.hex() not in repr(world.services.vault)


def test_nothing_planted_stands_in_the_database_or_on_the_disk(world: World, var: Path) -> None:
    world.agree(NUMBER)
    for words in (TEXT, "bghit nhder m3a chi wa7ed", TEXT):
        world.receive(world.inbound(words, number=NUMBER, name=NAME))
    world.services.spool.keep("sim-sms", "inbound", HttpRequest("POST", "http://x", {}, TEXT.encode()), ["ab12"])
    stored = b"".join(file.read_bytes() for file in var.rglob("*") if file.is_file())
    assert b"sim-sms" in stored
    for word in (NUMBER, NUMBER[1:], NAME, TEXT):
        assert word.encode() not in stored
    rows: Sequence[Any]
    with world.services.database.read() as connection:
        rows = connection.execute(said.inbound.select()).all()
    nothing_planted(*[row.understood for row in rows])
