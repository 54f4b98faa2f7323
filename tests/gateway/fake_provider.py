"""A provider in a process of its own: takes messages, writes each to a durable ledger before it answers, and misbehaves
on request.

    python -m tests.gateway.fake_provider --port 0 --ledger sent.jsonl [--auth-token T] [--secret S]

prints `ready PORT` when it listens on 127.0.0.1. With a token or a secret, unsigned requests get 401.

POST /2010-04-01/Accounts/{sid}/Messages.json   as Twilio takes it (201, sid)
POST /simulator/messages                        as the simulator's network takes it (200, id)
POST /control                                   {"next": [behaviour, …], "report": [status, …], "reset": true}
POST /control/callback                          {"id", "status", "code"?, "url"?}: posts a signed status report now
GET  /control                                   {"accepted", "refused", "dropped", "held", "waiting", "ordered",
                                                 "callbacks": {HTTP status: number}}

A behaviour holds for the next `times` messages (default 1, 0 = until reset), in the order given:
    delay: seconds before the answer (after the message was taken; `waiting` counts who waits for it)
    hold: seconds before the message is taken (`held` counts them); who hangs up meanwhile has sent nothing
    status, retry_after, code: refuse with this, the message is not taken
    drop: "after" takes the message and closes without an answer, "before" closes without taking it
    fail_after: takes the message, then answers with this status
`report` sends these statuses, signed, for every message taken from then on. The simulator's reports go to `report_url`
of the control request, Twilio's to the message's own StatusCallback.

Ledger: one JSON object a line: n, id, provider, to, text, reference, at (seconds since the epoch). A line is on the
disk (fsync, shared by the messages of the same moment) before its sender hears of it.
"""

import argparse
import asyncio
import base64
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import urllib3

from sms_gateway.verify import body_signature, form_signature

Gone = Callable[[], bool]
"""Whether the sender hung up."""
REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many"}


PHOTO = b"\xff\xd8\xff a photo that somebody sent" * 4000
PHOTO_AT = "/media/photo"


