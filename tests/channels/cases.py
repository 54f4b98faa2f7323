"""Reading the captured cases: `<channel>/<kind>/<case>.yaml` says what is expected of the raw `<case>.http` beside it.

kind     .http                        .yaml
inbound  the provider's request       expect: [messages] or raises
status   the provider's request       expect: [reports] or raises
send     the provider's answer        message, request (optional: method, url, headers, and of query, form, json, body
                                      what it has), then accepted or raises (with code, wait)
answer   none                         replies, then the headers and body that the provider gets

`config` in a case names one of the settings in `<channel>/config.yaml`. The first line of an `.http` is the request or
status line, then headers, an empty line and the body; one line end at the end of the file is not part of it.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from sms_gateway.channel import Channel
from sms_gateway.registry import make
from sms_gateway.types import (
    Button,
    DeliveryReport,
    DialogSession,
    HttpRequest,
    HttpResponse,
    Inbound,
    Media,
    Menu,
    Outbound,
    Part,
    Status,
    Template,
    Urn,
)

FOLDER = Path(__file__).parent
KINDS = ("inbound", "status", "send", "answer")
CHANNELS = sorted(path.parent.name for path in FOLDER.glob("*/config.yaml"))


@dataclass(frozen=True)
class Case:
    path: Path
    says: dict[str, Any]

    @property
    def channel_type(self) -> str:
        return self.path.parent.parent.name

    @property
    def config(self) -> dict[str, str]:
        return configs(self.channel_type)[self.says["config"]]

    def channel(self) -> Channel:
        return make(self.channel_type, "under-test", self.config)

    def request(self) -> HttpRequest:
        first, headers, body = _raw(self.path)
        method, url, _ = first.split(" ")
        return HttpRequest(method, url, headers, body)

    def response(self) -> HttpResponse:
        first, headers, body = _raw(self.path)
        return HttpResponse(int(first.split(" ")[1]), headers, body)


def configs(channel_type: str) -> dict[str, dict[str, str]]:
    return yaml.safe_load((FOLDER / channel_type / "config.yaml").read_text(encoding="utf-8"))


def cases(kind: str) -> list[Case]:
    found = sorted(FOLDER.glob(f"*/{kind}/*.yaml"))
    return [Case(path, yaml.safe_load(path.read_text(encoding="utf-8"))) for path in found]


def name_of(case: Case) -> str:
    return f"{case.channel_type}-{case.path.stem}"


def inbound(said: dict[str, Any]) -> Inbound:
    return Inbound(
        external_id=said["external_id"],
        urn=Urn.parse(said["urn"]),
        text=said["text"],
        sent_at=datetime.fromisoformat(said["sent_at"]) if "sent_at" in said else None,
        name=said.get("name"),
        media=tuple(Media(**item) for item in said.get("media", ())),
        choice=said.get("choice"),
        session=DialogSession(**said["session"]) if "session" in said else None,
        aliases=tuple(Urn.parse(alias) for alias in said.get("aliases", ())),
    )


def report(said: dict[str, Any]) -> DeliveryReport:
    urn = Urn.parse(said["urn"]) if "urn" in said else None
    return DeliveryReport(**(said | {"status": Status(said["status"]), "urn": urn}))


def part(said: dict[str, Any]) -> Part:
    menu, template = said.get("menu"), said.get("template")
    return Part(
        text=said["text"],
        buttons=tuple(Button(**button) for button in said.get("buttons", ())),
        menu=Menu(menu["button"], tuple(Button(**row) for row in menu["rows"])) if menu else None,
        template=Template(template["name"], template["language"], tuple(template["variables"])) if template else None,
        end=said.get("end", False),
        media=tuple(Media(**one) for one in said.get("media", ())),
    )


def outbound(said: dict[str, Any]) -> Outbound:
    return Outbound(said["reference"], Urn.parse(said["urn"]), part(said["part"]))


def _raw(path: Path) -> tuple[str, dict[str, str], bytes]:
    head, _, body = path.with_suffix(".http").read_bytes().partition(b"\n\n")
    first, *lines = head.decode().split("\n")
    pairs = (line.split(": ", 1) for line in lines)
    return first, {name.lower(): value for name, value in pairs}, body.removesuffix(b"\n")
