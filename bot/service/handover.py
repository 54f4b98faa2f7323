"""Answering people by hand: the staff's texts go through the same door and the same outbox as all others."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.core.ids import IdSource
from bot.core.model import Consent, Kind
from bot.core.sending import Skip, may_send
from bot.service.answering import Composer
from bot.store import cases, contacts, messages, outbox, staff
from bot.store.cases import Case
from bot.store.database import Connection, Database
from bot.store.vault import Vault
from locales.catalog import Catalog
from sms_gateway.channel import Channel
from sms_gateway.segments import count
from sms_gateway.types import Part

MOST_SEGMENTS = 6
"""An SMS reply longer than this is a letter: the page asks to shorten it."""

ID = re.compile(r"[0-9a-f]{32}")


class Handover:
    """Replies and closings. Refusals are words of the pages; None means that it was done."""

    def __init__(  # noqa: PLR0913 (made once, beside the other services)
        self,
        *,
        database: Database,
        vault: Vault,
        push: Callable[[str], Channel | None],
        composer: Composer,
        catalog: Catalog,
        wake: Callable[[str], None],
        clock: Callable[[], datetime],
        new_id: IdSource,
        zone: str,
    ) -> None:
        self._database, self._vault, self._push, self._composer = database, vault, push, composer
        self._catalog, self._wake, self._clock, self._new_id, self._zone = catalog, wake, clock, new_id, zone

    def way(self, case: Case) -> Channel | None:
        """The channel an answer to this hand-over goes out on."""
        return self._push(case.channel) if case.channel else None

    def refusal(self, case: Case) -> str | None:
        """Why nothing can be sent now, to be shown before anybody types."""
        with self._database.read() as connection:
            return self._refused(connection, case, self._clock())

    def reply(self, case_id: str, text: str, staff_id: str, *, once: str = "") -> str | None:
        """Send a text to the contact of an open hand-over. A form sent twice carries the same `once`: one message."""
        text = text.replace("\r\n", "\n").strip()
        if not text:
            return "text_empty"
        now = self._clock()
        with self._database.write() as connection:
            case = cases.get(connection, case_id, self._vault)
            if case is None or case.state != "open":
                return "case_closed"
            refused = self._refused(connection, case, now, lock=True)
            channel = self.way(case)
            if refused or channel is None:
                return refused or "no_way_to_send"
            too_long = channel.capabilities.medium == "sms" and count(text).segments > MOST_SEGMENTS
            if too_long or count(text).units > channel.capabilities.max_units:
                return "text_long"
            id_ = once if ID.fullmatch(once) else self._new_id()
            if messages.is_in_outbox(connection, id_):
                return None
            self._send(connection, case, channel, text, now, id_)
            cases.answered(connection, case.id, staff_id, now)
            staff.note(connection, self._new_id(), staff_id, "case.answered", case.id, now)
        self._wake(channel.name)
        return None

    def close(self, case_id: str, staff_id: str) -> str | None:
        """Close a hand-over and tell the contact, where telling is allowed."""
        now = self._clock()
        with self._database.write() as connection:
            case = cases.get(connection, case_id, self._vault)
            if case is None or not cases.close(connection, case_id, staff_id, now):
                return "case_closed"
            staff.note(connection, self._new_id(), staff_id, "case.closed", case.id, now)
            channel = self.way(case)
            told = channel is not None and self._refused(connection, case, now) is None
            if channel is not None and told:
                text = self._catalog.text("handover.closed", case.form or "fr")
                self._send(connection, case, channel, text, now, self._new_id())
        if channel is not None and told:
            self._wake(channel.name)
        return None

    def _refused(self, connection: Connection, case: Case, now: datetime, *, lock: bool = False) -> str | None:
        contact = contacts.get(connection, case.contact_id, self._vault, lock=lock)
        address = contacts.address(connection, case.address_id, self._vault) if case.address_id else None
        channel = self.way(case)
        if contact is None or address is None or channel is None:
            return "no_way_to_send"
        if contact.consent is Consent.AGAIN:  # whoever holds the phone may not be whom the answer is for
            return "asked_again"
        verdict = may_send(
            Kind.STAFF,
            opted_out=contact.opted_out,
            consented=contact.consent is Consent.GIVEN,
            expires_at=datetime.max.replace(tzinfo=now.tzinfo),
            now=now,
            zone=self._zone,
            quiet=None,
            window_hours=channel.capabilities.window_hours,
            last_inbound_at=address.last_inbound_at,
        )
        return verdict.reason if isinstance(verdict, Skip) else None

    def _send(self, connection: Connection, case: Case, channel: Channel, text: str, now: datetime, id_: str) -> None:
        draft = self._composer.draft(
            Kind.STAFF, Part(text), case.contact_id, case.address_id or "", channel.name, now, source=f"case:{case.id}"
        )
        outbox.add(connection, [replace(draft, id=id_)], self._vault)
