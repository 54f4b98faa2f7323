"""SMPP without a socket: octets against another implementation, receipts and their two names, repeats, the pace."""

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st

from sms_gateway.encoding import GSM7_ALL
from sms_gateway.errors import MalformedRequest
from sms_gateway.smpp import concatenation, receipts
from sms_gateway.smpp.alphabet import read, written
from sms_gateway.smpp.pacing import LONGEST_REBIND, Pace, rebind_pause
from sms_gateway.smpp.pdu import Address, Command, Message, Pdu, bind_transceiver, from_lines, read_message, take
from sms_gateway.smpp.receipts import Receipt, Sent, other_names
from sms_gateway.smpp.repeats import Repeats
from sms_gateway.types import Status

NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
OCTET = st.integers(0, 255)


@given(
    NAMES,
    NAMES,
    st.binary(max_size=254),
    OCTET,
    OCTET,
    st.dictionaries(st.integers(1, 65535), st.binary(max_size=40), max_size=4),
)
def test_both_implementations_write_the_same_octets_and_read_each_other(
    source: str, destination: str, octets: bytes, coding: int, esm: int, tlvs: dict[int, bytes]
) -> None:
    ours = Message(Address(source, 1, 1), Address(destination, 1, 1), octets, coding, esm, 1, "", tlvs)
    theirs = smpp34.SubmitSm(
        source,
        destination,
        octets,
        source_addr_ton=1,
        source_addr_npi=1,
        dest_addr_ton=1,
        dest_addr_npi=1,
        data_coding=coding,
        esm_class=esm,
        registered_delivery=1,
        tlvs=[smpp34.Tlv(tag, value) for tag, value in tlvs.items()],
        sequence_number=9,
    )
    assert Pdu(Command.SUBMIT_SM, 0, 9, ours.encode()).encode() == theirs.encode()
    back = read_message(theirs.encode()[16:])
    assert (back.source, back.destination, back.short_message, dict(back.tlvs)) == (
        ours.source,
        ours.destination,
        octets,
        tlvs,
    )


@given(st.binary(max_size=200))
def test_any_octets_are_a_message_or_malformed(body: bytes) -> None:
    try:
        message = read_message(body)
    except MalformedRequest:
        return
    concatenation.piece(message)
    concatenation.text([message], "gsm7")
    receipts.read_receipt(message)


@given(st.binary(min_size=16, max_size=80))
def test_any_stream_is_taken_apart_or_given_up(octets: bytes) -> None:
    buffer = bytearray(octets)
    try:
        while take(buffer) is not None:
            pass
    except MalformedRequest:
        return
    assert len(buffer) <= len(octets)


def test_a_pdu_may_come_octet_by_octet() -> None:
    whole = bind_transceiver("sahti", "secret", "").encode()
    buffer = bytearray()
    for octet in whole[:-1]:
        buffer.append(octet)
        assert take(buffer) is None
    buffer += whole[-1:] + whole
    assert [take(buffer), take(buffer), take(buffer)] == [Pdu(9, body=whole[16:])] * 2 + [None]


@pytest.mark.parametrize("length", [0, 15, 70_001, 0xFFFFFFFF])
def test_a_length_that_cannot_be_ends_the_stream(length: int) -> None:
    with pytest.raises(MalformedRequest):
        take(bytearray(length.to_bytes(4, "big") + bytes(12)))


@pytest.mark.parametrize("body", [b"", b"zz", b"00", b"00000010", "é".encode(), b"0" * 1_100_000])
def test_lines_that_are_no_pdus(body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        from_lines(body)


def test_nothing_personal_shows_in_a_repr() -> None:
    message = Message(Address("212612345678"), Address("5010"), b"Bonjour", tlvs={0x424: b"Bonjour"})
    shown = repr([message, Pdu(4, body=message.encode()), bind_transceiver("sahti", "secret", "")])
    assert "612345678" not in shown
    assert "Bonjour" not in shown
    assert "secret" not in shown


@given(st.text(st.sampled_from(sorted(GSM7_ALL)), max_size=400))
def test_gsm_letters_survive_the_way(text: str) -> None:
    coding, segments = written(text, "gsm7")
    assert coding == 0
    assert "".join(read(octets, coding, "gsm7") or "" for octets in segments) == text
    assert all(len(octets) <= 160 for octets in segments)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), st.sampled_from(["gsm7", "latin1"]))
