"""A campaign reckoned out before it goes, and counted up after."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from bot.core import cost
from bot.core.render import spelt
from bot.store.campaigns import Campaign
from locales.catalog import CHAINS, FORMS
from sms_gateway.channel import Capabilities
from sms_gateway.encoding import UCS2


@dataclass(frozen=True, slots=True)
class FormPlan:
    """What the people of one language and script would get: how many, whose text, its size and cost (MAD).

    `text_of` is the form whose text they get, which is another where theirs has none, or None: they get nothing.
    """

    form: str
    people: int
    text_of: str | None
    estimate: cost.Estimate | None
    sent: str | None = field(default=None, repr=False)
    """The text as the channel sends it, where it is respelt."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A draft reckoned out. `gaps` are forms with people but without a text of their own."""

    forms: tuple[FormPlan, ...]
    people: int
    mad: Decimal
    gaps: tuple[str, ...]
    price: cost.Price | None = None
    """What it was reckoned with; None where no price is known."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a campaign, in people."""

    total: int
    waiting: int
    sent: int
    delivered: int
    failed: int
    unknown: int
    skipped: Mapping[str, int]
    failed_by: Mapping[str, int]


def text_for(texts: Mapping[str, str], form: str) -> str | None:
    """The form whose text somebody of `form` gets: their own, else the next of its chain that has one."""
    return next((one for one in CHAINS.get(form, ("fr",)) if texts.get(one)), None)


def digest(campaign: Campaign) -> str:
    """Changes with everything that an approval is about."""
    audience = campaign.audience
    about = [campaign.name, dict(sorted(campaign.texts.items())), campaign.channel, campaign.per_minute]
    about += [audience.forms, audience.facilities, audience.programmes]
    return hashlib.sha256(json.dumps(about, ensure_ascii=False).encode()).hexdigest()


def reckon(
    texts: Mapping[str, str],
    people: Mapping[str, int],
    capabilities: Capabilities,
    today: date,
    contract: Sequence[cost.Price] = (),
) -> Plan:
    """Who of `people` (by form) would get which text, and what it costs."""
    medium, alphabet = capabilities.medium, UCS2 if capabilities.always_ucs2 else None
    forms = []
    for form in FORMS:
        text_of = text_for(texts, form)
        here = people.get(form, 0)
        if here or form in texts:
            if text_of is None:
                forms.append(FormPlan(form, here, None, None))
                continue
            sent = spelt(texts[text_of], capabilities)
            estimate = cost.estimate(sent, here, medium, today, contract, alphabet=alphabet)
            forms.append(FormPlan(form, here, text_of, estimate, None if sent == texts[text_of] else sent))
    mad = sum((one.estimate.mad for one in forms if one.estimate), Decimal(0))
    gaps = tuple(one.form for one in forms if one.people and one.text_of != one.form)
    return Plan(tuple(forms), sum(people.values()), mad, gaps, cost.price(medium, today, contract))


def tally(outcomes: list[tuple[str, str | None, int]]) -> Result:
    """Counts by outcome; `sent` counts everything a provider took, `delivered` the part of it that arrived."""

    def of(*states: str) -> int:
        return sum(people for state, _, people in outcomes if state in states)

    def by_reason(state: str) -> dict[str, int]:
        reasons: dict[str, int] = {}
        for was, reason, people in outcomes:
            if was == state:
                reasons[reason or "unknown"] = reasons.get(reason or "unknown", 0) + people
        return dict(sorted(reasons.items()))

    return Result(
        total=sum(people for *_, people in outcomes),
        waiting=of("waiting", "queued", "sending"),
        sent=of("sent", "delivered", "read"),
        delivered=of("delivered", "read"),
        failed=of("failed"),
        unknown=of("unknown"),
        skipped=by_reason("skipped"),
        failed_by=by_reason("failed"),
    )
