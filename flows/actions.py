"""The closed list of what a flow can have done for it. A flow names an action; the hub runs it and reports a branch."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """What one action is given and how it can turn out.

    `params` must stand in the state's `with:`, `optional` may. `results` are the branch words that `to:` maps.
    """

    params: tuple[str, ...] = ()
    results: tuple[str, ...] = ("done",)
    optional: tuple[str, ...] = ()


ACTIONS: Mapping[str, ActionSpec] = MappingProxyType(
    {
        "consent.grant": ActionSpec(),
        "consent.refuse": ActionSpec(),
        "language.set": ActionSpec(params=("form",)),
        "appointments.places": ActionSpec(results=("some", "none"), optional=("query",)),
        "appointments.services": ActionSpec(results=("some", "none"), optional=("place",)),
        "appointments.offer": ActionSpec(
            params=("place",), results=("some", "none"), optional=("service", "day", "after", "appointment")
        ),
        "appointments.book": ActionSpec(
            params=("slot",), results=("booked", "full", "already"), optional=("service", "person")
        ),
        "appointments.mine": ActionSpec(results=("some", "none"), optional=("person",)),
        "appointments.move": ActionSpec(params=("appointment", "slot"), results=("moved", "full", "gone")),
        "appointments.cancel": ActionSpec(params=("appointment",), results=("cancelled", "gone"), optional=("why",)),
        "appointments.confirm": ActionSpec(params=("appointment",), results=("confirmed", "gone")),
        "adherence.enrol": ActionSpec(params=("hours",), results=("enrolled",), optional=("person",)),
        "adherence.stop": ActionSpec(results=("stopped", "none"), optional=("person",)),
        "adherence.record": ActionSpec(
            params=("dose", "taken"), results=("recorded", "gone"), optional=("why", "person")
        ),
        "education.record": ActionSpec(params=("topic", "question", "answer"), results=("recorded",)),
        "profiles.list": ActionSpec(results=("some", "none")),
        "profiles.add": ActionSpec(params=("name",), results=("added", "refused", "full")),
        "identity.leave": ActionSpec(results=("left",)),
        "privacy.delete": ActionSpec(results=("requested",)),
    }
)
"""Every action by its name. A new one is added here and in the hub's table of actions, which a test holds equal."""
