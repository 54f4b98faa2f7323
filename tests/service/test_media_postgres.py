"""Attachments on PostgreSQL: noted in the batch's own transaction, fetched once by whichever worker is first."""

from sqlalchemy import func, select

from bot.store.tables.media import media
from sms_gateway.types import Media
from tests.service.test_inbound_postgres import hubs as hubs  # noqa: PLC0414 (a fixture is used by its name)
from tests.service.test_media import Store
from tests.service.world import World, at_once

PHOTOS = tuple(Media("image/jpeg", url=f"http://network.test/media/{number}") for number in range(3))


def test_three_workers_fetch_each_photo_once(hubs: list[World]) -> None:
    photos = Store()
    numbers = [f"+21260000010{n}" for n in range(6)]
    for number in numbers:
        hubs[0].agree(number)
    for hub in hubs:
        hub.services.__dict__["media_client"] = photos
    at_once(
        [lambda n=n: hubs[n % 3].receive(hubs[n % 3].inbound("", number=numbers[n], media=PHOTOS)) for n in range(6)]
    )  # type: ignore[misc]
    kept = at_once([lambda hub=hub: hub.services.attachments.run().kept for hub in hubs])  # type: ignore[misc]
    assert sum(kept) == 18
    assert len(photos.asked) == 18
    with hubs[0].services.database.read() as connection:
        rows = connection.execute(select(media.c.state, func.count()).group_by(media.c.state)).all()
    assert [tuple(row) for row in rows] == [("kept", 18)]
