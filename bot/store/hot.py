"""The message path's port: load many, commit many. Set-shaped, so that a batch costs hardly more than one message.

The caller holds one write transaction from `load_many` to `commit_many`: the contacts stay locked in between, which is
what keeps the messages of one contact in order (P4) and lets a repeat find the first answer (P1).
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from bot.core import codec
from bot.core.ids import IdSource
from bot.core.model import Arrival, Consent, Contact, Conversation, Draft, Loaded, Result
from bot.store import hot_postgres, hot_sqlite
from bot.store.columns import from_ms, to_ms
from bot.store.database import driver_connection
from bot.store.vault import SEALED_NOTHING, Vault

PLACE_STATE, PLACE_ANSWER, PLACE_TEXT = "conversations.state_enc", "inbound.answer_enc", "inbound.text_enc"
PLACE_NAME, PLACE_PATH, PLACE_PART = "contacts.name_enc", "addresses.path_enc", "outbox.part_enc"

SEEN_TO_MS = 60_000
"""When a contact last wrote is kept to the minute: nothing that reads it (24-hour window, silences) is finer."""


class HotStore:
    """Loads and commits the message path's rows; sealing and opening happen here."""

    def __init__(self, dialect: str, vault: Vault, new_id: IdSource) -> None:
        self._sql = hot_postgres if dialect == "postgresql" else hot_sqlite
        self._vault = vault
        self._new_id = new_id

    def lookup(self, arrival: Arrival) -> bytes:
        """The keyed hash under which the arrival's address is known."""
        return self._vault.blind(str(arrival.urn))

    def load_many(self, connection: Connection, arrivals: Sequence[Arrival]) -> list[Loaded]:
        """What is known about each arrival, in their order. No two arrivals may come from one address."""
        raw = driver_connection(connection)
        lookups = [self.lookup(arrival) for arrival in arrivals]
        found, repeated = self._sql.lock_and_load(
            raw,
            lookups,
            [arrival.channel for arrival in arrivals],
            [(arrival.channel, arrival.external_id) for arrival in arrivals],
        )
        rows = {(bytes(row[0]), row[9]): row for row in found}
        known = {lookup: row for (lookup, _), row in rows.items()}
        answers = {(channel, external_id): answer for channel, external_id, answer in repeated}
        loaded = []
        for arrival, lookup in zip(arrivals, lookups, strict=True):
            row = rows.get((lookup, arrival.channel)) or known.get(lookup)
            key = (arrival.channel, arrival.external_id)
            answer = None
            if key in answers:
                sealed = answers[key]
                answer = codec.load_parts(self._vault.open(bytes(sealed), PLACE_ANSWER)) if sealed else ()
            if row is None:
                loaded.append(Loaded(Contact(self._new_id(), new=True), self._new_id(), Conversation(), answer))
            else:
                conversation = self._conversation(row, arrival.channel)
                stale = _stale(row, arrival)
                loaded.append(Loaded(self._contact(row), str(row[1]), conversation, answer, stale))
        return loaded

    def _contact(self, row: tuple[object, ...]) -> Contact:
        _, _, contact_id, form, consent, opted_out, name, last_inbound_at, case_id, *_ = row
        return Contact(
            id=str(contact_id),
            form=form if isinstance(form, str) else None,
            consent=Consent(str(consent)),
            opted_out=bool(opted_out),
            name=self._vault.open(bytes(name), PLACE_NAME) if isinstance(name, bytes | memoryview) else None,
            last_inbound_at=from_ms(last_inbound_at) if isinstance(last_inbound_at, int) else None,
            case_id=case_id if isinstance(case_id, str) else None,
            shared=bool(row[15]),
        )

    def _conversation(self, row: tuple[object, ...], channel: str) -> Conversation:
        state, updated_at = row[10], row[11]
        if row[9] != channel or not isinstance(state, bytes | memoryview):
            return Conversation()
        moment = from_ms(updated_at) if isinstance(updated_at, int) else None
        return codec.load_conversation(self._vault.open(bytes(state), PLACE_STATE), moment)

    def commit_many(self, connection: Connection, results: Sequence[Result]) -> None:
        """Write everything the results changed. The transaction's commit is the caller's."""
        raw = driver_connection(connection)
        seal = self._vault.seal
        tables: dict[str, list[tuple[object, ...]]] = {name: [] for name in hot_sqlite.TABLES}
        for result in results:
            contact, arrival = result.contact, result.arrival
            now = to_ms(arrival.received_at)
            name = seal(contact.name, PLACE_NAME) if contact.name and result.changed else None
            if contact.new:
                row = (
                    contact.id,
                    contact.form,
                    contact.consent.value,
                    contact.opted_out,
                    name,
                    contact.case_id,
                    now,
                    now,
                )
                tables["contacts"].append(row)
                lookup = self._vault.blind(str(arrival.urn))
                path = seal(arrival.urn.path, PLACE_PATH)
                tables["addresses"].append(
                    (result.address_id, contact.id, arrival.urn.scheme, lookup, path, arrival.channel, now, now)
                )
            elif result.changed:
                change = (
                    contact.id,
                    contact.form,
                    contact.consent.value,
                    contact.opted_out,
                    name,
                    contact.case_id,
                    now,
                )
                tables["contacts_update"].append(change)
                # the path again: it was erased if the contact had asked to be forgotten
                path = seal(arrival.urn.path, PLACE_PATH)
                tables["addresses_update"].append((result.address_id, arrival.channel, path, now))
            state = seal(codec.dump_conversation(result.conversation), PLACE_STATE)
            silent = to_ms(result.conversation.silent_at) if result.conversation.silent_at else None
            tables["conversations"].append((contact.id, arrival.channel, state, silent, now))
            tables["inbound"].append(
                (
                    result.inbound_id,
                    arrival.channel,
                    arrival.external_id,
                    contact.id,
                    result.address_id,
                    now,
                    seal(result.text, PLACE_TEXT) if result.text is not None else None,
                    seal(codec.dump_parts(result.answer), PLACE_ANSWER) if result.answer else None,
                    str(result.understood.get("intent") or "") or None,
                    str(result.understood.get("summary") or ""),
                ),
            )
            tables["cases"].extend(
                (
                    case.id,
                    case.contact_id,
                    result.address_id,
                    arrival.channel,
                    case.reason,
                    case.urgent,
                    to_ms(case.opened_at),
                )
                for case in result.cases
            )
            tables["outbox"].extend(outbox_row(draft, self._vault) for draft in result.drafts)
        self._sql.write(raw, tables)


def _stale(row: tuple[object, ...], arrival: Arrival) -> bool:
    """Whether the rows of a contact must say anew when and where it last wrote: to the minute is enough."""
    channel, seen, path = row[12:15]
    recent = isinstance(seen, int) and to_ms(arrival.received_at) - seen < SEEN_TO_MS
    erased = isinstance(path, int) and path <= SEALED_NOTHING
    return not recent or channel != arrival.channel or erased


def outbox_row(draft: Draft, vault: Vault) -> tuple[object, ...]:
    """A draft as the outbox's row; an answered one is settled from the start."""
    created = to_ms(draft.created_at)
    return (
        draft.id,
        draft.contact_id,
        draft.address_id,
        draft.channel,
        draft.kind.value,
        int(draft.lane),
        vault.seal(codec.dump_part(draft.part), PLACE_PART),
        draft.state.value,
        draft.source,
        created,
        to_ms(draft.due_at),
        to_ms(draft.expires_at),
    )
