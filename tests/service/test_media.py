"""Photos from the message to the staff's page: noted with consent only, fetched by the job, refused by rule, erased in time."""

import socket
import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.commands.serve import tick
from bot.core.model import State
from bot.service.media import MOST_A_DAY, PAUSES, Attachments
from bot.store import media as store
from bot.store.tables import contacts as people
from bot.store.tables.media import media as table
from bot.web.app import create_app
from sms_gateway.channels.simulator import Simulator
from sms_gateway.fetch_http import MediaClient, MediaUnreachable
from sms_gateway.fetching import Fetched, MediaRefused
from sms_gateway.types import Inbound, Media, Urn
from tests.service.world import NUMBER, World

PHOTO = Media("image/jpeg", url="http://network.test/media/1")
PERSON = "+212612345678"


class Store:
    """A provider's store: has photos, or says what is wrong; in between something may happen."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []
        self.next: list[Exception] = []
        self.between: Any = lambda: None

    def fetch(self, channel: object, media: Media, hosts: Sequence[str]) -> Fetched:
        self.asked.append(media.url)
        self.between()
        if self.next:
            raise self.next.pop(0)
        return Fetched("image/jpeg", b"a photo")


@pytest.fixture
def photos(world: World) -> Store:
    made = Store()
    world.services.__dict__["media_client"] = made
    return made


def rows(world: World) -> list[tuple[str, str | None]]:
    with world.services.database.read() as connection:
        return [(row.state, row.reason) for row in connection.execute(select(table).order_by(table.c.id))]


def send(world: World, *media: Media, text: str = "", channel: str = "sim-sms") -> None:
    world.receive(world.inbound(text, media=media or (PHOTO,)), channel=channel)


def cases(world: World) -> list[str]:
    with world.services.database.read() as connection:
        return list(connection.scalars(select(people.cases.c.reason)))


def test_a_photo_is_answered_handed_over_and_fetched_later(world: World, photos: Store) -> None:
    world.agree()
    send(world)
    world.services.delivery.run("sim-sms")
    (said,) = world.provider.take()
    assert "Ma kan9rawch tsawer" in said
    assert "7ed men lfari9" in said
    assert cases(world) == ["media"]
    assert photos.asked == []  # nothing is fetched in the request
    assert world.services.attachments.tick()
    assert world.services.attachments.run().kept == 1
    assert rows(world) == [("kept", None)]
    with world.services.database.read() as connection:
        (id_,) = connection.scalars(select(table.c.id))
        assert store.content(connection, id_, world.services.vault) == b"a photo"
    assert not world.services.attachments.tick()


def test_before_consent_nothing_is_noted_and_nothing_fetched(world: World, photos: Store) -> None:
    send(world)
    send(world, text="salam")
    assert rows(world) == []
    assert cases(world) == []
    assert world.services.attachments.run().kept == 0
    assert photos.asked == []


def test_after_stop_nothing_is_noted(world: World, photos: Store) -> None:
    world.agree()
    world.sms("STOP")
    send(world)
    assert rows(world) == []


def test_a_danger_sign_beside_a_photo_is_answered_and_the_photo_is_there_for_the_staff(
    world: World, photos: Store
) -> None:
    world.agree()
    send(world, text="je saigne beaucoup")
    assert ("emergency", State.QUEUED, None) in world.outbox()
    assert len(rows(world)) == 1


def test_a_location_needs_no_fetching(world: World, photos: Store) -> None:
    world.agree()
    send(world, Media("location", url="geo:31.63,-8.00"))
    world.services.delivery.run("sim-sms")
    (said,) = world.provider.take()
    assert world.text("media.place") in said
    assert rows(world) == [("place", None)]
    assert not world.services.attachments.tick()


def test_what_a_rule_refuses_is_settled_with_its_reason_and_counted(world: World, photos: Store) -> None:
    world.agree()
    send(world)
    photos.next = [MediaRefused("too_large")]
    assert world.services.attachments.run().refused == 1
    assert rows(world) == [("refused", "too_large")]
    page = create_app(world.services).test_client().get("/metrics").get_data(as_text=True)
    assert 'sahti_media_recent{reason="too_large",state="refused"} 1.0' in page
    world.clock.advance(days=1)
    assert not world.services.attachments.tick()


def test_a_store_that_is_away_is_asked_again_with_growing_pauses_and_then_given_up(world: World, photos: Store) -> None:
    world.agree()
    send(world)
    photos.next = [MediaUnreachable("slow"), ValueError("a mistake of a channel"), *([MediaUnreachable("slow")] * 9)]
    for pause in PAUSES:
        assert world.services.attachments.run().later == 1
        assert rows(world)[0][0] == "waiting"
        assert world.services.attachments.run().later == 0
        world.clock.advance(seconds=pause.total_seconds())
    world.services.attachments.run()
    assert rows(world) == [("failed", "unreachable")]
    assert len(photos.asked) == len(PAUSES) + 1


def test_one_who_is_forgotten_during_the_fetch_leaves_nothing(world: World, photos: Store) -> None:
    world.agree()
    send(world)

    def forget() -> None:
        from bot.store import contacts

        with world.services.database.write() as connection:
            (contact,) = connection.scalars(select(people.contacts.c.id))
            contacts.forget(connection, contact, world.clock(), world.services.vault)

    photos.between = forget
    assert world.services.attachments.run().kept == 0
    assert rows(world) == []


def test_a_days_photos_are_limited(world: World, photos: Store) -> None:
    world.agree()
    for _ in range(5):
        send(world, *[PHOTO] * 10)
    assert len(rows(world)) == MOST_A_DAY
    world.clock.advance(hours=25)
    send(world)
    assert len(rows(world)) == MOST_A_DAY + 1


def test_a_type_that_no_database_takes_does_not_lose_the_message(world: World, photos: Store) -> None:
    world.agree()
    send(world, Media("image/\x00\ud800jpeg" + "x" * 300, url="http://network.test/1"))
    assert len(rows(world)) == 1


def test_old_photos_are_erased_by_the_clock(world: World, photos: Store) -> None:
    world.agree()
    send(world)
    world.services.attachments.run()
    world.clock.advance(days=89)
    tick(world.services)
    assert len(rows(world)) == 1
    world.clock.advance(days=2)
    tick(world.services)
    assert rows(world) == []


def test_a_thread_fetches_beside_the_worker_and_only_one(world: World, photos: Store) -> None:
    world.agree()
    send(world)
    entered, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        entered.set()
        assert go_on.wait(10)

    photos.between = wait
    world.services.attachments.in_background()
    assert entered.wait(10)
    assert world.services.attachments.run().kept == 0
    go_on.set()
    for thread in threading.enumerate():
        if thread.name == "media":
            thread.join(10)
    assert rows(world) == [("kept", None)]


@pytest.mark.loopback
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_from_a_real_server_into_the_database(world: World) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    heard: list[bytes] = []

    def serve() -> None:
        for _ in range(2):
            talk, _ = listener.accept()
            with talk:
                heard.append(talk.recv(65536))
                body = b"\xff\xd8 a real photo"
                moved = b"/media/1" in heard[-1]
                head = b"302 Found\r\nlocation: file:///etc/passwd" if moved else b"200 OK\r\ncontent-type: image/jpeg"
                talk.sendall(b"HTTP/1.1 " + head + b"\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    config = {"secret": "planted-secret", "network_url": f"{base}/messages", "service": "sms"}
    world.services.channels["sim-sms"] = world.channels["sim-sms"] = Simulator("sim-sms", config)
    made = world.services.attachments
    assert isinstance(made, Attachments)
    assert isinstance(world.services.media_client, MediaClient)
    world.agree()
    for number in (0, 1):
        send(world, Media("image/jpeg", url=f"{base}/media/{number}"))
    send(world, Media("image/jpeg", url="http://169.254.169.254/latest/meta-data"))
    send(world, Media("image/jpeg"))
    done = made.run()
    thread.join(10)
    listener.close()
    assert (done.kept, done.refused, done.later) == (1, 3, 0)
    assert rows(world) == [("kept", None), ("refused", "scheme"), ("refused", "scheme"), ("refused", "no_address")]


def test_a_word_that_is_an_address_is_never_fetched(world: World, photos: Store) -> None:
    world.agree()
    world.sms("http://network.test/media/9 chouf had tswira")
    assert rows(world) == []


def test_a_message_with_a_photo_costs_an_ordinary_one_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.agree()

    def never(*_: object) -> None:
        raise AssertionError("asked for a message without attachments")

    monkeypatch.setattr(Attachments, "note", never)
    world.sms("menu")


def test_every_draft_of_the_message_path_is_for_whoever_wrote(world: World) -> None:
    from bot.service import inbound as module

    seen: list[tuple[str, str, str]] = []
    real = module.Composer.compose

    def spied(self: Any, channel: Any, arrival: Any, known: Any, *given: Any, **more: Any) -> Any:
        result, answered = real(self, channel, arrival, known, *given, **more)
        seen.extend((draft.contact_id, draft.address_id, draft.channel) for draft in result.drafts)
        assert all(
            one == (result.contact.id, known.address_id, arrival.channel)
            for one in seen[-len(result.drafts) :]
            if result.drafts
        )
        return result, answered

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.Composer, "compose", spied)
        for text in ("salam", "1", f"envoie à {PERSON}", f"menu {PERSON}", "je saigne", "bghit rendez-vous", PERSON):
            world.receive(Inbound(world.new_id(), Urn("tel", NUMBER), text))
    assert len({one[0] for one in seen}) == 1
    assert PAUSES[0] == timedelta(minutes=1)
