"""When a channel cannot deliver: the same message by SMS to the same person, else it waits until they write."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.core.ids import IdSource
from bot.core.instead import as_text
from bot.core.model import Draft, Kind
from bot.store import contacts, outbox_instead
from bot.store.database import Connection
from bot.store.outbox_instead import Undelivered
from bot.store.vault import Vault
from sms_gateway.channel import Channel
from sms_gateway.msisdn import e164, may_sms
from sms_gateway.types import Part, Urn


class Instead:
    """Finds another way for rows that their channel certainly did not take."""

    def __init__(
        self, *, vault: Vault, channels: Mapping[str, Channel], fallback: Mapping[str, str], new_id: IdSource
    ) -> None:
        self._vault, self._channels, self._fallback, self._new_id = vault, channels, fallback, new_id

    def twin(self, channel: str) -> str | None:
        """The channel of the same kind that stands in for one that does not work; None where none is configured."""
        other = self._channels.get(self._fallback.get(channel, ""))
        own = self._channels.get(channel)
        same = own is not None and other is not None and own.capabilities.medium == other.capabilities.medium
        return other.name if same and other is not None and other.name != channel else None

    def by_sms(self, channel: str) -> Channel | None:
        """The channel that writes by SMS to people of this channel; None where that is SMS itself, or there is none."""
        own = self._channels.get(channel)
        if own is None or own.capabilities.medium != "whatsapp":
            return None
        named = self._channels.get(self._fallback.get(channel, ""))
        candidates: Iterable[Channel] = (*([named] if named else []), *self._channels.values())
        return next((one for one in candidates if one.capabilities.medium == "sms"), None)

    def replace(self, connection: Connection, ids: Sequence[str], now: datetime) -> dict[str, str]:
        """Queue each row's message by SMS instead; the channel it goes by, for those that have such a way.

        Asked in the transaction in which the row's own end is written, so that never both are under way.
        """
        ways: dict[str, str] = {}
        for one in outbox_instead.undelivered(connection, ids, self._vault):
            found = self._way(connection, one, now)
            if found is not None:
                channel, address_id, part = found
                draft = self._draft(one, channel.name, address_id, part, now)
                outbox_instead.replace(connection, one, draft, self._vault)
                ways[one.id] = channel.name
        return ways

    def hold(self, connection: Connection, ids: Sequence[str], now: datetime) -> None:
        """Let each message wait on its own channel for the contact's next word: its provider said too late that it must."""
        for one in outbox_instead.undelivered(connection, ids, self._vault):
            if one.expires_at > now:
                draft = self._draft(one, one.channel, one.address_id, one.part, now, held=True)
                outbox_instead.replace(connection, one, draft, self._vault, held=True)

    def _way(self, connection: Connection, one: Undelivered, now: datetime) -> tuple[Channel, str, Part] | None:
        channel = self.by_sms(one.channel)
        may = one.kind.passes_opt_out or (one.consented and not one.opted_out)
        if channel is None or not may or one.expires_at <= now:
            return None
        part = as_text(one.part, channel.capabilities)
        address_id = self._phone(connection, one, channel.name, now) if part else None
        return (channel, address_id, part) if part and address_id else None

    def _phone(self, connection: Connection, one: Undelivered, channel: str, now: datetime) -> str | None:
        """The contact's own number that takes SMS: the one they wrote from by WhatsApp before any other."""
        known = contacts.addresses_of(connection, one.contact_id, self._vault)
        known.sort(key=lambda address: address.id != one.address_id)
        for address in known:
            number = e164(f"+{address.urn.path}") if address.urn.scheme == "whatsapp" else None
            if number is not None and may_sms(number):
                own = contacts.also_at(
                    connection, one.contact_id, Urn("tel", number), channel, self._vault, self._new_id(), now
                )
                if own is not None:
                    return own.id
        numbers = (a.id for a in known if a.urn.scheme == "tel" and may_sms(a.urn.path))
        return next(numbers, None)

    def _draft(
        self, one: Undelivered, channel: str, address_id: str, part: Part, now: datetime, *, held: bool = False
    ) -> Draft:
        return Draft(
            id=self._new_id(),
            contact_id=one.contact_id,
            address_id=address_id,
            channel=channel,
            kind=Kind(one.kind),
            lane=one.lane,
            part=part,
            created_at=now,
            due_at=one.expires_at if held else now,
            expires_at=one.expires_at,
            source=one.source,
        )
