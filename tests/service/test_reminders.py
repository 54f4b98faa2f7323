"""Reminders from the plan to the answer, with a clock that the test moves."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, delete, update

from bot.core.turn import Who
from bot.store import appointments, contacts, identity
from bot.store.tables import care
from bot.store.tables import contacts as people
from bot.store.vault import VaultError
from flows.types import Json
from sms_gateway.types import Inbound, Urn
from tests.conftest import Clock
from tests.service.world import NUMBER, World, at_once

SLOT = "agdal.general.2026-11-26T11:00"
Action = Callable[[Connection, Mapping[str, Json], Who], dict[str, Json]]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


class Patient:
    """Somebody who agreed, and what the hub does for them."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.world, self.clock = world, clock
        world.agree()

    def do(self, action: Action, **params: Json) -> str:
        services = self.world.services
        with services.database.write() as connection:
            id_ = contacts.by_urn(connection, Urn("tel", NUMBER), services.vault)
            assert id_
            contact = contacts.get(connection, id_, services.vault)
            (address,) = contacts.addresses_of(connection, id_, services.vault)
            assert contact
            who = Who(contact, address.id, address.channel, self.clock(), "Africa/Casablanca")
            return str(action(connection, params, who)["branch"])

    def act(self, name: str, **params: Json) -> str:
        return self.do(self.world.services.actions.table[name], **params)

    def visit(self) -> str:
        with self.world.services.database.read() as connection:
            query = care.appointments.select().where(care.appointments.c.state.in_(appointments.OPEN))
            return str(connection.execute(query).one().id)

    def tick(self, now: datetime) -> list[str]:
        """What is sent when the clock has come to `now`."""
        self.clock.now = now
        self.world.services.reminders.tick()
        self.world.services.delivery.run("sim-sms")
        return self.world.provider.take()

    def rows(self) -> list[tuple[str, str, str | None]]:
        """Step, state and reason of every reminder, by its time."""
        with self.world.services.database.read() as connection:
            query = care.reminders.select().order_by(care.reminders.c.expires_at)
            return [(row.step, row.state, row.reason) for row in connection.execute(query)]

    def doses(self) -> list[tuple[str, str, str | None]]:
        with self.world.services.database.read() as connection:
            rows = connection.execute(care.doses.select().order_by(care.doses.c.wall))
            return [(row.wall, row.answer, row.why) for row in rows]

    def idle(self) -> None:
        self.world.close_conversations()


@pytest.fixture
def patient(world: World, clock: Clock) -> Patient:
    return Patient(world, clock)


def test_a_visit_is_recalled_a_day_and_two_hours_before(patient: Patient) -> None:
    assert patient.act("appointments.book", slot=SLOT) == "booked"
    assert patient.rows() == [("day_before", "planned", None), ("two_hours", "planned", None)]
    assert patient.tick(at(25, 10, 59)) == []
    (first,) = patient.tick(at(25, 11))
    assert "Agdal" in first
    assert patient.tick(at(25, 11, 1)) == []
    assert len(patient.world.sms("1")) == 1  # “I come”
    with patient.world.services.database.read() as connection:
        assert connection.execute(care.appointments.select()).one().state == "confirmed"
    (second,) = patient.tick(at(26, 9))
    assert second != first
    assert patient.rows() == [("day_before", "queued", None), ("two_hours", "queued", None)]


def test_a_wiped_queue_and_a_second_clock_change_nothing(patient: Patient) -> None:
    """Nothing but the database knows what is due: two clocks and ten ticks send one message."""
    patient.act("appointments.book", slot=SLOT)
    patient.clock.now = at(25, 11)
    found = at_once([patient.world.services.reminders.tick] * 4)
    assert not [one for one in found if isinstance(one, Exception)]
    for _ in range(3):
        patient.world.services.reminders.tick()
    patient.world.services.delivery.run("sim-sms")
    assert len(patient.world.provider.take()) == 1


def test_nobody_is_written_to_in_the_quiet_hours(patient: Patient) -> None:
    early = "agdal.general.2026-11-26T08:30"
    patient.act("appointments.book", slot=early)
    assert patient.tick(at(25, 8, 30)) == []
    assert patient.rows()[0] == ("day_before", "planned", "quiet_hours")
    assert patient.tick(at(25, 8, 59)) == []
    assert len(patient.tick(at(25, 9))) == 1
    patient.idle()
    assert patient.tick(at(26, 6, 30)) == []
    assert patient.rows()[1] == ("two_hours", "skipped", "quiet_hours")


def test_a_visit_booked_for_today_has_only_what_lies_ahead(patient: Patient) -> None:
    patient.act("appointments.book", slot="agdal.general.2026-11-23T15:30")
    assert [step for step, *_ in patient.rows()] == ["two_hours"]


