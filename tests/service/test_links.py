"""SMPP from end to end: a message centre, the link, the hub, the database, and back."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
import smpp34
from sqlalchemy import func, select

from bot.commands.smpp import Links
from bot.commands.smpp_inbox import Inbox
from bot.core.model import Kind
from bot.service.demo import seed
from bot.settings import Settings
from bot.store.database import Database, DatabaseDown
from bot.store.tables import contacts as people
from bot.store.tables import messages as said
from bot.waking import Waker
from bot.wiring import Channels, Services
from locales.catalog import Catalog
from nlu.understand import Understander
from sms_gateway.channel import Channel
from sms_gateway.channels.smpp import Smpp
from sms_gateway.errors import Unreachable
from sms_gateway.smpp.link import Timing
from sms_gateway.types import HttpRequest, HttpResponse, Part
from tests.gateway.smsc import DROP, SILENT, Smsc

pytestmark = [pytest.mark.loopback, pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]

QUICK = Timing(answer=1.0, send=3.0, enquire=0.5)
ARABIC = ("لا تنس موعدك غدا على الساعة العاشرة صباحا في المركز الصحي، وأحضر معك بطاقتك ودفتر التلقيح. " * 3)[:190]
DANGER = "je saigne beaucoup je suis enceinte"


class NoHttp:
    def send(self, request: HttpRequest) -> HttpResponse:
        raise Unreachable


class Away:
    """A database that can be taken away."""

    def __init__(self, real: Database) -> None:
        self.real, self.down = real, False

    def __getattr__(self, name: str) -> object:
        if self.down and name in {"read", "write"}:
            raise DatabaseDown("planted")
        return getattr(self.real, name)


class House:
    """The process of the links over a database of its own; it can be killed and begun again over what it left."""

    def __init__(self, smsc: Smsc, var: Path, catalog: Catalog, understander: Understander, **changes: str) -> None:
        config = {"host": "127.0.0.1", "port": str(smsc.port), "system_id": "sahti", "password": "secret"}
        channel = Smpp("centre", config | {"sender": "5010", "per_second": "500"} | changes)
        self.smsc, self.links = smsc, Links(NoHttp())
        channels: dict[str, Channel] = {"centre": channel}
        self.services = Services(Settings(var=var), transport=self.links, channels=Channels(channels, {}))
        self.services.catalog, self.services.understander = catalog, understander
        self.away = Away(self.services.database)
        self.services.database = cast("Database", self.away)
        self.links.open(self.services, QUICK)
        self.links.start()
        smsc.session()

    @property
    def inbox(self) -> Inbox:
        return self.links.stations["centre"].inbox

    def stop(self) -> None:
        self.links.stop()
        self.away.real.close()

    def rows(self) -> list[tuple[str, str | None, str | None]]:
        """State, reason and the provider's id of every outbox row, in order."""
        with self.services.database.read() as connection:
            query = select(said.outbox.c.state, said.outbox.c.reason, said.outbox.c.external_id)
            return [tuple(row) for row in connection.execute(query.order_by(said.outbox.c.id))]  # type: ignore[misc]

    def states(self) -> list[str]:
        return [state for state, _, _ in self.rows()]

    def heard(self) -> list[str]:
        """The texts that were stored, in order."""
        with self.services.database.read() as connection:
            sealed = connection.scalars(select(said.inbound.c.text_enc).order_by(said.inbound.c.id))
            return [self.services.vault.open(one, "inbound.text_enc") for one in sealed if one]

    def count(self) -> int:
        with self.services.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(said.inbound)) or 0

    def agree(self) -> None:
        """Become somebody who gave consent, in French, and to whom nothing is owed."""
        for text in (b"bonjour", b"1"):
            assert self.smsc.deliver(text) == 0
        self.until(lambda: self.states() and set(self.states()) <= {"sent", "delivered"})
        self.smsc.taken.clear()
        with self.services.database.write() as connection:
            connection.execute(said.outbox.delete())
            connection.execute(people.conversations.delete())

    def queue(self, text: str, kind: Kind = Kind.STAFF) -> None:
        """Something for the one person there is."""
        with self.services.database.write() as connection:
            address = connection.execute(select(people.addresses.c.id, people.addresses.c.contact_id)).one()
            now = datetime.now(UTC)
            one = self.services.composer.draft(
                kind, Part(text), address.contact_id, address.id, "centre", now, expires_at=now + timedelta(hours=1)
            )
            from bot.store import outbox

            outbox.add(connection, [one], self.services.vault)

    def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"not in time: {self.rows()}"
            time.sleep(0.02)


