"""SMPP from end to end: what people write and dial, in segments, twice, and while the database is away."""

import time
from collections.abc import Callable
from typing import cast

import pytest
import smpp34
from sqlalchemy import select

from bot.core.model import Kind
from bot.store.tables import contacts as people
from bot.waking import Waker
from sms_gateway.types import HttpRequest
from tests.gateway.smsc import Smsc
from tests.service.links import House

pytestmark = [pytest.mark.loopback, pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]

DANGER = "je saigne beaucoup je suis enceinte"


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
    house.services.replay()  # or the thread that looks after what waits was first
    house.until(lambda: house.count() == 4)


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


def test_what_is_no_text_is_answered_and_handed_no_further(house: House, smsc: Smsc) -> None:
    house.agree()
    assert smsc.deliver(b"\x06\x05\x04\x15\x81\x15\x81\x02\x4a", esm_class=0x40, data_coding=0xF5) == 0
    house.until(lambda: smsc.taken)
    assert house.count() == 3


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
