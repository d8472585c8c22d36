"""When a business is open, and by when a promise that counts in opening hours falls due.

The rules, in the zone of the business:

- Minutes and hours run only while the business is open: `2 hours` at 16:30 with closing at 17:00 is 10:30 of the next
  open day that begins at 09:00.
- `N business days` keep the time of day: from the day on which the event falls (or, outside hours, from the next
  opening) to the N-th open day after it, at the same time, or at the end of the opening hours before that time.
- A promise that would fall due at the very minute of an opening falls due at the closing before it: of two names for
  one moment of working time, the customer hears the earlier. So a business day counted from an opening is that day.
- A time that the clock skips in spring is the moment of the change; one that it passes twice in autumn is the first.

Thus what falls due is later than the event, lies within opening hours or at their end, and is never earlier for a
later event.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays

from handraise import events
from handraise.policy.durations import DAY_MS, HOUR_MS, MINUTE_MS, TimeSpan

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST_YEAR: Final = 9990
"""Beyond it the calendar of Python ends soon: promises then run on the clock alone."""
LONGEST_CLOSURE: Final = 366
"""Days in a row that a business may name as closed; one that is closed for longer is never open."""
_SCAN: Final = 1_000
"""Days that are looked through for an opening; more than the longest closure and the holidays around it."""
_MAX_MS: Final = 253_402_300_799_999

Minutes = tuple[int, int]
"""An opening in minutes from the midnight that begins its day; the end may lie beyond the next midnight."""


def parse_times(text: str) -> tuple[Minutes, ...]:
    """Read an `OpenTimes`: its intervals, sorted. An end at or before the start is on the next day.

    Raises:
        ValueError: a time that no clock shows.
    """
    if text == "closed":
        return ()
    return tuple(sorted(_interval(part.strip()) for part in text.split(",")))


def _interval(text: str) -> Minutes:
    start, end = (_minutes(time) for time in text.split("-"))
    if start == 24 * 60:
        raise ValueError(f"`{text}` begins at 24:00; write 00:00 on the next day")
    return (start, end if end > start else end + 24 * 60)


def _minutes(text: str) -> int:
    hour, minute = (int(part) for part in text.split(":"))
    if minute > 59 or hour > 24 or (hour == 24 and minute):  # noqa: PLR2004 - a clock
        raise ValueError(f"`{text}` is not a time of day")
    return hour * 60 + minute


def parse_weekdays(text: str) -> list[int]:
    """The days of a `Weekdays`, Monday being 0; a range may go round the week's end."""
    first, _, last = text.partition("-")
    begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    return [(begin + offset) % 7 for offset in range((end - begin) % 7 + 1)]


def parse_days(text: str) -> tuple[date, date]:
    """The first and last date of a `Days`.

    Raises:
        ValueError: a date that no calendar has, or an end before the start.
    """
    first, _, last = text.partition(" to ")
    begin, end = date.fromisoformat(first), date.fromisoformat(last or first)
    if end < begin:
        raise ValueError(f"`{text}` ends before it begins")
    return begin, end


def week_of(days: dict[str, str]) -> tuple[tuple[Minutes, ...], ...]:
    """The openings of each day of the week, Monday first; a single day outranks a range, and other days are closed."""
    week: list[tuple[Minutes, ...]] = [()] * 7
    for names, times in sorted(days.items(), key=lambda item: "-" not in item[0]):
        for day in parse_weekdays(names):
            week[day] = parse_times(times)
    return tuple(week)


@lru_cache(maxsize=256)
def holiday_dates(code: str, year: int) -> frozenset[date]:
    """The public holidays of one year.

    Raises:
        NotImplementedError: the country or the region is unknown. It is what the library `holidays` raises for that.
    """
    country, _, region = code.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=year))


