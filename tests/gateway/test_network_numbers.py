import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_gateway.msisdn import from_network, is_country, takes_sms


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("+212612345678", "MA", "+212612345678"),
        ("212612345678", "MA", "+212612345678"),
        ("212612345678", "FR", "+212612345678"),
        ("0612345678", "MA", "+212612345678"),
        ("0612345678", "FR", "+33612345678"),
        ("00212612345678", "US", "+212612345678"),
        (" 212612345678", "MA", "+212612345678"),  # a plus that an address turned into a space
        ("254791541111", "MA", "+254791541111"),
        ("2349067554729", "MA", "+2349067554729"),
        ("33612345678", "MA", "+33612345678"),
        ("14155550123", "MA", "+14155550123"),
        ("233246912184", "GH", "+233246912184"),
        ("0246912184", "GH", "+233246912184"),
        ("٠٦١٢٣٤٥٦٧٨", "MA", "+212612345678"),
    ],
)
def test_numbers_as_networks_write_them(written: str, country: str, number: str) -> None:
    assert from_network(written, country) == number


@pytest.mark.parametrize("written", ["", "2020", "INWI", "+999123456789", "0" * 300, "06 ext 5", "\ud800", "unknown"])
def test_senders_that_are_no_number(written: str) -> None:
    assert from_network(written) is None


@given(st.text(max_size=50), st.sampled_from(["MA", "FR", "US", "ZZ", ""]))
def test_any_sender_gives_a_number_or_none(written: str, country: str) -> None:
    found = from_network(written, country)
    assert found is None or (found.startswith("+") and found[1:].isdigit())


def test_who_can_get_an_sms() -> None:
    assert all(map(takes_sms, ("+212612345678", "+212712345678", "+33612345678", "+14155550123")))
    nobody = ("+212522123456", "+212801000000", "+2126123", "0612345678", "+0612345678", "212612345678", "", "+33 6")
    assert not any(map(takes_sms, nobody))


def test_countries() -> None:
    assert is_country("MA")
    assert not any(map(is_country, ("", "ma", "XX", "MAR", "Maroc")))
