"""Tables of the pure rules: may we send, what becomes of a send, when is it due, which numbers are in force."""

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import cost, ids, numbers, wallclock
from bot.core.delivery import LONGEST_PAUSE, MOST_ATTEMPTS, Outcome, after_error, after_report, after_send
from bot.core.model import Kind, State
from bot.core.schedule import Before, before_anchor, daily
from bot.core.sending import QuietHours, Send, Skip, Verdict, Wait, may_send
from bot.core.wallclock import to_utc, to_wall
from sms_gateway import errors
from sms_gateway.types import Accepted, Status

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
ZONE = "Africa/Casablanca"
HOUR = timedelta(hours=1)


def asked(kind: Kind, **given: object) -> Verdict:
    facts: dict[str, object] = {
        "opted_out": False,
        "consented": True,
        "expires_at": NOW + timedelta(days=1),
        "now": NOW,
        "zone": ZONE,
        "quiet": QuietHours(),
    }
    return may_send(kind, **(facts | given))  # type: ignore[arg-type]


MORNING = Wait(datetime(2026, 11, 24, 9, 0, tzinfo=UTC), "quiet_hours")


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(
    ("given", "bulk", "answers", "safety"),
    [
        ({}, Send(), Send(), Send()),
        ({"opted_out": True}, Skip("opted_out"), Skip("opted_out"), Send()),
        ({"consented": False}, Skip("no_consent"), Send(), Send()),
        ({"expires_at": NOW}, Skip("too_late"), Skip("too_late"), Skip("too_late")),
        ({"now": NIGHT}, MORNING, Send(), Send()),
        ({"now": NIGHT, "quiet": None}, Send(), Send(), Send()),
        ({"now": NIGHT, "expires_at": NIGHT + HOUR}, Skip("quiet_hours"), Send(), Send()),
        ({"window_hours": 24}, Skip("outside_window"), Skip("outside_window"), Skip("outside_window")),
        ({"window_hours": 24, "template": True}, Send(), Send(), Send()),
        ({"window_hours": 24, "last_inbound_at": NOW - 23 * HOUR}, Send(), Send(), Send()),
        (
            {"window_hours": 24, "last_inbound_at": NOW - 24 * HOUR},
            Skip("outside_window"),
            Skip("outside_window"),
            Skip("outside_window"),
        ),
    ],
)
def test_who_may_be_written_to(
    kind: Kind, given: dict[str, object], bulk: Verdict, answers: Verdict, safety: Verdict
) -> None:
    expected = {
        Kind.REMINDER: bulk,
        Kind.CAMPAIGN: bulk,
        Kind.REPLY: answers,
        Kind.STAFF: answers,
        Kind.CONFIRMATION: safety,
        Kind.EMERGENCY: safety,
    }
    assert asked(kind, **given) == expected[kind]


@pytest.mark.parametrize(
    ("quiet", "wall", "until"),
    [
        (QuietHours(), "19:59", None),
        (QuietHours(), "20:00", "24T09:00"),
        (QuietHours(), "23:59", "24T09:00"),
        (QuietHours(), "00:00", "23T09:00"),
        (QuietHours(), "08:59", "23T09:00"),
        (QuietHours(), "09:00", None),
        (QuietHours(time(13), time(15)), "12:59", None),
        (QuietHours(time(13), time(15)), "14:00", "23T15:00"),
        (QuietHours(time(13), time(15)), "15:00", None),
    ],
)
def test_quiet_hours(quiet: QuietHours, wall: str, until: str | None) -> None:
    now = to_utc(datetime.fromisoformat(f"2026-11-23T{wall}"), ZONE)
    expected = to_utc(datetime.fromisoformat(f"2026-11-{until}"), ZONE) if until else None
    assert quiet.until(now, ZONE) == expected


def test_quiet_hours_are_those_of_the_contacts_zone() -> None:
    assert QuietHours().until(datetime(2026, 11, 23, 19, 30, tzinfo=UTC), ZONE) is None
    assert QuietHours().until(datetime(2026, 11, 23, 19, 30, tzinfo=UTC), "Europe/Paris") is not None