@pytest.fixture
def smsc() -> Iterator[Smsc]:
    with Smsc() as made:
        yield made


@pytest.fixture
def begin(
    smsc: Smsc, var: Path, database: Database, catalog: Catalog, understander: Understander
) -> Iterator[Callable[..., House]]:
    """Begin the process, or begin it again."""
    with database.write() as connection:
        seed(connection)
    begun: list[House] = []

    def make(**changes: str) -> House:
        begun.append(House(smsc, var, catalog, understander, **changes))
        return begun[-1]

    yield make
    for house in begun:
        house.stop()


@pytest.fixture
def house(begin: Callable[..., House]) -> House:
    return begin()


def test_a_message_in_a_reply_out_its_receipt_and_the_row_delivered(house: House, smsc: Smsc) -> None:
    smsc.receipts = "after"
    assert smsc.deliver(b"je voudrais un rendez-vous") == 0
    house.until(lambda: house.states() and set(house.states()) == {"delivered"})
    assert house.heard() or house.count() == 1
    (text,) = smsc.texts()
    with house.services.database.read() as connection:
        form = connection.scalar(select(people.contacts.c.form))
    assert text.startswith(house.services.catalog.text("consent.ask", str(form), {})[:30])
    assert [row[2] for row in house.rows()] == [smsc.taken[-1].id]


def test_an_arabic_text_of_three_segments_and_its_report(house: House, smsc: Smsc) -> None:
    house.agree()
    house.queue(ARABIC)
    house.until(lambda: house.states() == ["sent"])
    assert smsc.texts() == [ARABIC]
    one, two, three = (taken.id for taken in smsc.taken)
    assert house.rows()[0][2] == three
    for id_ in (one, three):
        assert smsc.receipt(id_) == 0
        assert house.states() == ["sent"]
    assert smsc.receipt(two) == 0
    assert house.states() == ["delivered"]


def test_a_text_of_which_a_segment_failed(house: House, smsc: Smsc) -> None:
    house.agree()
    house.queue(ARABIC)
    house.until(lambda: house.states() == ["sent"])
    one, two, _ = (taken.id for taken in smsc.taken)
    smsc.receipt(one)
    smsc.receipt(two, "UNDELIV", error="027")
    assert house.rows()[0][:2] == ("failed", "provider")


def test_a_receipt_in_decimal_for_an_id_in_hexadecimal(house: House, smsc: Smsc) -> None:
    house.agree()
    house.queue("Bonjour")
    house.until(lambda: house.states() == ["sent"])
    assert smsc.receipt(str(int(smsc.taken[0].id, 16))) == 0
    assert house.states() == ["delivered"]


def test_a_receipt_by_its_parameters(house: House, smsc: Smsc) -> None:
    house.agree()
    house.queue("Bonjour")
    house.until(lambda: house.states() == ["sent"])
    named = smsc.taken[0].id.encode() + b"\0"
    tlvs = [smpp34.Tlv(smpp34.TLV_RECEIPTED_MESSAGE_ID, named), smpp34.Tlv(smpp34.TLV_MESSAGE_STATE, b"\x05")]
    assert smsc.deliver(b"", esm_class=4, tlvs=tlvs) == 0
    assert house.states() == ["failed"]


@pytest.mark.parametrize("form", [str, lambda id_: str(int(id_, 16))], ids=["same id", "other form"])
@pytest.mark.parametrize("text", ["Bonjour", ARABIC], ids=["one segment", "three"])
def test_receipts_that_come_before_the_answer(house: House, smsc: Smsc, form: Callable[[str], str], text: str) -> None:
    house.agree()
    smsc.receipts, smsc.receipt_id = "before", form
    house.queue(text)

    def settled() -> bool:
        house.services.delivery.sweep()
        return house.states() == ["delivered"]

    house.until(settled)
    assert smsc.texts() == [text]


