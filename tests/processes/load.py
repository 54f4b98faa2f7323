"""A provider's side of the traffic: contacts who write one message after another, each request repeated at random and
tried again after a lost connection, as providers do."""

import http.client
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from sms_gateway.types import HttpRequest
from sms_gateway.verify import body_signature, form_signature
from tests.processes.system import SECRET, TOKEN

PATIENCE = 60.0
MENUS = ("Bonjour", "1", "menu", "3", "1", "menu", "3", "menu")
STOPS = ("Bonjour", "1", "menu", "3", "STOP", "menu", "3", "menu")
LONGER = MENUS + MENUS[2:] + MENUS[2:]
LONGER_STOPS = (*LONGER[:12], "STOP", *LONGER[13:])


@dataclass(frozen=True)
class Contact:
    number: str
    channel: str
    texts: tuple[str, ...]

    def names(self) -> list[tuple[str, str]]:
        """Channel and external id of each message."""
        return [(self.channel, f"{self.channel}-{self.number.removeprefix('+')}-{n}") for n in range(len(self.texts))]

    def request(self, base: str, step: int) -> HttpRequest:
        return signed(base, self.channel, self.number, self.texts[step], self.names()[step][1])


def signed(base: str, channel: str, number: str, text: str, external_id: str) -> HttpRequest:
    url = f"{base}/channels/{channel}/inbound"
    if channel == "tw":
        form = {"MessageSid": external_id, "AccountSid": "AC1", "From": number, "To": "+212500000000", "Body": text}
        headers = {"x-twilio-signature": form_signature(TOKEN, url, form.items())}
        headers["content-type"] = "application/x-www-form-urlencoded"
        return HttpRequest("POST", url, headers, urlencode(form).encode())
    said: dict[str, object] = {"id": external_id, "from": number, "text": text}
    if channel == "code":
        said["session"] = {"id": f"s-{number}", "new": external_id.endswith("-0")}
    body = json.dumps(said).encode()
    headers = {"x-sahti-signature": body_signature(SECRET, body), "content-type": "application/json"}
    return HttpRequest("POST", url, headers, body)


def post(request: HttpRequest, seconds: float = 15) -> tuple[int, bytes]:
    """Status and body of one try. Raises OSError or HTTPException."""
    parts = urlsplit(request.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("POST", parts.path, request.body, dict(request.headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@dataclass
class Load:
    """What was sent and heard. `accepted` has the answers to each message that got a 2xx."""

    base: str
    contacts: list[Contact]
    seed: int = 1
    accepted: dict[tuple[str, int], list[bytes]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    lost: int = 0
    tries: int = 0
    refused: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, seconds: float) -> None:
        """Everything of every contact, spread over about `seconds`; returns when the last has been accepted."""
        with ThreadPoolExecutor(len(self.contacts)) as pool:
            for done in [pool.submit(self._talk, number, seconds) for number in range(len(self.contacts))]:
                done.result()

    def _talk(self, number: int, seconds: float) -> None:
        contact, chance = self.contacts[number], random.Random(self.seed * 1000 + number)
        pause = seconds / len(contact.texts)
        began = time.monotonic() + chance.uniform(0, pause)
        for step in range(len(contact.texts)):
            time.sleep(max(0.0, began + step * pause - time.monotonic()))
            request = contact.request(self.base, step)
            copies = [
                threading.Thread(target=self._until_accepted, args=(contact, step, request))
                for _ in range(chance.randint(1, 3))
            ]
            for copy in copies:
                copy.start()
            for copy in copies:
                copy.join()

    def _until_accepted(self, contact: Contact, step: int, request: HttpRequest) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with self._lock:
                self.tries += 1
            try:
                status, body = post(request)
            except (OSError, http.client.HTTPException):
                with self._lock:
                    self.lost += 1
            else:
                with self._lock:
                    if 200 <= status < 300:
                        self.accepted.setdefault((contact.number, step), []).append(body)
                        return
                    if status == 503:
                        self.refused += 1
                    else:
                        self.faults.append(f"{status}")
            time.sleep(0.3)
        with self._lock:
            self.faults.append("never accepted")


def sixty(texts: tuple[str, ...] = MENUS, *, first: int = 0, number: int = 60) -> list[Contact]:
    """Sixty contacts: half by Twilio (answered in the request), half by a network that is sent to; some say STOP."""
    stops = {MENUS: STOPS, LONGER: LONGER_STOPS}.get(texts, texts)
    return [
        Contact(f"+2126{first + n:08d}", "net" if n % 2 else "tw", stops if n % 10 == 1 else texts)
        for n in range(number)
    ]
