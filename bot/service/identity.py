"""Which contact a message is of, where its address alone does not say: more addresses in it, or a phone seen elsewhere."""

from collections.abc import Iterable, Mapping, Sequence

from bot.core.identity import number_of, twin
from bot.core.ids import IdSource
from bot.core.model import Arrival, Loaded
from bot.core.turn import Who
from bot.store import identity as store
from bot.store.database import Connection
from bot.store.hot import SEEN_TO_MS
from bot.store.vault import Vault
from flows.types import Json
from sms_gateway.types import Urn


def whose(urn: Urn, known: Loaded) -> str:
    """What two messages of one person share: the contact, or, before there is one, the phone."""
    return known.contact.id if not known.contact.new else number_of(urn) or known.contact.id


class Identity:
    """Joins addresses to contacts, inside the message's own transaction."""

    def __init__(self, vault: Vault, new_id: IdSource) -> None:
        self._vault, self._new_id = vault, new_id

    def join(self, connection: Connection, arrivals: Sequence[tuple[Arrival, tuple[Urn, ...]]]) -> None:
        """Make the addresses that each message names one contact's, merging contacts where they were several's.

        One look-up for the whole batch, where they are one contact's already.
        """
        blind = self._vault.blind
        lookups = {urn: blind(str(urn)) for arrival, others in arrivals for urn in _all(arrival.urn, others)}
        known = store.known(connection, list(lookups.values()))
        stale: list[str] = []
        for arrival, others in arrivals:
            own = [known.get(lookups[urn]) for urn in (arrival.urn, *others)]
            whose = {one.contact_id for one in own if one} | {
                one.contact_id for urn in _twins(arrival.urn, others) if (one := known.get(lookups[urn]))
            }
            if None in own or len(whose) != 1:
                self._settle(connection, arrival, others)
                continue
            stale += [one.id for one in own[1:] if one and not _fresh(one, arrival)]
        if stale:
            store.heard(connection, stale, arrivals[0][0].received_at)

    def _settle(self, connection: Connection, arrival: Arrival, others: tuple[Urn, ...]) -> None:
        urns, now = (arrival.urn, *others), arrival.received_at
        lookups = {urn: self._vault.blind(str(urn)) for urn in _all(arrival.urn, others)}
        store.lock(connection, [*(lookups[urn] for urn in urns), *self._phones(urns)])
        known = store.known(connection, list(lookups.values()))
        contacts = list(dict.fromkeys(known[lookup].contact_id for lookup in lookups.values() if lookup in known))
        if not contacts:
            contacts = [self._new_id()]
            store.create(connection, contacts[0], now)
        contact = contacts[0]
        for other in contacts[1:]:
            contact = store.merge(connection, contact, other, self._vault, now, self._new_id)
        for urn in dict.fromkeys(urns):
            if lookups[urn] not in known:
                if urn.scheme == "bsuid" and store.has_username(connection, contact, arrival.channel):
                    store.doubt(connection, contact, now)  # another account on the same number: perhaps another person
                wrote = urn == arrival.urn
                store.attach(connection, contact, urn, arrival.channel, self._vault, self._new_id(), now, wrote=wrote)

    def recognise(self, connection: Connection, arrivals: Sequence[Arrival], loaded: Sequence[Loaded]) -> list[int]:
        """Give new addresses to the contact who has the same phone number on another network.

        Returns which of `arrivals` are known now and must be loaded again.
        """
        new = {
            at: other
            for at, (arrival, one) in enumerate(zip(arrivals, loaded, strict=True))
            if one.contact.new and one.answer is None and (other := twin(arrival.urn))
        }
        if not new:
            return []
        store.lock(connection, self._phones(new.values()))
        lookups = {at: self._vault.blind(str(other)) for at, other in new.items()}
        known = store.known(connection, list(lookups.values()))
        found = []
        for at, lookup in lookups.items():
            if lookup in known:
                arrival, contact = arrivals[at], known[lookup].contact_id
                id_, now = self._new_id(), arrival.received_at
                store.attach(connection, contact, arrival.urn, arrival.channel, self._vault, id_, now, wrote=True)
                found.append(at)
        return found

    def _phones(self, urns: Iterable[Urn]) -> list[bytes]:
        """Keys by which first messages of one phone on two networks wait for one another."""
        return [self._vault.blind(f"phone:{digits}") for urn in urns if (digits := number_of(urn))]

    def hold(self, connection: Connection, arrival: Arrival, contact_id: str) -> None:
        """Nothing more goes out to a contact who may be somebody else, from now on."""
        store.hold(connection, contact_id, arrival.received_at)

    def leave(self, connection: Connection, params: Mapping[str, Json], who: Who) -> dict[str, Json]:  # noqa: ARG002 (every action has these)
        """The action `identity.leave`: whoever writes is somebody else. The turn goes on with the new contact."""
        new = store.leave(
            connection, who.contact.id, who.address_id, self._vault, who.now, self._new_id, who.contact.form
        )
        return {"branch": "left", "contact": new}


def _twins(urn: Urn, others: Iterable[Urn]) -> list[Urn]:
    return [other for one in (urn, *others) if (other := twin(one))]


def _all(urn: Urn, others: tuple[Urn, ...]) -> list[Urn]:
    return [urn, *others, *_twins(urn, others)]


def _fresh(known: store.Known, arrival: Arrival) -> bool:
    seen = known.last_inbound_at
    return seen is not None and (arrival.received_at - seen).total_seconds() * 1000 < SEEN_TO_MS
