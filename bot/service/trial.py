"""Trying a channel: one text to a phone that has written to us, by the same outbox as all others, and what became of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.ids import IdSource
from bot.core.model import Draft, Kind, State
from bot.core.sending import Skip, may_send
from bot.service.answering import LANE
from bot.store import contacts, messages, outbox
from bot.store.contacts import Address
from bot.store.database import Connection, Database
from bot.store.vault import Vault
from sms_gateway.channel import Channel
from sms_gateway.types import Part, Urn

LASTS = timedelta(minutes=10)
SOURCE = "trial"


class CannotTry(Exception):
    """Nothing was sent; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Became:
    """Where the text is now; `code` is the provider's own."""

    state: State
    reason: str | None = None
    code: str | None = None


class Trial:
    """Sends one text on a channel and tells what became of it."""

    def __init__(
        self,
        *,
        database: Database,
        vault: Vault,
        channels: Mapping[str, Channel],
        wake: Callable[[str], None],
        clock: Callable[[], datetime],
        new_id: IdSource,
        zone: str,
    ) -> None:
        self._database, self._vault, self._channels, self._wake = database, vault, channels, wake
        self._clock, self._new_id, self._zone = clock, new_id, zone

    def send(self, name: str, number: str) -> str:
        """Put a text to `number` (E.164) into the outbox; its id. Raises CannotTry.

        The phone must have written to us: nobody is written to who did not begin, not even for a trial.
        """
        channel = self._channels.get(name)
        if channel is None:
            raise CannotTry(f"There is no channel called {name}. `sahti channels` lists them.")
        if channel.capabilities.medium == "ussd":
            raise CannotTry("USSD only answers: dial its code from a phone to try it.")
        now = self._clock()
        with self._database.write() as connection:
            contact_id, address = self._address(connection, channel, number)
            contact = contacts.get(connection, contact_id, self._vault)
            verdict = may_send(
                Kind.STAFF,
                opted_out=bool(contact and contact.opted_out),
                consented=True,
                expires_at=now + LASTS,
                now=now,
                zone=self._zone,
                quiet=None,
                window_hours=channel.capabilities.window_hours,
                last_inbound_at=address.last_inbound_at,
            )
            if isinstance(verdict, Skip):
                raise CannotTry(
                    f"It may not be sent now ({verdict.reason}). Write to the channel from that phone first."
                )
            draft = Draft(
                id=self._new_id(),
                contact_id=contact_id,
                address_id=address.id,
                channel=name,
                kind=Kind.STAFF,
                lane=LANE[Kind.STAFF],
                part=Part(f"Sahti: test {now:%H:%M:%S} UTC"),
                created_at=now,
                due_at=now,
                expires_at=now + LASTS,
                source=SOURCE,
            )
            outbox.add(connection, [draft], self._vault)
        self._wake(name)
        return draft.id

    def became(self, id_: str) -> Became:
        """What became of it until now."""
        with self._database.read() as connection:
            state, reason, code = messages.outcome(connection, id_)
        return Became(State(state), reason, code)

    def _address(self, connection: Connection, channel: Channel, number: str) -> tuple[str, Address]:
        scheme, path = (
            ("whatsapp", number.removeprefix("+")) if channel.capabilities.medium == "whatsapp" else ("tel", number)
        )
        urn = Urn(scheme, path)
        contact_id = contacts.by_urn(connection, urn, self._vault)
        for address in contacts.addresses_of(connection, contact_id, self._vault) if contact_id else ():
            if address.urn == urn and contact_id:
                return contact_id, address
        raise CannotTry("That phone has never written to us. Send a message from it to this channel, then try again.")
