"""What is sent: signed Twilio messages that walk the menus, and USSD hops of the booking menu."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from itertools import count
from urllib.parse import urlencode

TOKEN = secrets.token_hex(16)
CODE = secrets.token_hex(16)
CONNECTIONS = 32
CONTACTS = 8
"""Contacts a connection; each connection speaks for its own, so that a contact writes one message at a time."""

OPENING = ("Bonjour", "1")
"""First contact and consent, sent before anything is measured."""
WALK = ("menu", "3", "2", "menu", "5", "1")
"""Menus and digits: topics and back, language and back."""
DIALLED = ("", "1", "1*1", "1*1*1", "1*1*1*1")
"""A visit being booked: menu, place, service, day, hour; hung up before it is confirmed."""

_number = count(1)
_run = secrets.token_hex(4)


def channels(port: int) -> str:
    """The channels file of a measured hub."""
    return (
        f'[tw]\ntype = "twilio"\nservice = "sms"\naccount_sid = "AC1"\nauth_token = "{TOKEN}"\nsender = "SAHTI"\n'
        f'webhook_url = "http://127.0.0.1:{port}/channels/tw"\n\n'
        f'[dial]\ntype = "africastalking"\nservice = "ussd"\nusername = "bench"\napi_key = "{CODE}"\n'
        f'webhook_token = "{CODE}"\n'
    )


def _phone(connection: int, contact: int) -> str:
    return f"+2126{connection * CONTACTS + contact:08d}"


def _http(path: str, port: int, body: bytes, headers: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/x-www-form-urlencoded\r\n"
        f"content-length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode() + body


def _twilio(port: int, phone: str, text: str) -> bytes:
    # the fields of a real request from that provider, and its rule of signing: address, then names and values sorted
    form = {
        "ToCountry": "MA", "ToState": "", "SmsMessageSid": "", "NumMedia": "0", "ToCity": "", "FromZip": "",
        "SmsSid": "", "FromState": "", "SmsStatus": "received", "FromCity": "", "Body": text, "FromCountry": "MA",
        "To": "+212500000000", "ToZip": "", "NumSegments": "1", "MessageSid": f"SM{_run}{next(_number):024d}",
        "AccountSid": "AC1", "From": phone, "ApiVersion": "2010-04-01",
    }  # fmt: skip
    url = f"http://127.0.0.1:{port}/channels/tw/inbound"
    signed = url + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.digest(TOKEN.encode(), signed.encode(), hashlib.sha1)).decode()
    return _http("/channels/tw/inbound", port, urlencode(form).encode(), f"x-twilio-signature: {signature}\r\n")


def _hop(port: int, phone: str, session: str, text: str) -> bytes:
    form = {"sessionId": session, "serviceCode": "*384#", "phoneNumber": phone, "networkCode": "60401", "text": text}
    return _http(f"/channels/dial/inbound?token={CODE}", port, urlencode(form).encode(), "")


def openings(port: int) -> list[list[bytes]]:
    """First contact of everybody, by both doors."""
    return [
        [
            request
            for contact in range(CONTACTS)
            for request in (
                *(_twilio(port, _phone(connection, contact), text) for text in OPENING),
                _hop(port, _phone(connection, contact), f"o{_run}{connection}-{contact}", ""),
            )
        ]
        for connection in range(CONNECTIONS)
    ]


def messages(port: int, most: int) -> list[list[bytes]]:
    """Signed messages for every connection, about `most` in all."""
    return [list(_walk(port, connection, most // CONNECTIONS)) for connection in range(CONNECTIONS)]


def _walk(port: int, connection: int, most: int) -> Iterator[bytes]:
    for number in range(most):
        text = WALK[number // CONTACTS % len(WALK)]
        yield _twilio(port, _phone(connection, number % CONTACTS), text)


def hops(port: int, most: int) -> list[list[bytes]]:
    """USSD hops for every connection, about `most` in all."""
    return [list(_dial(port, connection, most // CONNECTIONS)) for connection in range(CONNECTIONS)]


def _dial(port: int, connection: int, most: int) -> Iterator[bytes]:
    for number in range(most // len(DIALLED)):
        session = f"s{_run}{next(_number)}"
        for text in DIALLED:
            yield _hop(port, _phone(connection, number % CONTACTS), session, text)


def bare(port: int, most: int) -> Sequence[Sequence[bytes]]:
    """The same messages at a route that does nothing with them."""
    return messages(port, most)
