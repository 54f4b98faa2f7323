"""Which addresses are one phone, what becomes of two contacts, what counts as a name."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.identity import Side, leaving, merged, number_of, read_name, same_name, silent_too_long, twin
from bot.core.model import Consent
from sms_gateway.types import Urn

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SMS, WHATSAPP, USERNAME = Urn("tel", "+212612345678"), Urn("whatsapp", "212612345678"), Urn("bsuid", "MA.1234")
OTHER = Urn("tel", "+212712345678")


@pytest.mark.parametrize(
    ("urn", "digits"),
    [
        (SMS, "212612345678"),
        (WHATSAPP, "212612345678"),
        (Urn("tel", "+16505551212"), "16505551212"),
        (USERNAME, None),
        (Urn("bsuid", "212612345678"), None),
        (Urn("whatsapp", "MA.1234"), None),
        (Urn("whatsapp", "0612345678"), None),
        (Urn("tel", ""), None),
        (Urn("tel", "38383"), None),
        (Urn("tel", "+2126123456789012"), None),
    ],
)
def test_an_address_that_is_a_phone_number(urn: Urn, digits: str | None) -> None:
    assert number_of(urn) == digits


def test_a_phone_is_the_same_on_both_networks() -> None:
    assert twin(SMS) == WHATSAPP
    assert twin(WHATSAPP) == SMS
    assert twin(USERNAME) is None


@pytest.mark.parametrize(
    ("writer", "gone"),
    [
        (SMS, {SMS, WHATSAPP, USERNAME}),
        (WHATSAPP, {SMS, WHATSAPP, USERNAME}),
        (OTHER, {OTHER, USERNAME}),
        (USERNAME, {SMS, WHATSAPP, USERNAME, OTHER}),
    ],
)
def test_what_goes_with_a_phone_that_changed_hands(writer: Urn, gone: set[Urn]) -> None:
    assert set(leaving([SMS, WHATSAPP, USERNAME, OTHER], writer)) == gone


@pytest.mark.parametrize(("days", "long"), [(182, False), (183, False), (183.01, True), (900, True)])
def test_six_months_of_silence(days: float, long: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert silent_too_long(NOW - timedelta(days=days), NOW) is long


def test_somebody_who_never_wrote_was_not_silent() -> None:
    assert not silent_too_long(None, NOW)


moments = st.integers(0, 10_000).map(lambda minutes: NOW + timedelta(minutes=minutes))
nows = st.sampled_from([NOW + timedelta(days=8), NOW + timedelta(days=186)])
sides = st.builds(
    Side,
    id=st.text("0123456789abcdef", min_size=4, max_size=4),
    form=st.sampled_from([None, "fr", "ary-Latn", "ary-Arab"]),
    consent=st.sampled_from(Consent),
    consent_at=st.none() | moments,
    opted_out=st.booleans(),
    named=st.booleans(),
    case_id=st.none() | st.text("0123456789abcdef", min_size=4, max_size=4),
    created_at=moments,
    last_inbound_at=st.none() | moments,
).filter(lambda side: side.consent is not Consent.GIVEN or side.last_inbound_at is not None)  # a yes was written


@given(sides, sides, nows)
def test_a_merge_is_the_same_whichever_is_named_first(one: Side, other: Side, now: datetime) -> None:
    if one.id == other.id:
        return
    left = merged(one, other, now)
    assert left == merged(other, one, now)
    assert {left.id, left.gone} == {one.id, other.id}
    assert left.opted_out == (one.opted_out or other.opted_out)
    both = {one.consent, other.consent}
    silent = any(side.consent is Consent.GIVEN and silent_too_long(side.last_inbound_at, now) for side in (one, other))
    assert left.consent in both or silent
    if Consent.AGAIN in both or silent:
        assert left.consent is Consent.AGAIN
    elif Consent.REFUSED in both:
        assert left.consent is Consent.REFUSED
    assert (left.form is None) == (one.form is None and other.form is None)
    assert (left.name_of is None) == (not one.named and not other.named)
    assert (left.case_id is None) == (one.case_id is None and other.case_id is None)


@given(sides, sides, sides, nows)
def test_three_contacts_end_with_the_same_rights_in_every_order(
    one: Side, two: Side, three: Side, now: datetime
) -> None:
    if len({one.id, two.id, three.id}) < 3:
        return

    def then(left: Side, right: Side) -> Side:
        both = merged(left, right, now)
        kept = left if left.id == both.id else right
        return Side(
            both.id, both.form, both.consent, both.consent_at, both.opted_out, both.name_of is not None, both.case_id,
            kept.created_at, both.last_inbound_at,
        )  # fmt: skip

    ends = [then(then(one, two), three), then(one, then(two, three)), then(then(three, one), two)]
    assert len({(end.id, end.consent, end.opted_out, end.last_inbound_at) for end in ends}) == 1


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Amina", "Amina"),
        ("  youssef ", "youssef"),
        ("Lalla  Fatima", "Lalla Fatima"),
        ("Fatima-Zahra.", "Fatima-Zahra"),
        ("M’barek", "M'barek"),
        ("أمينة", "أمينة"),
        ("مُحَمَّد", "مُحَمَّد"),
        ("ⵢⵓⵙⴼ", "ⵢⵓⵙⴼ"),
        ("Zoé", "Zoé"),
    ],
)
def test_a_first_name_or_nickname(written: str, name: str) -> None:
    assert read_name(written) == name


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "1",
        "Amina2",
        "0612345678",
        "c'est pour ma mère",
        "Amina Bent Ahmed",
        "a" * 21,
        "😀",
        "<b>",
        "Amina\x00",
        "?",
    ],
)
def test_what_is_no_name(written: str) -> None:
    assert read_name(written) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("Amina", "AMINA", True), ("Zoé", "zoe", True), ("مُحمد", "محمد", True), ("Amina", "Amine", False)],
)
def test_names_that_are_one(one: str, other: str, same: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert same_name(one, other) is same