def test_any_text_survives_the_way_and_every_segment_fits(text: str, alphabet: str) -> None:
    import unicodedata

    coding, segments = written(text, alphabet)  # type: ignore[arg-type]
    assert "".join(read(octets, coding, alphabet) or "" for octets in segments) == unicodedata.normalize("NFC", text)  # type: ignore[arg-type]
    most = (70 if len(segments) == 1 else 67) * 2 if coding == 8 else (160 if len(segments) == 1 else 153)
    assert all(len(octets) <= most for octets in segments)


@pytest.mark.parametrize(
    ("sent_as", "receipt_says"),
    [
        ("1A2B3C", "1715004"),
        ("1a2b3c", "1715004"),
        ("001a2b3c", "1715004"),
        ("1715004", "1A2B3C"),
        ("1715004", "001A2B3C"),
        ("0001715004", "1A2B3C"),
    ],
)
def test_an_id_is_known_by_its_other_form(sent_as: str, receipt_says: str) -> None:
    assert sent_as in other_names(receipt_says)


@pytest.mark.parametrize("id_", ["", "abc-1", "not a number", "f" * 40])
def test_an_id_that_is_no_number_has_one_form(id_: str) -> None:
    assert other_names(id_) == ()


def test_a_message_is_delivered_when_its_last_segment_is() -> None:
    sent = Sent()
    assert sent.accepted(["A1", "A2", "A3"]) is None
    assert sent.whole(Receipt("A2", Status.DELIVERED)) is None
    assert sent.whole(Receipt("A2", Status.DELIVERED)) is None  # a repeat is not another segment
    assert sent.whole(Receipt("A1", Status.SENT)) is None
    assert sent.whole(Receipt("A3", Status.DELIVERED)) is None
    assert sent.whole(Receipt(str(0xA1), Status.DELIVERED)) == Receipt("A3", Status.DELIVERED)


def test_a_message_failed_when_any_segment_did() -> None:
    sent = Sent()
    sent.accepted(["1", "2", "3"])
    assert sent.whole(Receipt("1", Status.DELIVERED)) is None
    assert sent.whole(Receipt("2", Status.FAILED, "UNDELIV")) == Receipt("3", Status.FAILED, "UNDELIV")


def test_receipts_that_came_before_the_last_answer_count() -> None:
    sent = Sent()
    assert sent.whole(Receipt("1", Status.DELIVERED)) == Receipt("1", Status.DELIVERED)
    assert sent.whole(Receipt("2", Status.DELIVERED)) == Receipt("2", Status.DELIVERED)
    assert sent.accepted(["1", "2"]) == Receipt("2", Status.DELIVERED)


def test_what_is_forgotten_is_known_by_its_last_segment() -> None:
    sent = Sent(most=2)
    for number in range(5):
        sent.accepted([f"a{number}", f"b{number}"])
    assert sent.whole(Receipt("b0", Status.DELIVERED)) == Receipt("b0", Status.DELIVERED)
    assert sent.whole(Receipt("b4", Status.DELIVERED)) is None


def test_the_same_text_again_is_a_repeat_only_if_the_first_was_in_doubt() -> None:
    repeats = Repeats()
    assert repeats.moment("one", 1, 100.0) == 100.0
    repeats.answered("one", 100.0, 101.0)
    assert repeats.moment("one", 1, 107.0) == 107.0  # answered in time: written again
    repeats.answered("one", 107.0, 108.0)
    repeats.ended(1, 135.0)
    assert repeats.moment("one", 2, 300.0) == 107.0  # the answer may have been lost with its connection
    repeats.answered("one", 107.0, 300.1)
    assert repeats.moment("one", 2, 310.0) == 310.0
    repeats.answered("one", 310.0, 310.1)
    repeats.ended(2, 400.0)
    assert repeats.moment("one", 3, 401.0) == 401.0  # that answer had long arrived


