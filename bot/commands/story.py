"""The demonstration's story: who says what, and what must come of it. Nothing here knows how the processes were started."""

import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from bot.core.model import Contact
from bot.store import appointments, contacts, people, reminders
from bot.wiring import Services
from sms_gateway.errors import ChannelError
from sms_gateway.http import HttpTransport
from sms_gateway.types import HttpRequest, Urn

PATIENCE = 20.0
"""Seconds to wait for an answer; it takes well under one."""
REMINDER_PATIENCE = 90.0
"""Seconds to wait for a reminder whose time was shortened."""
QUIET_AFTER_STOP = 3.0
SUNDAY = 6
LOOK_EVERY = 0.15
ISOLATES = re.compile("[\u2066-\u2069]")
PLACEHOLDER = re.compile(r"%\{[^}]*\}")


class WentOtherwise(Exception):
    """The first thing that was not as expected."""


@dataclass
class Phone:
    """One simulated phone of a running Sahti, with the words it hears in its own form."""

    story: "Story"
    number: str
    form: str
    name: str
    medium: str
    session: str = ""
    after: int = 0
    waiting: list[dict[str, Any]] = field(default_factory=list)

    def dial(self, expected: str) -> str:
        """Dial the code; the first page."""
        self.session = ""
        self.story.line(self.name, "dials *789#")
        return self._page("", expected)

    def press(self, text: str, expected: str) -> str:
        """Answer a page; the next one."""
        self.story.line(self.name, f"> {text}")
        return self._page(text, expected)

    def _page(self, text: str, expected: str) -> str:
        given = {"session": self.session} if self.session else {}
        answer = self.story.post("/phone/say", {"channel": "sim-ussd", "number": self.number, "text": text, **given})
        self.session = str(answer.get("session", "")) if answer.get("goes_on") else ""
        page = str(answer.get("page", ""))
        self.story.line("Sahti", page)
        self.story.expect(page, expected, self.form)
        return page

    def write(self, text: str, *expected: str) -> str:
        """Write a message; what comes back, which must have each of the expected texts in it."""
        self.story.line(self.name, f"> {text}")
        began = time.monotonic()
        self.story.post("/phone/say", {"channel": f"sim-{self.medium}", "number": self.number, "text": text})
        heard = self.hear(*expected)
        self.story.took = time.monotonic() - began
        return heard

    def hear(self, *expected: str, patience: float = PATIENCE) -> str:
        """Wait until everything expected has come, unasked or as an answer."""
        until, heard = time.monotonic() + patience, ""
        for key in expected:
            while not self.story.has(heard, key, self.form):
                if not (came := self.new()) and time.monotonic() > until:
                    raise WentOtherwise(f"{self.name} waits in vain for “{self.story.words(key, self.form)}”")
                heard = "\n".join(filter(None, (heard, came)))
                time.sleep(LOOK_EVERY)
            self.story.checked += 1
        return heard

    def new(self) -> str:
        """What came since the last look, as it stands on the screen."""
        number = quote(self.number)
        answer = self.story.get(f"/phone/messages?number={number}&after={self.after}")
        self.after = int(answer["after"])
        texts = []
        for message in answer["messages"]:
            if message["mine"] or message["id"] in self.story.seen:
                continue
            self.story.seen.add(message["id"])
            offered = message.get("buttons") or (message.get("menu") or {}).get("rows") or ()
            texts.append("\n".join([message["text"], *(f"[{one['title']}]" for one in offered)]))
            self.story.line("Sahti", texts[-1])
        return "\n".join(texts)

    @property
    def contact(self) -> Contact:
        """The contact behind the phone, as the database knows it."""
        whatsapp = self.medium == "whatsapp"
        urn = Urn("whatsapp", self.number.removeprefix("+")) if whatsapp else Urn("tel", self.number)
        made = self.story.services
        with made.database.read() as connection:
            id_ = contacts.by_urn(connection, urn, made.vault)
            found = contacts.get(connection, id_ or "", made.vault)
        if found is None:
            raise WentOtherwise(f"{self.name} is not in the database")
        return found