@pytest.mark.parametrize(("action", "reason"), [("appointments.cancel", "cancelled"), ("appointments.move", "moved")])
def test_a_visit_that_is_off_is_not_recalled(patient: Patient, action: str, reason: str) -> None:
    patient.act("appointments.book", slot=SLOT)
    later = "agdal.general.2026-11-27T11:00"
    params: dict[str, Json] = {"appointment": patient.visit()} | ({"slot": later} if reason == "moved" else {})
    assert patient.act(action, **params) == reason
    assert patient.tick(at(25, 11)) == []
    assert patient.rows()[:2] == [("day_before", "skipped", reason), ("two_hours", "skipped", reason)]
    assert len(patient.tick(at(26, 11))) == (1 if reason == "moved" else 0)


def test_a_visit_that_ended_behind_our_back_is_not_recalled(patient: Patient) -> None:
    patient.act("appointments.book", slot=SLOT)
    with patient.world.services.database.write() as connection:
        connection.execute(update(care.appointments).values(state="cancelled"))
    assert patient.tick(at(25, 11)) == []
    assert patient.rows()[0] == ("day_before", "skipped", "no_longer_needed")


def test_stop_ends_reminders_with_a_reason(patient: Patient) -> None:
    patient.act("appointments.book", slot=SLOT)
    assert patient.world.sms("STOP") == [patient.world.text("stop.confirmed")]
    assert patient.tick(at(25, 11)) == []
    assert patient.rows()[0] == ("day_before", "skipped", "opted_out")


def test_consent_taken_back_ends_reminders_with_a_reason(patient: Patient) -> None:
    patient.act("appointments.book", slot=SLOT)
    with patient.world.services.database.write() as connection:
        connection.execute(update(people.contacts).values(consent="refused"))
    assert patient.tick(at(25, 11)) == []
    assert patient.rows()[0] == ("day_before", "skipped", "no_consent")


def test_a_reminder_does_not_break_into_a_conversation(patient: Patient) -> None:
    patient.act("appointments.book", slot=SLOT)
    patient.clock.now = at(25, 10, 57)
    patient.world.sms("bghit rendez-vous")
    assert patient.tick(at(25, 11)) == []
    assert patient.rows()[0] == ("day_before", "planned", "in_conversation")
    assert len(patient.tick(at(25, 11, 10))) == 1


def test_after_a_long_standstill_only_what_still_helps_is_sent(patient: Patient) -> None:
    patient.act("appointments.book", slot=SLOT)
    assert len(patient.tick(at(26, 9, 30))) == 1
    assert patient.rows() == [("day_before", "skipped", "too_late"), ("two_hours", "queued", None)]


def test_one_reminder_that_cannot_be_sent_does_not_hold_up_the_others(patient: Patient) -> None:
    other = "+212600000002"
    patient.act("appointments.book", slot=SLOT)
    patient.world.agree(other)
    patient.world.services.reminders.tick()
    with patient.world.services.database.write() as connection:
        broken = contacts.by_urn(connection, Urn("tel", NUMBER), patient.world.services.vault)
        connection.execute(
            update(people.addresses).where(people.addresses.c.contact_id == broken).values(path_enc=b"\x01damaged")
        )
        fine = contacts.by_urn(connection, Urn("tel", other), patient.world.services.vault)
        assert fine
        contact = contacts.get(connection, fine, patient.world.services.vault)
        (address,) = contacts.addresses_of(connection, fine, patient.world.services.vault)
        assert contact
        who = Who(contact, address.id, "sim-sms", patient.clock(), "Africa/Casablanca")
        patient.world.services.actions.table["appointments.book"](connection, {"slot": SLOT}, who)
    patient.clock.now = at(25, 11)
    with pytest.raises(VaultError):  # told once, when all have had their turn
        patient.world.services.reminders.tick()
    assert len(patient.tick(at(25, 11))) == 1
    assert sorted(row[1:] for row in patient.rows() if row[0] == "day_before") == [
        ("queued", None),
        ("skipped", "fault"),
    ]


def test_doses_come_at_the_hours_that_were_chosen_and_are_recorded(patient: Patient) -> None:
    assert patient.act("adherence.enrol", hours=["08:00", "23:00", "rubbish"]) == "enrolled"
    (asked,) = patient.tick(at(23, 23))  # quiet hours do not hold back an hour of one's own
    assert asked
    assert patient.world.sms("1")
    assert patient.doses() == [("2026-11-23T23:00", "taken", None)]
    assert len(patient.tick(at(24, 8))) == 1
    assert patient.world.sms("3")
    assert patient.world.sms("1")
    assert patient.doses()[1:] == [("2026-11-24T08:00", "missed", "forgot")]


def test_an_answer_of_ones_own_accord_is_about_the_last_dose(patient: Patient) -> None:
    patient.act("adherence.enrol", hours=["13:00"])
    assert patient.world.sms("chrebt dwa")
    assert patient.doses() == []  # nothing was asked yet
    patient.idle()
    patient.tick(at(23, 13))
    patient.idle()
    patient.clock.now = at(23, 14)
    patient.world.sms("chrebt dwa")
    assert patient.doses() == [("2026-11-23T13:00", "taken", None)]


