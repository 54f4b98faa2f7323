"""Places, services and opening hours of a demonstration. Names of towns are real; the health centres are examples."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from bot.store.tables.care import facilities, opening_hours, services

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


def seed(connection: Connection) -> bool:
    """Put the demonstration's places in; False when there are places already."""
    if connection.scalar(select(facilities.c.id).limit(1)) is not None:
        return False
    connection.execute(
        insert(facilities),
        [
            {"id": id_, "region": region, "names": json.dumps(names, ensure_ascii=False)}
            for id_, region, names in PLACES
        ],
    )
    connection.execute(
        insert(services), [{"id": id_, "names": json.dumps(names, ensure_ascii=False)} for id_, names in SERVICES]
    )
    hours = [
        {
            "facility_id": place,
            "service_id": service,
            "weekday": weekday,
            "opens": opens,
            "closes": closes,
            "minutes": 30,
            "capacity": 2,
        }
        for place, _, _ in PLACES
        for service, _ in SERVICES
        for weekday in range(5 if service == "vaccination" else 6)
        for opens, closes in ((MORNING, AFTERNOON) if weekday < 5 else (MORNING,))  # noqa: PLR2004 (Saturday: mornings only)
    ]
    connection.execute(insert(opening_hours), hours)
    return True
