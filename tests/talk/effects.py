"""What a conversation must have brought about: read from the database, as the next process would."""

from sqlalchemy import func, select

from bot.core.model import Contact
from bot.service import staffing
from bot.store import appointments, contacts, messages, people, profiles, staff
from bot.store.tables import care
from bot.store.tables.contacts import cases
from bot.wiring import Services
from sms_gateway.types import Urn


class Effects:
    """Of one person. Each line is `[no] <thing> <what about it>`; `wrong` says how it really is, None when it is so."""

    def __init__(self, services: Services, channel: str, number: str) -> None:
        self._services = services
        whatsapp = channel == "whatsapp"
        self._urn = Urn("whatsapp", number.removeprefix("+")) if whatsapp else Urn("tel", number)

    def contact(self) -> Contact:
        with self._services.database.read() as connection:
            id_ = contacts.by_urn(connection, self._urn, self._services.vault)
            found = contacts.get(connection, id_ or "", self._services.vault)
        assert found is not None, "there is no such contact"
        return found

    def staff(self) -> str:
        """A member of the staff, made at the first use."""
        with self._services.database.write() as connection:
            staffing.first_administrator(connection, self._services.clock(), self._services.new_id)
            return staff.everybody(connection)[0].id

    def wrong(self, line: str) -> str | None:
        thing, _, wanted = line.partition(" ")
        if thing == "no":
            thing, wanted = wanted, "none"
        really = getattr(self, f"_{thing}")()
        return None if really == wanted else f"it is: {really}"

    def _consent(self) -> str:
        return str(self.contact().consent)

    def _form(self) -> str:
        return str(self.contact().form)

    def _opted_out(self) -> str:
        return "" if self.contact().opted_out else "none"

    def _appointment(self) -> str:
        """State and local time of the visit that counts: the open one, else the last one."""
        query = select(care.appointments.c.id, care.appointments.c.state).where(
            care.appointments.c.contact_id == self.contact().id
        )
        with self._services.database.read() as connection:
            rows = connection.execute(query.order_by(care.appointments.c.id)).all()
            rows = [row for row in rows if row.state in appointments.OPEN] or rows
            booking = appointments.by_id(connection, rows[-1].id) if rows else None
        return f"{rows[-1].state} {booking.wall:%Y-%m-%dT%H:%M}" if booking else "none"

    def _case(self) -> str:
        """The reason of the open hand-over, with `urgent` before it where it is."""
        with self._services.database.read() as connection:
            row = connection.execute(select(cases).where(cases.c.id == self.contact().case_id)).first()
        return "none" if row is None else f"{'urgent ' if row.urgent else ''}{row.reason}"

    def _dose(self) -> str:
        with self._services.database.read() as connection:
            query = select(care.doses).where(care.doses.c.contact_id == self.contact().id)
            row = connection.execute(query.order_by(care.doses.c.wall.desc())).first()
        return "none" if row is None else " ".join(filter(None, (row.answer, row.why)))

    def _lesson(self) -> str:
        with self._services.database.read() as connection:
            row = connection.execute(select(care.lessons).where(care.lessons.c.contact_id == self.contact().id)).first()
        return "none" if row is None else f"{row.topic} {row.answer}"

    def _reminders(self) -> str:
        """The hours of the medicine reminders in force."""
        with self._services.database.read() as connection:
            found = people.enrolled(connection, self.contact().id)
        active = [one for one in found if one.programme == "medication" and one.state == "active"]
        return " ".join(active[0].hours) if active else "none"

    def _people(self) -> str:
        """The names of those who share the phone."""
        with self._services.database.read() as connection:
            found = profiles.of(connection, self.contact().id, self._services.vault)
        return " ".join(one.name for one in found) or "none"

    def _addresses(self) -> str:
        """The kinds of addresses of the contact."""
        with self._services.database.read() as connection:
            found = contacts.addresses_of(connection, self.contact().id, self._services.vault)
        return " ".join(sorted(one.urn.scheme for one in found))

    def _deletion(self) -> str:
        with self._services.database.read() as connection:
            query = select(func.count()).where(care.deletions.c.contact_id == self.contact().id)
            return "asked" if connection.scalar(query) else "none"

    def _texts(self) -> str:
        """How many of the person's own texts are kept."""
        with self._services.database.read() as connection:
            said = messages.conversation(connection, self.contact().id, self._services.vault)
        kept = sum(one.text is not None for one in said if not one.ours)
        return str(kept or "none")
