import base64
from pathlib import Path

from sms_gateway.verify import body_signature
from tests.commands.conftest import Sahti

SECRET = "a-secret-of-the-tests-0001"
SIMULATOR = ("simulator", "--config", "service=sms", f"secret={SECRET}", "network_url=http://127.0.0.1/net")
TOKEN = "a-token-of-32-characters-000001"
USSD = ("africastalking", "--config", "service=ussd", "username=sandbox", "api_key=atsk_0", f"webhook_token={TOKEN}")


def request(body: str, **more: object) -> dict[str, object]:
    headers = {"X-Sahti-Signature": body_signature(SECRET, body.encode())}
    return {
        "kind": "inbound",
        "method": "POST",
        "url": "https://hub.example.ma/x",
        "headers": headers,
        "body": body,
    } | more


def hop(text: str, **more: object) -> dict[str, object]:
    body = f"sessionId=s1&phoneNumber=%2B212612345678&text={text}"
    return {"kind": "inbound", "method": "POST", "url": f"https://hub.example.ma/x?token={TOKEN}", "body": body} | more


def test_a_signed_request_gives_its_events(sahti: Sahti) -> None:
    body = '{"id":"m1","from":"0612345678","text":"salam","sent_at":"2026-11-24T09:00:00Z"}'
    (line,) = sahti("channel", "parse", *SIMULATOR, "--jsonl", lines=[request(body)]).lines
    (event,) = line["events"]
    assert event["external_id"] == "m1"
    assert event["urn"] == "tel:+212612345678"
    assert event["text"] == "salam"
    assert event["sent_at"] == "2026-11-24T09:00:00+00:00"
    assert event["session"] is None


def test_a_body_may_come_as_base64(sahti: Sahti) -> None:
    body = '{"id":"m1","from":"+212612345678","text":"salam"}'
    given = request(body)
    given["body_b64"] = base64.b64encode(str(given.pop("body")).encode()).decode()
    (line,) = sahti("channel", "parse", *SIMULATOR, "--jsonl", lines=[given]).lines
    assert line["events"][0]["text"] == "salam"


def test_a_bad_line_gives_an_error_and_the_next_goes_on(sahti: Sahti) -> None:
    body = '{"id":"m1","from":"+212612345678","text":"salam"}'
    lines = ["no json", "[]", {"kind": "letter"}, request(body, headers={}), request("{}"), request(body)]
    ended = sahti("channel", "parse", *SIMULATOR, "--jsonl", lines=lines)
    assert ended.status == 0
    assert ["error" in line for line in ended.lines] == [True, True, True, True, True, False]
    assert ended.lines[3]["error"] == "ForbiddenRequest"


def test_a_report_is_read(sahti: Sahti) -> None:
    body = '{"id":"net-1","status":"delivered","reference":"out-1"}'
    (line,) = sahti("channel", "parse", *SIMULATOR, "--jsonl", lines=[request(body, kind="status")]).lines
    assert line["events"] == [
        {"external_id": "net-1", "urn": None, "status": "delivered", "code": None, "reference": "out-1"}
    ]


def test_what_earlier_hops_brought_is_taken_away(sahti: Sahti) -> None:
    lines = [hop("1*2"), hop("1*2*3", seen="1"), hop("1*2", seen="1*2")]
    found = [line["events"][0] for line in sahti("channel", "parse", *USSD, "--jsonl", lines=lines).lines]
    assert [event["text"] for event in found] == ["2", "2*3", ""]
    assert found[0]["external_id"] == found[2]["external_id"] != found[1]["external_id"]
    assert found[0]["session"] == {"id": "s1", "new": False, "ended": False}


def test_a_message_gives_the_providers_request(sahti: Sahti) -> None:
    given = {"urn": "tel:+212612345678", "text": "Votre visite est demain à 9h", "reference": "out-1"}
    config = ["service=sms", "account_sid=AC00000000000000000000000000000001", "auth_token=" + "1" * 32, "sender=SAHTI"]
    (line,) = sahti("channel", "build", "twilio", "--jsonl", "--config", *config, lines=[given]).lines
    (built,) = line["requests"]
    assert built["method"] == "POST"
    assert built["url"].startswith("https://api.twilio.com/")
    assert "To=%2B212612345678" in built["body"]