def test_two_that_are_equal_and_on_their_way_at_once_are_two_and_so_are_their_repeats() -> None:
    repeats = Repeats()
    assert repeats.moment("one", 1, 100.0) == 100.0
    assert repeats.moment("one", 1, 100.5) == 100.5  # nobody repeats after half a second
    repeats.ended(1, 101.0)
    assert repeats.moment("one", 2, 110.0) == 100.0
    assert repeats.moment("one", 2, 110.1) == 100.5
    assert repeats.moment("one", 2, 110.2) == 110.2


def test_an_answer_that_took_too_long_is_in_doubt() -> None:
    repeats = Repeats()
    repeats.moment("one", 1, 100.0)
    assert repeats.moment("one", 1, 111.0) == 100.0  # still not answered, and the centre lost patience
    repeats.answered("one", 100.0, 120.0)
    assert repeats.moment("one", 1, 121.0) == 100.0
    assert repeats.moment("two", 1, 113.0) == 113.0
    repeats.answered("two", 113.0, 120.0)
    assert repeats.moment("two", 1, 800.0) == 800.0  # ten minutes on it is an answer to something else


def test_a_process_that_was_killed_hands_its_doubts_on() -> None:
    before = Repeats()
    before.moment("never answered", 7, 100.0)
    before.moment("just answered", 7, 100.0)
    before.answered("just answered", 100.0, 101.0)
    before.moment("long answered", 7, 50.0)
    before.answered("long answered", 50.0, 51.0)
    after = Repeats()
    after.load(before.dump(), ended=105.0)
    assert after.moment("never answered", 1, 120.0) == 100.0
    assert after.moment("just answered", 1, 120.0) == 100.0
    assert after.moment("long answered", 1, 120.0) == 120.0


def test_an_hour_later_nothing_is_a_repeat() -> None:
    repeats = Repeats()
    repeats.moment("one", 1, 100.0)
    assert repeats.moment("one", 2, 3800.0) == 3800.0


def test_the_pace_and_its_silences() -> None:
    pace = Pace(10)
    assert pace.turn(100.0) == 0
    assert pace.turn(100.0) == pytest.approx(0.1)
    assert pace.throttled(101.0) == 1.0
    assert pace.throttled(101.5) == 0.5  # one in flight at the same time: no second refusal
    assert pace.wait(101.5) == 0.5
    assert pace.throttled(102.5) == 2.0
    pace.accepted(103.0)  # in flight from before the silence
    assert pace.throttled(105.0) == 4.0
    pace.accepted(110.0)
    assert pace.throttled(110.0) == 1.0


def test_binding_again_waits_longer_each_time_and_never_long() -> None:
    pauses = [rebind_pause(failures, 1.0) for failures in range(12)]
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_REBIND
    assert rebind_pause(3, 0.0) == 4.0
    assert rebind_pause(0, 0.0, refused=True) == 30.0


def test_a_centre_known_to_write_decimal_is_believed_where_both_forms_are_known() -> None:
    sent = Sent()
    sent.accepted(["16", "17"])
    sent.accepted(["10", "11"])  # in decimal "16" and "17"
    assert sent.whole(Receipt("17", Status.FAILED), other_form=True) == Receipt("11", Status.FAILED)
    assert sent.whole(Receipt("17", Status.FAILED)) == Receipt("17", Status.FAILED)


def test_places_in_the_row_are_taken_together() -> None:
    pace = Pace(10)
    assert pace.turn(100.0, 3) == 0
    assert pace.turn(100.0) == pytest.approx(0.3)
    assert pace.silence(100.0) == 0
    pace.throttled(100.0)
    assert pace.silence(100.25) == 0.75
