"""Campaigns: drafts, the frozen audience, what became of each person's message."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Select, and_, func, insert, literal, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.model import Consent, State
from bot.store.database import driver_connection
from bot.store.tables.care import appointments, enrolments, slots
from bot.store.tables.contacts import addresses, contacts
from bot.store.tables.messages import outbox
from bot.store.tables.work import campaign_audience, campaigns, switches
from bot.store.vault import Vault

PLACE_TITLE, PLACE_TEXTS = "campaigns.name_enc", "campaigns.texts_enc"
SCHEMES: Mapping[str, tuple[str, ...]] = {"sms": ("tel",), "whatsapp": ("whatsapp", "bsuid")}
"""Which addresses a kind of channel reaches."""
NO_VISIT = ("cancelled", "moved")
SENT = (State.SENT.value, State.DELIVERED.value, State.READ.value)
JUDGED = (*SENT, State.FAILED.value, State.UNKNOWN.value)


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a campaign is for: by language and script, health centre, programme; an empty list means all."""

    forms: tuple[str, ...] = ()
    facilities: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign. `texts` by form; `created_by` is whoever last wrote it; times are UTC."""

    id: str
    audience: Audience
    channel: str
    per_minute: int
    created_by: str
    name: str = field(repr=False)
    texts: Mapping[str, str] = field(repr=False)
    state: str = "draft"
    reason: str | None = None
    approved_by: str | None = None
    tested_at: datetime | None = None
    created_at: datetime | None = None
    approved_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Addressee:
    """One person whose message is still to be decided about."""

    contact_id: str
    address_id: str
    form: str
    opted_out: bool
    consented: bool
    last_inbound_at: datetime | None


def _audience(value: Mapping[str, Sequence[str]]) -> Audience:
    return Audience(*(tuple(value.get(name, ())) for name in ("forms", "facilities", "programmes")))


def _values(campaign: Campaign, vault: Vault) -> dict[str, object]:
    audience = campaign.audience
    chosen = {"forms": audience.forms, "facilities": audience.facilities, "programmes": audience.programmes}
    return {
        "name_enc": vault.seal(campaign.name, PLACE_TITLE),
        "audience": json.dumps(chosen),
        "texts_enc": vault.seal(json.dumps(dict(campaign.texts), ensure_ascii=False), PLACE_TEXTS),
        "channel": campaign.channel,
        "per_minute": campaign.per_minute,
        "created_by": campaign.created_by,
    }


def _campaign(row: object, vault: Vault) -> Campaign:
    get_ = row._mapping.__getitem__  # type: ignore[attr-defined] # noqa: SLF001 (SQLAlchemy's row)
    return Campaign(
        id=get_("id"),
        audience=_audience(json.loads(get_("audience"))),
        channel=get_("channel"),
        per_minute=get_("per_minute"),
        created_by=get_("created_by"),
        name=vault.open(get_("name_enc"), PLACE_TITLE),
        texts=json.loads(vault.open(get_("texts_enc"), PLACE_TEXTS)),
        state=get_("state"),
        reason=get_("reason"),
        approved_by=get_("approved_by"),
        tested_at=get_("tested_at"),
        created_at=get_("created_at"),
        approved_at=get_("approved_at"),
        finished_at=get_("finished_at"),
    )


def add(connection: Connection, campaign: Campaign, vault: Vault, now: datetime) -> None:
    connection.execute(insert(campaigns).values(id=campaign.id, created_at=now, **_values(campaign, vault)))


def change(connection: Connection, campaign: Campaign, vault: Vault) -> bool:
    """Rewrite a draft, which must then be tried again; False when it is no draft any more."""
    where = (campaigns.c.id == campaign.id, campaigns.c.state == "draft")
    values = {**_values(campaign, vault), "tested_at": None}
    return connection.execute(update(campaigns).where(*where).values(values)).rowcount == 1


def get(connection: Connection, id_: str, vault: Vault, *, lock: bool = False) -> Campaign | None:
    query = select(campaigns).where(campaigns.c.id == id_)
    row = connection.execute(query.with_for_update() if lock else query).first()
    return _campaign(row, vault) if row else None


def latest(connection: Connection, vault: Vault, limit: int = 100) -> list[Campaign]:
    """Campaigns, the newest first."""
    rows = connection.execute(select(campaigns).order_by(campaigns.c.created_at.desc()).limit(limit))
    return [_campaign(row, vault) for row in rows]


def mark(connection: Connection, id_: str, **values: object) -> None:
    """Set columns of a campaign."""
    connection.execute(update(campaigns).where(campaigns.c.id == id_).values(values))


def _chosen(audience: Audience, medium: str) -> Select[tuple[str, str, str]]:
    address = (
        select(addresses.c.id)
        .where(addresses.c.contact_id == contacts.c.id, addresses.c.scheme.in_(SCHEMES.get(medium, ())))
        .order_by(addresses.c.last_inbound_at.desc().nulls_last(), addresses.c.id)
        .limit(1)
        .scalar_subquery()
    )
    form = func.coalesce(contacts.c.form, "fr")
    where = [contacts.c.consent == Consent.GIVEN.value, contacts.c.opted_out.is_(False), address.is_not(None)]
    if audience.forms:
        where.append(form.in_(audience.forms))
    if audience.facilities:
        visits = (
            select(appointments.c.contact_id)
            .join(slots, slots.c.id == appointments.c.slot_id)
            .where(slots.c.facility_id.in_(audience.facilities), appointments.c.state.not_in(NO_VISIT))
        )
        where.append(contacts.c.id.in_(visits))
    if audience.programmes:
        enrolled = select(enrolments.c.contact_id).where(
            enrolments.c.programme.in_(audience.programmes), enrolments.c.state == "active"
        )
        where.append(contacts.c.id.in_(enrolled))
    return select(contacts.c.id, address.label("address_id"), form.label("form")).where(and_(*where))


def count_people(connection: Connection, audience: Audience, medium: str) -> dict[str, int]:
    """How many people would get it now, by form: those with consent, not opted out, whom the channel reaches."""
    chosen = _chosen(audience, medium).subquery()
    rows = connection.execute(select(chosen.c.form, func.count().label("people")).group_by(chosen.c.form))
    return {row.form: row.people for row in rows}


def freeze(connection: Connection, campaign: Campaign, medium: str) -> int:
    """Write down who is in the audience, in one statement; returns how many. A second time adds nobody twice."""
    chosen = _chosen(campaign.audience, medium).subquery()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    # SQLite reads "ON CONFLICT" after a bare SELECT as a join: the WHERE keeps them apart (its manual, "Parsing ambiguity")
    rows = select(literal(campaign.id), chosen.c.id, chosen.c.address_id, chosen.c.form, literal("waiting")).where(
        literal(1) == 1
    )
    columns = ["campaign_id", "contact_id", "address_id", "form", "state"]
    connection.execute(dialect.insert(campaign_audience).from_select(columns, rows).on_conflict_do_nothing())
    return connection.scalar(select(func.count()).where(campaign_audience.c.campaign_id == campaign.id)) or 0


def running(connection: Connection) -> list[str]:
    """Ids of the campaigns that are going out, the oldest first."""
    return list(
        connection.scalars(
            select(campaigns.c.id).where(campaigns.c.state == "running").order_by(campaigns.c.approved_at)
        )
    )


def take(connection: Connection, id_: str, vault: Vault) -> Campaign | None:
    """A running campaign, held until the transaction ends; None when it is not running or another clock holds it."""
    query = select(campaigns).where(campaigns.c.id == id_, campaigns.c.state == "running")
    if connection.dialect.name == "postgresql":
        query = query.with_for_update(skip_locked=True)
    row = connection.execute(query).first()
    return _campaign(row, vault) if row else None


def waiting(connection: Connection, id_: str, limit: int) -> list[Addressee]:
    """People of the audience whose message is still to be decided about."""
    rows = connection.execute(
        select(campaign_audience, contacts.c.opted_out, contacts.c.consent, addresses.c.last_inbound_at)
        .join(contacts, contacts.c.id == campaign_audience.c.contact_id)
        .join(addresses, addresses.c.id == campaign_audience.c.address_id)
        # written out, so that the index of those who wait is seen to hold them all
        .where(campaign_audience.c.campaign_id == id_, text("campaign_audience.state = 'waiting'"))
        .order_by(campaign_audience.c.contact_id)
        .limit(limit),
    )
    return [
        Addressee(
            row.contact_id,
            row.address_id,
            row.form,
            row.opted_out,
            row.consent == Consent.GIVEN.value,
            row.last_inbound_at,
        )
        for row in rows
    ]


def settle(connection: Connection, id_: str, decided: Sequence[tuple[str, str, str | None, str | None]]) -> None:
    """Write what was decided: (contact, `queued` or `skipped`, reason, outbox row)."""
    if not decided:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(_SETTLE_POSTGRES, {"campaign": id_, "rows": json.dumps([[*row] for row in decided])})
        return
    driver_connection(connection).executemany(_SETTLE_SQLITE, [(*row, id_) for row in decided])


# All decisions of a batch in one statement, handed over as one JSON text.
_SETTLE_POSTGRES = text("""
UPDATE campaign_audience SET state = decided.state, reason = decided.reason, outbox_id = decided.message
FROM (
  SELECT value->>0 AS contact, value->>1 AS state, value->>2 AS reason, value->>3 AS message
  FROM json_array_elements(CAST(:rows AS json))
) AS decided
WHERE campaign_audience.campaign_id = :campaign AND campaign_audience.contact_id = decided.contact
""")
_SETTLE_SQLITE = """
UPDATE campaign_audience SET state = ?2, reason = ?3, outbox_id = ?4 WHERE campaign_id = ?5 AND contact_id = ?1
"""


def cancel_waiting(connection: Connection, id_: str, reason: str, now: datetime) -> None:
    """Nobody else gets it: neither those still to be decided about nor those whose message waits in the outbox."""
    mine = (campaign_audience.c.campaign_id == id_, campaign_audience.c.state == "waiting")
    connection.execute(update(campaign_audience).where(*mine).values(state="skipped", reason=reason))
    queued = (outbox.c.source == source(id_), outbox.c.state == State.QUEUED.value, outbox.c.lease_until.is_(None))
    values = {"state": State.SKIPPED.value, "reason": reason, "settled_at": now}
    connection.execute(update(outbox).where(*queued).values(values))


def source(id_: str) -> str:
    """How the outbox names a campaign."""
    return f"campaign:{id_}"


def outcomes(connection: Connection, id_: str) -> list[tuple[str, str | None, int]]:
    """How many people's messages are where: (state, reason, people); `waiting` are not yet decided about."""
    state = func.coalesce(outbox.c.state, campaign_audience.c.state).label("state")
    reason = func.coalesce(outbox.c.reason, campaign_audience.c.reason).label("reason")
    rows = connection.execute(
        select(state, reason, func.count().label("people"))
        .select_from(campaign_audience.outerjoin(outbox, outbox.c.id == campaign_audience.c.outbox_id))
        .where(campaign_audience.c.campaign_id == id_)
        .group_by(state, reason),
    )
    return [(row.state, row.reason, row.people) for row in rows]


def last_failures(connection: Connection, id_: str, since: datetime, last: int) -> tuple[int, int]:
    """Of the `last` messages with an outcome that were queued since a moment: how many failed, and how many there are."""
    recent = (
        select(outbox.c.state)
        .where(outbox.c.source == source(id_), outbox.c.state.in_(JUDGED), outbox.c.created_at >= since)
        .order_by(outbox.c.id.desc())
        .limit(last)
    )
    states = list(connection.scalars(recent))
    return states.count(State.FAILED.value), len(states)


def pace(connection: Connection, id_: str) -> tuple[datetime, datetime] | None:
    """When the campaign was last set going, and up to when its pace is used up."""
    row = connection.execute(select(switches).where(switches.c.name == f"pace:{id_}")).first()
    return (datetime.fromisoformat(row.value), row.changed_at) if row else None


def set_pace(connection: Connection, id_: str, going_since: datetime, used_until: datetime) -> None:
    values = {"value": going_since.isoformat(), "changed_at": used_until}
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(switches).values(name=f"pace:{id_}", **values)
    connection.execute(row.on_conflict_do_update(index_elements=["name"], set_=values))
