"""Where an attachment may be fetched from, and what of it is taken. PURE: no name is looked up here, nothing is opened.

An address reaches us in a signed request, but a provider can be fooled, and so can a redirect. So the same rules hold for
every hop: a listed host, https, its own port, no credentials in it; and every address that the name stands for must be
a public one. The list of addresses that are not public follows the IANA special-purpose registries (RFC 6890 and its
updates); two more belong to clouds that put their metadata service on a public-looking address.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Protocol, runtime_checkable
from urllib.parse import urljoin, urlsplit

from sms_gateway.types import HttpRequest, HttpResponse, Media

MOST_HOPS = 3
"""Redirects that are followed: providers use one, from their interface to their store."""
MOST_BYTES = 5 * 1024 * 1024
"""Octets of one attachment (docs/channels.md: media)."""
LONGEST_URL = 2048
HTTPS = 443

REDIRECTS = frozenset({301, 302, 303, 307, 308})

TYPES = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "audio/ogg": "ogg",
    "audio/opus": "opus",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/webm": "weba",
    "video/mp4": "mp4",
    "video/3gpp": "3gp",
    "video/webm": "webm",
    "application/pdf": "pdf",
    "text/plain": "txt",
}
"""What is kept, with the ending of its file's name: what phones record, photograph and scan. Nothing that a browser
runs (HTML, SVG), nothing with macros, no archives."""

SAYS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})
"""Types by which a store says that it does not know; what the provider said in the message counts then."""


class MediaRefused(Exception):
    """An attachment is not fetched, or not kept. `reason` is a word of ours and never quotes the address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@runtime_checkable
class FetchesMedia(Protocol):
    """A channel whose attachments take more than a plain GET of their address. What lacks this gets the plain GET."""

    def build_media(self, media: Media) -> HttpRequest:
        """The first request for an attachment, with the credentials it needs. Raises MediaRefused("no_address").

        Credentials may stand in it only when its host is the provider's own.
        """

    def read_media(self, response: HttpResponse, media: Media) -> HttpRequest | None:
        """The next request, where the answer only says where the content is; None where it is the content."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that passed the rules. `own` marks one that the operator configured: its address is not judged."""

    scheme: str
    host: str = field(repr=False)
    port: int
    path: str = field(repr=False)
    own: bool = False

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """What the Host header says."""
        usual = self.port == (HTTPS if self.scheme == "https" else 80)
        return self.host if usual else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Fetched:
    """An attachment as it came."""

    type: str
    content: bytes = field(repr=False)


def plain(media: Media) -> HttpRequest:
    """GET of an attachment's own address. Raises MediaRefused where it has none."""
    if not media.url:
        raise MediaRefused("no_address")
    return HttpRequest("GET", media.url, {})


def host_of(base_url: str) -> tuple[str, ...]:
    """The entry of a host list for a provider's own https address; none where it is no such address."""
    parts = urlsplit(base_url)
    return (parts.hostname,) if parts.scheme == "https" and parts.hostname else ()


def origin_of(base_url: str) -> tuple[str, ...]:
    """The entry for a network that the operator runs: one whole origin, wherever it is."""
    parts = urlsplit(base_url)
    return (f"{parts.scheme}://{parts.netloc.lower()}",) if parts.hostname else ()


def target(url: str, hosts: Sequence[str]) -> Target:
    """The parts of an address that may be asked. Raises MediaRefused.

    `hosts` is the channel's list: `api.example` that host, `.example` any host below it, and `http://host:port` one
    whole origin, for a network that the operator runs (the simulated one).
    """
    if len(url) > LONGEST_URL or re.search(r"[^!-~]|\\", url):
        raise MediaRefused("address")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise MediaRefused("address") from None
    if parts.scheme not in {"http", "https"}:
        raise MediaRefused("scheme")
    if "@" in parts.netloc or not host:
        raise MediaRefused("address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    own = f"{parts.scheme}://{parts.netloc.lower()}" in hosts
    if own:
        return Target(parts.scheme, host, port or (HTTPS if parts.scheme == "https" else 80), path, own=True)
    if parts.scheme != "https":
        raise MediaRefused("scheme")
    if parts.netloc.lower() not in {host, f"{host}:{HTTPS}"}:
        raise MediaRefused("port")
    if not _listed(host, hosts):
        raise MediaRefused("host")
    return Target("https", host, HTTPS, path)


def _listed(host: str, hosts: Sequence[str]) -> bool:
    if not re.fullmatch(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*", host):
        return False  # a number in whatever notation, a name without a dot, a dot at the end
    return any(host.endswith(one) and host != one[1:] if one.startswith(".") else host == one for one in hosts)


NOT_PUBLIC = tuple(
    ip_network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # a cloud's host service
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
)  # fmt: skip
GLOBAL_6 = ip_network("2000::/3")
"""The only part of IPv6 that is given out as public; everything that embeds or maps an IPv4 address lies outside or is listed."""


def public(address: str) -> bool:
    """Whether an address is one of the open internet; False also for what is no address."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found not in GLOBAL_6:
        return False
    return not any(found in net for net in NOT_PUBLIC)


def pinned(addresses: Sequence[str], where: Target) -> tuple[str, ...]:
    """The addresses to connect to. One that is not public among them condemns the name. Raises MediaRefused."""
    if not where.own and not all(public(address) for address in addresses):
        raise MediaRefused("private_address")
    return tuple(addresses)


def redirected(request: HttpRequest, where: Target, response: HttpResponse, hosts: Sequence[str]) -> HttpRequest:
    """The request that follows a redirect; credentials stay behind unless it leads to the same origin.

    Raises MediaRefused for an address that may not be asked.
    """
    location = response.headers.get("location", "")
    try:
        url = urljoin(request.url, location)
    except ValueError:
        raise MediaRefused("address") from None
    if not location:
        raise MediaRefused("address")
    same = target(url, hosts).origin == where.origin
    return HttpRequest("GET", url, request.headers if same else {})


def type_of(response: HttpResponse, said: str) -> str:
    """The type of what came, by the answer or, where it says nothing, by the message. Raises MediaRefused."""
    if response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise MediaRefused("encoding")  # nothing was asked to be packed; unpacking could outgrow every limit
    kind = _bare(response.headers.get("content-type", ""))
    kind = _bare(said) if kind in SAYS_NOTHING else kind
    if kind not in TYPES:
        raise MediaRefused("type")
    return kind


def _bare(kind: str) -> str:
    return kind.partition(";")[0].strip().lower()


def announced(headers: Mapping[str, str], most: int = MOST_BYTES) -> None:
    """Refuse by the announced length already. Raises MediaRefused."""
    said = headers.get("content-length", "")
    if said.isascii() and said.isdigit() and (len(said) > 12 or int(said) > most):  # noqa: PLR2004 (digits of a number beyond all limits)
        raise MediaRefused("too_large")


def matches(content: bytes, said: str | None) -> bool:
    """Whether content has the SHA-256 that the provider named, in hexadecimal or base64. What is no digest names none."""
    wanted = _digest(said or "")
    return wanted is None or hmac.compare_digest(sha256(content).digest(), wanted)


def _digest(said: str) -> bytes | None:
    if re.fullmatch(r"[0-9a-fA-F]{64}", said):
        return bytes.fromhex(said)
    try:
        found = base64.b64decode(said, validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) == sha256().digest_size else None
