"""Floods, loops and fraud: when a message is held back from being answered, and when one is not sent. PURE.

A message that is held is stored and read for danger like any other; only what would be said to it is left out. A danger
sign is answered whatever else is going on: the only limit on it is that after DANGERS answers within the window the same
number hears the emergency text once a minute, not once a message.

The state of a number (`Seen`) is kept by the caller and changed here; times are seconds since 1970.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.core.model import Consent, Conversation, Kind
from bot.core.sending import Skip, Verdict, Wait
from bot.core.turn import Decision, Effect, Open, Spoken, Turn
from flows.types import Say
from nlu.types import Keyword

WINDOW = 300.0
"""Five minutes: the window of the repetition guard (docs/channels.md, abuse)."""
QUIET = 60.0
"""A flood that goes on over the end of its window stays held until a minute passes without a message."""
EXCHANGES, VARIED = 30, 3
"""More messages than that in a window with no more than that many different texts: a machine. One message in ten seconds
for five minutes is more than thumbs do; three texts are two answers and a menu."""
ECHO, ECHO_FROM = 600.0, 20
"""How long our own texts are recognised when they come back, in seconds, and from which length: people say "D'accord." too."""
DANGERS, DANGER_EVERY = 20, 60.0
"""Danger signs of one number answered in a window; above, one answer a minute. The text is known to whoever got it
twenty times, and a minute is less than an ambulance needs to be sent."""
NEW_TEXT = 5
"""Times within a window that a text counts as something new, whatever was written before it."""
MOST_TEXTS = 16
"""Different texts of one number remembered in a window."""
HOUR, DAY = 3600, 86400
BULK = 20
"""Reminders and campaign texts to one number a day: four doses, a visit and its nudges are nine."""
ABROAD = 10
"""Answers a day to a number outside the listed countries: consent, a question, what to do in danger."""
BULK_SHARE = 0.8
"""Part of the hour's total that reminders and campaigns may use; the rest is kept for answers."""
PREFIX = 7
"""Digits of an operator's range: 212, then four. Ten thousandths of the country's mobile numbers, 100,000 of them."""

HEADED = re.compile(
    r"\W*(?:auto[\s-]?(?:reply|response|répon)|automatic (?:reply|response)|out of (?:the )?office|"
    r"r[ée]ponse automatique|message automatique|absence du bureau|"
    r"(?:ال)?رد (?:ال)?(?:تلقائي|آلي|اوتوماتيكي)|خارج المكتب)",
    re.IGNORECASE,
)
"""How a machine's answer begins, and a person's message does not."""
AUTOMATIC = 200
"""Characters of a text that are searched for the marks of a machine."""
HINTS = re.compile(
    r"je suis (?:actuellement )?(?:absente?|en congés?|en réunion|en déplacement|indisponible)|ne pas répondre à ce|"
    r"(?:i am|i'm) (?:currently )?(?:out of|away|driving|unavailable|on leave)|do not reply|no-?reply|"
    r"will (?:get back|reply) to you|je vous (?:répondrai|rappellerai) (?:dès|plus tard)|"
    r"غير متوفر حاليا|سأرد عليك|سأعاود الاتصال|لا ترد على هذه",
    re.IGNORECASE,
)
"""What such answers say, and people say too ("je suis absent demain"): answered once, silent when it comes again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is too much. 0 switches a limit off. The reasons for the numbers stand in docs/abuse.md."""

    same_texts: int = 20
    """Times the same text is answered within WINDOW."""
    hourly: int = 240
    """Answers to one number an hour."""
    daily: int = 1_000
    """Answers to one number a day."""
    prefix_hourly: int = 100_000
    """Answers to one range of numbers an hour."""
    all_hourly: int = 1_000_000
    """Texts to everybody an hour."""
    countries: tuple[str, ...] = ("212",)
    """Calling codes that texts are sent to."""

    def home(self, scheme: str, path: str) -> bool:
        """Whether an address is in a listed country; one that is no number belongs to none and passes."""
        return scheme not in {"tel", "whatsapp"} or path.removeprefix("+").startswith(self.countries)


