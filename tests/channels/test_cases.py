import json
from dataclasses import fields
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml

from sms_gateway import errors
from sms_gateway.errors import ChannelError, InvalidSettings
from sms_gateway.registry import TYPES, make
from sms_gateway.types import Accepted, Status
from tests.channels.cases import (
    CHANNELS,
    FOLDER,
    KINDS,
    Case,
    cases,
    configs,
    inbound,
    name_of,
    outbound,
    part,
    report,
)

EVERY_CHANNEL = {"inbound/text", "inbound/unicode", "inbound/bad-signature"}
THAT_SENDS = {
    "status/delivered",
    "status/failed",
    "status/unknown-code",
    "send/accepted",
    "send/throttled",
    "send/rejected",
}
THAT_ONLY_ANSWERS = {"inbound/session-ended", "answer/goes-on", "answer/ends", "send/cannot-begin"}


@pytest.mark.parametrize("case", cases("inbound"), ids=name_of)
def test_inbound(case: Case) -> None:
    channel, request = case.channel(), case.request()
    if "raises" in case.says:
        with pytest.raises(getattr(errors, case.says["raises"])):
            (channel.verify(request), channel.parse_inbound(request))
        return
    channel.verify(request)
    assert channel.parse_inbound(request) == [inbound(said) for said in case.says["expect"]]


@pytest.mark.parametrize("case", cases("status"), ids=name_of)
def test_status(case: Case) -> None:
    channel, request = case.channel(), case.request()
    if "raises" in case.says:
        with pytest.raises(getattr(errors, case.says["raises"])):
            (channel.verify(request), channel.parse_status(request))
        return
    channel.verify(request)
    assert channel.parse_status(request) == [report(said) for said in case.says["expect"]]


@pytest.mark.parametrize("case", cases("send"), ids=name_of)
def test_send(case: Case) -> None:
    channel, message = case.channel(), outbound(case.says["message"])
    if "request" in case.says:
        built, said = channel.build_send(message), case.says["request"]
        url = built.url.partition("?")[0] if "query" in said else built.url
        assert (built.method, url) == (said["method"], said["url"])
        if "query" in said:
            assert dict(parse_qsl(urlsplit(built.url).query, keep_blank_values=True)) == said["query"]
        assert {name: built.headers[name] for name in said["headers"]} == said["headers"]
        if "form" in said:
            fields_sent = dict(parse_qsl(built.body.decode(), keep_blank_values=True, strict_parsing=True))
            if "ContentVariables" in fields_sent:
                expected = json.loads(said["form"].pop("ContentVariables"))
                assert json.loads(fields_sent.pop("ContentVariables")) == expected
            assert fields_sent == said["form"]
        elif "json" in said:
            assert json.loads(built.body) == said["json"]
        else:
            assert built.body.decode() == said.get("body", "")
    if "raises" not in case.says:
        said = case.says["accepted"]
        assert channel.read_send(case.response()) == Accepted(said["external_id"], Status(said["status"]))
        return
    with pytest.raises(getattr(errors, case.says["raises"])) as raised:
        _ = (channel.build_send(message), channel.read_send(case.response()))
    assert type(raised.value).__name__ == case.says["raises"]
    for detail in ("code", "wait"):
        if detail in case.says:
            assert getattr(raised.value, detail) == case.says[detail]


@pytest.mark.parametrize("case", cases("answer"), ids=name_of)
def test_answer(case: Case) -> None:
    answer = case.channel().acknowledge([part(said) for said in case.says["replies"]])
    assert (answer.status, answer.headers, answer.body.decode()) == (200, case.says["headers"], case.says["body"])


def test_every_registered_channel_has_its_cases() -> None:
    assert sorted(TYPES) == CHANNELS
    for channel_type in CHANNELS:
        made = [make(channel_type, "x", config) for config in configs(channel_type).values()]
        only_answers = all(channel.capabilities.medium == "ussd" for channel in made)
        owned = {f"{kind}/{path.stem}" for kind in KINDS for path in (FOLDER / channel_type / kind).glob("*.yaml")}
        assert owned >= EVERY_CHANNEL | (THAT_ONLY_ANSWERS if only_answers else THAT_SENDS)


def test_no_case_is_left_out_and_no_capture_lacks_its_expectation() -> None:
    for capture in FOLDER.glob("*/*/*.http"):
        assert capture.with_suffix(".yaml").exists(), capture.name
        assert capture.parent.name in KINDS


def secrets_of(case: Case) -> set[str]:
    settings = case.channel().settings  # type: ignore[attr-defined]
    return {value for field in fields(settings) if not field.repr and (value := getattr(settings, field.name))}


