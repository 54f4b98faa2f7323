import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from sms_gateway.encoding import GSM7_ALL, SMART, encoding_of, length, nfc, smart_encode, units
from sms_gateway.segments import CONCATENATED, SINGLE, Count, count, split

MIXED = st.text(alphabet=st.sampled_from("abcé€^{}~ çشⵣ😀\u0301\n"), max_size=700)
SEVEN_BIT = st.text(alphabet=st.sampled_from(sorted(GSM7_ALL)), max_size=700)
ANYTHING = st.one_of(MIXED, SEVEN_BIT, st.text(max_size=300))


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("", Count("GSM-7", 0, 1), "an empty message is still one message"),
        ("a" * 160, Count("GSM-7", 160, 1), "a full single segment"),
        ("a" * 161, Count("GSM-7", 161, 2), "one more needs headers"),
        ("a" * 306, Count("GSM-7", 306, 2), "two full segments"),
        ("a" * 307, Count("GSM-7", 307, 3), "one more than two"),
        ("€" * 80, Count("GSM-7", 160, 1), "the euro takes two septets"),
        ("a" * 159 + "€", Count("GSM-7", 161, 2), "160 characters, 161 septets"),
        ("a" * 152 + "€" + "a" * 152, Count("GSM-7", 306, 3), "306 septets, but the euro may not be cut in two"),
        ("ش" * 70, Count("UCS-2", 70, 1), "Arabic, full"),
        ("ش" * 71, Count("UCS-2", 71, 2), "Arabic, one more"),
        ("ⴰ" * 134, Count("UCS-2", 134, 2), "Tifinagh, two full segments"),
        ("ⴰ" * 135, Count("UCS-2", 135, 3), "Tifinagh, one more"),
        ("ش" * 66 + "😀" + "ش" * 66, Count("UCS-2", 134, 3), "134 units, but the emoji may not be cut in two"),
        ("😀" * 35, Count("UCS-2", 70, 1), "two units each"),
        ("ç", Count("UCS-2", 1, 1), "lower ç is not in the alphabet"),
        ("Ç", Count("GSM-7", 1, 1), "upper Ç is"),
        ("e\u0301te\u0301", Count("GSM-7", 3, 1), "composed before counting"),
        ("`", Count("UCS-2", 1, 1), "the grave accent is not in the alphabet"),
        ("a\tb", Count("UCS-2", 3, 1), "neither is the tab"),
        ("a\nb\r", Count("GSM-7", 4, 1), "line ends are"),
        ("\f", Count("GSM-7", 2, 1), "form feed is in the extension"),
    ],
)
def test_the_count(text: str, expected: Count, reason: str) -> None:
    assert count(text) == expected, reason


@given(ANYTHING)
def test_the_parts_are_the_text_and_fit(text: str) -> None:
    parts, counted = split(text), count(text)
    assert "".join(parts) == nfc(text)
    assert len(parts) == counted.segments
    limit = SINGLE[counted.encoding] if len(parts) == 1 else CONCATENATED[counted.encoding]
    sizes = [sum(units(c, counted.encoding) for c in part) for part in parts]
    assert all(size <= limit for size in sizes)
    assert sum(sizes) == counted.units == length(nfc(text), counted.encoding)
    # Greedy: no part could have taken the first character of the next one.
    for size, following in zip(sizes, parts[1:], strict=False):
        assert size + units(following[0], counted.encoding) > limit


@given(st.one_of(MIXED, SEVEN_BIT))
def test_smsutil_counts_the_same(text: str) -> None:
    composed = nfc(text)
    theirs = smsutil.split(composed)
    assert count(composed).segments == max(len(theirs.parts), 1)
    if composed:
        assert (encoding_of(composed) == "GSM-7") == smsutil.is_valid_gsm(composed)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("Ça va ? Rendez-vous à l’hôpital", "Ça va ? Rendez-vous à l'hopital"),
        ("« Reçu » – n°\u00a05…", '" Recu " - no 5...'),
        ("CŒUR, œil, À È Ê Ÿ", "COEUR, oeil, A E E Y"),
        ("naïve, forêt, août, où", "naive, foret, aout, où"),
        ("âêëîïôûÿçœ ÂÊËÎÏÔÛŸÙŒ", "aeeiiouycoe AEEIIOUYUOE"),
        ("‘ ’ “ ” – — \u202f°", "' ' \" \" - -  o"),
        ("déjà lu", "déjà lu"),
        ("صحتي… بخير", "صحتي… بخير"),
        ("ⵣ « ç »", "ⵣ « ç »"),
        ("reçu 😀", "reçu 😀"),
    ],
)
def test_smart_encoding(written: str, sent: str) -> None:
    assert smart_encode(written) == sent


@given(ANYTHING)
def test_smart_encoding_never_costs_and_never_touches_what_stays_ucs2(text: str) -> None:
    respelt = smart_encode(text)
    if encoding_of(respelt) == "UCS-2":
        assert respelt == nfc(text)
    assert count(respelt).segments <= count(text).segments
    assert smart_encode(respelt) == respelt


def test_every_respelling_is_in_the_alphabet_and_nothing_already_in_it_is_respelt() -> None:
    for code, spelling in SMART.items():
        assert set(spelling) <= GSM7_ALL
        assert chr(code) not in GSM7_ALL