class Story:
    """Tells, asks and checks. `checked` counts what was as expected."""

    def __init__(self, services: Services, say: Callable[[str], None]) -> None:
        self.services = services
        self.checked = 0
        self.took = 0.0
        self.seen: set[str] = set()
        self._say, self._http = say, HttpTransport()

    def phone(self, name: str, medium: str, form: str) -> Phone:
        """A phone that nobody has used before."""
        # numbers that end in 98 and 99 cannot be reached on the simulated network: never those
        return Phone(self, f"+2126{secrets.randbelow(10**6):06d}{secrets.randbelow(90):02d}", form, name, medium)

    def title(self, text: str) -> None:
        self._say(f"\n── {text}")

    def line(self, who: str, text: str) -> None:
        first, *rest = ISOLATES.sub("", text).splitlines() or [""]
        self._say(f"  {who:>10}  {first}")
        for more in rest:
            self._say(f"  {'':>10}  {more}")

    def note(self, text: str) -> None:
        self._say(f"  {'':>10}  ✓ {text}")

    def get(self, path: str) -> dict[str, Any]:
        return self._ask(HttpRequest("GET", self.services.settings.base_url + path, {}))

    def post(self, path: str, said: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(said, ensure_ascii=False).encode()
        url = self.services.settings.base_url + path
        return self._ask(HttpRequest("POST", url, {"content-type": "application/json"}, body))

    def _ask(self, request: HttpRequest) -> dict[str, Any]:
        try:
            answer = self._http.send(request)
        except ChannelError as lost:
            raise WentOtherwise(f"the web process does not answer ({lost})") from lost
        if answer.status != 200:  # noqa: PLR2004 (HTTP)
            raise WentOtherwise(f"the phone page answers {answer.status}; is this a demonstration (make run)?")
        found: dict[str, Any] = json.loads(answer.body)
        return found

    def words(self, key: str, form: str) -> str:
        return self.services.catalog.raw(key, form)

    def has(self, text: str, key: str, form: str) -> bool:
        """Whether a text has the words of a key in it, whatever the values are."""
        pieces = (piece.strip() for piece in PLACEHOLDER.split(self.words(key, form)))
        plain = ISOLATES.sub("", text)
        return all(piece in plain for piece in pieces)

    def expect(self, text: str, key: str, form: str) -> None:
        if not self.has(text, key, form):
            raise WentOtherwise(f"expected “{self.words(key, form)}”, came “{text}”")
        self.checked += 1

    def check(self, what: str, holds: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Look until it is so."""
        until = time.monotonic() + patience
        while not holds():
            if time.monotonic() > until:
                raise WentOtherwise(f"it is not so: {what}")
            time.sleep(LOOK_EVERY)
        self.checked += 1
        self.note(what)


def tell(story: Story) -> None:
    """The story. Raises WentOtherwise at the first thing that is not as it should be."""
    visitor = story.phone("Nokia", "sms", "ary-Latn")
    _books(story, visitor)
    patient = story.phone("SMS", "sms", "fr")
    _sets_up_medicine(story, patient)
    _is_reminded_of_the_visit(story, visitor)
    _takes_a_dose(story, patient)
    _is_in_danger(story, story.phone("WhatsApp", "whatsapp", "ar"))
    _asks_for_a_person_and_stops(story, patient)


def _books(story: Story, phone: Phone) -> None:
    story.title("A feature phone, no data: a visit is booked in Darija by USSD")
    phone.dial("consent.ask")
    phone.press("1", "menu.main")
    phone.press("1", "appointment.which_place")
    phone.press("1", "appointment.which_service")
    phone.press("1", "appointment.which_day")
    day = story.services.today().date() + timedelta(days=2)
    day += timedelta(days=day.weekday() == SUNDAY)  # closed then
    phone.press(f"{day:%d/%m} f 3chra", "appointment.confirm")
    phone.press("1", "appointment.booked")
    story.check("the visit stands in the database", lambda: _visit(phone) == "booked")


def _visit(phone: Phone) -> str:
    made = phone.story.services
    with made.database.read() as connection:
        found = appointments.upcoming(connection, phone.contact.id, made.clock())
    return found[0].state if found else "none"


def _sets_up_medicine(story: Story, phone: Phone) -> None:
    story.title("Another phone, by SMS, in French: medicine reminders are set up")
    phone.write("bonjour", "consent.ask")
    phone.write("oui", "consent.given", "menu.main")
    phone.write("2", "medication.start_ask")
    phone.write("1", "medication.how_often")
    phone.write("1", "medication.which_hour")
    phone.write("1", "medication.hours_ok")
    phone.write("oui", "medication.enrolled")

    def enrolled() -> bool:
        with story.services.database.read() as connection:
            return any(one.hours == ("08:00",) for one in people.enrolled(connection, phone.contact.id))

    story.check("reminders are planned at the patient's own hour", enrolled)


def _is_reminded_of_the_visit(story: Story, phone: Phone) -> None:
    story.title("The day before the visit (time runs faster here): a reminder by SMS, and it is answered")
    phone.hear("appointment.ask", patience=REMINDER_PATIENCE)
    phone.write("1", "appointment.confirmed")
    story.check("the visit is confirmed", lambda: _visit(phone) == "confirmed")


def _takes_a_dose(story: Story, phone: Phone) -> None:
    story.title("The hour of the medicine: a reminder, and the dose is recorded")
    phone.hear("medication.ask", patience=REMINDER_PATIENCE)
    phone.write("oui", "medication.well_done")

    def taken() -> bool:
        with story.services.database.read() as connection:
            return "taken" in reminders.dose_answers(connection, phone.contact.id)

    story.check("the dose is recorded as taken", taken)


def _is_in_danger(story: Story, phone: Phone) -> None:
    story.title("A third phone, WhatsApp, in Arabic, unknown until now: a danger sign is answered before anything else")
    phone.write("أبي سقط وهو لا يتنفس", "safety.now.general")
    story.note(f"answered in {story.took:.1f} s")
    story.check("a person of the staff is called, urgently", lambda: phone.contact.case_id is not None)


def _asks_for_a_person_and_stops(story: Story, phone: Phone) -> None:
    story.title("The second phone asks for a person, then wants no more messages")
    phone.write("je veux parler à quelqu'un", "handover.opened")
    story.check("a hand-over is open for the staff", lambda: phone.contact.case_id is not None)
    phone.write("STOP", "stop.confirmed")
    story.check("the opt-out is stored", lambda: phone.contact.opted_out)
    time.sleep(QUIET_AFTER_STOP)
    if late := phone.new():
        raise WentOtherwise(f"after STOP there still came “{late}”")
    story.checked += 1
    story.note("nothing more comes")
