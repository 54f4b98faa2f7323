import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_gateway.encoding import GSM7_ALL, GSM7_BASIC, GSM7_EXTENDED
from sms_gateway.octets import (
    GSM7_ESCAPED,
    GSM7_TABLE,
    are_septets,
    from_hex,
    from_septets,
    message_text,
    utf16_hex,
)

PEOPLE_WRITE = st.text(alphabet="aéà1 ?بغيتموعدⴰⵣⵓⵍ😀\n", min_size=1, max_size=40)


def septets(text: str) -> bytes:
    escapes = {letter: octet for octet, letter in GSM7_ESCAPED.items()}
    return b"".join(
        bytes([0x1B, escapes[letter]]) if letter in escapes else bytes([GSM7_TABLE.index(letter)]) for letter in text
    )


def test_the_tables_are_those_of_the_alphabet() -> None:
    assert len(GSM7_TABLE) == 128
    assert set(GSM7_TABLE) - {"\x1b"} == GSM7_BASIC
    assert set(GSM7_ESCAPED.values()) == GSM7_EXTENDED


@given(st.text(alphabet=sorted(GSM7_ALL), max_size=60))
def test_septets_come_back(text: str) -> None:
    assert from_septets(septets(text)) == text


@pytest.mark.parametrize(
    ("octets", "are"), [(b"plain", False), (b"\x05t\x05", True), (b"\x05\xe9", False), (b"", False)]
)
def test_what_must_be_septets(octets: bytes, *, are: bool) -> None:
    assert are_septets(octets) is are


@given(PEOPLE_WRITE)
def test_utf16_is_read_as_octets_and_in_hexadecimal(text: str) -> None:
    octets = text.encode("utf-16-be")
    assert message_text(octets, "UTF-16BE") == text
    assert message_text(b"\xfe\xff" + octets, "utf-16be", unicode=True) == text
    if any(letter.isalnum() for letter in text):
        assert message_text(octets.hex().encode(), "UCS-2") == text
        assert message_text(octets.hex().upper().encode(), unicode=True) == text


@given(PEOPLE_WRITE)
def test_utf8_that_was_promised_is_kept(text: str) -> None:
    assert message_text(text.encode(), "UTF-8", unicode=True) == text
    assert message_text(text.encode()) == text


@pytest.mark.parametrize("text", ["2024", "0612345678", "Hi!!", "abcd 1234", "Oui", "non", "١٢٣"])
def test_letters_that_only_look_like_utf16_stay_letters(text: str) -> None:
    assert message_text(text.encode(), unicode=True) == text


@given(
    st.binary(max_size=60),
    st.sampled_from(["", "utf-8", "UTF-16BE", "gsm", "latin1", "windows-1252", "?"]),
    st.booleans(),
)
def test_any_octets_give_a_text_that_can_be_stored(octets: bytes, charset: str, unicode: bool) -> None:  # noqa: FBT001  hypothesis gives it
    text = message_text(octets, charset, unicode=unicode)
    assert "\x00" not in text
    text.encode()


def test_hexadecimal() -> None:
    assert from_hex("00e9") == b"\x00\xe9"
    assert [from_hex(no) for no in ("", "0", "zz")] == [None, None, None]
    assert utf16_hex("é😀") == "00E9D83DDE00"
    assert utf16_hex("\ud83d") == "FFFD"
