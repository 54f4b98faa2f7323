"""How the flows' questions come out on the smallest screens, in words."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

import flows
from flows.load import load_folder
from flows.programmes import load_programmes
from flows.schema import Choose, Pick, Text
from locales.catalog import FORMS, Catalog
from sms_gateway.segments import count

NUMBERS = {"ambulance": "15", "samu": "141", "poison": "0801 000 180"}
CATALOG = Catalog.load(defaults=NUMBERS)
FLOWS = load_folder(Path(flows.__file__).parent / "definitions")
ON_USSD = tuple(form for form in FORMS if form != "zgh-Tfng")
BUDGET = {"GSM-7": 160, "UCS-2": 70}
BUTTON, ROW = 20, 24
"""Characters in a title of a WhatsApp reply button (three at most) and of a list row."""

# Arabic letters that do not fit one screen of 70: times of visits, consent, and the lessons. They are paged. The long menu
# is WhatsApp's.
PAGED = {"appointment_book.pick_slot", "appointment_move.pick_slot", "welcome.ask", "menu.ask_all"}
REMINDERS = (
    "appointment_confirm.ask",
    "appointment_confirm.soon",
    "appointment_confirm.nudge",
    "medication_checkin.ask",
)

SLOT = {"when": {"short": "2026-11-25T10:30"}}
SAMPLE = {
    "when": {"datetime": "2026-11-25T10:30"},
    "time": {"time": "2026-11-25T10:30"},
    "place": {"words": {"Latn": "Centre Hay Salam", "Arab": "مركز حي السلام"}},
    "hours": {"time": ["08:00", "20:00"]},
    "name": "Fatima-Zahra",
}

NAMES = ("Fatima-Zahra", "Youssef", "Khadija")

QUESTIONS = {
    f"{flow.id}.{name}": (state.say.key, state.options)
    for flow in FLOWS.values()
    for name, state in flow.states.items()
    if isinstance(state, Choose)
}
PICKS = {
    f"{flow.id}.{name}": (state.say.key, state.more)
    for flow in FLOWS.values()
    for name, state in flow.states.items()
    if isinstance(state, Pick) and state.more
}


def label(key: str, form: str, params: object = None) -> str:
    return CATALOG.text(key, form, params or {})  # type: ignore[arg-type]


def screen(name: str, form: str) -> str:
    key, options = (QUESTIONS | PICKS)[name]
    labels = [label(one.label.key, form, dict(one.label.params)) for one in options]
    if name in PICKS:
        things = NAMES if name.endswith(".pick_person") else [label("choice.datetime", form, SLOT)] * 3
        labels = [*things, *labels]
    values = SAMPLE | SLOT if name in REMINDERS else SAMPLE
    return "\n".join([label(key, form, values), *(f"{number}. {one}" for number, one in enumerate(labels, 1))])


@pytest.mark.parametrize("form", ON_USSD)
@pytest.mark.parametrize("name", [*QUESTIONS, *PICKS])
def test_a_question_with_its_choices_fits_one_ussd_screen(name: str, form: str) -> None:
    size = count(screen(name, form))
    lesson = name.startswith("education.") and name[-1].isdigit()
    paged = size.encoding == "UCS-2" and (lesson or name in PAGED)
    assert size.units <= (2 * BUDGET["UCS-2"] if paged else BUDGET[size.encoding])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", REMINDERS)
def test_a_reminder_with_its_choices_is_one_sms_segment(name: str, form: str) -> None:
    assert count(screen(name, form)).segments == 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", QUESTIONS)
def test_choices_fit_buttons_or_a_list(name: str, form: str) -> None:
    _, options = QUESTIONS[name]
    limit = BUTTON if len(options) <= 3 else ROW
    labels = [label(one.label.key, form, dict(one.label.params)) for one in options]
    assert [one for one in labels if len(one) > limit] == []
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("form", FORMS)
def test_a_time_to_choose_fits_a_list_row_on_every_day(form: str) -> None:
    for day in range(23, 30):
        assert len(label("choice.datetime", form, {"when": {"short": f"2026-11-{day}T10:30"}})) <= ROW


def texts(thing: object) -> Iterator[Text]:
    """Every text that a state can say, wherever it stands in it."""
    if isinstance(thing, Text):
        yield thing
    elif is_dataclass(thing):
        for one in fields(thing):
            yield from texts(getattr(thing, one.name))
    elif isinstance(thing, tuple):
        for item in thing:
            yield from texts(item)


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_gives_every_text_the_values_it_names(name: str) -> None:
    found = [text for state in FLOWS[name].states.values() for text in texts(state)]
    assert found
    for text in found:
        wanted = {one for said in CATALOG.variants(text.key, "fr").values() for one in CATALOG.placeholders(said)}
        assert wanted - NUMBERS.keys() == set(text.params), text.key


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_has_a_transcript_and_all_forms(name: str) -> None:
    assert list((Path(__file__).parents[1] / "flows" / name).glob("*.txt"))
    assert FLOWS[name].languages == FORMS


def test_a_reminder_says_what_its_flow_asks_first() -> None:
    for programme in load_programmes(Path(flows.__file__).parent / "programmes").values():
        for step in programme.steps:
            asked = {text.key for state in FLOWS[step.flow].states.values() for text in texts(state)}
            assert step.say in asked
