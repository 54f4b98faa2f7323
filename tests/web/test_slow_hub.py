"""A hub that is full, or whose database hangs: danger is answered all the same, the rest is asked to come again."""

from itertools import count
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from bot.service.batching import LONGEST_WAIT, Overloaded
from sms_gateway.types import HttpRequest
from sms_gateway.verify import form_signature
from tests.processes.system import TOKEN
from tests.web.conftest import BASE, Door

PATH = "/channels/tw/inbound"
PROVIDERS_PATIENCE = 15
number = count(1)


def say(door: Door, text: str) -> TestResponse:
    form = {"MessageSid": f"SMslow{next(number)}", "From": "+212600000042", "To": "+212500000000", "Body": text}
    signature = form_signature(TOKEN, BASE + PATH, form.items())
    headers = {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded"}
    return door.client.post(PATH, headers=headers, data=urlencode(form).encode())


@pytest.mark.parametrize("fault", [Overloaded("full"), TimeoutError()], ids=["full", "hangs"])
def test_danger_is_answered_and_kept_and_the_rest_kept_or_asked_to_come_again(
    door: Door, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def stuck(*_: object) -> None:
        raise fault

    monkeypatch.setattr(door.services.hub._batcher, "_put", stuck)  # noqa: SLF001 (where both doors wait)
    before = door.services.spool.size()
    again = say(door, "bonjour")
    if isinstance(fault, Overloaded):
        assert (again.status_code, again.headers["Retry-After"]) == (503, "5")
        assert door.services.spool.size() == before
    else:  # a database that hangs is a database that is away: what comes is kept
        assert again.status_code == 200
        assert door.services.spool.size() > before
        before = door.services.spool.size()

    answer = say(door, "ma mère ne respire plus")
    assert answer.status_code == 200
    assert "15" in answer.get_data(as_text=True)
    assert door.services.spool.size() > before


def test_a_request_is_answered_before_a_provider_gives_up() -> None:
    assert LONGEST_WAIT < PROVIDERS_PATIENCE


def test_what_waits_on_the_disk_is_seen(door: Door) -> None:
    spool = door.services.spool
    spool.keep("tw", "inbound", HttpRequest("POST", BASE, {}, b"x"), [spool.key("a"), spool.key("b")])
    found = spool.holding()
    measured = dict(line.rsplit(" ", 1) for line in door.client.get("/metrics").get_data(as_text=True).splitlines())
    assert float(measured["sahti_spool_requests"]) == found.requests >= 2
    assert float(measured["sahti_spool_bytes"]) == found.bytes > 0
    assert float(measured["sahti_spool_oldest_seconds"]) >= 0
    assert float(measured["sahti_spool_set_apart"]) == 0
