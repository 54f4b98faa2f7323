"""Meta names a person by an id of its own, later beside a number that already wrote by SMS: one contact, through signed requests."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.settings import Settings
from bot.store import contacts
from bot.store.tables import contacts as tables
from sms_gateway import registry
from sms_gateway.types import Inbound, Urn
from tests.talk.test_whatsapp_buttons import NOW, NUMBER, Meta, body_of

USER = "MA.31415926535"


class Known(Meta):
    """The same provider, for somebody with a user name: `numbered` says whether their number comes along."""

    numbered = False

    def message(self, **content: Any) -> dict[str, Any]:
        self._count += 1
        said = {"from_user_id": USER, "id": f"wamid.IN{self._count:06d}", "timestamp": str(int(NOW.timestamp()))}
        who: dict[str, Any] = {"profile": {"name": "Profil", "username": "@profil"}, "user_id": USER}
        if self.numbered:
            said["from"], who["wa_id"] = NUMBER, NUMBER
        return {"contacts": [who], "messages": [said | content]}


@pytest.fixture
def meta(base: Settings, parts: dict[str, object]) -> Iterator[Known]:
    made = Known(base, parts)
    config = {"service": "sms", "secret": "a-secret-of-the-network-1", "network_url": "http://127.0.0.1/network"}
    made.services.channels["sms"] = registry.make("simulator", "sms", config)
    yield made
    made.services.database.close()


def by_sms(meta: Known, *texts: str) -> None:
    for text in texts:
        inbound = Inbound(meta.services.new_id(), Urn("tel", f"+{NUMBER}"), text)
        meta.services.hub.receive(meta.services.channels["sms"], [inbound])


def people(meta: Known) -> int:
    with meta.services.database.read() as connection:
        alive = tables.contacts.c.merged_into.is_(None)
        return connection.scalar(select(func.count()).select_from(tables.contacts).where(alive)) or 0


def test_a_visit_booked_under_a_user_name_is_the_numbers_once_both_are_named(meta: Known) -> None:
    meta.say("je veux un rdv demain à 10h à agdal")
    for text in ("oui", "1"):
        meta.say(text)
    (answer,) = meta.say("oui")
    assert "C'est noté" in body_of(answer)
    assert answer.get("recipient") == USER or answer.get("to") == USER
    by_sms(meta, "bonjour", "oui")
    assert people(meta) == 2
    meta.numbered = True
    (detail,) = meta.say("c'est quand mon rendez-vous ?")
    assert "10h00" in body_of(detail)
    assert people(meta) == 1
    assert meta.effects.wrong("appointment booked 2026-11-25T10:00") is None
    assert meta.effects.wrong("addresses bsuid tel whatsapp") is None


def test_stop_by_sms_stops_the_user_name_too(meta: Known) -> None:
    meta.numbered = True
    meta.say("bonjour")
    meta.say("oui")
    by_sms(meta, "STOP")
    with meta.services.database.read() as connection:
        for urn in (Urn("bsuid", USER), Urn("whatsapp", NUMBER), Urn("tel", f"+{NUMBER}")):
            contact = contacts.get(
                connection, contacts.by_urn(connection, urn, meta.services.vault) or "", meta.services.vault
            )
            assert contact is not None
            assert contact.opted_out
    meta.numbered = False
    assert meta.say("je voudrais un rendez-vous") == []
