"""Which addresses may be asked for an attachment. Every hostile one is refused before anything is looked up or opened."""

import base64
import hashlib

import pytest

from sms_gateway import fetching
from sms_gateway.fetching import MediaRefused, Target
from sms_gateway.types import HttpRequest, HttpResponse

HOSTS = ("api.provider.example", ".cdn.provider.example", "http://127.0.0.1:8123")

HOSTILE = (
    # other schemes
    "file:///etc/passwd",
    "ftp://api.provider.example/x",
    "gopher://api.provider.example:70/_x",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "http://api.provider.example/x",
    "HTTP://api.provider.example/x",
    "unix:///var/run/docker.sock",
    "//api.provider.example/x",
    "/etc/passwd",
    "",
    # this machine and its network, in every notation
    "https://127.0.0.1/x",
    "https://localhost/x",
    "https://127.1/x",
    "https://2130706433/x",
    "https://0x7f000001/x",
    "https://0177.0.0.1/x",
    "https://0/x",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://[fe80::1%25eth0]/x",
    "https://169.254.169.254/latest/meta-data/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://10.0.0.8/x",
    "https://192.168.1.1/x",
    "http://127.0.0.1:8124/x",
    "http://127.0.0.1/x",
    "https://127.0.0.1:8123/x",
    # names that only look like the provider's
    "https://api.provider.example.evil.example/x",
    "https://evilapi.provider.example/x",
    "https://cdn.provider.example/x",
    "https://evilcdn.provider.example/x",
    "https://api.provider.example./x",
    "https://api.provider.example@evil.example/x",
    "https://evil.example#@api.provider.example/x",
    "https://evil.example\\@api.provider.example/x",
    "https://evil.example/https://api.provider.example/x",
    "https://evil.example?api.provider.example",
    "https://api。provider。example/x",
    "https://аpi.provider.example/x",
    "https://api%2eprovider.example/x",
    "https://api.provider.example%00.evil.example/x",
    "https://api.provider.example\x00.evil.example/x",
    # credentials, ports, and bytes that would end a request's line
    "https://user:word@api.provider.example/x",
    "https://@api.provider.example/x",
    "https://api.provider.example:22/x",
    "https://api.provider.example:80/x",
    "https://api.provider.example:0/x",
    "https://api.provider.example:99999/x",
    "https://api.provider.example:443x/x",
    "https://api.provider.example:/x",
    "https://api.provider.example/x\r\nhost: evil.example",
    "https://api.provider.example/x y",
    "https://api.provider.example/\tx",
    " https://api.provider.example/x",
    "https://api.provider.example/" + "x" * 3000,
    "https://[/x",
    "https:///x",
    "https://*.cdn.provider.example/x",
    "https://..cdn.provider.example/x",
    "https://.cdn.provider.example/x",
)


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_refused(url: str) -> None:
    with pytest.raises(MediaRefused) as refused:
        fetching.target(url, HOSTS)
    assert refused.value.reason in {"address", "scheme", "port", "host"}


def test_the_table_is_long_enough_and_nothing_is_allowed_by_default() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 40
    with pytest.raises(MediaRefused):
        fetching.target("https://api.provider.example/x", ())


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://api.provider.example/a/b?c=d", Target("https", "api.provider.example", 443, "/a/b?c=d")),
        ("https://API.provider.example:443", Target("https", "api.provider.example", 443, "/")),
        ("https://eu.cdn.provider.example/x#y", Target("https", "eu.cdn.provider.example", 443, "/x")),
        ("http://127.0.0.1:8123/m/1", Target("http", "127.0.0.1", 8123, "/m/1", own=True)),
    ],
)
def test_an_address_of_the_list_is_taken(url: str, wanted: Target) -> None:
    assert fetching.target(url, HOSTS) == wanted


NOT_PUBLIC = """
0.0.0.0 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 169.254.169.254 169.254.170.2
172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.168.0.1 192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.7
203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 168.63.129.16
:: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::1 100::1 fc00::1 fd00:ec2::254 fe80::1
fe80::1%eth0 fec0::1 ff02::1 2001::1 2001:db8::1 2002:7f00:1:: 3fff::1 4000::1 2001:0:53aa:64c:0:0:0:1
localhost 127.1 0x7f.1 nothing 1.2.3
""".split()  # noqa: SIM905 - a table of addresses is read best as words


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_of_the_open_internet(address: str) -> None:
    assert not fetching.public(address)
    with pytest.raises(MediaRefused):
        fetching.pinned(["93.184.215.14", address], Target("https", "api.provider.example", 443, "/"))


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "8.8.8.8", "172.32.0.1", "2a03:2880:f003:c07::1", "2606:4700::1111"]
)
def test_a_public_address(address: str) -> None:
    assert fetching.public(address)