def test_throttled_and_then_sent_once(house: House, smsc: Smsc) -> None:
    house.agree()
    smsc.next = [0x58]
    house.queue("Bonjour")
    house.until(lambda: smsc.refused == 1)
    house.until(lambda: house.states() == ["sent"])
    assert smsc.texts() == ["Bonjour"]


def test_taken_and_then_cut_is_unknown_and_never_sent_again(house: House, smsc: Smsc) -> None:
    house.agree()
    smsc.next = [DROP]
    house.queue("une fois")
    house.until(lambda: house.states() == ["unknown"])
    house.queue("après")
    house.until(lambda: house.states() == ["unknown", "sent"])
    assert smsc.texts() == ["une fois", "après"]
    time.sleep(1)
    assert len(smsc.taken) == 2


def test_an_answer_that_comes_too_late_settles_the_row(house: House, smsc: Smsc) -> None:
    house.agree()
    smsc.delay = 1.5
    house.queue("lent")
    house.until(lambda: house.states() == ["unknown"])
    house.until(lambda: house.states() == ["sent"])
    assert house.rows()[0][2] == smsc.taken[0].id
    smsc.receipt(smsc.taken[0].id)
    assert house.states() == ["delivered"]


def test_nothing_is_tried_while_the_link_is_down(house: House, smsc: Smsc) -> None:
    house.agree()
    smsc.refuses_binds_with = 0x08
    smsc.cut()
    time.sleep(0.3)
    house.queue("plus tard")
    time.sleep(1)
    assert house.states() == ["queued"]


def udh(reference: int, total: int, number: int) -> bytes:
    return bytes((5, 0, 3, reference, total, number))


def test_a_long_message_is_put_together_whatever_the_order(house: House, smsc: Smsc) -> None:
    house.agree()
    words = ["بغيت نشوف الطبيب ", "ديال السنان ", "غدا فالصباح"]
    for number in (3, 1, 2):
        octets = udh(77, 3, number) + words[number - 1].encode("utf-16-be")
        assert smsc.deliver(octets, esm_class=0x40, data_coding=8) == 0
    assert house.heard()[-1] == "".join(words)
    assert house.count() == 3
    assert not list(house.services.settings.var.glob("links/centre/segments/*"))


def test_segments_outlive_the_process_and_only_sealed(begin: Callable[..., House], smsc: Smsc) -> None:
    first = begin()
    first.agree()
    assert smsc.deliver(udh(9, 2, 1) + b"bonjour ", esm_class=0x40) == 0
    (file,) = first.services.settings.var.glob("links/centre/segments/*.segment")
    assert b"bonjour" not in file.read_bytes()
    first.stop()
    second = begin()
    assert smsc.deliver(udh(9, 2, 2) + b"docteur", esm_class=0x40) == 0
    assert second.heard()[-1] == "bonjour docteur"


def test_a_segment_that_never_comes_does_not_hold_up_the_rest(house: House, smsc: Smsc) -> None:
    house.agree()
    house.inbox.wait = 0.3
    smsc.deliver(udh(9, 3, 1) + b"je voudrais ", esm_class=0x40)
    smsc.deliver(udh(9, 3, 3) + b"demain", esm_class=0x40)
    house.until(lambda: house.count() == 3)
    assert house.heard()[-1] == "je voudrais  … demain"


def test_a_segment_repeated_after_its_text_was_stored_begins_no_new_one(house: House, smsc: Smsc) -> None:
    house.agree()
    house.inbox.wait = 0.3
    for number, text in ((1, b"bonjour "), (2, b"docteur")):
        smsc.deliver(udh(9, 2, number) + text, esm_class=0x40)
    smsc.cut()  # the centre never saw our answer, for all that it knows
    smsc.wait(lambda: len(smsc.binds) == 2)
    assert smsc.deliver(udh(9, 2, 2) + b"docteur", esm_class=0x40) == 0
    time.sleep(1)
    assert house.count() == 3


def test_a_repeat_after_a_lost_answer_has_one_effect(house: House, smsc: Smsc) -> None:
    house.agree()
    assert smsc.deliver(b"salam") == 0
    smsc.cut()
    smsc.wait(lambda: len(smsc.binds) == 2)
    assert smsc.deliver(b"salam") == 0
    assert house.count() == 3


