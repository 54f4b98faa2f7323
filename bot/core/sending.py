"""The one door to a contact: reminders, campaigns and staff replies all ask `may_send`, and every no has a reason."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bot.core.model import Kind
from bot.core.wallclock import to_utc, to_wall


@dataclass(frozen=True, slots=True)
class Send:
    """Go."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: `until` is aware."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Never, because of `reason`."""

    reason: str


Verdict = Send | Wait | Skip


@dataclass(frozen=True, slots=True)
class QuietHours:
    """No message that can wait goes out from `begins` to `ends`, local time (20:00 to 9:00: docs/channels.md)."""

    begins: time = time(20)
    ends: time = time(9)

    def until(self, now: datetime, zone: str) -> datetime | None:
        """The end of the quiet hours that `now` lies in, as an aware moment; None outside them."""
        wall = to_wall(now, zone)
        hour = wall.time()
        overnight = self.begins > self.ends
        quiet = hour >= self.begins or hour < self.ends if overnight else self.begins <= hour < self.ends
        if not quiet:
            return None
        day = wall.date() + timedelta(days=1 if overnight and hour >= self.begins else 0)
        return to_utc(datetime.combine(day, self.ends), zone)


def may_send(  # noqa: PLR0913 (each is a separate fact about the contact or the message)
    kind: Kind,
    *,
    opted_out: bool,
    consented: bool,
    expires_at: datetime,
    now: datetime,
    zone: str,
    quiet: QuietHours | None,
    window_hours: int | None = None,
    last_inbound_at: datetime | None = None,
    template: bool = False,
) -> Verdict:
    """Whether one message may go to one contact now.

    `quiet` is None for messages whose hour the contact chose themselves (doses) and for answers. On channels with a
    window, free text goes out only within `window_hours` of the contact's last message.
    """
    if opted_out and not kind.passes_opt_out:
        return Skip("opted_out")
    if not consented and kind in {Kind.REMINDER, Kind.CAMPAIGN}:
        return Skip("no_consent")
    if now >= expires_at:
        return Skip("too_late")
    if window_hours is not None and not template:
        open_until = last_inbound_at + timedelta(hours=window_hours) if last_inbound_at else None
        if open_until is None or now >= open_until:
            return Skip("outside_window")
    quiet_until = quiet.until(now, zone) if quiet and kind in {Kind.REMINDER, Kind.CAMPAIGN} else None
    if quiet_until is not None:
        return Wait(quiet_until, "quiet_hours") if quiet_until < expires_at else Skip("quiet_hours")
    return Send()
