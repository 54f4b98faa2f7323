"""Campaigns: draft → test → approval by a second person → frozen audience → paced release → result.

Every message passes `may_send` when it is released and once more when it is sent. Replies overtake it all the way.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.cost import Price
from bot.core.identity import silent_too_long
from bot.core.ids import IdSource
from bot.core.model import Draft, Kind
from bot.core.render import spelt
from bot.core.sending import QuietHours, Skip, Verdict, Wait, may_send
from bot.service.answering import LANE
from bot.service.reckoning import Plan, Result, digest, reckon, tally, text_for
from bot.store import campaigns as store
from bot.store import contacts, identity, outbox, staff
from bot.store.campaigns import Campaign
from bot.store.database import Connection, Database
from bot.store.vault import Vault
from locales.catalog import FORMS
from sms_gateway.channel import Capabilities, Channel
from sms_gateway.encoding import UCS2
from sms_gateway.segments import count
from sms_gateway.types import Part, Urn

BATCH = 500
"""Rows a transaction: 31–63 thousand messages a second were measured with this size on two cores."""
LASTS = timedelta(hours=2)
"""How long a released message is still worth sending: a backlog must not end in the night."""
SAVED_UP = timedelta(seconds=60)
"""Pace that was not used is kept this long: a clock that stood still does not flood the channel afterwards."""
FIRST_STEP = timedelta(seconds=5)
JUDGE_LAST, JUDGE_FROM, WORST = 50, 10, 0.2
"""More than a fifth of the last 50 outcomes failed (from 10 outcomes on): the campaign pauses by itself."""
MOST_SEGMENTS = 4
LONGEST_NAME = 80
PER_MINUTE = range(1, 60_001)


class Campaigns:
    """What staff and the clock do with campaigns. Refusals are words of the pages; None means that it was done."""

    def __init__(  # noqa: PLR0913 (what a campaign stands on, made once in bot.wiring)
        self,
        *,
        database: Database,
        vault: Vault,
        channels: Mapping[str, Channel],
        wake: Callable[[str], None],
        clock: Callable[[], datetime],
        new_id: IdSource,
        quiet: QuietHours,
        zone: str,
        prices: Mapping[str, Price],
    ) -> None:
        self._prices = prices
        self._database, self._vault, self._channels, self._wake = database, vault, channels, wake
        self._clock, self._new_id, self._quiet, self._zone = clock, new_id, quiet, zone

    def able(self) -> list[str]:
        """Channels a campaign can go out on."""
        return [name for name, channel in self._channels.items() if channel.capabilities.medium in store.SCHEMES]

    def save(self, draft: Campaign) -> str | None:
        """Keep a new draft (without id) or change one; `created_by` is whoever writes now."""
        if problem := self._wrong(draft):
            return problem
        with self._database.write() as connection:
            if store.get(connection, draft.id, self._vault) is None:
                store.add(connection, draft, self._vault, self._clock())
            elif not store.change(connection, draft, self._vault):
                return "no_draft"
            self._note(connection, draft.created_by, "campaign.written", draft.id)
        return None

    def _wrong(self, draft: Campaign) -> str | None:
        if not draft.name.strip() or len(draft.name) > LONGEST_NAME:
            return "campaign_name"
        if draft.channel not in self.able():
            return "channel_unknown"
        if draft.per_minute not in PER_MINUTE:
            return "pace_unknown"
        if set(draft.texts) - set(FORMS) or set(draft.audience.forms) - set(FORMS):
            return "choice_unknown"
        able = self._channels[draft.channel].capabilities
        for text in draft.texts.values():
            counted = count(spelt(text, able), UCS2 if able.always_ucs2 else None)
            if counted.units > able.max_units or (able.medium == "sms" and counted.segments > MOST_SEGMENTS):
                return "text_long"
        return None

    def all(self) -> list[Campaign]:
        with self._database.read() as connection:
            return store.latest(connection, self._vault)

    def get(self, id_: str) -> Campaign | None:
        with self._database.read() as connection:
            return store.get(connection, id_, self._vault)

    def plan(self, campaign: Campaign) -> Plan:
        """Who would get what now, and what it costs."""
        medium = self.medium(campaign.channel)
        with self._database.read() as connection:
            people = store.count_people(connection, campaign.audience, medium)
        today = self._clock().astimezone(ZoneInfo(self._zone)).date()
        contract = [self._prices[campaign.channel]] if campaign.channel in self._prices else []
        return reckon(campaign.texts, people, self._capabilities(campaign.channel), today, contract)

    def _capabilities(self, channel: str) -> Capabilities:
        return self._channels[channel].capabilities if channel in self._channels else Capabilities(medium="sms")

    def medium(self, channel: str) -> str:
        """The kind of a channel; `sms` for one that is gone."""
        return self._capabilities(channel).medium

    def test(self, id_: str, number: str, staff_id: str) -> str | None:
        """Send every text of a draft to one number of a member of the staff, who must have written to us before."""
        now = self._clock()
        with self._database.write() as connection:
            campaign = store.get(connection, id_, self._vault, lock=True)
            if campaign is None or campaign.state != "draft":
                return "no_draft"
            if not campaign.texts:
                return "text_empty"
            address = self._test_address(connection, campaign.channel, number)
            if address is None:
                return "number_unknown"
            contact_id, address_id, last_inbound_at = address
            contact = contacts.get(connection, contact_id, self._vault)
            verdict = self._verdict(
                Kind.STAFF,
                campaign,
                now,
                opted_out=bool(contact and contact.opted_out),
                last_inbound_at=last_inbound_at,
            )
            if isinstance(verdict, Skip):
                return verdict.reason
            drafts = [
                self._draft(Kind.STAFF, campaign, contact_id, address_id, text, now, f"test:{id_}")
                for text in campaign.texts.values()
            ]
            outbox.add(connection, drafts, self._vault)
            store.mark(connection, id_, tested_at=now)
            self._note(connection, staff_id, "campaign.tested", id_)
        self._wake(campaign.channel)
        return None

    def _test_address(
        self, connection: Connection, channel: str, number: str
    ) -> tuple[str, str, datetime | None] | None:
        digits = number.removeprefix("+")
        urns = {"sms": [Urn("tel", number)], "whatsapp": [Urn("whatsapp", digits), Urn("whatsapp", number)]}
        for urn in urns.get(self.medium(channel), []):
            contact_id = contacts.by_urn(connection, urn, self._vault)
            for address in contacts.addresses_of(connection, contact_id, self._vault) if contact_id else ():
                if address.urn == urn and contact_id:
                    return contact_id, address.id, address.last_inbound_at
        return None

    def approve(self, id_: str, staff_id: str, seen: str) -> str | None:
        """Let a campaign go. Refused to whoever wrote it, untested, without people or texts, or if it changed meanwhile."""
        now = self._clock()
        with self._database.write() as connection:
            campaign = store.get(connection, id_, self._vault, lock=True)
            if campaign is None or campaign.state != "draft":
                return "no_draft"
            if refused := self._unapprovable(campaign, staff_id, seen):
                return refused
            if not store.freeze(connection, campaign, self.medium(campaign.channel)):
                return "nobody"
            store.mark(connection, id_, state="running", approved_by=staff_id, approved_at=now)
            store.set_pace(connection, id_, now, now - FIRST_STEP)
            self._note(connection, staff_id, "campaign.approved", id_)
        return None

    def _unapprovable(self, campaign: Campaign, staff_id: str, seen: str) -> str | None:
        checks = (
            (campaign.created_by == staff_id, "second_person"),
            (digest(campaign) != seen, "changed_meanwhile"),
            (campaign.tested_at is None, "not_tested"),
            (campaign.channel not in self.able(), "channel_unknown"),
            (not campaign.texts, "text_empty"),
        )
        return next((word for wrong, word in checks if wrong), None)

    def pause(self, id_: str, staff_id: str) -> str | None:
        """Hold a running campaign; what is already in the outbox still goes."""
        return self._move(id_, staff_id, "running", "paused", "campaign.paused")

    def resume(self, id_: str, staff_id: str) -> str | None:
        """Let a paused campaign go on; failures from before are not held against it."""
        return self._move(id_, staff_id, "paused", "running", "campaign.resumed")

    def _move(self, id_: str, staff_id: str, before: str, after: str, act: str) -> str | None:
        now = self._clock()
        with self._database.write() as connection:
            campaign = store.get(connection, id_, self._vault, lock=True)
            if campaign is None or campaign.state != before:
                return "state_other"
            store.mark(connection, id_, state=after, reason=None)
            if after == "running":
                store.set_pace(connection, id_, now, now - FIRST_STEP)
            self._note(connection, staff_id, act, id_)
        return None

    def stop(self, id_: str, staff_id: str) -> str | None:
        """End a campaign for good: nobody gets it who did not yet."""
        now = self._clock()
        with self._database.write() as connection:
            campaign = store.get(connection, id_, self._vault, lock=True)
            if campaign is None or campaign.state not in {"running", "paused"}:
                return "state_other"
            store.mark(connection, id_, state="stopped", reason=None, finished_at=now)
            store.cancel_waiting(connection, id_, "stopped", now)
            self._note(connection, staff_id, "campaign.stopped", id_)
        return None

    def release(self, now: datetime) -> int:
        """Move what the pace allows into the outbox; called by the clock. Returns how many messages went there."""
        with self._database.read() as connection:
            going = store.running(connection)
        return sum(self._release(id_, now) for id_ in going)

    def _release(self, id_: str, now: datetime) -> int:
        released = 0
        channel = None
        while True:
            with self._database.write() as connection:
                campaign = store.take(connection, id_, self._vault)
                # judged once a release: nothing of what it queues has an outcome before it ends
                if campaign is None or (released == 0 and self._pauses(connection, campaign, now)):
                    break
                channel = campaign.channel
                queued, asked = self._batch(connection, campaign, now)
            released += queued
            if asked < BATCH:
                break
        if released and channel:
            self._wake(channel)
        return released

    def _pauses(self, connection: Connection, campaign: Campaign, now: datetime) -> bool:
        if campaign.channel not in self._channels:
            store.mark(connection, campaign.id, state="paused", reason="channel_unknown")
            return True
        known = store.pace(connection, campaign.id)
        failed, judged = store.last_failures(connection, campaign.id, known[0] if known else now, JUDGE_LAST)
        if judged < JUDGE_FROM or failed <= judged * WORST:
            return False
        store.mark(connection, campaign.id, state="paused", reason="failures")
        staff.note(connection, self._new_id(), None, "campaign.auto_paused", campaign.id, now)
        return True

    def _batch(self, connection: Connection, campaign: Campaign, now: datetime) -> tuple[int, int]:
        """One transaction's worth: (messages queued, people asked for)."""
        quiet_until = self._quiet.until(now, self._zone)
        if quiet_until is not None:
            store.mark(connection, campaign.id, reason="quiet_hours")
            return 0, 0
        known = store.pace(connection, campaign.id)
        going_since, used_until = known or (now, now - FIRST_STEP)
        used_until = max(used_until, now - SAVED_UP)
        allowed = int((now - used_until).total_seconds() * campaign.per_minute / 60)
        if allowed < 1:
            return 0, 0
        asked = min(allowed, BATCH)
        people = store.waiting(connection, campaign.id, asked)
        drafts: list[Draft] = []
        decided: list[tuple[str, str, str | None, str | None]] = []
        silent = [
            one.contact_id for one in people if one.last_inbound_at is None or silent_too_long(one.last_inbound_at, now)
        ]
        lost = identity.unreachable(connection, silent, now) if silent else set()
        for one in people:
            if one.contact_id in lost:
                decided.append((one.contact_id, "skipped", identity.NUMBER_LEFT, None))
                continue
            text_of = text_for(campaign.texts, one.form)
            verdict = self._verdict(
                Kind.CAMPAIGN,
                campaign,
                now,
                opted_out=one.opted_out,
                consented=one.consented,
                last_inbound_at=one.last_inbound_at,
            )
            if text_of is None or isinstance(verdict, Skip | Wait):
                reason = "no_text" if text_of is None or not isinstance(verdict, Skip | Wait) else verdict.reason
                decided.append((one.contact_id, "skipped", reason, None))
                continue
            text = campaign.texts[text_of]
            by = store.source(campaign.id)
            draft = self._draft(Kind.CAMPAIGN, campaign, one.contact_id, one.address_id, text, now, by)
            drafts.append(draft)
            decided.append((one.contact_id, "queued", None, draft.id))
        outbox.add(connection, drafts, self._vault)
        store.settle(connection, campaign.id, decided)
        store.set_pace(
            connection, campaign.id, going_since, used_until + timedelta(minutes=len(people) / campaign.per_minute)
        )
        if len(people) < asked:
            store.mark(connection, campaign.id, state="finished", reason=None, finished_at=now)
        elif campaign.reason:
            store.mark(connection, campaign.id, reason=None)
        return len(drafts), asked

    def _verdict(
        self,
        kind: Kind,
        campaign: Campaign,
        now: datetime,
        *,
        opted_out: bool,
        last_inbound_at: datetime | None,
        consented: bool = True,
    ) -> Verdict:
        return may_send(
            kind,
            opted_out=opted_out,
            consented=consented,
            expires_at=now + LASTS,
            now=now,
            zone=self._zone,
            quiet=self._quiet,
            window_hours=self._channels[campaign.channel].capabilities.window_hours,
            last_inbound_at=last_inbound_at,
        )

    def _draft(
        self, kind: Kind, campaign: Campaign, contact_id: str, address_id: str, text: str, now: datetime, source: str
    ) -> Draft:
        return Draft(
            id=self._new_id(),
            contact_id=contact_id,
            address_id=address_id,
            channel=campaign.channel,
            kind=kind,
            lane=LANE[kind],
            part=Part(spelt(text, self._capabilities(campaign.channel))),
            created_at=now,
            due_at=now,
            expires_at=now + LASTS,
            source=source,
        )

    def result(self, id_: str) -> Result:
        """What became of everybody in the audience."""
        with self._database.read() as connection:
            return tally(store.outcomes(connection, id_))

    def _note(self, connection: Connection, staff_id: str, action: str, subject: str) -> None:
        staff.note(connection, self._new_id(), staff_id, action, subject, self._clock())
