"""The hub's table of actions: every name of `flows.actions.ACTIONS`, and what does it."""

from collections.abc import Callable, Mapping

from bot.core.turn import Who
from bot.service.adherence import Adherence
from bot.service.appointments import Appointments
from bot.service.identity import Identity
from bot.service.profiles import Profiles
from bot.store.database import Connection
from flows.types import Do, Json

Action = Callable[[Connection, Mapping[str, Json], Who], dict[str, Json]]

OWN = frozenset({"consent.grant", "consent.refuse", "language.set"})
"""Actions that only change the contact: `bot.core.flowing` does them without the database."""


class Actions:
    """Runs actions by name."""

    def __init__(
        self, appointments: Appointments, adherence: Adherence, identity: Identity, profiles: Profiles
    ) -> None:
        self.table: Mapping[str, Action] = {
            "appointments.places": appointments.places,
            "appointments.services": appointments.services,
            "appointments.offer": appointments.offer,
            "appointments.book": appointments.book,
            "appointments.mine": appointments.mine,
            "appointments.move": appointments.move,
            "appointments.cancel": appointments.cancel,
            "appointments.confirm": appointments.confirm,
            "adherence.enrol": adherence.enrol,
            "adherence.stop": adherence.stop,
            "adherence.record": adherence.record,
            "education.record": adherence.lesson,
            "profiles.list": profiles.list,
            "profiles.add": profiles.add,
            "identity.leave": identity.leave,
            "privacy.delete": adherence.delete,
        }

    def run(self, connection: Connection, do: Do, who: Who) -> dict[str, Json]:
        """The action's result. Raises KeyError for an action that is not in the table, which linting refuses before."""
        return self.table[do.action](connection, do.params, who)
