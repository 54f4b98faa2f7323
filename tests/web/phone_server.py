"""The hub with its phone page on a port of this machine, and nothing else running: no queue, no Rasa."""

import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
from werkzeug.serving import WSGIRequestHandler, make_server

from bot.service.demo import seed
from bot.settings import Settings
from bot.web.app import create_app
from bot.wiring import Services


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Addresses of requests are nobody's business."""


@dataclass(frozen=True)
class PhoneServer:
    url: str
    services: Services
    http: urllib3.PoolManager

    def say(self, **said: Any) -> urllib3.BaseHTTPResponse:
        headers = {"content-type": "application/json"}
        return self.http.request("POST", f"{self.url}/phone/say", body=json.dumps(said), headers=headers)

    def messages(self, number: str, after: int = 0) -> dict[str, Any]:
        answer = self.http.request("GET", f"{self.url}/phone/messages", fields={"number": number, "after": str(after)})
        assert answer.status == 200
        found: dict[str, Any] = answer.json()
        return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def phone_server(var: Path) -> Iterator[PhoneServer]:
    """A demonstration on the state in `var`; what is to be sent is sent by a thread that looks ten times a second."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port = free_port()
    services = Services(Settings(var=var, demo=True, port=port))
    services.database.migrate()
    with services.database.write() as connection:
        seed(connection)
    server = make_server("127.0.0.1", port, create_app(services), threaded=True, request_handler=_Quiet)
    over = threading.Event()

    def dispatch() -> None:
        while not over.wait(0.1):
            for name in ("sim-sms", "sim-whatsapp", "twilio-sms"):
                services.delivery.run(name)

    services.wake = lambda _: None
    threads = [threading.Thread(target=work, daemon=True) for work in (server.serve_forever, dispatch)]
    http = urllib3.PoolManager(retries=False, timeout=20)
    for thread in threads:
        thread.start()
    try:
        yield PhoneServer(f"http://127.0.0.1:{port}", services, http)
    finally:
        over.set()
        server.shutdown()
        for thread in threads:
            thread.join(10)
        server.server_close()
        http.clear()
        services.transport.close()
        services.database.close()