def test_doses_go_on_day_after_day_and_stop_when_asked(patient: Patient) -> None:
    patient.act("adherence.enrol", hours=["13:00"])
    sent = 0
    for hour in range(24 * 5):
        sent += len(patient.tick(at(23, 12) + timedelta(hours=hour)))
        patient.idle()
    assert sent == 5
    assert patient.act("adherence.stop") == "stopped"
    assert patient.act("adherence.stop") == "none"
    assert patient.tick(at(28, 13)) == []


def test_hours_chosen_anew_replace_the_earlier(patient: Patient) -> None:
    patient.act("adherence.enrol", hours=["13:00"])
    patient.act("adherence.enrol", hours=["14:00"])
    assert patient.tick(at(23, 13)) == []
    assert len(patient.tick(at(23, 14))) == 1


def test_a_dose_that_is_hours_late_is_not_asked_about(patient: Patient) -> None:
    patient.act("adherence.enrol", hours=["13:00"])
    assert patient.tick(at(23, 15)) == []
    assert patient.rows()[0] == ("2026-11-23T13:00", "skipped", "too_late")


def test_silence_after_a_reminder_is_followed_up_once(patient: Patient) -> None:
    patient.act("appointments.book", slot=SLOT)
    assert len(patient.tick(at(25, 11))) == 1
    assert patient.tick(at(25, 16, 59)) == []
    (nudge,) = patient.tick(at(25, 17))
    assert nudge.startswith(patient.world.text("appointment.nudge")[:10])
    assert patient.tick(at(25, 18)) == []
    assert patient.world.sms("1")  # the nudge has the same choices
    with patient.world.services.database.read() as connection:
        assert connection.execute(care.appointments.select()).one().state == "confirmed"


def test_a_silence_at_night_waits_for_the_morning(patient: Patient) -> None:
    late = "agdal.general.2026-11-26T16:00"
    patient.act("appointments.book", slot=late)
    assert len(patient.tick(at(25, 16))) == 1
    assert patient.tick(at(25, 22)) == []
    assert len(patient.tick(at(26, 9))) == 1


def test_a_silence_after_stop_means_nothing(patient: Patient) -> None:
    patient.act("appointments.book", slot=SLOT)
    patient.tick(at(25, 11))
    with patient.world.services.database.write() as connection:
        connection.execute(update(people.contacts).values(opted_out=True))
    assert patient.tick(at(25, 17)) == []
    assert patient.tick(at(26, 9)) == []


def test_a_plan_that_was_lost_is_made_again(patient: Patient) -> None:
    patient.act("adherence.enrol", hours=["13:00"])
    with patient.world.services.database.write() as connection:
        connection.execute(delete(care.reminders))
        connection.execute(update(care.enrolments).values(planned_until=None))
    assert len(patient.tick(at(23, 12, 59))) == 0
    assert len(patient.tick(at(23, 13))) == 1


def whatsapp_visit(world: World) -> None:
    """Somebody who books a visit by WhatsApp, days ahead."""
    address = Urn("whatsapp", NUMBER.removeprefix("+"))
    for text in ("salam", "1"):
        message = Inbound(world.new_id(), address, text)
        world.receive(message, channel="sim-whatsapp")
    world.services.delivery.run("sim-whatsapp")
    world.provider.take()
    world.close_conversations()
    services = world.services
    with services.database.write() as connection:
        id_ = contacts.by_urn(connection, address, services.vault)
        assert id_
        contact = contacts.get(connection, id_, services.vault)
        (known,) = (one for one in contacts.addresses_of(connection, id_, services.vault) if one.urn == address)
        assert contact
        who = Who(contact, known.id, "sim-whatsapp", world.clock(), "Africa/Casablanca")
        assert services.actions.table["appointments.book"](connection, {"slot": SLOT}, who)["branch"] == "booked"


def test_a_day_after_the_last_whatsapp_message_the_reminder_comes_by_sms_and_is_answered_there(
    world: World, clock: Clock
) -> None:
    whatsapp_visit(world)
    clock.now = at(25, 11)
    world.services.reminders.tick()
    assert world.services.delivery.run("sim-whatsapp").total == 0
    world.services.delivery.run("sim-sms")
    (text,) = world.provider.take()
    assert "Agdal" in text
    assert len(world.sms("1")) == 1  # “I come”, by SMS, from the same contact
    with world.services.database.read() as connection:
        assert connection.execute(care.appointments.select()).one().state == "confirmed"


def test_a_number_that_is_another_contacts_is_not_written_to_instead(world: World, clock: Clock) -> None:
    world.agree()
    whatsapp_visit(world)
    with world.services.database.write() as connection:  # as it was before a number was one contact's on every network
        other = world.new_id()
        identity.create(connection, other, clock())
        connection.execute(update(people.addresses).where(people.addresses.c.scheme == "tel").values(contact_id=other))
    clock.now = at(25, 11)
    world.services.reminders.tick()
    with world.services.database.read() as connection:
        first = connection.execute(care.reminders.select().order_by(care.reminders.c.due_at)).first()
    assert first is not None
    assert (first.state, first.reason) == ("skipped", "outside_window")
