"""`sahti talk`: a conversation through the real door, with nothing else running.

The request is built and signed as the simulated provider would, goes through the application's own route, and what the hub
sends is taken from the outbox by the same dispatcher. Lines come from stdin, answers go to stdout.
"""

import argparse
import json
import secrets
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.commands.failing import Failed, settings
from bot.core.ids import new_id
from bot.service.demo import seed
from bot.settings import Settings
from bot.web.app import create_app
from bot.wiring import Channels, Services
from sms_gateway import registry
from sms_gateway.channel import Channel
from sms_gateway.msisdn import e164
from sms_gateway.types import HttpRequest, HttpResponse
from sms_gateway.verify import body_signature

MEDIA = ("ussd", "sms", "whatsapp")
SIGNATURE = "x-sahti-signature"


class Handset:
    """The other end: it keeps what the hub sends to it, and says that it came."""

    def __init__(self) -> None:
        self.inbox: list[dict[str, Any]] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        """Take a message as the simulated network would."""
        self.inbox.append(json.loads(request.body))
        body = json.dumps({"id": f"talk-{new_id()}"}).encode()
        return HttpResponse(200, {"content-type": "application/json"}, body)


class Talk:
    """One phone and one channel. The clock begins at `now` and runs on; `wait` moves it."""

    def __init__(self, base: Settings, medium: str, number: str, now: datetime | None) -> None:
        self._secret = secrets.token_hex(16)
        self._handset = Handset()
        self._ahead = now - datetime.now(UTC) if now else timedelta()
        channels = Channels({f"sim-{medium}": self._channel(medium)}, {})
        self.services = Services(base, clock=self._now, transport=self._handset, channels=channels)
        self.services.wake = lambda _: None  # type: ignore[assignment,method-assign] # sent below, in this process
        self.services.database.migrate()
        with self.services.database.write() as connection:
            seed(connection)
        self._client = create_app(self.services).test_client()
        self._name, self._medium, self._number = f"sim-{medium}", medium, number
        self._address, self._user_id = number, ""
        self._session: str | None = None
        self._offered: list[dict[str, Any]] = []

    def _channel(self, medium: str) -> Channel:
        config = {"service": medium, "secret": self._secret, "network_url": "http://127.0.0.1/phone/network"}
        return registry.make("simulator", f"sim-{medium}", config)

    def go_on(self, medium: str) -> None:
        """Talk on another channel of the same hub from now on, with the same phone."""
        self._name, self._medium = f"sim-{medium}", medium
        self.services.channels.setdefault(self._name, self._channel(medium))
        self._session, self._offered = None, []

    def write_as(self, user_id: str, *, number: bool) -> None:
        """Be known to WhatsApp by an id of its own from now on, with the phone's number beside it or without."""
        self._address, self._user_id = (self._number, user_id) if number else (user_id, "")

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def wait(self, span: timedelta) -> list[dict[str, Any]]:
        """Let time go by; what comes meanwhile is given at its end, after one tick of the clock's reminders."""
        self._ahead += span
        self.services.reminders.tick()
        return self.arrived()

    def drop(self) -> None:
        """Lose the USSD session as a network does, without a word to anybody."""
        self._session = None

    def say(self, text: str, media: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Send one text, or attachments of these kinds (`image`, `audio`); everything that comes back, in order.

        Each is `{"text", "buttons", "rows", "end"}`.
        """
        message: dict[str, Any] = {"id": new_id(), "from": self._address, "text": text}
        if self._user_id and self._medium == "whatsapp":
            message["user_id"] = self._user_id
        if media:
            message["media"] = [{"type": kind} for kind in media]
        if self._medium == "ussd":
            new = self._session is None
            self._session = self._session or new_id()
            message["session"] = {"id": self._session, "new": new}
        elif tapped := self._tapped(text):
            message["choice"], message["text"] = tapped["id"], tapped["title"]
        body = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
        headers = {SIGNATURE: body_signature(self._secret, body), "content-type": "application/json"}
        answer: Any = self._client.post(f"/channels/{self._name}/inbound", data=body, headers=headers)
        if answer.status_code >= 400:  # noqa: PLR2004 (HTTP)
            raise Failed(f"The hub refused the message (HTTP {answer.status_code}).")
        if self._medium == "ussd":
            return [self._screen(answer.get_json(silent=True) or {})]
        return self.arrived()

    def arrived(self) -> list[dict[str, Any]]:
        """Send what waits for this phone and give what came since the last time."""
        for name in self.services.channels:
            self.services.delivery.run(name)
        received, self._handset.inbox = self._handset.inbox, []
        shown = [self._message(one) for one in received]
        if shown:
            self._offered = [choice for one in shown for choice in (*one["buttons"], *one["rows"])]
        return shown

    def _tapped(self, text: str) -> dict[str, Any] | None:
        # in a terminal a button is tapped by its number
        wanted = text.strip()
        if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(self._offered):
            return self._offered[int(wanted) - 1]
        return None

    def _screen(self, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = next(iter(body.get("replies") or ()), {})
        end = bool(answer.get("end", True))
        if end:
            self._session = None
        return {"text": str(answer.get("text", "")), "buttons": [], "rows": [], "end": end}

    @staticmethod
    def _message(sent: dict[str, Any]) -> dict[str, Any]:
        rows = (sent.get("menu") or {}).get("rows", [])
        return {"text": sent.get("text", ""), "buttons": sent.get("buttons") or [], "rows": rows, "end": False}

    @property
    def dialling(self) -> bool:
        """Whether the next thing to do on USSD is to dial."""
        return self._medium == "ussd" and self._session is None


def written(message: dict[str, Any]) -> str:
    """A message as a terminal shows it: buttons and rows by number."""
    lines = [message["text"]]
    for number, choice in enumerate((*message["buttons"], *message["rows"]), 1):
        lines.append(f"[{number}] {choice['title']}")
    return "\n".join(lines)


def talk(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Hold a conversation."""
    parser.add_argument("--channel", choices=MEDIA, default="sms", help="how the person writes")
    parser.add_argument("--from", dest="number", default="+212600000001", help="the phone's number")
    parser.add_argument("--now", help="the moment it is, local or with an offset; the clock then runs on from there")
    parser.add_argument(
        "--fresh", action="store_true", help="forget everything afterwards: a data folder for this talk only"
    )
    parser.add_argument("--jsonl", action="store_true", help="answers as JSON lines")
    given = parser.parse_args(arguments)
    number = e164(given.number)
    if number is None:
        raise Failed(f"{given.number} is not a phone number; write it like +212612345678.")
    with tempfile.TemporaryDirectory() as folder:
        base = settings(demo=False)
        if given.fresh:
            base = base.model_copy(update={"var": Path(folder), "database_url": None, "key_file": None})
            table = settings().var / "nlu"
            if table.is_dir():
                (Path(folder) / "nlu").symlink_to(table.resolve())
        return _converse(Talk(base, given.channel, number, _moment(given.now, base.zone)), as_json=given.jsonl)


def _moment(value: str | None, zone: str) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as wrong:
        raise Failed("--now must be an ISO date and time, such as 2026-11-24T09:00") from wrong
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def _converse(talking: Talk, *, as_json: bool) -> int:
    asking = sys.stdin.isatty() and not as_json

    def show(messages: list[dict[str, Any]]) -> None:
        for message in messages:
            line = json.dumps(message, ensure_ascii=False) if as_json else written(message) + "\n"
            sys.stdout.write(line + "\n")
        sys.stdout.flush()

    if talking.dialling:
        show(talking.say(""))
    while True:
        if asking:
            sys.stdout.write("> ")
            sys.stdout.flush()
        raw = sys.stdin.buffer.readline()
        if not raw:
            return 0
        if talking.dialling:
            show(talking.say(""))
        show(talking.say(raw.decode("utf-8", "replace").rstrip("\r\n")))