def test_an_origin_that_the_operator_configured_may_be_anywhere() -> None:
    own = fetching.target("http://127.0.0.1:8123/m/1", HOSTS)
    assert fetching.pinned(["127.0.0.1"], own) == ("127.0.0.1",)


def moved(to: str) -> HttpResponse:
    return HttpResponse(302, {"location": to})


FIRST = HttpRequest("GET", "https://api.provider.example/m/1", {"authorization": "Basic c2VjcmV0"})


def test_credentials_stay_with_the_host_they_are_for() -> None:
    where = fetching.target(FIRST.url, HOSTS)
    to_store = fetching.redirected(FIRST, where, moved("https://eu.cdn.provider.example/z"), HOSTS)
    assert (to_store.url, dict(to_store.headers)) == ("https://eu.cdn.provider.example/z", {})
    near = fetching.redirected(FIRST, where, moved("/m/2"), HOSTS)
    assert near == HttpRequest("GET", "https://api.provider.example/m/2", FIRST.headers)


@pytest.mark.parametrize("url", [*HOSTILE[:9], "https://127.0.0.1/x", "", "//evil.example/x", "https://[/"])
def test_a_redirect_to_a_hostile_address_is_refused(url: str) -> None:
    with pytest.raises(MediaRefused):
        fetching.redirected(
            FIRST,
            fetching.target(FIRST.url, HOSTS),
            moved(url),
            ("http://127.0.0.1:8123",) if url.startswith("//api") else HOSTS,
        )


@pytest.mark.parametrize(
    "kind", ["text/html", "image/svg+xml", "application/zip", "application/x-msdownload", "image/*", "x"]
)
def test_a_type_that_is_not_kept(kind: str) -> None:
    with pytest.raises(MediaRefused, match="type"):
        fetching.type_of(HttpResponse(200, {"content-type": kind}), "image/jpeg")


def test_a_type_is_the_answers_or_where_it_knows_none_the_messages() -> None:
    assert fetching.type_of(HttpResponse(200, {"content-type": "Image/JPEG; q=1"}), "text/html") == "image/jpeg"
    assert (
        fetching.type_of(HttpResponse(200, {"content-type": "binary/octet-stream"}), "audio/ogg; codecs=opus")
        == "audio/ogg"
    )
    with pytest.raises(MediaRefused, match="type"):
        fetching.type_of(HttpResponse(200), "text/html")
    with pytest.raises(MediaRefused, match="encoding"):
        fetching.type_of(HttpResponse(200, {"content-type": "image/jpeg", "content-encoding": "gzip"}), "")


def test_a_hash_is_compared_however_it_is_written() -> None:
    digest = hashlib.sha256(b"photo")
    for said in (
        digest.hexdigest(),
        digest.hexdigest().upper(),
        base64.b64encode(digest.digest()).decode(),
        None,
        "",
        "no digest",
    ):
        assert fetching.matches(b"photo", said)
    for said in (hashlib.sha256(b"other").hexdigest(), base64.b64encode(hashlib.sha256(b"x").digest()).decode()):
        assert not fetching.matches(b"photo", said)


def test_a_length_beyond_the_limit_is_refused_before_it_is_read() -> None:
    fetching.announced({"content-length": str(fetching.MOST_BYTES)})
    fetching.announced({"content-length": "-1"})
    for said in (str(fetching.MOST_BYTES + 1), "9" * 400):
        with pytest.raises(MediaRefused, match="too_large"):
            fetching.announced({"content-length": said})


def test_nothing_of_an_address_is_shown() -> None:
    assert "secret" not in repr(fetching.target("https://api.provider.example/secret", HOSTS))
    with pytest.raises(MediaRefused) as refused:
        fetching.target("https://evil.example/secret", HOSTS)
    assert "secret" not in repr(refused.value)
    assert "evil" not in str(refused.value)
