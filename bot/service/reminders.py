"""Reminders that fire: plan → tick → `may_send` → outbox; and the questions nobody answered.

Two clocks may run at once: rows are claimed with SKIP LOCKED (PostgreSQL) or one writer at a time (SQLite), and a reminder
leaves `planned` in the transaction that writes its message.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from bot.core import flowing
from bot.core.identity import silent_too_long
from bot.core.ids import IdSource
from bot.core.model import Consent, Contact, Conversation, Kind, NewCase
from bot.core.sending import QuietHours, Send, Skip, Wait, may_send
from bot.core.turn import Decision, FlowBook, Open, Turn
from bot.service.answering import Composer
from bot.service.appointments import described
from bot.service.profiles import described as profiles_described
from bot.service.programmes import AHEAD, Planner
from bot.store import appointments, contacts, identity, outbox, profiles, reminders
from bot.store.contacts import Address
from bot.store.database import Connection, Database, is_the_databases
from bot.store.reminders import Due
from bot.store.vault import Vault
from flows.programmes import Programme, ProgrammeStep
from flows.types import Json
from nlu.types import Understood
from sms_gateway.channel import Channel
from sms_gateway.msisdn import e164, may_sms
from sms_gateway.types import Urn

BATCH = 100
IN_CONVERSATION = timedelta(minutes=10)
"""A reminder does not break into a conversation this fresh."""
PLAN_LEFT = timedelta(hours=24)
"""Daily reminders are planned on when less than this is left of the plan."""


class Reminders:
    """The clock's work."""

    def __init__(  # noqa: PLR0913 (everything a reminder stands on, made once in bot.wiring)
        self,
        *,
        database: Database,
        vault: Vault,
        channels: Mapping[str, Channel],
        push: Callable[[str], Channel | None],
        programmes: Mapping[str, Programme],
        planner: Planner,
        composer: Composer,
        flows: Callable[[], FlowBook],
        clock: Callable[[], datetime],
        new_id: IdSource,
        quiet: QuietHours,
        zone: str,
    ) -> None:
        self._database, self._vault, self._channels, self._push = database, vault, channels, push
        self._programmes, self._planner, self._composer, self._flows = programmes, planner, composer, flows
        self._clock, self._new_id, self._quiet, self._zone = clock, new_id, quiet, zone

    def tick(self) -> dict[str, int]:
        """Plan on, send what is due, follow up what fell silent. Returns how many of each outcome.

        One that fails for a reason of its own is set aside (`skipped`, `fault`); the first such failure is raised when
        all the others have had their turn.
        """
        counts: dict[str, int] = {}
        failures: list[Exception] = []
        now = self._clock()
        with self._database.write() as connection:
            for enrolment in reminders.to_plan(connection, now + AHEAD - PLAN_LEFT, BATCH):
                self._planner.plan(connection, enrolment, now)
        for _ in range(50):
            with self._database.write() as connection:
                due = reminders.claim_due(connection, self._clock(), BATCH)
                for one in due:
                    outcome = self._apart(connection, partial(self._send, connection, one), failures)
                    if outcome is None:
                        reminders.settle(connection, one.id, "skipped", self._clock(), reason="fault")
                        outcome = "fault"
                    counts[outcome] = counts.get(outcome, 0) + 1
            if len(due) < BATCH:
                break
        with self._database.write() as connection:
            for contact_id, channel in contacts.fallen_silent(connection, self._clock(), BATCH):
                if self._apart(connection, partial(self._follow_up, connection, contact_id, channel), failures) is None:
                    contacts.put_off_silence(connection, contact_id, channel, None)
                counts["silent"] = counts.get("silent", 0) + 1
        if failures:
            raise failures[0]
        return counts

    @staticmethod
    def _apart(connection: Connection, work: Callable[[], str], failures: list[Exception]) -> str | None:
        """Do one thing in a savepoint of its own; None when it failed and left nothing."""
        try:
            with connection.begin_nested():
                return work()
        except Exception as failed:
            if is_the_databases(failed):
                raise
            failures.append(failed)
            return None

    def _send(self, connection: Connection, due: Due) -> str:
        now = self._clock()
        enrolment = due.enrolment
        contact = contacts.get(connection, enrolment.contact_id, self._vault, lock=True)
        channel = self._push(enrolment.channel)
        address = contacts.address(connection, enrolment.address_id, self._vault)
        step = self._step(enrolment.programme, due.step)
        if contact is None or channel is None or address is None or step is None:
            reminders.settle(connection, due.id, "skipped", now, reason="no_way_to_send")
            return "skipped"
        given = self._given(connection, due, step, contact)
        if given is None:
            reminders.settle(connection, due.id, "skipped", now, reason="no_longer_needed")
            return "skipped"
        if silent_too_long(contact.last_inbound_at, now) and identity.unreachable(connection, [contact.id], now):
            reminders.settle(connection, due.id, "skipped", now, reason=identity.NUMBER_LEFT)
            return identity.NUMBER_LEFT
        verdict = self._verdict(contact, channel, address, due, step)
        if verdict == Skip("outside_window") and (other := self._by_sms(connection, contact, address)):
            channel, address = other
            verdict = self._verdict(contact, channel, address, due, step)
        conversation = contacts.conversation(connection, contact.id, channel.name, self._vault)
        if isinstance(verdict, Skip):
            reminders.settle(connection, due.id, "skipped", now, reason=verdict.reason)
            return verdict.reason
        if isinstance(verdict, Wait) or _talking(conversation, now):
            until = verdict.until if isinstance(verdict, Wait) else now + IN_CONVERSATION
            reason = verdict.reason if isinstance(verdict, Wait) else "in_conversation"
            reminders.postpone(connection, due.id, until, reason)
            return reason
        flows = self._flows()
        decision = flowing.begin(_turn(contact, conversation, channel, now, enrolment.zone), flows, step.flow, given)
        sent = self._say(connection, channel, contact, address.id, decision, due.expires_at, due.id)
        reminders.settle(connection, due.id, "queued", now, outbox_id=sent)
        return "queued"

    def _verdict(
        self, contact: Contact, channel: Channel, address: Address, due: Due, step: ProgrammeStep
    ) -> Send | Wait | Skip:
        return may_send(
            Kind.REMINDER,
            opted_out=contact.opted_out,
            consented=contact.consent is Consent.GIVEN,
            expires_at=due.expires_at,
            now=self._clock(),
            zone=due.enrolment.zone,
            quiet=self._quiet if step.quiet == "respect" else None,
            window_hours=channel.capabilities.window_hours,
            last_inbound_at=address.last_inbound_at,
        )

    def _by_sms(self, connection: Connection, contact: Contact, address: Address) -> tuple[Channel, Address] | None:
        """The same phone by SMS, for a message that the contact's channel may not carry now.

        None where the address is no Moroccan mobile, no channel sends SMS, or the number is another contact's.
        """
        channel = next((one for one in self._channels.values() if one.capabilities.medium == "sms"), None)
        number = e164(f"+{address.urn.path}") if address.urn.scheme == "whatsapp" else None
        if channel is None or number is None or not may_sms(number):
            return None
        urn, now = Urn("tel", number), self._clock()
        found = contacts.also_at(connection, contact.id, urn, channel.name, self._vault, self._new_id(), now)
        return (channel, found) if found else None

    def _step(self, programme: str, step: str) -> ProgrammeStep | None:
        steps = self._programmes[programme].steps if programme in self._programmes else ()
        by_id = next((one for one in steps if one.id == step), None)
        return by_id or next((one for one in steps if one.daily is not None), None)

    def _given(self, connection: Connection, due: Due, step: ProgrammeStep, contact: Contact) -> dict[str, Json] | None:
        """What the reminder's flow starts with; None when what it was about is no more."""
        whose = due.enrolment.profile_id if contact.shared else None
        profile = profiles.get(connection, contact.id, whose, self._vault) if whose else None
        person: dict[str, Json] = {"person": profiles_described(profile)} if profile else {}
        if due.enrolment.subject is None:
            return {"dose": due.id, "step": step.id, **person}
        booking = appointments.by_id(connection, due.enrolment.subject)
        if booking is None or booking.state not in appointments.OPEN:
            return None
        return {"appointment": described(booking), "step": step.id, **person}

    def _say(
        self,
        connection: Connection,
        channel: Channel,
        contact: Contact,
        address_id: str,
        decision: Decision,
        expires_at: datetime,
        source: str,
    ) -> str | None:
        now = self._clock()
        kept, parts = self._composer.speak(channel, contact, decision, self._flows())
        drafts = [
            self._composer.draft(
                Kind.REMINDER, part, contact.id, address_id, channel.name, now, expires_at=expires_at, source=source
            )
            for part in parts
        ]
        outbox.add(connection, drafts, self._vault)
        contacts.save_conversation(connection, contact.id, channel.name, kept, self._vault, now)
        for effect in decision.effects:
            if isinstance(effect, Open) and contact.case_id is None:
                case = NewCase(self._new_id(), contact.id, effect.reason, effect.urgent, now)
                contacts.open_case(connection, case, address_id, channel.name)
        return drafts[0].id if drafts else None

    def _follow_up(self, connection: Connection, contact_id: str, channel_name: str) -> str:
        now = self._clock()
        contact = contacts.get(connection, contact_id, self._vault, lock=True)
        channel = self._channels.get(channel_name)
        conversation = contacts.conversation(connection, contact_id, channel_name, self._vault)
        address_id = contacts.last_address(connection, contact_id, channel_name)
        if contact is None or channel is None or address_id is None or channel.capabilities.medium == "ussd":
            contacts.put_off_silence(connection, contact_id, channel_name, None)
            return "put_off"
        zone = self._zone
        expires = conversation.expires_at or now + timedelta(hours=1)
        verdict = may_send(
            Kind.REMINDER,
            opted_out=contact.opted_out,
            consented=contact.consent is Consent.GIVEN,
            expires_at=expires,
            now=now,
            zone=zone,
            quiet=self._quiet,
        )
        if isinstance(verdict, Wait):
            contacts.put_off_silence(connection, contact_id, channel_name, verdict.until)
            return "put_off"
        turn = _turn(contact, conversation, channel, now, zone)
        decision = None if isinstance(verdict, Skip) else flowing.fall_silent(turn, self._flows())
        if decision is None:
            contacts.put_off_silence(connection, contact_id, channel_name, None)
            return "put_off"
        self._say(connection, channel, contact, address_id, decision, expires, "silence")
        return "said"


def _talking(conversation: Conversation, now: datetime) -> bool:
    fresh = conversation.updated_at is not None and now - conversation.updated_at < IN_CONVERSATION
    return fresh and conversation.flow is not None


def _turn(contact: Contact, conversation: Conversation, channel: Channel, now: datetime, zone: str) -> Turn:
    form = contact.form or "fr"
    return Turn(
        said=Understood(form, 0.0),
        contact=replace(contact, form=form),
        conversation=conversation,
        medium=channel.capabilities.medium,
        now=now,
        wall=now.astimezone(ZoneInfo(zone)),
    )
