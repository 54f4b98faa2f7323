"""What the pages in docs/howto/channels show can be used: every TOML example makes its channels."""

import re
import tomllib
from pathlib import Path

import pytest

from bot.channels import HUB_KEYS
from bot.settings import channel_table
from sms_gateway.errors import MalformedRequest
from sms_gateway.registry import TYPES, make
from sms_gateway.types import HttpRequest, Inbound, Outbound, Part, Status, Urn
from tests.house.tree import ROOT

PAGES = sorted((ROOT / "docs/howto/channels").glob("*.md"))
TOML = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Environment(dict[str, str]):
    """Every variable is set."""

    def __contains__(self, key: object) -> bool:
        return True

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]  # only strings are asked for
        if key.endswith("_PASSWORD"):
            return "pass-123"  # SMPP holds eight characters
        return "Authorization: Bearer KEY" if key.endswith("_HEADERS") else "a-secret-of-32-characters-0000001"


def examples(page: Path, tmp_path: Path) -> dict[str, dict[str, str]]:
    file = tmp_path / "channels.toml"
    file.write_text("\n".join(TOML.findall(page.read_text(encoding="utf-8"))), encoding="utf-8")
    return channel_table(file, Environment())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_make_channels(page: Path, tmp_path: Path) -> None:
    made = {}
    for name, fields in examples(page, tmp_path).items():
        own = {key: value for key, value in fields.items() if key not in HUB_KEYS}
        own = {key: value.replace("{webhook}", "https://hub.example.ma/channels/x") for key, value in own.items()}
        made[name] = make(fields["type"], name, own)
    assert made


def test_every_type_that_somebody_buys_has_a_page(tmp_path: Path) -> None:
    shown = {fields["type"] for page in PAGES for fields in examples(page, tmp_path).values()}
    connect = tomllib.loads("\n".join(part for part in TOML.findall(dedented("docs/howto/connect-a-channel.md"))))
    shown |= {fields["type"] for fields in connect.values()}
    assert set(TYPES) - {"simulator"} <= shown


def dedented(page: str) -> str:
    return re.sub(r"^   ", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_worked_example_of_an_aggregator_works_as_it_is_told(tmp_path: Path) -> None:
    (fields,) = examples(ROOT / "docs/howto/channels/external.md", tmp_path).values()
    channel = make("external", "aggregator", {key: value for key, value in fields.items() if key not in HUB_KEYS})
    address = "https://hub.example.ma/channels/aggregator/inbound?token=a-secret-of-32-characters-0000001"
    headers = {"content-type": "application/json"}
    body = (
        b'{"event": "message.received", "data": {"id": "r-7", "msisdn": "212612345678", "content": "Bonjour",'
        b' "received_at": "2026-11-22T20:00:00Z"}}'
    )
    request = HttpRequest("POST", address, headers, body)
    channel.verify(request)
    (message,) = channel.parse_inbound(request)
    assert isinstance(message, Inbound)
    assert (message.external_id, str(message.urn), message.text) == ("r-7", "tel:+212612345678", "Bonjour")
    assert message.sent_at is not None
    words = {"EN_COURS": Status.SENT, "REMIS": Status.DELIVERED, "NON_REMIS": Status.FAILED, "EXPIRE": Status.FAILED}
    for word, status in words.items():
        said = f'{{"event": "message.status", "data": {{"id": "m-42", "state": "{word}"}}}}'.encode()
        (report,) = channel.parse_status(HttpRequest("POST", address, headers, said))
        assert (report.external_id, report.status) == ("m-42", status)
    with pytest.raises(MalformedRequest):
        channel.parse_status(request)
    built = channel.build_send(Outbound("out-1", Urn("tel", "+212612345678"), Part("L’œil « rouge »")))
    assert built.url == "https://api.aggregateur.example.ma/v1/messages"
    assert built.headers["authorization"] == "Bearer KEY"
    assert built.body.decode() == '{"to": "212612345678", "from": "SAHTI", "message": "L\'oeil \\" rouge \\""}'
    assert channel.capabilities.max_units == 918
