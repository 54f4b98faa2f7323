"""What the captured cases of the aggregators cannot say: who gets our credentials, and how far a limit goes."""

import base64

import pytest

from sms_gateway.encoding import GSM7, UCS2, length
from sms_gateway.fetching import FetchesMedia, MediaRefused
from sms_gateway.parting import parted
from sms_gateway.registry import make
from sms_gateway.types import Media, Outbound, Part, Urn
from tests.channels.cases import configs

PERSON = Urn("tel", "+212612345678")
TYPES = ("clickatell", "highconnection", "infobip", "mtarget", "vonage")
LIMITS = {"clickatell": 640, "highconnection": 1500, "infobip": 1530, "mtarget": 765, "vonage": 1600}


def test_an_attachment_is_asked_for_with_credentials_at_the_provider_only() -> None:
    made = make("infobip", "x", configs("infobip")["whatsapp"])
    assert isinstance(made, FetchesMedia)
    media = Media("image", url="https://abc123.api.infobip.com/whatsapp/1/senders/212520000000/media/1f")
    request = made.build_media(media)
    assert (request.method, request.url) == ("GET", media.url)
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")) == b"sahti:pass-of-the-account"
    for elsewhere in ("https://infobip.com.example.org/1", "http://abc.api.infobip.com/1", "https://evilinfobip.com/1"):
        with pytest.raises(MediaRefused):
            made.build_media(Media("image", url=elsewhere))
    with pytest.raises(MediaRefused):
        made.build_media(Media("contact"))
    keyed = make("infobip", "x", configs("infobip")["open_whatsapp"])
    assert isinstance(keyed, FetchesMedia)
    assert keyed.build_media(media).headers["authorization"] == "App key-of-the-account-1"


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(("letter", "coding"), [("a", GSM7), ("م", UCS2), ("ⵣ", UCS2), ("😀", UCS2)])
def test_a_text_at_the_limit_is_one_request_and_one_letter_more_is_two(kind: str, letter: str, coding: str) -> None:
    made = make(kind, "x", next(iter(configs(kind).values())))
    limit = made.capabilities.max_units
    assert limit == LIMITS[kind]
    whole = letter * (limit // length(letter, UCS2 if coding == UCS2 else GSM7))
    (only,) = parted(Part(whole), made.capabilities)
    assert only.text == whole
    assert made.build_send(Outbound("ref", PERSON, only)).method in {"GET", "POST"}
    more = parted(Part(whole + letter), made.capabilities)
    assert [len(part.text) for part in more] == [len(whole), 1]


@pytest.mark.parametrize("kind", TYPES)
def test_no_secret_of_ours_goes_out_in_a_header_that_is_not_meant_for_it(kind: str) -> None:
    made = make(kind, "x", next(iter(configs(kind).values())))
    built = made.build_send(Outbound("ref", PERSON, Part("Bonjour")))
    headers = {name: value for name, value in built.headers.items() if name != "authorization"}
    assert not any("pass-of" in value or "secret" in value or "key-of" in value for value in headers.values())
    assert "token" not in str(headers)


def test_attachments_of_an_sms_stand_under_its_text() -> None:
    made = make("infobip", "x", configs("infobip")["sms"])
    (only,) = parted(Part("Plan", media=(Media("image/png", url="https://hub.example.ma/1.png"),)), made.capabilities)
    assert only.text == "Plan\nhttps://hub.example.ma/1.png"
