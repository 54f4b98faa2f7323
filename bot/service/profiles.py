"""The people behind one number: what flows ask for when a visit or a plan is somebody's of several."""

from collections.abc import Mapping

from bot.core.identity import MOST_PROFILES, read_name, same_name
from bot.core.ids import IdSource
from bot.core.turn import Who
from bot.store import profiles as store
from bot.store.database import Connection
from bot.store.vault import Vault
from flows.types import Json

Answer = dict[str, Json]


def person_of(params: Mapping[str, Json]) -> str | None:
    """The profile that an action is for, by id; None: the contact's own, or anybody's behind the number."""
    person = params.get("person")
    return person if isinstance(person, str) and person else None


class Profiles:
    """The profile actions. Each runs in the message's own transaction."""

    def __init__(self, vault: Vault, new_id: IdSource) -> None:
        self._vault, self._new_id = vault, new_id

    def list(self, connection: Connection, params: Mapping[str, Json], who: Who) -> Answer:  # noqa: ARG002 (every action has these)
        """Everybody who was named, the one whose phone it is first."""
        found = store.of(connection, who.contact.id, self._vault)
        return {"branch": "some" if found else "none", "value": [described(one) for one in found]}

    def add(self, connection: Connection, params: Mapping[str, Json], who: Who) -> Answer:
        """Name one more person, or find who is called so already; `refused` where it is no first name."""
        name = read_name(str(params.get("name") or ""))
        if name is None:
            return {"branch": "refused", "value": None}
        already = store.of(connection, who.contact.id, self._vault)
        if len(already) >= MOST_PROFILES and not any(same_name(one.name, name) for one in already):
            return {"branch": "full", "value": None}
        added = store.add(connection, who.contact.id, self._new_id(), name, self._vault, who.now)
        return {"branch": "added", "value": described(added)}


def described(profile: store.Profile) -> dict[str, Json]:
    """A profile as flows read it: id and name."""
    return {"id": profile.id, "name": profile.name}
