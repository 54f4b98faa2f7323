"""Places, services and opening hours of a demonstration. Names of towns are real; the health centres are examples."""

from collections.abc import Sequence

from bot.store import places
from bot.store.database import Connection
from bot.store.places import Opening

PLACES: Sequence[tuple[str, str, dict[str, str]]] = (
    ("agdal", "Rabat-Salé-Kénitra", {"Latn": "CS Agdal, Rabat", "Arab": "م.ص أكدال، الرباط", "Tfng": "ⴰⴳⴷⴰⵍ, ⵕⵕⴱⴰⵟ"}),
    (
        "maarif",
        "Casablanca-Settat",
        {"Latn": "CS Maarif, Casa", "Arab": "م.ص المعاريف، البيضاء", "Tfng": "ⵎⵄⴰⵔⵉⴼ, ⴽⴰⵣⴰ"},
    ),
    ("gueliz", "Marrakech-Safi", {"Latn": "CS Gueliz, Marrakech", "Arab": "م.ص جليز، مراكش", "Tfng": "ⴳⵉⵍⵉⵣ, ⵎⵕⵕⴰⴽⵛ"}),
    ("tiznit", "Souss-Massa", {"Latn": "CS Tiznit", "Arab": "م.ص تيزنيت", "Tfng": "ⵜⵉⵣⵏⵉⵜ"}),
    ("nador", "Oriental", {"Latn": "CS Nador", "Arab": "م.ص الناظور", "Tfng": "ⵏⵏⴰⴹⵓⵔ"}),
)
SERVICES: Sequence[tuple[str, dict[str, str]]] = (
    ("general", {"fr": "Consultation", "Latn": "tbib", "Arab": "طبيب عام", "ar": "استشارة طبية", "Tfng": "ⴰⴹⴱⵉⴱ"}),
    ("vaccination", {"fr": "Vaccination", "Latn": "vaccin", "Arab": "الجلبة", "ar": "تلقيح", "Tfng": "ⵜⴰⴳⴳⴰⵣⵜ"}),
)
MORNING, AFTERNOON = ("08:30", "12:30"), ("14:00", "16:30")


SLOT_MINUTES, PEOPLE = 30, 2


def seed(connection: Connection) -> bool:
    """Put the demonstration's places in; False when there are places already."""
    if places.any_place(connection):
        return False
    hours = [
        Opening(place, service, weekday, opens, closes, SLOT_MINUTES, PEOPLE)
        for place, _, _ in PLACES
        for service, _ in SERVICES
        for weekday in range(5 if service == "vaccination" else 6)
        for opens, closes in ((MORNING, AFTERNOON) if weekday < 5 else (MORNING,))  # noqa: PLR2004 (Saturday: mornings only)
    ]
    places.add(connection, PLACES, SERVICES, hours)
    return True