@pytest.mark.parametrize(
    ("failed", "kind", "state"),
    [
        (errors.Unreachable(), Kind.REPLY, State.QUEUED),
        (errors.Throttled(), Kind.CAMPAIGN, State.QUEUED),
        (errors.OutcomeUnknown(), Kind.REPLY, State.UNKNOWN),
        (errors.OutcomeUnknown(), Kind.CONFIRMATION, State.UNKNOWN),
        (errors.OutcomeUnknown(), Kind.EMERGENCY, State.QUEUED),
        (errors.Rejected(code="21211"), Kind.REPLY, State.FAILED),
        (errors.InvalidUrn(), Kind.EMERGENCY, State.FAILED),
        (errors.Misconfigured(), Kind.REPLY, State.FAILED),
        (errors.OutsideWindow(), Kind.REMINDER, State.FAILED),
        (errors.ContactOptedOut(), Kind.REPLY, State.FAILED),
    ],
)
def test_what_becomes_of_a_failure(failed: errors.ChannelError, kind: Kind, state: State) -> None:
    outcome = after_error(failed, kind, 1, NOW, 0.5)
    assert (outcome.state, outcome.reason, outcome.code) == (state, failed.name, failed.code)
    assert (outcome.again_at is not None) == (state is State.QUEUED)
    if state is State.QUEUED:
        assert after_error(failed, kind, MOST_ATTEMPTS, NOW, 0.5).state is State.FAILED


@given(st.integers(1, MOST_ATTEMPTS - 1), st.floats(0, 1), st.none() | st.floats(0, 3600))
def test_pauses_grow_within_bounds_and_obey_the_provider(attempts: int, jitter: float, wait: float | None) -> None:
    again = after_error(errors.Throttled(wait=wait), Kind.REPLY, attempts, NOW, jitter).again_at
    assert again is not None
    pause = again - NOW
    ceiling = min(timedelta(seconds=2) * 2 ** (attempts - 1), LONGEST_PAUSE)
    assert pause >= max(ceiling / 2, timedelta(seconds=wait or 0))
    assert pause <= max(ceiling, timedelta(seconds=wait or 0))


def test_what_a_provider_accepted() -> None:
    assert after_send(Accepted("x")) == Outcome(State.SENT, external_id="x")
    assert after_send(Accepted("x", Status.DELIVERED)).state is State.DELIVERED
    assert after_send(Accepted(None, Status.QUEUED)) == Outcome(State.SENT)


REACHED = {State.SENT: 1, State.DELIVERED: 2, State.READ: 3}


@given(st.sampled_from(State), st.lists(st.sampled_from(Status), max_size=8))
def test_reports_never_move_a_message_backwards(state: State, told: list[Status]) -> None:
    start, reached = state, REACHED.get(state, 0)
    for status in told:
        moved = after_report(state, status)
        state = moved or state
        if moved in REACHED:
            assert REACHED[moved] >= reached
            reached = REACHED[moved]
        if moved is State.FAILED:
            assert reached < REACHED[State.DELIVERED]
    if start is State.SKIPPED:
        assert state is State.SKIPPED
    assert state not in {State.QUEUED, State.SENDING} or state is start


@given(st.sampled_from(State), st.sampled_from(Status))
def test_the_same_report_twice_changes_nothing_more(state: State, status: Status) -> None:
    moved = after_report(state, status)
    assert moved is None or after_report(moved, status) is None


def test_morocco_is_at_utc_whatever_older_data_say() -> None:
    """On 2026-12-01 Casablanca is at UTC+0: before 2026-09-20 it was at UTC+1, and older zone files still say so."""
    wallclock.require_current_zones()
    assert zoneinfo.TZPATH == ()  # the system's own files are not asked
    noon = datetime(2026, 12, 1, 12, 0)  # noqa: DTZ001 (wall time)
    assert to_utc(noon, ZONE) == datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
    assert to_utc(datetime(2026, 9, 1, 12, 0), ZONE) == datetime(2026, 9, 1, 11, 0, tzinfo=UTC)  # noqa: DTZ001 (same)
    assert to_wall(datetime(2027, 7, 1, 8, 0, tzinfo=UTC), ZONE) == datetime(2027, 7, 1, 8, 0)  # noqa: DTZ001 (same)


@pytest.mark.parametrize("version", ["2025.2", "2026.5"])
def test_old_zone_data_are_refused(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda _name: version)
    with pytest.raises(wallclock.StaleZones, match="make setup"):
        wallclock.require_current_zones()


def test_zone_data_without_moroccos_new_rules_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = zoneinfo.ZoneInfo

    class Old:
        """Zone files from before the change: Casablanca is an hour ahead, as Paris is in winter."""

        clear_cache = real.clear_cache

        def __new__(cls, _key: str) -> zoneinfo.ZoneInfo:  # type: ignore[misc] # stands in for the real class
            return real("Europe/Paris")

    monkeypatch.setattr(wallclock, "ZoneInfo", Old)
    with pytest.raises(wallclock.StaleZones, match="Morocco"):
        wallclock.require_current_zones()