@dataclass(frozen=True, slots=True)
class Held:
    """A message that is not answered, why, and whether this one time "your messages have arrived" is said."""

    reason: str
    told: bool = False


@dataclass(slots=True)
class Seen:
    """What one number did lately."""

    since: float
    ids: tuple[str, ...] = ()
    """The provider's ids of the last messages: a repeated request is no message."""
    verdict: "Held | None" = None
    """What was found of the last one."""
    case: tuple[str, str] | None = None
    """Id and reason of the last urgent case that was opened for it."""
    total: int = 0
    texts: dict[int, int] = field(default_factory=dict, repr=False)
    """How often each text came, by its hash: no text stays in memory."""
    last: float = 0.0
    held: bool = False
    hour: int = 0
    hourly: int = 0
    day: int = 0
    daily: int = 0
    ours: tuple[int, ...] = field(default=(), repr=False)
    """Hashes of what we said last."""
    ours_at: float = 0.0
    dangers: int = 0
    dangers_since: float = 0.0
    danger_at: float = 0.0
    alarm: "tuple[str, Held | None] | None" = None
    """The provider's id of the last danger sign, and what was found of it."""

    def again(self, id_: str) -> bool:
        """Whether this is a repeat of one of the last messages; remembered if not."""
        if id_ in self.ids:
            return True
        self.ids = (id_, *self.ids[:3])
        return False

    def spoke(self, texts: Iterable[str], now: float) -> None:
        """Remember what was answered, to know it when it comes back."""
        self.ours, self.ours_at = tuple(hash(text) for text in texts if len(text) >= ECHO_FROM), now


def weigh(
    seen: Seen, text: str, now: float, limits: Limits, *, home: bool = True, same: int | None = None
) -> Held | None:
    """Count a message and say whether it is held. `same` is how often its text was seen by all processes together."""
    same = max(_counted(seen, text, now), same or 0)
    held = _held(seen, text, now, limits, same, home=home)
    seen.held = held is not None
    return held


