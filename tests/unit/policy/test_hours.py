"""When promises fall due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handraise.events import Hours, milliseconds, utc
from handraise.policy import durations
from handraise.policy.hours import OpeningHours

SPLIT = Hours(
    zone="Europe/Madrid",
    days={"mon-fri": "09:00-13:00, 15:00-19:00", "sat": "10:00-14:00"},
    closed=["2026-08-10 to 2026-08-21"],
    special={"2026-12-24": "09:00-12:00", "2026-12-26": "closed"},
)
OFFICE = Hours(zone="Europe/Berlin", holidays="DE-BY")
BAR = Hours(zone="America/New_York", days={"thu-sat": "18:00-02:00"})
LATE = Hours(zone="Europe/Rome", days={"thu": "18:00-02:00", "fri": "00:30-01:30, 10:00-12:00"})
ALWAYS = Hours(zone="America/Sao_Paulo", days={"mon-sun": "00:00-24:00"})
NIGHT = Hours(zone="Europe/London", days={"mon-sun": "00:30-01:15, 01:30-02:30, 22:00-00:30"})


def due(hours: Hours, at: str, promise: str) -> str:
    """A promise made at a local time, and the local time at which it falls due."""
    zone = ZoneInfo(hours.zone)
    at_ms = milliseconds(datetime.fromisoformat(at).replace(tzinfo=zone).astimezone(UTC))
    due_ms = OpeningHours(hours).due(at_ms, durations.parse(promise))
    return utc(due_ms).astimezone(zone).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("hours", "at", "promise", "expected"),
    [
        # Hours run while the business is open, over lunch, evening, weekend.
        (SPLIT, "2026-11-24 10:00", "2 hours", "2026-11-24 12:00"),
        (SPLIT, "2026-11-24 12:00", "2 hours", "2026-11-24 16:00"),
        (SPLIT, "2026-11-24 11:00", "2 hours", "2026-11-24 13:00"),
        (SPLIT, "2026-11-24 18:30", "2 hours", "2026-11-25 10:30"),
        (SPLIT, "2026-11-28 13:30", "2 hours", "2026-11-30 10:30"),
        (SPLIT, "2026-11-29 20:00", "30 minutes", "2026-11-30 09:30"),
        (SPLIT, "2026-11-24 03:00", "2 business hours", "2026-11-24 11:00"),
        # Business days keep the time of day.
        (SPLIT, "2026-11-24 10:20", "1 business day", "2026-11-25 10:20"),
        (SPLIT, "2026-11-27 11:00", "1 business day", "2026-11-28 11:00"),
        (SPLIT, "2026-11-27 16:00", "1 business day", "2026-11-28 14:00"),
        (SPLIT, "2026-11-27 16:00", "2 business days", "2026-11-30 16:00"),
        (SPLIT, "2026-11-28 13:30", "1 business day", "2026-11-30 13:00"),
        # A day counted from an opening is that day.
        (SPLIT, "2026-11-29 12:00", "1 business day", "2026-11-30 19:00"),
        (SPLIT, "2026-11-24 09:00", "1 business day", "2026-11-24 19:00"),
        # Holidays, closures, special days.
        (OFFICE, "2026-12-24 16:00", "2 hours", "2026-12-28 10:00"),
        (OFFICE, "2026-01-05 12:00", "1 business day", "2026-01-07 12:00"),
        (SPLIT, "2026-08-07 18:00", "2 hours", "2026-08-08 11:00"),
        (SPLIT, "2026-08-08 13:00", "2 hours", "2026-08-22 11:00"),
        (SPLIT, "2026-12-24 11:30", "1 hour", "2026-12-25 09:30"),
        # Openings that end the next day belong to the day on which they begin.
        (BAR, "2026-11-27 01:00", "2 hours", "2026-11-27 19:00"),
        (BAR, "2026-11-27 01:00", "1 business day", "2026-11-28 01:00"),
        (BAR, "2026-11-29 01:30", "1 hour", "2026-12-03 18:30"),
        # What the day before still covers counts once, also where it is the whole of an opening.
        (LATE, "2026-11-27 01:00", "90 minutes", "2026-11-27 10:30"),
        # Never closed.
        (ALWAYS, "2026-11-28 23:30", "2 hours", "2026-11-29 01:30"),
        (ALWAYS, "2026-11-28 23:30", "1 business day", "2026-11-29 23:30"),
        # The clock is changed on the night before: the time of day is kept.
        (OFFICE, "2026-03-27 16:30", "1 business day", "2026-03-30 16:30"),
        (OFFICE, "2026-10-23 16:30", "1 hour", "2026-10-26 09:30"),
    ],
)
def test_a_promise_falls_due_as_the_hours_allow(hours: Hours, at: str, promise: str, expected: str) -> None:
    """Each row is a rule of the module's docstring."""
    assert due(hours, at, promise) == expected