class Ledger:
    """Lines that are on the disk when `write` returns; one fsync serves everything that waits for it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._awake = asyncio.Event()

    async def write(self, record: dict[str, Any]) -> None:
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((json.dumps(record, ensure_ascii=False).encode() + b"\n", done))
        self._awake.set()
        await done

    async def run(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            batch, self._waiting = self._waiting, []
            os.write(self._file, b"".join(line for line, _ in batch))
            await asyncio.get_running_loop().run_in_executor(None, os.fsync, self._file)
            for _, done in batch:
                done.set_result(None)


@dataclass
class Answer:
    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    photo: bytes = b""

    def encoded(self) -> bytes:
        body = self.photo or json.dumps(self.body).encode()
        kind = "image/jpeg" if self.photo else "application/json"
        head = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Said')}", f"content-type: {kind}"]
        head += [f"content-length: {len(body)}", *(f"{name}: {value}" for name, value in self.headers.items())]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Provider:
    def __init__(self, ledger: Ledger, auth_token: str, secret: str) -> None:
        self.ledger, self.auth_token, self.secret = ledger, auth_token, secret
        self.counts = {"accepted": 0, "refused": 0, "dropped": 0, "held": 0, "waiting": 0}
        self.callbacks: dict[str, int] = {}
        self.behaviours: list[dict[str, Any]] = []
        self.reports: list[str] = []
        self.report_url = ""
        self.taken: dict[str, dict[str, Any]] = {}
        self.http = urllib3.PoolManager(retries=False, timeout=10, maxsize=8)
        self.posting = ThreadPoolExecutor(8)
        self.background: set[asyncio.Task[None]] = set()

    async def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes, gone: Gone = lambda: False
    ) -> Answer | None:
        """What to answer; None closes the connection without a word."""
        if method == "GET":
            ordered = sum(behaviour.get("times", 1) for behaviour in self.behaviours)
            said = self.counts | {"ordered": ordered, "callbacks": self.callbacks}
            return Answer(200, said, photo=PHOTO if path == PHOTO_AT else b"")
        if path == "/control":
            return self.control(json.loads(body))
        if path == "/control/callback":
            return await self.call_back(**json.loads(body))
        if method == "POST" and path.startswith("/2010-04-01/Accounts/") and path.endswith("/Messages.json"):
            return await self.twilio(path, headers, body, gone)
        if method == "POST" and path == "/simulator/messages":
            return await self.simulator(headers, body, gone)
        return Answer(404, {"code": 20404})

    def control(self, orders: dict[str, Any]) -> Answer:
        if orders.get("reset"):
            self.behaviours, self.reports = [], []
        self.behaviours += orders.get("next", [])
        self.reports = orders.get("report", self.reports)
        self.report_url = orders.get("report_url", self.report_url)
        return Answer(200, {"ok": True})

    async def twilio(self, path: str, headers: dict[str, str], body: bytes, gone: Gone) -> Answer | None:
        account = path.split("/")[3]
        credentials = base64.b64encode(f"{account}:{self.auth_token}".encode()).decode()
        if self.auth_token and headers.get("authorization") != f"Basic {credentials}":
            return Answer(401, {"code": 20003, "status": 401})
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        callback = form.get("StatusCallback", "")
        record = {
            "provider": "twilio",
            "to": form.get("To", ""),
            "text": form.get("Body") or form.get("ContentVariables", ""),
            "reference": parse_qs(urlsplit(callback).query).get("reference", [None])[0],
        }
        named = {"id": f"SM{os.urandom(16).hex()}", "callback": callback, "account": account}
        accepted = Answer(201, {"sid": named["id"], "status": "queued", "error_code": None})
        return await self.take(record, named, accepted, gone)

    async def simulator(self, headers: dict[str, str], body: bytes, gone: Gone) -> Answer | None:
        if self.secret and headers.get("x-sahti-signature") != body_signature(self.secret, body):
            return Answer(401, {"error": "misconfigured"})
        said = json.loads(body)
        record = {"provider": "simulator", "to": said["to"], "text": said["text"], "reference": said["reference"]}
        named = {"id": f"net-{os.urandom(12).hex()}", "callback": ""}
        return await self.take(record, named, Answer(200, {"id": named["id"]}), gone)

    async def take(
        self, record: dict[str, Any], named: dict[str, Any], accepted: Answer, gone: Gone = lambda: False
    ) -> Answer | None:
        behaviour = self.next_behaviour()
        if "hold" in behaviour and await self.hung_up(behaviour["hold"], gone):
            self.counts["dropped"] += 1
            return None
        if "status" in behaviour:
            self.counts["refused"] += 1
            headers = {"retry-after": str(behaviour["retry_after"])} if "retry_after" in behaviour else {}
            code = behaviour.get("code")
            return Answer(behaviour["status"], {"code": code, "error": code}, headers)
        if behaviour.get("drop") == "before":
            self.counts["dropped"] += 1
            return None
        self.counts["accepted"] += 1
        line = {"n": self.counts["accepted"], "id": named["id"], **record, "at": time.time()}
        await self.ledger.write(line)
        self.taken[named["id"]] = named | record
        self.keep(self.report(named["id"], list(self.reports)))
        if "delay" in behaviour:
            self.counts["waiting"] += 1
            await asyncio.sleep(behaviour["delay"])
            self.counts["waiting"] -= 1
        if behaviour.get("drop") == "after":
            self.counts["dropped"] += 1
            return None
        return Answer(behaviour["fail_after"], {}) if "fail_after" in behaviour else accepted

    async def hung_up(self, seconds: float, gone: Gone) -> bool:
        self.counts["held"] += 1
        until = time.monotonic() + seconds
        while time.monotonic() < until and not gone():  # noqa: ASYNC110 (a stream wakes nobody when it ends)
            await asyncio.sleep(0.02)
        self.counts["held"] -= 1
        return gone()

    def next_behaviour(self) -> dict[str, Any]:
        if not self.behaviours:
            return {}
        first = self.behaviours[0]
        if (times := first.get("times", 1)) == 1:
            self.behaviours.pop(0)
        elif times > 1:
            self.behaviours[0] = first | {"times": times - 1}
        return first

    def keep(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    async def report(self, message: str, words: list[str]) -> None:
        for word in words:
            await self.call_back(message, word)

    async def call_back(self, id: str, status: str, code: str | None = None, url: str = "") -> Answer:  # noqa: A002
        message = self.taken.get(id)
        if message is None:
            return Answer(404, {"error": "no such message"})
        url = url or message["callback"] or self.report_url
        if not url:
            return Answer(400, {"error": "no address to report to"})
        if message["provider"] == "twilio":
            form = {"MessageSid": id, "SmsSid": id, "MessageStatus": status, "To": message["to"]}
            form |= {"AccountSid": message["account"], "ErrorCode": code or ""}
            headers = {
                "content-type": "application/x-www-form-urlencoded",
                "x-twilio-signature": form_signature(self.auth_token, url, list(form.items())),
            }
            body = urlencode(form).encode()
        else:
            said = {"id": id, "status": status, "code": code, "reference": message["reference"]}
            body = json.dumps(said).encode()
            headers = {"content-type": "application/json", "x-sahti-signature": body_signature(self.secret, body)}
        loop = asyncio.get_running_loop()
        heard = await loop.run_in_executor(self.posting, self.post, url, headers, body)
        self.callbacks[heard] = self.callbacks.get(heard, 0) + 1
        return Answer(200, {"heard": heard})

    def post(self, url: str, headers: dict[str, str], body: bytes) -> str:
        try:
            return str(self.http.request("POST", url, body=body, headers=headers, redirect=False).status)
        except urllib3.exceptions.HTTPError as error:
            return type(error).__name__


async def converse(provider: Provider, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ")
            pairs = (line.partition(":") for line in head[1:] if line)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            answer = await provider.answer(method, path, headers, body, reader.at_eof)
            if answer is None:
                break
            writer.write(answer.encoded())
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def serve(port: int, ledger_path: Path, auth_token: str, secret: str) -> None:
    ledger = Ledger(ledger_path)
    provider = Provider(ledger, auth_token, secret)
    server = await asyncio.start_server(lambda r, w: converse(provider, r, w), "127.0.0.1", port, backlog=512)
    print("ready", server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  the starter waits for it
    await asyncio.gather(server.serve_forever(), ledger.run())


def main() -> None:
    parser = argparse.ArgumentParser(description="A provider that keeps a ledger and misbehaves on request.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--auth-token", default="")
    parser.add_argument("--secret", default="")
    said = parser.parse_args()
    asyncio.run(serve(said.port, said.ledger, said.auth_token, said.secret))


if __name__ == "__main__":
    main()
