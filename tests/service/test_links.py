"""SMPP from end to end: what goes out, and the receipts that come back."""

import time
from collections.abc import Callable

import pytest
import smpp34
from sqlalchemy import select

from bot.store.tables import contacts as people
from tests.gateway.smsc import DROP, Smsc
from tests.service.links import House

pytestmark = [pytest.mark.loopback, pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]

ARABIC = ("لا تنس موعدك غدا على الساعة العاشرة صباحا في المركز الصحي، وأحضر معك بطاقتك ودفتر التلقيح. " * 3)[:190]


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
    smsc.delay = 2.6
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
