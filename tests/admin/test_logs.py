"""What the staff's pages write to logs and to the audit trail: never a number, a name, a text or a password."""

import logging

import pytest
from sqlalchemy import select

from bot.store.tables.work import audit
from tests import planted
from tests.admin.conftest import PASSWORD, House

PLANTED = (
    planted.NUMBER.removeprefix("+212"),
    planted.FIRST_NAME,
    planted.PAIN,
    planted.STAFFS_ANSWER,
    "Vaccins-nom",
    "Bonjour-campagne",
    PASSWORD,
    "faux-mdp",
)


def test_nothing_planted_reaches_a_log_or_the_audit_trail(
    house: House, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    contact = house.consenting(planted.NUMBER, name=planted.FIRST_NAME)
    house.write_in(planted.NUMBER, planted.PAIN)
    case = house.case(contact)
    house.browser().post("/staff/login", 403, login="admin", password="faux-mdp")
    browser = house.browser("admin")
    browser.post("/staff/people", number="0612345678")
    browser.get(f"/staff/people/{contact}")
    browser.post(f"/staff/cases/{case}", text=planted.STAFFS_ANSWER)
    browser.post(
        "/staff/campaigns/new", name="Vaccins-nom", channel="sms", per_minute="9", **{"text.fr": "Bonjour-campagne"}
    )

    def breaks(*_: object, **__: object) -> None:
        raise ValueError(" ".join(PLANTED))

    for name in ("bot.store.people.latest", "bot.store.messages.conversation", "bot.store.campaigns.latest"):
        monkeypatch.setattr(name, breaks)
    for path in ("people", f"people/{contact}", f"cases/{case}", "campaigns"):
        browser.get(f"/staff/{path}", 500)
    out, err = capsys.readouterr()
    logged = caplog.text + out + err
    assert "fault" in logged
    with house.services.database.read() as connection:
        noted = " ".join(f"{row.action} {row.subject}" for row in connection.execute(select(audit)))
    assert "person.seen" in noted
    for words in PLANTED:
        assert words not in logged
        assert words not in noted