def _counted(seen: Seen, text: str, now: float) -> int:
    if now - seen.since >= WINDOW:
        seen.since = now
        if not (seen.held and now - seen.last < QUIET):
            seen.total = 0
            seen.texts.clear()
    seen.last = now
    seen.total += 1
    hour, day = int(now // HOUR), int(now // DAY)
    if hour != seen.hour:
        seen.hour, seen.hourly = hour, 0
    if day != seen.day:
        seen.day, seen.daily = day, 0
    seen.hourly += 1
    seen.daily += 1
    if not text:  # a photo, or nothing: no text to repeat
        return 0
    key = hash(text)
    count = seen.texts[key] = seen.texts.pop(key, 0) + 1  # at the end: what comes again is the last to be forgotten
    if len(seen.texts) > MOST_TEXTS:
        del seen.texts[next(iter(seen.texts))]
    return count


def _held(seen: Seen, text: str, now: float, limits: Limits, same: int, *, home: bool) -> Held | None:
    if seen.ours and hash(text) in seen.ours and now - seen.ours_at < ECHO:
        return Held("echo")
    begins = text[:AUTOMATIC]
    if len(text) > 7 and (HEADED.match(begins) or (same > 1 and HINTS.search(begins))):  # noqa: PLR2004 (shorter than any of them)
        return Held("automatic")
    return _repeated(seen, limits, same) or _too_many(seen, limits, home=home)


def _repeated(seen: Seen, limits: Limits, same: int) -> Held | None:
    if not limits.same_texts:
        return None
    if same > limits.same_texts:
        return Held("same_text", told=same == limits.same_texts + 1)
    if seen.total > EXCHANGES and len(seen.texts) <= VARIED and same > NEW_TEXT:
        return Held("no_variation", told=seen.total == EXCHANGES + 1)
    return None


def _too_many(seen: Seen, limits: Limits, *, home: bool) -> Held | None:
    if not home and seen.daily > ABROAD:
        return Held("abroad")
    if limits.hourly and seen.hourly > limits.hourly:
        return Held("number", told=seen.hourly == limits.hourly + 1)
    if limits.daily and seen.daily > limits.daily:
        return Held("number")
    return None


def weigh_danger(seen: Seen, now: float) -> Held | None:
    """Whether even a danger sign is not answered now: only when more than DANGERS were within the window, and the last
    answer is less than DANGER_EVERY old.
    """
    if now - seen.dangers_since >= WINDOW and now - seen.danger_at >= DANGER_EVERY:
        seen.dangers, seen.dangers_since = 0, now
    if seen.dangers >= DANGERS and now - seen.danger_at < DANGER_EVERY:
        return Held("danger")
    seen.dangers += 1
    seen.danger_at = now
    return None


def hold(turn: Turn, held: Held) -> Decision:
    """What a held message changes: STOP stops, nothing else. What was open stays open."""
    contact = replace(turn.contact, form=turn.contact.form or turn.default_form)
    conversation = turn.conversation
    if turn.said.keyword is Keyword.STOP:
        closed = Conversation(session_id=conversation.session_id, seen=conversation.seen)
        return Decision(replace(contact, opted_out=True), closed, keep_text=False)
    told = held.told and not contact.opted_out
    keep = contact.consent is Consent.GIVEN and not contact.opted_out
    return Decision(contact, conversation, (Spoken(Say("common.received")),) if told else (), keep_text=keep)


def once(seen: Seen, decision: Decision) -> Decision:
    """The decision without another urgent case where one for the same reason is what the contact waits in."""
    waiting_in = decision.contact.case_id

    def doubled(effect: Effect) -> bool:
        return isinstance(effect, Open) and effect.urgent and seen.case == (waiting_in, effect.reason)

    if not any(doubled(effect) for effect in decision.effects):
        return decision
    return replace(decision, effects=tuple(effect for effect in decision.effects if not doubled(effect)))


ANSWERS: Collection[Kind] = frozenset({Kind.REPLY, Kind.CONFIRMATION, Kind.STAFF})


@dataclass(frozen=True, slots=True)
class Sent:
    """How many texts went out, this one with them: to the number this hour and this day, to its range and to everybody
    this hour. Answers are counted apart from reminders and campaigns, but in `everybody`.
    """

    number_hour: int
    number_day: int
    prefix_hour: int
    everybody: int


def outgoing(kind: Kind, sent: Sent, limits: Limits, now: datetime, *, home: bool) -> Verdict | None:
    """Why one text is not sent now; None where no limit stands against it. An emergency is never held back."""
    if kind is Kind.EMERGENCY:
        return None
    if kind in ANSWERS:
        return _answer(sent, limits, home=home)
    if not home:
        return Skip("country")
    if sent.number_day > BULK:
        return Skip("limit_number")
    if limits.all_hourly and sent.everybody > limits.all_hourly * BULK_SHARE:
        return Wait(_next_hour(now), "limit_all")
    return None


def _answer(sent: Sent, limits: Limits, *, home: bool) -> Verdict | None:
    if not home and sent.number_day > ABROAD:
        return Skip("limit_abroad")
    if (limits.hourly and sent.number_hour > limits.hourly) or (limits.daily and sent.number_day > limits.daily):
        return Skip("limit_number")
    if limits.prefix_hourly and sent.prefix_hour > limits.prefix_hourly:
        return Skip("limit_prefix")
    if limits.all_hourly and sent.everybody > limits.all_hourly:
        return Skip("limit_all")
    return None


def _next_hour(now: datetime) -> datetime:
    hours = int(now.timestamp()) // HOUR + 1
    return datetime.fromtimestamp(hours * HOUR, UTC) + timedelta(seconds=1)


def digits(path: str) -> str:
    """The range of numbers that an address belongs to."""
    return path.removeprefix("+")[:PREFIX]
