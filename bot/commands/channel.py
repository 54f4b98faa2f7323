"""`sahti channel parse|build|test` and `sahti channels`: what a channel type reads and writes, and the configured ones."""

import argparse
import base64
import binascii
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from bot.commands import channel_trial
from bot.commands.failing import Failed, json_lines, settings
from bot.settings import SettingsError, channel_table
from bot.wiring import make_channels
from sms_gateway import registry
from sms_gateway.channel import Channel
from sms_gateway.errors import ChannelError, ForbiddenRequest, InvalidSettings, MalformedRequest
from sms_gateway.parting import parted
from sms_gateway.types import Button, DeliveryReport, HttpRequest, Inbound, Media, Menu, Outbound, Part, Template, Urn
from sms_gateway.ussd import new_input

Line = dict[str, Any]
UNDER_TEST = "channel"
NO_WEBHOOK = "no webhook: a process of its own holds the connection"


def channel(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """A request in and its events out, a message in and the provider's requests out, or one text really sent."""
    parser.add_argument(
        "what",
        choices=("parse", "build", "test"),
        help="parse: request → events; build: message → requests; test: send one text and wait for its report",
    )
    parser.add_argument(
        "type",
        metavar="TYPE|NAME",
        help=f"the channel type ({', '.join(sorted(registry.TYPES))}); for test the channel's name",
    )
    parser.add_argument("--to", metavar="NUMBER", help="test: your own phone, which has written to the channel")
    parser.add_argument("--seconds", type=float, default=60, help="test: how long to wait for the report (default 60)")
    parser.add_argument("--config", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="its settings")
    parser.add_argument("--jsonl", action="store_true", help="JSON lines on stdin (the only way in)")
    given = parser.parse_args(arguments)
    if given.what == "test":
        return channel_trial.run(given.type, given.to or "", given.seconds)
    if given.type not in registry.TYPES:
        parser.error(f"there is no channel type {given.type!r}: {', '.join(sorted(registry.TYPES))}")
    made = _channel(given.type, given.config)
    work = _parse if given.what == "parse" else _build
    return json_lines(lambda line: _answered(work, made, line))


def _channel(type_name: str, pairs: Sequence[str]) -> Channel:
    wrong = [pair.partition("=")[0] for pair in pairs if "=" not in pair]
    if wrong:
        raise Failed(f"--config takes key=value: {', '.join(wrong)}")
    try:
        return registry.make(type_name, UNDER_TEST, dict(pair.split("=", 1) for pair in pairs))
    except InvalidSettings as unusable:
        raise Failed(
            "These settings cannot be used:\n" + "\n".join(f"  - {one}" for one in unusable.problems)
        ) from None


def _answered(work: Any, made: Channel, line: Line) -> Line:  # noqa: ANN401 (one of the two below)
    try:
        done: Line = work(made, line)
    except (ForbiddenRequest, MalformedRequest, ChannelError) as refused:
        return {"error": type(refused).__name__, "detail": str(refused)}
    return done


def _parse(made: Channel, line: Line) -> Line:
    request = HttpRequest(
        _string(line, "method", "POST").upper(),
        _string(line, "url", ""),
        {name.lower(): str(value) for name, value in _object(line, "headers").items()},
        _body(line),
    )
    kind = _string(line, "kind", "inbound")
    if kind not in {"inbound", "status"}:
        raise ValueError("kind must be inbound or status")
    made.verify(request)
    if kind == "status":
        return {"events": [_report(report) for report in made.parse_status(request)]}
    seen = line.get("seen")
    return {"events": [_message(message, seen) for message in made.parse_inbound(request)]}


def _body(line: Line) -> bytes:
    if "body_b64" in line:
        try:
            return base64.b64decode(_string(line, "body_b64", ""), validate=True)
        except binascii.Error:
            raise ValueError("body_b64 is not base64") from None
    return _string(line, "body", "").encode("utf-8", "surrogatepass")


def _message(message: Inbound, seen: object) -> Line:
    session, text = message.session, message.text
    if session is not None and session.accumulated is not None and isinstance(seen, str):
        text = new_input(session.accumulated, seen)
    return {
        "external_id": message.external_id,
        "urn": str(message.urn),
        "text": text,
        "sent_at": message.sent_at.isoformat() if message.sent_at else None,
        "name": message.name,
        "media": [_media(one) for one in message.media],
        "choice": message.choice,
        "session": {"id": session.id, "new": session.new, "ended": session.ended} if session else None,
    }


def _media(media: Media) -> Line:
    return {"type": media.type} | ({"url": media.url} if media.url else {}) | ({"id": media.id} if media.id else {})


def _report(report: DeliveryReport) -> Line:
    return {
        "external_id": report.external_id,
        "urn": str(report.urn) if report.urn else None,
        "status": report.status.value,
        "code": report.code,
        "reference": report.reference,
    }


def _build(made: Channel, line: Line) -> Line:
    part = Part(
        _string(line, "text", ""),
        _buttons(line.get("buttons")),
        _menu(line),
        _template(line),
        media=_attachments(line.get("media")),
    )
    reference, urn = _string(line, "reference", "reference"), Urn.parse(_string(line, "urn"))
    messages = (Outbound(reference, urn, one) for one in parted(part, made.capabilities))
    return {"requests": [_request(made.build_send(message)) for message in messages]}


def _request(request: HttpRequest) -> Line:
    said: Line = {"method": request.method, "url": request.url, "headers": dict(request.headers)}
    try:
        return said | {"body": request.body.decode()}
    except UnicodeDecodeError:
        return said | {"body_b64": base64.b64encode(request.body).decode("ascii")}


def _buttons(given: object) -> tuple[Button, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise ValueError("buttons and rows are lists of objects")
    return tuple(Button(_string(one, "id"), _string(one, "title"), one.get("description")) for one in given)


def _attachments(given: object) -> tuple[Media, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise ValueError("media is a list of objects")
    return tuple(Media(_string(one, "type"), _string(one, "url")) for one in given)


def _menu(line: Line) -> Menu | None:
    menu = _object(line, "list")
    return Menu(_string(menu, "button"), _buttons(menu["rows"])) if menu else None


def _template(line: Line) -> Template | None:
    given = _object(line, "template")
    if not given:
        return None
    variables = given.get("variables") or ()
    values = variables.values() if isinstance(variables, dict) else variables
    named = given.get("external_id")
    return Template(_string(given, "name"), _string(given, "language", ""), tuple(map(str, values)), named)


def _object(line: Line, key: str) -> Line:
    value = line.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(f"{key} must be an object")
    return value


def _string(line: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = line.get(key, default)
    if value is None and key not in line:
        raise KeyError(key)
    if not isinstance(value, str):
        raise TypeError(f"{key} must be a string")
    return value


def channels(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """The configured channels with the addresses that their providers are told."""
    parser.add_argument("--jsonl", action="store_true", help="one JSON object a channel")
    given = parser.parse_args(arguments)
    found = settings()
    try:
        made = make_channels(found)
        path = found.channels_file or found.var / "channels.toml"
        table = channel_table(path) if made.by_name else {}
    except SettingsError as wrong:
        raise Failed("The channels cannot be used:\n" + "\n".join(f"  - {line}" for line in wrong.problems)) from wrong
    if not table and not given.jsonl:
        sys.stdout.write(f"No channel is configured; they stand in {path.name} in the var folder.\n")
    for name, fields in table.items():
        root = f"{found.base_url}/channels/{name}"
        # the token is a secret: it is named, never shown
        token = "?token=<webhook_token>" if "webhook_token" in fields else ""
        shown: dict[str, str | None] = {
            "name": name,
            "type": fields["type"],
            "medium": made.by_name[name].capabilities.medium,
            "inbound": f"{root}/inbound{token}",
            "status": f"{root}/status{token}",
        }
        if own := made.by_name[name].capabilities.own_process:
            shown |= {"inbound": None, "status": None}
        if given.jsonl:
            sys.stdout.write(json.dumps(shown, ensure_ascii=False) + "\n")
            continue
        kind = f"{shown['type']}, {shown['medium']}"
        sys.stdout.write(f"{name:14} {kind:24} {shown['inbound'] or NO_WEBHOOK}\n")
        if made.by_name[name].capabilities.delivery_reports and not own:
            sys.stdout.write(f"{'':14} {'  its delivery reports':24} {shown['status']}\n")
    return 0