def test_a_time_that_spring_skips_is_the_moment_of_the_change() -> None:
    """Berlin has no 02:30 on 2026-03-29; 02:00 winter time is 03:00 summer time."""
    night = Hours(zone="Europe/Berlin", days={"mon-sun": "00:00-24:00"})
    assert due(night, "2026-03-28 02:30", "1 business day") == "2026-03-29 03:00"


def test_an_hour_that_autumn_repeats_is_not_counted_backwards() -> None:
    """Two events an hour apart at 02:30 of 2026-10-25 keep their order a day later."""
    hours = OpeningHours(Hours(zone="Europe/Berlin", days={"mon-sun": "00:00-24:00"}))
    zone = ZoneInfo("Europe/Berlin")
    first = milliseconds(datetime(2026, 10, 25, 2, 30, tzinfo=zone).astimezone(UTC))
    second = milliseconds(datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=zone).astimezone(UTC))
    assert first < second
    day = durations.parse("1 day")
    assert hours.due(first, day) <= hours.due(second, day)
    assert utc(hours.due(second, day)).astimezone(zone).strftime("%d %H:%M") == "26 03:00"


def test_the_minute_of_closing_is_closed_and_of_opening_open() -> None:
    """Openings include their start and not their end."""
    hours = OpeningHours(Hours())
    assert hours.is_open(milliseconds(datetime(2026, 11, 24, 9, tzinfo=UTC)))
    assert not hours.is_open(milliseconds(datetime(2026, 11, 24, 17, tzinfo=UTC)))


def test_a_business_that_opens_only_beyond_the_horizon_still_gives_a_due_time() -> None:
    """Such a policy is refused when it is loaded; the computation ends all the same."""
    hours = OpeningHours(Hours(days={"mon": "closed"}))
    at = milliseconds(datetime(2026, 11, 24, tzinfo=UTC))
    assert hours.due(at, durations.parse("2 hours")) > at
    assert hours.due(at, durations.parse("2 days")) > at


@pytest.mark.parametrize("at", [-62_135_596_800_000, 0, 253_402_300_799_999])
def test_times_at_the_ends_of_the_calendar_do_not_fail(at: int) -> None:
    """A producer may send any time that the wire allows."""
    hours = OpeningHours(SPLIT)
    assert at <= hours.due(at, durations.parse("1 business day")) <= 253_402_300_799_999
    assert milliseconds(hours.local(at)) == at


instants = st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2028, 1, 1)).map(  # noqa: DTZ001  UTC follows
    lambda time: milliseconds(time.replace(tzinfo=UTC))
)
around_changes = st.integers(-3 * 3_600_000, 3 * 3_600_000).map(
    lambda offset: milliseconds(datetime(2026, 10, 25, 1, tzinfo=UTC)) + offset
) | st.integers(-3 * 3_600_000, 3 * 3_600_000).map(
    lambda offset: milliseconds(datetime(2026, 3, 29, 1, tzinfo=UTC)) + offset
)
businesses = st.sampled_from([OpeningHours(hours) for hours in (SPLIT, OFFICE, BAR, ALWAYS, NIGHT, Hours())])
promises = st.sampled_from(
    [durations.parse(text) for text in ("1 minute", "30 minutes", "2 hours", "9 hours", "1 day", "2 days", "5 days")]
)


@settings(max_examples=400, deadline=None)
@given(businesses, instants | around_changes, promises)
def test_what_is_promised_lies_after_the_event_and_within_opening_hours(
    hours: OpeningHours, at: int, promise: durations.TimeSpan
) -> None:
    """Within an opening, or at its very end."""
    due_ms = hours.due(at, promise)
    assert due_ms > at
    assert hours.is_open(due_ms) or hours.is_open(due_ms - 1)


@settings(max_examples=400, deadline=None)
@given(businesses, instants | around_changes, st.integers(0, 3 * 86_400_000), promises)
def test_a_later_event_is_never_due_earlier(
    hours: OpeningHours, at: int, later: int, promise: durations.TimeSpan
) -> None:
    """Due times keep the order of events, over nights, closures and changes of the clock."""
    assert hours.due(at, promise) <= hours.due(at + later, promise)


@settings(max_examples=200, deadline=None)
@given(businesses, instants, st.integers(1, 600))
def test_an_hour_promised_is_never_shorter_than_an_hour(hours: OpeningHours, at: int, minutes: int) -> None:
    """Nobody is held to less time than was promised."""
    due_ms = hours.due(at, durations.TimeSpan(minutes, "minute"))
    assert timedelta(milliseconds=due_ms - at) >= timedelta(minutes=minutes)