@given(st.datetimes(datetime(2026, 10, 1), datetime(2040, 1, 1)))  # noqa: DTZ001 (wall times)
def test_wall_time_in_morocco_comes_back(wall: datetime) -> None:
    assert to_wall(to_utc(wall, ZONE), ZONE) == wall


def test_a_reminder_keeps_to_the_wall_across_a_change_of_clocks() -> None:
    """Paris sets its clocks back on 2026-10-25: a day before 10:00 is still 10:00."""
    steps = [Before("day_before", 24 * HOUR, 12 * HOUR), Before("two_hours", 2 * HOUR, 2 * HOUR)]
    anchor = datetime(2026, 10, 25, 10, 0)  # noqa: DTZ001 (wall time)
    found = before_anchor(steps, anchor, "Europe/Paris", datetime(2026, 10, 20, tzinfo=UTC))
    assert [one.due_at for one in found] == [
        datetime(2026, 10, 24, 8, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 7, 0, tzinfo=UTC),
    ]
    start = datetime(2026, 10, 25, 9, 0, tzinfo=UTC)
    assert [one.expires_at for one in found] == [found[0].due_at + 12 * HOUR, start]
    late = before_anchor(steps, anchor, "Europe/Paris", datetime(2026, 10, 24, 8, 0, tzinfo=UTC))
    assert [one.step for one in late] == ["two_hours"]


def test_daily_hours_keep_to_the_wall_across_a_change_of_clocks() -> None:
    first, until = datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 27, tzinfo=UTC)
    found = list(daily(["20:00", "08:00"], "Europe/Paris", first, until, 2 * HOUR))
    assert [one.wall.hour for one in found] == [8, 20] * 3
    assert [one.due_at.hour for one in found] == [6, 18, 7, 19, 7, 19]
    assert len({one.step for one in found}) == 6


@given(
    st.datetimes(datetime(2026, 10, 1), datetime(2027, 10, 1), timezones=st.just(UTC)),  # noqa: DTZ001 (made aware)
    st.integers(0, 96),
    st.sampled_from([ZONE, "Europe/Paris", "America/New_York"]),
)
def test_planning_in_pieces_leaves_no_gap_and_no_repeat(first: datetime, hours: int, zone: str) -> None:
    middle, end = first + hours * HOUR, first + 96 * HOUR
    whole = [one.step for one in daily(["00:30", "08:00", "23:45"], zone, first, end, HOUR)]
    pieces = [
        one.step
        for begin, stop in ((first, middle), (middle, end))
        for one in daily(["00:30", "08:00", "23:45"], zone, begin, stop, HOUR)
    ]
    assert pieces == whole


def test_numbers_expire_and_fall_back_to_what_always_answers() -> None:
    known = numbers.in_force(date(2026, 11, 23))
    assert (known["ambulance"], known["police"], known["samu"]) == ("15", "19", "141")
    assert numbers.expired(date(2026, 11, 23)) == []
    last = min(one.expires for one in numbers.TABLE)
    assert numbers.in_force(last) == known
    after = numbers.in_force(last + timedelta(days=1))
    assert set(after) == set(known)
    assert after["police"] == "19"
    assert {after[name] for name in after if name != "police"} == {"15"}
    assert len(numbers.expired(last + timedelta(days=1))) == len(numbers.TABLE)


@given(st.integers(0, 2**48 - 2), st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_ids_sort_by_time(milliseconds: int, one: bytes, other: bytes) -> None:
    assert ids.uuid7(milliseconds, one) < ids.uuid7(milliseconds + 1, other)


def test_what_a_text_costs() -> None:
    today = date(2026, 11, 23)
    assert cost.estimate("a" * 160, 10, "sms", today).mad == Decimal("2.50")
    assert cost.estimate("ⴰ" * 71, 10, "sms", today).mad == Decimal("5.00")
    assert cost.estimate("a" * 1000, 10, "whatsapp", today).mad == 0
    assert cost.price("pigeon", today) is None
    assert cost.price("sms", date(2026, 10, 31)) is None


def test_the_contract_comes_before_the_planning_value_from_its_day_on() -> None:
    contract = [cost.Price("sms", Decimal("0.20"), date(2026, 12, 1), "contract", Decimal("0.90"))]
    before, after = date(2026, 11, 30), date(2026, 12, 1)
    assert cost.estimate("a", 10, "sms", before, contract).mad == Decimal("2.50")
    assert cost.estimate("a", 10, "sms", after, contract).mad == Decimal("2.00")
    assert cost.estimate("a", 10, "sms", after, contract, abroad=2).mad == Decimal("3.40")
    assert [cost.price("sms", day, contract).planned for day in (before, after)] == [True, False]  # type: ignore[union-attr]
