"""The link against a message centre that is wholly somebody else's: the server of the `smpp34` package."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import smpp34

from sms_gateway.errors import InvalidUrn
from sms_gateway.smpp.pdu import read_message
from tests.gateway.test_smpp_link import ARABIC, Heard, linked

pytestmark = [pytest.mark.loopback, pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


class Centre:
    """Accepts what comes, under the ids 1, 2, 3…, and refuses whatever begins with "no"."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.binds: list[str] = []
        self.ended = 0
        self.taken: list[smpp34.SubmitSmEvent] = []
        self.clients: list[smpp34.Esme] = []
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self._thread = threading.Thread(target=self.loop.run_until_complete, args=(self._run(),), daemon=True)
        self._thread.start()
        assert self.ready.wait(5)

    async def _run(self) -> None:
        self._server = smpp34.Server("127.0.0.1", self.port)
        self._stopped = asyncio.Event()
        await self._server.start()
        self.ready.set()
        stopped = asyncio.ensure_future(self._stopped.wait())
        while not stopped.done():
            coming = asyncio.ensure_future(self._server.next())
            await asyncio.wait({coming, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                self._take(coming.result())
            else:
                coming.cancel()
        await self._server.stop()

    def _take(self, event: object) -> None:
        if isinstance(event, smpp34.Esme):
            self.clients.append(event)
            self.binds.append(event.system_id)
        elif isinstance(event, smpp34.SubmitSmEvent):
            if event.short_message.startswith(b"no"):
                event.reject(smpp34.ESME_RINVDSTADR)
                return
            self.taken.append(event)
            event.accept(str(len(self.taken)))
        else:
            self.ended += 1

    def deliver(self, text: bytes, **given: object) -> int:
        async def sent() -> smpp34.DeliverSmResp:
            return await self.clients[-1].deliver_sm("5010", text, source_addr="212612345678", **given)  # type: ignore[arg-type]

        return asyncio.run_coroutine_threadsafe(sent(), self.loop).result(5).command_status

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(5)
        self.loop.close()


@pytest.fixture
def centre() -> Iterator[Centre]:
    made = Centre()
    yield made
    made.close()


def test_bind_submit_refuse_deliver_and_goodbye(centre: Centre) -> None:
    with linked(centre) as heard:  # type: ignore[arg-type]
        assert heard.send("Bonjour").external_id == "1"
        assert heard.send(ARABIC[:190]).external_id == "4"
        with pytest.raises(InvalidUrn):
            heard.send("no thanks")
        assert centre.binds == ["sahti"]
        octets = b"".join(one.short_message[6:] for one in centre.taken[1:])
        assert octets.decode("utf-16-be") == ARABIC[:190]
        assert [one.registered_delivery for one in centre.taken] == [1] * 4
        assert centre.deliver(b"salam", source_addr_ton=1, source_addr_npi=1) == 0
        message = read_message(heard.delivered[0].body)
        assert (message.source.value, message.source.ton, message.octets) == ("212612345678", 1, b"salam")
    until(lambda: centre.ended == 1)


def test_it_stays_through_silences(centre: Centre) -> None:
    with linked(centre) as heard:  # type: ignore[arg-type]
        heard.send("first")
        time.sleep(1.2)  # four enquire_link long
        heard.send("second")
        assert centre.binds == ["sahti"]
    assert isinstance(heard, Heard)


def until(condition: object) -> None:
    end = time.monotonic() + 5
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)
