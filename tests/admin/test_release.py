"""Releasing a large campaign: batches, two clocks at once, the order of lanes."""

import threading

from sqlalchemy import func, insert, select

from bot.core.model import Lane
from bot.store import campaigns as store
from bot.store.campaigns import Audience, Campaign
from bot.store.tables.contacts import addresses, contacts
from bot.store.tables.messages import outbox
from bot.store.tables.work import campaign_audience
from tests.admin.conftest import House

CROWD = 1200


def crowd(house: House, per_minute: int) -> str:
    """A running campaign to many people who agreed, written straight into the tables."""
    services, now = house.services, house.clock()
    vault, new_id = services.vault, services.new_id
    ids = [(new_id(), new_id()) for _ in range(CROWD)]
    campaign = Campaign(new_id(), Audience(), "sms", per_minute, "midwife", "Vaccins", {"fr": "Bonjour"})
    with services.database.write() as connection:
        rows = [{"id": one, "form": "fr", "consent": "given", "created_at": now} for one, _ in ids]
        connection.execute(insert(contacts), rows)
        for number, (one, address) in enumerate(ids):
            path = f"+2126{number:08d}"
            connection.execute(
                insert(addresses).values(
                    id=address,
                    contact_id=one,
                    scheme="tel",
                    lookup=vault.blind(f"tel:{path}"),
                    path_enc=vault.seal(path, "addresses.path_enc"),
                    channel="sms",
                    created_at=now,
                )
            )
        store.add(connection, campaign, vault, now)
        assert store.freeze(connection, campaign, "sms") == CROWD
        store.mark(connection, campaign.id, state="running", approved_at=now)
        store.set_pace(connection, campaign.id, now, now)
    return campaign.id


def messages(house: House) -> tuple[int, int]:
    """Rows of the outbox, and how many people they are for."""
    with house.services.database.read() as connection:
        row = connection.execute(select(func.count(), func.count(outbox.c.contact_id.distinct()))).one()
    return row[0], row[1]


def test_a_crowd_goes_out_in_batches(any_house: House) -> None:
    house = any_house
    id_ = crowd(house, 1100)
    assert house.run_campaigns(60) == 1100
    assert house.run_campaigns(60) == 100
    found = house.campaigns.get(id_)
    assert found
    assert found.state == "finished"
    assert messages(house) == (CROWD, CROWD)


def test_two_clocks_at_once_release_everybody_once(any_house: House) -> None:
    house = any_house
    id_ = crowd(house, 60_000)
    now = house.clock.advance(seconds=60)
    released: list[int] = []
    clocks = [threading.Thread(target=lambda: released.append(house.campaigns.release(now))) for _ in range(3)]
    for one in clocks:
        one.start()
    for one in clocks:
        one.join()
    assert sum(released) == CROWD
    assert messages(house) == (CROWD, CROWD)
    with house.services.database.read() as connection:
        mine = campaign_audience.c.campaign_id == id_
        assert set(connection.scalars(select(campaign_audience.c.state).where(mine))) == {"queued"}


def test_bulk_waits_in_its_own_lane(house: House) -> None:
    crowd(house, 600)
    house.run_campaigns(10)
    with house.services.database.read() as connection:
        assert set(connection.scalars(select(outbox.c.lane))) == {int(Lane.CAMPAIGN)}


def test_a_channel_that_is_gone_pauses_the_campaign(house: House) -> None:
    id_ = crowd(house, 600)
    with house.services.database.write() as connection:
        store.mark(connection, id_, channel="gone")
    assert house.run_campaigns() == 0
    found = house.campaigns.get(id_)
    assert found
    assert (found.state, found.reason) == ("paused", "channel_unknown")
    assert "le canal n'existe plus" in house.browser("midwife").get(f"/staff/campaigns/{id_}").words