@pytest.mark.parametrize("case", [case for kind in KINDS for case in cases(kind)], ids=name_of)
def test_no_secret_address_or_text_shows(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    channel = case.channel()
    seen: list[object] = [channel, channel.settings]  # type: ignore[attr-defined]
    hidden = secrets_of(case)
    assert hidden
    kind = case.path.parent.name
    try:
        if kind in {"inbound", "status"}:
            request = case.request()
            seen.append(request)
            channel.verify(request)
            seen += channel.parse_inbound(request) if kind == "inbound" else channel.parse_status(request)
        elif kind == "send":
            message = outbound(case.says["message"])
            seen += [message, channel.build_send(message), channel.read_send(case.response())]
    except (ChannelError, errors.ForbiddenRequest, errors.MalformedRequest) as error:
        seen += [error, str(error), error.__cause__, error.__suppress_context__ or error.__context__]
    for item in seen:
        if hasattr(item, "text") and item.text:
            hidden.add(item.text)
        urn = getattr(item, "urn", None)
        if urn:
            hidden.add(urn.path)
    shown = "\n".join(repr(item) for item in seen) + caplog.text
    for secret in hidden:
        # One- and two-letter texts ("2", "un") occur in any repr by chance.
        assert len(secret) < 3 or secret not in shown


@pytest.mark.parametrize("channel_type", CHANNELS)
def test_all_problems_with_settings_are_listed_and_no_value_is(channel_type: str) -> None:
    with pytest.raises(InvalidSettings) as raised:
        make(channel_type, "x", {"service": "pigeon-value", "colour": "blue-value", "flavour": "salt-value"})
    problems = "\n".join(raised.value.problems)
    assert "colour: unknown setting" in problems
    assert "flavour: unknown setting" in problems
    assert "service: must be one of" in problems or "service: unknown setting" in problems
    assert "required" in problems or make(channel_type, "x", {})  # a type may need nothing
    assert "-value" not in problems


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(InvalidSettings, match=", ".join(sorted(TYPES))):
        make("pigeon", "x", {})


def contradictions() -> list[tuple[str, str, dict[str, str], str]]:
    """`<channel>/settings.yaml`: a good configuration, a change that spoils it, and what the complaint must say."""
    return [
        (path.parent.name, said["config"], said["change"], said["problem"])
        for path in sorted(FOLDER.glob("*/settings.yaml"))
        for said in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("channel_type", "base", "change", "problem"), contradictions())
def test_settings_that_contradict(channel_type: str, base: str, change: dict[str, str], problem: str) -> None:
    config = configs(channel_type)[base]
    assert make(channel_type, "x", config).name == "x"
    with pytest.raises(InvalidSettings, match=problem):
        make(channel_type, "x", config | change)


def test_what_each_service_can_carry() -> None:
    twilio, simulator = configs("twilio"), configs("simulator")
    plain = make("twilio", "x", twilio["whatsapp"]).capabilities
    rich = make("twilio", "x", twilio["whatsapp_content"]).capabilities
    assert (plain.inline_reply, plain.buttons, plain.list_rows) == (True, 0, 0)
    assert (rich.inline_reply, rich.buttons, rich.list_rows) == (False, 3, 2)
    whatsapp = make("simulator", "x", simulator["whatsapp"]).capabilities
    assert (whatsapp.buttons, whatsapp.list_rows, whatsapp.window_hours) == (3, 10, 24)
    inline = {
        service: make("simulator", "x", config).capabilities.inline_reply for service, config in simulator.items()
    }
    assert inline == {"sms": False, "ussd": True, "whatsapp": False}
    for capabilities in (plain, rich, make("twilio", "x", twilio["sms"]).capabilities):
        assert (capabilities.max_parts, capabilities.max_units) == (10, 1600)


def test_an_answer_is_never_cut_silently() -> None:
    for case in cases("answer"):
        channel = case.channel()
        most = channel.capabilities.max_parts if channel.capabilities.inline_reply else 0
        assert channel.acknowledge([part({"text": "x"})] * most).status == 200
        with pytest.raises(ValueError, match=r"page|carry"):
            channel.acknowledge([part({"text": "x"})] * (most + 1))


def test_a_repeated_hop_keeps_its_id_and_the_id_hides_what_was_typed() -> None:
    (case,) = (case for case in cases("inbound") if name_of(case) == "africastalking-unicode")
    channel, request = case.channel(), case.request()
    first, again = channel.parse_inbound(request), channel.parse_inbound(request)
    assert first == again
    assert "الدار" not in first[0].external_id
