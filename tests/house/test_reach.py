"""Every way by which a text can leave is known and was looked at: docs/abuse.md says to whom each of them leads."""

import ast
from pathlib import Path

from tests.house.tree import text, with_suffix

LOOKED_AT = {
    "bot/commands/channel.py",  # prints requests and sends none
    "bot/service/answering.py",
    "bot/service/campaigns.py",
    "bot/service/delivery.py",
    "bot/service/handover.py",
    "bot/service/instead.py",
    "bot/service/outage.py",
    "bot/service/pump.py",
    "bot/service/reminders.py",
    "bot/service/trial.py",
    "bot/store/outbox.py",
    "bot/store/outbox_unknown.py",  # asks a provider about rows that were sent, and sends none
    "sms_gateway/dispatch.py",
}
MAKES = {"Draft", "Outbound"}
SENDS = {"dispatch", "draft"}


def ways(path: Path) -> bool:
    """Whether a module makes a text that goes out, or hands one to a provider."""
    for node in ast.walk(ast.parse(text(path))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in MAKES | SENDS:
                return True
    return False


def test_every_way_out_was_looked_at() -> None:
    found = {str(path) for path in with_suffix(".py", under=("bot", "admin", "sms_gateway")) if ways(path)}
    assert found - LOOKED_AT == set(), "says docs/abuse.md to whom this writes?"
    assert len(found) >= 8


def test_the_document_names_each_of_them() -> None:
    said = text(Path("docs/abuse.md"))
    missing = {name for name in LOOKED_AT if name.startswith("bot/service/") and name not in said}
    assert missing <= {"bot/service/pump.py"}  # it sends what the others wrote
