"""Conversations and parts as JSON text, for the encrypted columns. What was written by an older release still opens."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.core.model import Conversation
from flows.types import Choice, FlowState
from sms_gateway.types import Button, Media, Menu, Part, Template

_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dump_conversation(conversation: Conversation) -> str:
    """A conversation as compact JSON; empty fields are left out."""
    value: dict[str, Any] = {}
    if conversation.flow:
        value["flow"] = conversation.flow.to_json()
    if conversation.choices:
        value["choices"] = [[choice.id, choice.key, dict(choice.params)] for choice in conversation.choices]
    if conversation.pages:
        value["pages"], value["page"] = list(conversation.pages), conversation.page
    if conversation.session_id:
        value["session"], value["seen"] = conversation.session_id, conversation.seen
    if conversation.expires_at:
        value["expires"] = conversation.expires_at.isoformat()
    if conversation.missed:
        value["missed"] = conversation.missed
    return _written(value)


def load_conversation(text: str, updated_at: datetime | None = None) -> Conversation:
    """The conversation that `dump_conversation` wrote."""
    value = json.loads(text)
    return Conversation(
        flow=FlowState.from_json(value["flow"]) if value.get("flow") else None,
        choices=tuple(Choice(*choice) for choice in value.get("choices", ())),
        pages=tuple(value.get("pages", ())),
        page=value.get("page", 0),
        session_id=value.get("session"),
        seen=value.get("seen", ""),
        expires_at=datetime.fromisoformat(value["expires"]) if value.get("expires") else None,
        updated_at=updated_at,
        missed=value.get("missed", 0),
    )


def _part_value(part: Part) -> dict[str, Any]:
    value: dict[str, Any] = {"text": part.text}
    if part.buttons:
        value["buttons"] = [[button.id, button.title, button.description] for button in part.buttons]
    if part.menu:
        rows = [[row.id, row.title, row.description] for row in part.menu.rows]
        value["menu"] = {"button": part.menu.button, "rows": rows}
    if part.template:
        template = part.template
        value["template"] = [template.name, template.language, list(template.variables), template.external_id]
    if part.end:
        value["end"] = True
    if part.media:
        value["media"] = [[one.type, one.url, one.id, one.sha256] for one in part.media]
    return value


def _part(value: dict[str, Any]) -> Part:
    menu, template = value.get("menu"), value.get("template")
    return Part(
        text=value["text"],
        buttons=tuple(Button(*button) for button in value.get("buttons", ())),
        menu=Menu(menu["button"], tuple(Button(*row) for row in menu["rows"])) if menu else None,
        template=Template(template[0], template[1], tuple(template[2]), template[3]) if template else None,
        end=value.get("end", False),
        media=tuple(Media(*one) for one in value.get("media", ())),
    )


def dump_part(part: Part) -> str:
    return _written(_part_value(part))


def load_part(text: str) -> Part:
    return _part(json.loads(text))


def dump_parts(parts: Sequence[Part]) -> str:
    return _written([_part_value(part) for part in parts])


def load_parts(text: str) -> tuple[Part, ...]:
    return tuple(_part(value) for value in json.loads(text))
