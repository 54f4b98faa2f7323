"""The link against a message centre that behaves, and against one that does not."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from sms_gateway.channels.smpp import Smpp
from sms_gateway.dispatch import dispatch
from sms_gateway.errors import (
    InvalidUrn,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unreachable,
)
from sms_gateway.smpp.link import Link, Timing
from sms_gateway.smpp.pdu import Pdu
from sms_gateway.types import Accepted, Outbound, Part, Urn
from tests.gateway.smsc import DROP, DROP_BEFORE, SILENT, Smsc

pytestmark = [pytest.mark.loopback, pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]

NUMBER = "+212612345678"
QUICK = Timing(answer=1.0, send=2.0, enquire=0.3)
ARABIC = (
    "لا تنس موعدك غدا على الساعة العاشرة صباحا في المركز الصحي، وأحضر معك بطاقتك الوطنية ودفتر التلقيح من فضلك. " * 2
)


@dataclass
class Heard:
    link: Link
    delivered: list[Pdu] = field(default_factory=list)
    accepted: list[list[str]] = field(default_factory=list)
    late: list[tuple[str, str]] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)

    def send(self, text: str, *, reference: str = "ref", number: str = NUMBER) -> Accepted:
        return dispatch(self.link.channel, Outbound(reference, Urn("tel", number), Part(text)), self.link)


@contextmanager
def linked(smsc: Smsc, *, timing: Timing = QUICK, answer: int | None = 0, **changes: str) -> Iterator[Heard]:
    config = {"host": "127.0.0.1", "port": str(smsc.port), "system_id": "sahti", "password": "secret", "sender": "5010"}
    channel = Smpp("centre", config | {"per_second": "500"} | changes)

    def take(connection: int, pdu: Pdu) -> None:
        heard.delivered.append(pdu)
        if answer is not None:
            link.answer(connection, pdu, answer)

    link = Link(
        channel,
        on_deliver=take,
        on_accepted=lambda ids: heard.accepted.append(ids),  # noqa: PLW0108  (`heard` is made just below)
        on_late=lambda reference, id_: heard.late.append((reference, id_)),
        say=lambda event, code: heard.said.append((event, code)),
        chance=lambda: 0.0,
        timing=timing,
    )
    heard = Heard(link)
    stop = threading.Event()
    thread = threading.Thread(target=link.run, args=(stop,))
    thread.start()
    try:
        yield heard
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def smsc() -> Iterator[Smsc]:
    with Smsc() as made:
        yield made


def test_a_text_goes_out_and_its_id_comes_back(smsc: Smsc) -> None:
    with linked(smsc) as heard:
        assert heard.send("Votre visite est demain à 10h.").external_id == smsc.taken[0].id
    assert smsc.binds == [("sahti", "secret")]
    (one,) = smsc.taken
    assert (one.pdu.source_addr, one.pdu.source_addr_ton, one.pdu.destination_addr) == ("5010", 3, "212612345678")
    assert (one.pdu.dest_addr_ton, one.pdu.dest_addr_npi, one.pdu.registered_delivery) == (1, 1, 1)
    assert smsc.texts() == ["Votre visite est demain à 10h."]


def test_the_end_says_goodbye_and_waits_for_what_is_on_its_way(smsc: Smsc) -> None:
    smsc.delay = 0.3
    with ThreadPoolExecutor() as pool, linked(smsc) as heard:
        going = pool.submit(heard.send, "x")
        smsc.wait(lambda: smsc.taken)
    assert going.result().external_id == smsc.taken[0].id
    assert smsc.unbound == 1


def test_an_arabic_text_of_three_segments(smsc: Smsc) -> None:
    text = ARABIC[:190]
    with linked(smsc) as heard:
        accepted = heard.send(text)
    assert [one.pdu.data_coding for one in smsc.taken] == [8, 8, 8]
    assert [len(one.pdu.short_message) for one in smsc.taken] == [140, 140, 6 + 2 * (190 - 134)]
    heads = [one.pdu.short_message[:6] for one in smsc.taken]
    assert [head[:3] for head in heads] == [b"\x05\x00\x03"] * 3
    assert len({head[3] for head in heads}) == 1
    assert [tuple(head[4:]) for head in heads] == [(3, 1), (3, 2), (3, 3)]
    assert smsc.texts() == [text]
    assert accepted.external_id == smsc.taken[-1].id
    assert heard.accepted == [[one.id for one in smsc.taken]]


@pytest.mark.parametrize(
    "text",
    [
        "a" * 152 + "€" + "b" * 30,  # the pair would be cut at 153
        "م" * 66 + "😀" + "ب" * 20,  # the same for a surrogate pair at 67
        "€" * 77,
        "😀" * 100,
        "é" * 160,
        "[~]{}" * 40,
    ],
)
def test_no_pair_is_cut_between_segments(smsc: Smsc, text: str) -> None:
    if "[" in text:
        text = text.replace("[~]", "{€}")
    with linked(smsc) as heard:
        heard.send(text)
    assert smsc.texts() == [text]
    for one in smsc.taken:
        octets = one.pdu.short_message[6:] if one.pdu.esm_class & 0x40 else one.pdu.short_message
        if one.pdu.data_coding == 8:
            octets.decode("utf-16-be")  # each segment is whole by itself
        else:
            assert not octets.endswith(b"\x1b")


def test_a_centre_whose_alphabet_is_latin1(smsc: Smsc) -> None:
    with linked(smsc, alphabet="latin1") as heard:
        heard.send("à é ù £ ñ {}")
        heard.send("5 € " + "x" * 70)
    first, *rest = smsc.taken
    assert (first.pdu.data_coding, first.pdu.short_message.decode("latin-1")) == (0, "à é ù £ ñ {}")
    assert [one.pdu.data_coding for one in rest] == [8, 8]  # no euro in Latin-1: UCS-2, and then of two segments
    assert smsc.texts()[1] == "5 € " + "x" * 70


def test_the_window_is_never_exceeded(smsc: Smsc) -> None:
    smsc.delay = 0.05
    with linked(smsc, window="4", timing=Timing(answer=2, send=10)) as heard, ThreadPoolExecutor(16) as pool:
        ids = [one.external_id for one in pool.map(heard.send, ["x"] * 40)]
    assert len(set(ids)) == 40
    assert smsc.most_in_flight == 4


def test_the_pace_is_kept_by_segments(smsc: Smsc) -> None:
    with linked(smsc, per_second="20", timing=Timing(answer=2, send=10)) as heard:
        heard.send("warm")
        began = time.monotonic()
        for _ in range(3):
            heard.send(ARABIC[:190])
    assert time.monotonic() - began >= 8 / 20
    gaps = [later.at - earlier.at for earlier, later in zip(smsc.taken, smsc.taken[1:], strict=False)]
    assert min(gaps) > 0.02


@pytest.mark.parametrize("status", [0x58, 0x14])
def test_throttled_then_quiet_then_on_again(smsc: Smsc, status: int) -> None:
    smsc.next = [status]
    with linked(smsc, timing=Timing(answer=1, send=5)) as heard:
        with pytest.raises(Throttled) as raised:
            heard.send("x")
        assert raised.value.code == f"0x{status:02X}"
        assert 0.5 < (raised.value.wait or 0) <= 1.0
        began = time.monotonic()
        heard.send("y")
        assert time.monotonic() - began > 0.5  # nothing leaves while the centre wants to be left alone
    assert smsc.texts() == ["y"]


def test_throttled_in_the_middle_of_a_text_goes_on_with_the_rest(smsc: Smsc) -> None:
    smsc.next = [0, 0x58, 0]
    with linked(smsc, timing=Timing(answer=1, send=8)) as heard:
        assert heard.send(ARABIC[:190]).external_id == smsc.taken[-1].id
    assert smsc.texts() == [ARABIC[:190]]
    assert smsc.refused == 1


def test_a_text_of_which_a_segment_is_refused_is_of_unknown_outcome(smsc: Smsc) -> None:
    smsc.next = [0, 0x45]
    with linked(smsc) as heard, pytest.raises(OutcomeUnknown) as raised:
        heard.send(ARABIC[:190])
    assert raised.value.code == "0x45"
    assert len(smsc.taken) == 1
    assert heard.accepted == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (0x0B, InvalidUrn),
        (0x45, Rejected),
        (0x08, Unreachable),
        (0x0A, Misconfigured),
        (0x04, Unreachable),
        (0x64, Unreachable),
        (0x417, Rejected),
    ],
)
def test_what_a_refusal_means(smsc: Smsc, status: int, error: type[Exception]) -> None:
    smsc.next = [status]
    with linked(smsc) as heard, pytest.raises(error) as raised:
        heard.send(ARABIC[:190])
    assert type(raised.value) is error
    assert raised.value.code == f"0x{status:02X}"
    assert smsc.taken == []


def test_accepted_and_then_cut_is_unknown_and_is_not_sent_again(smsc: Smsc) -> None:
    smsc.next = [DROP]
    with linked(smsc) as heard:
        with pytest.raises(OutcomeUnknown):
            heard.send("once")
        heard.send("next")  # waits until the link stands again
    assert smsc.texts() == ["once", "next"]
    assert len(smsc.binds) == 2


def test_cut_in_the_middle_of_a_text_is_unknown(smsc: Smsc) -> None:
    smsc.next = [0, DROP_BEFORE]
    with linked(smsc) as heard, pytest.raises(OutcomeUnknown):
        heard.send(ARABIC[:190])
    assert len(smsc.taken) == 1


def test_no_answer_is_unknown_and_a_late_one_is_told(smsc: Smsc) -> None:
    smsc.delay = 1.5
    with linked(smsc) as heard:
        with pytest.raises(OutcomeUnknown):
            heard.send("slow", reference="row-1")
        smsc.wait(lambda: heard.late)
    assert heard.late == [("row-1", smsc.taken[0].id)]


def test_without_a_centre_nothing_leaves(smsc: Smsc) -> None:
    smsc.__exit__()
    with linked(smsc) as heard, pytest.raises(Unreachable):
        heard.send("x")


def test_a_centre_that_answers_nothing_at_all(smsc: Smsc) -> None:
    smsc.next = [SILENT]
    with linked(smsc) as heard, pytest.raises(OutcomeUnknown):
        heard.send("x")


def test_it_asks_whether_the_centre_lives_and_stays(smsc: Smsc) -> None:
    with linked(smsc) as heard:
        smsc.wait(lambda: smsc.enquired >= 3)
        heard.send("still here")
    assert len(smsc.binds) == 1


def test_a_silent_centre_is_left_and_bound_anew(smsc: Smsc) -> None:
    with linked(smsc) as heard:
        smsc.session()
        smsc.answers_enquire = False
        smsc.wait(lambda: len(smsc.binds) == 2)
        smsc.answers_enquire = True
        heard.send("back")
    assert ("link_lost", "the centre is silent") in heard.said


def test_a_cut_link_is_bound_anew_again_and_again(smsc: Smsc) -> None:
    with linked(smsc) as heard:
        for count in (1, 2):
            smsc.wait(lambda count=count: len(smsc.binds) == count)
            smsc.session()
            smsc.cut()
        smsc.wait(lambda: len(smsc.binds) == 3)
        heard.send("x")
    assert smsc.texts() == ["x"]


def test_a_refused_account_is_said_and_the_centre_is_left_alone(smsc: Smsc) -> None:
    with linked(smsc, password="wrong") as heard:
        smsc.wait(lambda: heard.said)
        time.sleep(1.5)
        assert heard.said == [("bind_refused", "0x0E")]
        assert len(smsc.binds) == 1


def test_it_answers_the_centres_own_question(smsc: Smsc) -> None:
    with linked(smsc):
        smsc.enquire()


def test_unknown_and_broken_pdus(smsc: Smsc) -> None:
    with linked(smsc):
        smsc.raw(bytes.fromhex("00000010000001030000000000000063"))  # data_sm is not spoken here
        smsc.enquire()
        smsc.raw(b"\xff" * 16)  # out of step: nothing after this can be read
        smsc.wait(lambda: len(smsc.binds) == 2)


def test_what_a_centre_delivers_is_handed_over_and_answered(smsc: Smsc) -> None:
    with linked(smsc, answer=0x64) as heard:
        assert smsc.deliver(b"salam") == 0x64
    assert len(heard.delivered) == 1


def test_a_text_that_was_begun_is_finished_before_others_begin(smsc: Smsc) -> None:
    timing = Timing(answer=2, send=1)
    with linked(smsc, per_second="10", timing=timing) as heard, ThreadPoolExecutor(12) as pool:
        going = [pool.submit(heard.send, ARABIC[:190], reference=f"row-{number}") for number in range(12)]
        outcomes = [one.exception(20) for one in going]
    sent = sum(outcome is None for outcome in outcomes)
    assert {type(outcome) for outcome in outcomes if outcome} == {Throttled}  # never a half text
    assert 3 <= sent <= 5
    assert smsc.texts() == [ARABIC[:190]] * sent