def test_a_repeat_after_a_killed_process_has_one_effect(begin: Callable[..., House], smsc: Smsc) -> None:
    first = begin()
    first.agree()
    assert smsc.deliver(b"salam") == 0
    first.stop()
    second = begin()
    assert smsc.deliver(b"salam") == 0
    assert second.count() == 3


def test_what_is_written_twice_counts_twice(house: House, smsc: Smsc) -> None:
    house.agree()
    for _ in range(3):
        assert smsc.deliver(b"1") == 0
    assert house.count() == 5


def test_stop_by_message_and_nothing_goes_out_after(house: House, smsc: Smsc) -> None:
    house.agree()
    assert smsc.deliver(b"STOP") == 0
    house.until(lambda: set(house.states()) == {"sent"})
    confirmed = len(smsc.taken)
    house.queue("Rappel", Kind.REMINDER)
    house.until(lambda: house.states()[-1] == "skipped")
    assert len(smsc.taken) == confirmed
    with house.services.database.read() as connection:
        assert connection.scalar(select(people.contacts.c.opted_out)) is True


def test_with_the_database_away_messages_are_kept_and_danger_is_answered(house: House, smsc: Smsc) -> None:
    house.agree()
    house.away.down = True
    assert smsc.deliver(b"salam") == 0
    assert smsc.deliver(DANGER.encode()) == 0
    smsc.wait(lambda: smsc.taken)
    assert any("141" in text or "150" in text for text in smsc.texts())
    house.away.down = False
    assert house.services.replay() == 2
    assert house.count() == 4


def test_a_centre_that_cannot_be_stored_for_is_told_to_come_again(house: House, smsc: Smsc) -> None:
    house.agree()
    spool = house.services.settings.var / "spool"
    house.services.spool.keep = full  # type: ignore[method-assign]
    house.away.down = True
    assert smsc.deliver(b"salam") == 0x64
    house.away.down = False
    assert smsc.deliver(b"salam") == 0
    assert house.count() == 3
    assert not list(spool.glob("waiting/**/*.request"))


def full(*_: object, **__: object) -> None:
    from bot.service.spool import SpoolFull

    raise SpoolFull("planted")


@pytest.mark.parametrize(
    "given",
    [
        {"sender": "Operateur", "source_addr_ton": 5},
        {"sender": "5555", "source_addr_ton": 3},
        {"sender": "", "source_addr_ton": 0},
    ],
    ids=["a name", "a short code", "nobody"],
)
def test_what_cannot_be_answered_is_not_asked_for_again(house: House, smsc: Smsc, given: dict[str, object]) -> None:
    assert smsc.deliver(b"promotion", **given) == 0x65  # type: ignore[arg-type]
    assert house.count() == 0


def hop(op: int, sequence: int = 0) -> list[smpp34.Tlv]:
    return [
        smpp34.Tlv(smpp34.TLV_USSD_SERVICE_OP, bytes((op,))),
        smpp34.Tlv(smpp34.TLV_ITS_SESSION_INFO, bytes((5, sequence))),
    ]


def test_a_ussd_dialogue(begin: Callable[..., House], smsc: Smsc) -> None:
    begin(service="ussd", sender="123")

    def screen(op: int, text: bytes, sequence: int) -> smpp34.SubmitSm:
        before = len(smsc.taken)
        assert smsc.deliver(text, tlvs=hop(op, sequence), service_type="USSD") == 0
        smsc.wait(lambda: len(smsc.taken) > before)
        return smsc.taken[-1].pdu

    first = screen(1, b"*123#", 0)
    tlvs = smsc.taken[-1].tlvs
    assert (first.destination_addr, first.source_addr, first.service_type) == ("212612345678", "5010", "USSD")
    assert (tlvs[smpp34.TLV_USSD_SERVICE_OP], tlvs[smpp34.TLV_ITS_SESSION_INFO]) == (b"\x02", bytes((5, 0)))
    second = screen(18, b"1", 2)
    assert second.short_message != first.short_message
    assert smsc.taken[-1].tlvs[smpp34.TLV_ITS_SESSION_INFO][0] == 5
    ended = screen(18, b"stop", 4)
    assert smsc.taken[-1].tlvs[smpp34.TLV_USSD_SERVICE_OP] == b"\x11"
    assert smsc.taken[-1].tlvs[smpp34.TLV_ITS_SESSION_INFO] == bytes((5, 5))
    assert ended.short_message
    before = len(smsc.taken)
    assert smsc.deliver(b"", tlvs=hop(18, 7)) == 0  # the network's notice that the session is over
    time.sleep(0.3)
    assert len(smsc.taken) == before