def test_buttons_and_lists_are_built(sahti: Sahti) -> None:
    config = ("--config", "service=whatsapp", f"secret={SECRET}", "network_url=http://127.0.0.1/net", "--jsonl")
    lines = [
        {"urn": "whatsapp:212612345678", "text": "?", "buttons": [{"id": "a", "title": "Oui"}]},
        {
            "urn": "whatsapp:212612345678",
            "text": "?",
            "list": {"button": "Voir", "rows": [{"id": "b", "title": "Non"}]},
        },
    ]
    first, second = sahti("channel", "build", "simulator", *config, lines=lines).lines
    assert '"title":"Oui"' in first["requests"][0]["body"]
    assert '"button":"Voir"' in second["requests"][0]["body"]


def test_a_message_that_cannot_be_sent_is_an_error(sahti: Sahti) -> None:
    lines = [{"urn": "tel:+212537000000", "text": "x"}, {"text": "x"}, {"urn": "nobody", "text": "x"}, {"urn": 5}]
    found = sahti("channel", "build", *SIMULATOR, "--jsonl", lines=lines).lines
    assert [line["error"] for line in found][:2] == ["InvalidUrn", "urn is missing"]
    assert all("error" in line for line in found)


def test_wrong_settings_are_all_told_and_never_quoted(sahti: Sahti) -> None:
    ended = sahti("channel", "parse", "simulator", "--config", "service=fax", "colour=green", "--jsonl")
    assert ended.status == 1
    assert "colour: unknown setting" in ended.err
    assert "secret: required" in ended.err
    assert "fax" not in ended.err


def test_an_unknown_type_is_refused(sahti: Sahti) -> None:
    assert sahti("channel", "parse", "telegraph", "--jsonl").status == 2


def test_channels_are_listed_with_their_addresses_and_without_secrets(sahti: Sahti, var: Path) -> None:
    (var / "channels.toml").write_text(
        f'[desk]\ntype = "simulator"\nservice = "sms"\nsecret = "{SECRET}"\n\n'
        f'[dial]\ntype = "africastalking"\nservice = "ussd"\nusername = "x"\napi_key = "y"\nwebhook_token = "{TOKEN}"\n'
    )
    plain = sahti("channels")
    assert plain.status == 0
    assert "http://127.0.0.1:8000/channels/desk/inbound" in plain.out
    assert "http://127.0.0.1:8000/channels/desk/status" in plain.out
    assert "/channels/dial/inbound?token=<webhook_token>" in plain.out
    assert SECRET not in plain.out
    assert TOKEN not in plain.out
    lines = sahti("channels", "--jsonl").lines
    assert [(line["name"], line["type"], line["medium"]) for line in lines] == [
        ("desk", "simulator", "sms"),
        ("dial", "africastalking", "ussd"),
    ]


def test_a_channel_with_a_process_of_its_own_has_no_webhook(sahti: Sahti, var: Path) -> None:
    settings = (
        'type = "smpp"\nhost = "smsc.example.ma"\nport = 2775\nsystem_id = "x"\npassword = "y"\nsender = "5010"\n'
    )
    (var / "channels.toml").write_text(f"[code]\n{settings}")
    out = sahti("channels").out
    assert "no webhook" in out
    assert "http" not in out
    (line,) = sahti("channels", "--jsonl").lines
    assert (line["type"], line["medium"], line["inbound"]) == ("smpp", "sms", None)


def test_pdus_are_read_and_written_by_hand(sahti: Sahti) -> None:
    kind = ("smpp", "--config", "host=x", "port=2775", "system_id=x", "password=y", "sender=5010", "--jsonl")
    (built,) = sahti("channel", "build", *kind, lines=[{"urn": "tel:+212612345678", "text": "5 €"}]).lines
    (request,) = built["requests"]
    assert request["url"] == "smpp://channel"
    assert request["body"].endswith("000435201b65")  # four octets: `5`, a space and the escaped euro
    pdu = "0000003600000005000000000000000700010132313236313233343536373800000035303130000000000000000000000573616c616d"
    given = {"kind": "inbound", "url": "smpp://channel/inbound", "body": pdu}
    (read,) = sahti("channel", "parse", *kind, lines=[given]).lines
    assert [(event["urn"], event["text"]) for event in read["events"]] == [("tel:+212612345678", "salam")]


def test_without_a_channel_that_is_said(sahti: Sahti) -> None:
    assert "No channel is configured" in sahti("channels").out


def test_a_broken_channels_file_is_explained(sahti: Sahti, var: Path) -> None:
    (var / "channels.toml").write_text('[desk]\nservice = "sms"\n')
    ended = sahti("channels")
    assert ended.status == 1
    assert "[desk] needs a type" in ended.err
