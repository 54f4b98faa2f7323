import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_gateway.msisdn import e164, may_sms
from sms_gateway.ussd import new_input

ONE = "+212612345678"
WAYS = [
    "0612345678", "06 12 34 56 78", "06.12.34.56.78", "06-12-34-56-78", "06/12/34/56/78", "06·12·34·56·78",
    "06_12_34_56_78", "06–12–34–56–78", "0 6 1 2 3 4 5 6 7 8", "061-234-5678", "(06) 12345678", "[06]12345678",
    "0612345678.", " 0612345678 ", "0612345678\n", "06\t12345678", "0(6)12345678",
    "612345678", "6 12 34 56 78", "6.12.34.56.78",
    "212612345678", "212 6 12 34 56 78", "212-612-345678", "2120612345678",
    "00212612345678", "00212 6 12 34 56 78", "00 212 612 345 678", "00212 (0)6 12 34 56 78", "002120612345678",
    "+212612345678", "+212 612 345 678", "+212.6.12.34.56.78", "+212-612-345678", "+ 212 612345678", "(+212) 612-345678",
    "+212 (0)6 12 34 56 78", "+212(0)612345678", "+212-(0)-612345678", "+2120612345678", "+212 06 12 34 56 78",
    "+212(6)12345678", "+00212612345678",
    "tel:+212612345678", "TEL:0612345678", "Tel: 06 12 34 56 78", "tel:00212612345678",
    "٠٦١٢٣٤٥٦٧٨", "٠٦ ١٢ ٣٤ ٥٦ ٧٨", "+٢١٢٦١٢٣٤٥٦٧٨", "٠٠٢١٢٦١٢٣٤٥٦٧٨", "٦١٢٣٤٥٦٧٨", "۰۶۱۲۳۴۵۶۷۸", "+۲۱۲ ۶۱۲ ۳۴۵ ۶۷۸",
    "06١٢34٥٦78", "０６１２３４５６７８", "+２１２６１２３４５６７８",
    "06\u00a012\u202f34 56 78", "\u200e+212612345678\u200f", "\u202b0612345678\u202c", "\u2066+212 612-345678\u2069",
    "\ufeff0612345678", "06\u200b12\u200b34\u200b56\u200b78", "\u061c0612345678", "\u202a06 12 34 56 78\u202c",
]  # fmt: skip
"""One number, in every way it is written down, dictated, copied from an address book or pasted from an Arabic text."""


@pytest.mark.parametrize("written", WAYS)
def test_everything_moroccans_write_is_one_number(written: str) -> None:
    assert e164(written) == ONE
    assert may_sms(ONE)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0707123456", "+212707123456"),
        ("7 07 12 34 56", "+212707123456"),
        ("+33612345678", "+33612345678"),
        ("0033 6 12 34 56 78", "+33612345678"),
        ("+1 (650) 555-1212", "+16505551212"),
        ("+250788383383", "+250788383383"),
        ("+44 7911 123456", "+447911123456"),
        ("+34 612 34 56 78", "+34612345678"),
        ("٠٠٣٣٦١٢٣٤٥٦٧٨", "+33612345678"),
    ],
)
def test_possible_numbers_of_anywhere_are_read(written: str, number: str) -> None:
    assert e164(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "0522123456",  # fixed
        "+212 537 12 34 56",
        "0801000180",  # toll-free
        "0802001234",
        "0890123456",  # premium
        "+212 891 12 34 56",
    ],
)
def test_numbers_that_no_sms_reaches_are_read_and_not_written_to(written: str) -> None:
    number = e164(written)
    assert number is not None
    assert not may_sms(number)


@pytest.mark.parametrize(
    "written",
    ["", " ", "+", "1", "15", "141", "0612", "38383", "+38383", "+1234", "SAHTI", "+1", "212", "00212", "tel:", "tel:SAHTI",
     "061234567", "06123456", "06123456789", "06123456789012", "+2126123456", "+21261234567", "+2126123456789",
     "000212612345678", "0011212612345678", "+999123456789", "+990123", "0" * 41, "0" * 5000,
     "0612345678 ext 5", "tel:+212612345678;ext=5", "n° 0612345678", "06123456AB", "O612345678", "0612345678x", "+212six",
     "0612345678 / 0712345678", "0612345678,0712345678", "0612345678;0712345678", "06 12 34 56 78 06 12 34 56 79",
     "+212612345678+212712345678", "0612345678 ou 0712345678", "tel:tel:0612345678", "whatsapp:+212612345678",
     "0612345678\x00", "\ud800", "++212612345678", "²¹²612345678x", "½612345678", "MA.1234567890", "a@example.org"],
)  # fmt: skip
def test_what_is_no_number_is_none(written: str) -> None:
    assert e164(written) is None


@given(st.text(max_size=60))
def test_any_text_gives_a_number_or_none(written: str) -> None:
    number = e164(written)
    assert number is None or (number.startswith("+") and number[1:].isascii() and number[1:].isdigit())
    assert number is None or e164(number) == number


@pytest.mark.parametrize(
    ("number", "allowed"),
    [
        ("+212612345678", True),
        ("+212712345678", True),
        ("+212522123456", False),  # fixed
        ("+212801000000", False),  # toll-free
        ("+212890123456", False),  # premium
        ("+33612345678", False),  # abroad
        ("0612345678", False),  # not E.164
        ("+2126123456789", False),
        ("+212612345678\n", False),
    ],
)
def test_only_moroccan_mobiles_get_sms(number: str, allowed: bool) -> None:  # noqa: FBT001
    assert may_sms(number) is allowed


@pytest.mark.parametrize(
    ("accumulated", "seen", "typed"),
    [
        ("", None, ""),
        ("7*2", None, "7*2"),  # dialled with a suffix
        ("1", "", "1"),
        ("1*2", "1", "2"),
        ("1*2*", "1*2", ""),  # sent empty
        ("1*2*3*4", "1*2", "3*4"),  # a star was typed
        ("1*2**", "1*2", "*"),
        ("1*2", "1*2", ""),  # repeated
        ("12", "1", "12"),  # the known text is not a piece of its own
        ("5*6", "1*2", "6"),  # the gateway began anew
    ],
)
def test_the_new_input_of_a_hop(accumulated: str, seen: str | None, typed: str) -> None:
    assert new_input(accumulated, seen) == typed


@given(st.lists(st.text(alphabet="0123456789*#ab", min_size=1, max_size=5), min_size=1, max_size=8))
def test_inputs_come_back_as_they_were_typed(inputs: list[str]) -> None:
    seen = ""
    for typed in inputs:
        accumulated = f"{seen}*{typed}" if seen else typed
        assert new_input(accumulated, seen) == typed
        seen = accumulated