class OpeningHours:
    """The opening hours of one business; days are worked out when first asked for and remembered."""

    def __init__(self, hours: events.Hours) -> None:
        self._zone = ZoneInfo(hours.zone)
        self._week = week_of(hours.days)
        self._holidays = hours.holidays
        self._special = {date.fromisoformat(day): parse_times(times) for day, times in hours.special.items()}
        self._closed = {
            first + timedelta(offset)
            for first, last in map(parse_days, hours.closed)
            for offset in range((last - first).days + 1)
        }
        self._intervals = lru_cache(maxsize=1_024)(self._work_out_intervals)

    def local(self, at_ms: int) -> datetime:
        """The wall clock of the business; that of UTC at the ends of the calendar, where zones leave it."""
        time = events.utc(at_ms)
        return time if self._beyond_calendar(at_ms) else time.astimezone(self._zone)

    def is_open(self, at_ms: int) -> bool:
        """Whether the business is open; at the very minute of closing it is not."""
        if self._beyond_calendar(at_ms):
            return True
        today = self.local(at_ms).date()
        return any(start <= at_ms < end for day in (today - timedelta(1), today) for start, end in self._intervals(day))

    def due(self, at_ms: int, promise: TimeSpan, *, around_the_clock: bool = False) -> int:
        """When a promise made at `at_ms` falls due, in epoch milliseconds: see the rules above."""
        if around_the_clock or self._beyond_calendar(at_ms):
            return min(at_ms + promise.ms, _MAX_MS)
        return self._due_in_days(at_ms, promise.count) if promise.unit == "day" else self._due_in_ms(at_ms, promise.ms)

    def _beyond_calendar(self, at_ms: int) -> bool:
        return at_ms < DAY_MS or events.utc(at_ms).year > LAST_YEAR

    def _due_in_ms(self, at_ms: int, left_ms: int) -> int:
        for _, start, end in self._from(at_ms):
            begin = max(start, at_ms)
            if left_ms <= end - begin:
                return begin + left_ms
            left_ms -= end - begin
        return at_ms + left_ms

    def _due_in_days(self, at_ms: int, count: int) -> int:
        opening = next(self._from(at_ms), None)
        if opening is None:
            return at_ms + count * DAY_MS
        day, start, _ = opening
        wall = self._wall_clock(max(start, at_ms)) - datetime.combine(day, datetime.min.time())
        before = last = self._intervals(day)[-1][1]
        for _ in range(count):
            next_day = self._next_open_day(day)
            if next_day is None:
                return last + count * DAY_MS
            day = next_day
            before, last = last, self._intervals(day)[-1][1]
        moment = self._instant(day, wall)
        due = before
        for start, end in self._intervals(day):
            if moment > start:
                due = min(moment, end)
        return due

    def _next_open_day(self, day: date) -> date | None:
        following = (day + timedelta(offset) for offset in range(1, _SCAN))
        return next((candidate for candidate in following if self._intervals(candidate)), None)

    def _from(self, at_ms: int) -> Iterator[tuple[date, int, int]]:
        """The openings that are not over at `at_ms`, in order, each with the day that it belongs to."""
        day = self.local(at_ms).date() - timedelta(1)
        empty = 0
        while empty < _SCAN:
            intervals = self._intervals(day)
            empty = 0 if intervals else empty + 1
            for start, end in intervals:
                if end > at_ms:
                    yield day, start, end
            day += timedelta(1)

    def _work_out_intervals(self, day: date) -> tuple[tuple[int, int], ...]:
        """The openings that begin on `day`, as epoch milliseconds, without what the day before still covers."""
        covered = max((end for _, end in self._openings(day - timedelta(1))), default=0)
        found: list[tuple[int, int]] = []
        for start, end in self._openings(day):
            if max(start, covered) < end:
                found.append((max(start, covered), end))
                covered = end
        return tuple(found)

    def _openings(self, day: date) -> list[tuple[int, int]]:
        minutes = self._special.get(day)
        if minutes is None:
            minutes = () if day in self._closed or self._is_holiday(day) else self._week[day.weekday()]
        return [
            (self._instant(day, timedelta(minutes=start)), self._instant(day, timedelta(minutes=end)))
            for start, end in minutes
        ]

    def _is_holiday(self, day: date) -> bool:
        return self._holidays is not None and day in holiday_dates(self._holidays, day.year)

    def _instant(self, day: date, since_midnight: timedelta) -> int:
        """The moment at which the clock on the wall shows a time: the first if twice, the change if never."""
        wall = datetime.combine(day, datetime.min.time()) + since_midnight
        moment = events.milliseconds(wall.replace(tzinfo=self._zone).astimezone(UTC))
        if self.local(moment).replace(tzinfo=None) == wall:
            return moment
        before = events.milliseconds(wall.replace(tzinfo=self._zone, fold=1).astimezone(UTC))
        return self._change(before, moment)

    def _wall_clock(self, at_ms: int) -> datetime:
        """The clock on the wall, without going back in autumn: the hour that comes twice counts once."""
        local = self.local(at_ms)
        if not local.fold:
            return local.replace(tzinfo=None)
        first_offset, offset = local.replace(fold=0).utcoffset(), local.utcoffset()
        if first_offset is None or offset is None or first_offset <= offset:
            return local.replace(tzinfo=None)
        change = self._change(at_ms - (first_offset - offset) // timedelta(milliseconds=1), at_ms)
        return events.utc(change).replace(tzinfo=None) + first_offset

    def _change(self, before_ms: int, after_ms: int) -> int:
        """The moment, to the minute, of the one change of the clock between two moments."""
        offset = self.local(before_ms).utcoffset()
        low, high = before_ms // MINUTE_MS, -(-after_ms // MINUTE_MS)
        while high - low > 1:
            middle = (low + high) // 2
            if self.local(middle * MINUTE_MS).utcoffset() == offset:
                low = middle
            else:
                high = middle
        return high * MINUTE_MS


def hours_each_week(days: dict[str, str]) -> float:
    """How long a business is open in a week without holidays, in hours."""
    return sum((end - start) * MINUTE_MS for day in week_of(days) for start, end in day) / HOUR_MS