def test_a_repeated_hop_shows_the_same_page_and_counts_once(begin: Callable[..., House], smsc: Smsc) -> None:
    house = begin(service="ussd", sender="123")
    smsc.deliver(b"*123#", tlvs=hop(1))
    smsc.wait(lambda: len(smsc.taken) == 1)
    smsc.cut()
    smsc.wait(lambda: len(smsc.binds) == 2)
    smsc.deliver(b"*123#", tlvs=hop(1))
    smsc.wait(lambda: len(smsc.taken) == 2)
    assert smsc.taken[0].pdu.short_message == smsc.taken[1].pdu.short_message
    assert house.count() == 1


class Woken:
    def __init__(self) -> None:
        self.channels: list[str] = []

    def wake(self, channel: str) -> None:
        self.channels.append(channel)


def test_no_worker_is_woken_for_a_channel_with_a_process_of_its_own(house: House) -> None:
    woken = Woken()
    house.services.waker = cast("Waker", woken)
    house.services.wake("centre")
    house.services.wake("another")
    assert woken.channels == ["another"]


def test_the_door_of_the_web_stays_shut(house: House) -> None:
    from bot.web.exchange import Exchange

    request = HttpRequest("POST", "https://hub.test/channels/centre/inbound", {}, b"00")
    assert Exchange(house.services).inbound("centre", request).status == 403
    assert Exchange(house.services).status("centre", request).status == 403


CHANNELS = """[centre]
type = "smpp"
host = "127.0.0.1"
port = {port}
system_id = "sahti"
password = "env:CENTRE_PASSWORD"
sender = "5010"
"""


@pytest.fixture
def command(smsc: Smsc, var: Path, database: Database) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    """`sahti smpp` as it really runs."""
    with database.write() as connection:
        seed(connection)
    (var / "channels.toml").write_text(CHANNELS.format(port=smsc.port))
    env = os.environ | {"SAHTI_VAR": str(var), "CENTRE_PASSWORD": "secret", "REDIS_URL": f"unix://{var}/none.sock"}
    begun: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        begun.append(subprocess.Popen([sys.executable, "-m", "bot.cli", "smpp"], env=env, stderr=subprocess.PIPE))
        smsc.session()
        return begun[-1]

    yield start
    for process in begun:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.communicate()


@pytest.mark.processes
def test_the_process_killed_between_a_send_and_its_answer(
    command: Callable[[], "subprocess.Popen[bytes]"], smsc: Smsc, database: Database
) -> None:
    smsc.next = [SILENT]
    process = command()
    assert smsc.deliver(b"bonjour") == 0
    smsc.wait(lambda: smsc.taken)
    process.kill()
    process.wait()
    command()
    assert smsc.deliver(b"bonjour") == 0  # the centre repeats what it is not sure of: nothing new comes of it
    time.sleep(2)
    assert len(smsc.texts()) == 1

    def states() -> list[str]:
        with database.read() as connection:
            return list(connection.scalars(select(said.outbox.c.state)))

    assert states() == ["sending"]
    from bot.store import outbox

    with database.write() as connection:
        outbox.sweep(connection, datetime.now(UTC) + timedelta(minutes=1))
    assert states() == ["unknown"]
    time.sleep(1)
    assert len(smsc.taken) == 1


@pytest.mark.processes
def test_the_process_ends_politely_and_says_no_text(
    command: Callable[[], "subprocess.Popen[bytes]"], smsc: Smsc
) -> None:
    process = command()
    assert smsc.deliver(b"un texte secret") == 0
    smsc.wait(lambda: smsc.taken)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert smsc.unbound == 1
    assert b"bound" in errors
    assert b"texte" not in errors
    assert b"612345678" not in errors


@pytest.mark.processes
def test_without_a_channel_of_the_type_the_command_fails_and_says_so(var: Path) -> None:
    env = os.environ | {"SAHTI_VAR": str(var)}
    done = subprocess.run([sys.executable, "-m", "bot.cli", "smpp"], env=env, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"No channel of type smpp" in done.stderr
