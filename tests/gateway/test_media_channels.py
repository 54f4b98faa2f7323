"""How each type of channel asks for an attachment, and to whom its credentials go."""

import json
from typing import Any

import pytest

from sms_gateway import registry
from sms_gateway.fetching import FetchesMedia, MediaRefused, target
from sms_gateway.types import HttpResponse, Media

META = {"phone_number_id": "1055", "access_token": "meta-token", "app_secret": "s", "verify_token": "v"}
CONFIGS: dict[str, dict[str, str]] = {
    "twilio": {"service": "whatsapp", "account_sid": "AC1", "auth_token": "word", "sender": "+15005550006"},
    "whatsapp_cloud": META,
    "dialog360": {"api_key": "d360-key"},
    "turn": {"access_token": "turn-token"},
}
STORED = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1&ext=2&hash=x"


def channel(name: str, **more: str) -> Any:
    made = registry.make(name, name, CONFIGS[name] | more)
    assert isinstance(made, FetchesMedia)
    return made


def named(url: object) -> HttpResponse:
    return HttpResponse(200, {"content-type": "application/json"}, json.dumps({"url": url, "id": "77"}).encode())


PHOTO = HttpResponse(200, {"content-type": "image/jpeg"}, b"photo")


def test_twilio_sends_its_credentials_to_its_own_interface_only() -> None:
    made = channel("twilio")
    own = made.build_media(
        Media("image/jpeg", url="https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1")
    )
    assert own.headers["authorization"] == "Basic QUMxOndvcmQ="
    for url in (
        "https://evil.example/x",
        "https://api.twilio.com@evil.example/",
        "https://mms.twiliocdn.com/x",
        "http://api.twilio.com/x",
        "https://[/",
    ):
        assert "authorization" not in made.build_media(Media("image/jpeg", url=url)).headers
    assert made.read_media(PHOTO, Media("image/jpeg")) is None
    hosts = made.capabilities.media_hosts
    assert target("https://mms.twiliocdn.com/AC1/z", hosts)
    with pytest.raises(MediaRefused):
        target("https://s3-external-1.amazonaws.com/media.twiliocdn.com/x", hosts)
    with pytest.raises(MediaRefused):
        made.build_media(Media("image/jpeg"))


def test_meta_names_the_place_first_and_wants_its_token_there_too() -> None:
    made = channel("whatsapp_cloud")
    first = made.build_media(Media("image/jpeg", id="77"))
    assert first.url == "https://graph.facebook.com/v23.0/77"
    assert first.headers["authorization"] == "Bearer meta-token"
    second = made.read_media(named(STORED), Media("image/jpeg", id="77"))
    assert (second.url, second.headers["authorization"]) == (STORED, "Bearer meta-token")
    assert made.read_media(PHOTO, Media("image/jpeg", id="77")) is None
    for request in (first, second):
        assert target(request.url, made.capabilities.media_hosts)


def test_360dialog_passes_metas_address_through_its_own_host() -> None:
    made = channel("dialog360")
    first = made.build_media(Media("image/jpeg", id="77"))
    assert (first.url, first.headers["d360-api-key"]) == ("https://waba-v2.360dialog.io/77", "d360-key")
    second = made.read_media(named(STORED), Media("image/jpeg", id="77"))
    assert second.url == "https://waba-v2.360dialog.io/whatsapp_business/attachments/?mid=1&ext=2&hash=x"
    assert target(second.url, made.capabilities.media_hosts)
    with pytest.raises(MediaRefused):
        target(STORED, made.capabilities.media_hosts)


def test_turn_answers_with_the_content() -> None:
    made = channel("turn")
    asked = made.build_media(Media("image/jpeg", id="77"))
    assert (asked.url, asked.headers["authorization"]) == ("https://whatsapp.turn.io/v1/media/77", "Bearer turn-token")
    assert made.read_media(PHOTO, Media("image/jpeg", id="77")) is None
    assert target(asked.url, made.capabilities.media_hosts)


@pytest.mark.parametrize("name", ["whatsapp_cloud", "dialog360"])
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "http://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com.evil.example/x",
        "https://[/",
        "file:///etc/passwd",
        7,
        None,
        "",
    ],
)
def test_a_place_that_is_not_the_store_gets_no_token(name: str, url: object) -> None:
    with pytest.raises(MediaRefused):
        channel(name).read_media(named(url), Media("image/jpeg", id="77"))


@pytest.mark.parametrize("name", ["whatsapp_cloud", "dialog360", "turn"])
@pytest.mark.parametrize(
    "id_", [None, "", "../me", "77?fields=owner", "77/../../1055/messages", "x" * 200, "77\r\nx: y"]
)
def test_an_id_that_is_none_asks_nothing(name: str, id_: str | None) -> None:
    with pytest.raises(MediaRefused, match="no_address"):
        channel(name).build_media(Media("image/jpeg", id=id_))


def test_a_base_address_without_tls_is_no_host_of_attachments() -> None:
    assert channel("turn", base_url="http://127.0.0.1:8000").capabilities.media_hosts == ()


def test_only_the_simulated_network_may_be_on_this_machine() -> None:
    config = {"service": "whatsapp", "secret": "s", "network_url": "http://127.0.0.1:8123/messages"}
    hosts = registry.make("simulator", "sim", config).capabilities.media_hosts
    assert target("http://127.0.0.1:8123/media/1", hosts).own
    with pytest.raises(MediaRefused):
        target("http://127.0.0.1:8124/media/1", hosts)
    assert registry.make("simulator", "sim", {"service": "ussd", "secret": "s"}).capabilities.media_hosts == ()
