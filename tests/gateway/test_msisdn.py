import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_gateway.msisdn import e164, may_sms
from sms_gateway.ussd import new_input


@pytest.mark.parametrize(
    "written",
    [
        "0612345678",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "06-12-34-56-78",
        "612345678",
        "212612345678",
        "00212612345678",
        "00212 6 12 34 56 78",
        "+212612345678",
        "+212 (0)6 12 34 56 78",
        "+2120612345678",
        "(+212) 612-345678",
        "٠٦١٢٣٤٥٦٧٨",
        "+٢١٢٦١٢٣٤٥٦٧٨",
        "۰۶۱۲۳۴۵۶۷۸",
        "０６１２３４５６７８",
        "\u200e+212612345678\u200f",
        "06\u00a012\u202f34 56 78",
    ],
)
def test_everything_moroccans_write_is_one_number(written: str) -> None:
    assert e164(written) == "+212612345678"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0522123456", "+212522123456"),
        ("0707123456", "+212707123456"),
        ("+33612345678", "+33612345678"),
        ("0033 6 12 34 56 78", "+33612345678"),
        ("+1 (650) 555-1212", "+16505551212"),
    ],
)
def test_possible_numbers_of_anywhere_are_read(written: str, number: str) -> None:
    assert e164(written) == number


@pytest.mark.parametrize(
    "written",
    ["", " ", "15", "141", "SAHTI", "0612", "06123456789012", "+999123456789", "0612345678 ext 5", "tel:0612345678",
     "06123456AB", "0612345678\x00", "0" * 5000, "\ud800", "++212612345678", "²¹²612345678x"],
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
