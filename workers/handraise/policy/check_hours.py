"""Check opening hours and the promises that count in them."""

from __future__ import annotations

import itertools
import zoneinfo
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import holidays

from handraise.events import Action, Duration, Hours, Policy
from handraise.policy import durations
from handraise.policy.defaults import BUILTIN
from handraise.policy.hours import (
    LONGEST_CLOSURE,
    WEEKDAYS,
    Minutes,
    holiday_dates,
    hours_each_week,
    parse_days,
    parse_times,
    parse_weekdays,
)
from handraise.policy.model import CRISIS
from handraise.policy.problems import Path, Problem, did_you_mean, error, warning

_HOURS_OF_A_WEEK = 168
_LONGEST_PROMISE_DAYS = 90
_LONG_CLOSURE = error(
    ("hours", "closed"),
    f"the business is closed for more than {LONGEST_CLOSURE} days in a row, so no promise can be kept",
    "shorten it",
)


def hours_problems(hours: Hours) -> list[Problem]:
    """Bad zones, codes, times and dates; overlaps; a business that is never open."""
    problems = [*_zone(hours.zone), *_holidays(hours.holidays), *_weekdays(hours.days), *_closed(hours.closed)]
    for place in ("days", "special"):
        for name, times in getattr(hours, place).items():
            problems += _times(times, ("hours", place, name))
    problems += [problem for day in hours.special for problem in _date(day, ("hours", "special", day))]
    if not problems and not hours_each_week(hours.days):
        mend = "give at least one day of the week with opening hours: `mon-fri: 09:00-17:00`"
        problems.append(error(("hours", "days"), "the business is never open, so no promise can be kept", mend))
    return problems


def _zone(zone: str) -> list[Problem]:
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        mend = did_you_mean(zone, zoneinfo.available_timezones(), "use an IANA name, for example `Europe/Madrid`")
        return [error(("hours", "zone"), f"there is no time zone `{zone}`", mend)]
    return []


def _holidays(code: str | None) -> list[Problem]:
    if code is None:
        return []
    try:
        holiday_dates(code, 2026)
    except (NotImplementedError, KeyError, ValueError):  # `holidays` raises the first for what it does not know
        country, _, _ = code.partition("-")
        known = holidays.list_supported_countries()
        if country not in known:
            mend = did_you_mean(country, known, "use the code of the country, for example `DE`, or `DE-BY`")
            return [error(("hours", "holidays"), f"no holidays are known for `{country}`", mend)]
        regions = ", ".join(f"{country}-{region}" for region in known[country]) or f"only `{country}`"
        return [error(("hours", "holidays"), f"no holidays are known for `{code}`", f"known are {regions}")]
    return []


def _weekdays(days: dict[str, str]) -> list[Problem]:
    named = Counter(day for names in days if "-" in names for day in parse_weekdays(names))
    twice = [WEEKDAYS[day] for day, count in named.items() if count > 1]
    if not twice:
        return []
    return [error(("hours", "days"), f"{', '.join(twice)} lies in two ranges of days", "let the ranges not overlap")]


def _times(times: str, path: Path) -> list[Problem]:
    try:
        intervals = parse_times(times)
    except ValueError as reason:
        return [error(path, str(reason), "write times as 09:00-17:00")]
    for before, after in itertools.pairwise(intervals):
        if after[0] < before[1]:
            return [error(path, f"the intervals `{times}` overlap", "join them, or let one end before the next begins")]
    return _too_long(intervals, path)


def _too_long(intervals: tuple[Minutes, ...], path: Path) -> list[Problem]:
    if intervals and intervals[-1][1] - intervals[0][0] > 24 * 60:
        return [error(path, "the last interval overlaps the first one of the next day", "end it earlier")]
    return []


def _closed(closed: list[str]) -> list[Problem]:
    problems: list[Problem] = []
    spans: list[tuple[date, date]] = []
    for place, text in enumerate(closed):
        try:
            spans.append(parse_days(text))
        except ValueError:
            path = ("hours", "closed", place)
            problems.append(error(path, f"`{text}` is no date and no range of dates", "write 2026-08-10 to 2026-08-21"))
    return problems or ([_LONG_CLOSURE] if _longest(sorted(spans)) > LONGEST_CLOSURE else [])


def _longest(spans: list[tuple[date, date]]) -> int:
    longest = 0
    begin: date | None = None
    end = date.min
    for first, last in spans:
        if begin is None or first - end > timedelta(1):
            begin = first
        end = max(end, last)
        longest = max(longest, (end - begin).days + 1)
    return longest


def _date(day: str, path: Path) -> list[Problem]:
    try:
        date.fromisoformat(day)
    except ValueError:
        return [error(path, f"`{day}` is not a date", "write it as 2026-12-24")]
    return []


def promise_problem(path: Path, written: str, policy: Policy, *, around_the_clock: bool) -> Iterator[Problem]:
    """What is wrong with one promise."""
    yield from _promise(path, written, always_open=around_the_clock or _always_open(policy.hours))


def promise_problems(policy: Policy) -> Iterator[Problem]:
    """Promises that are too long, and those in hours that come to days."""
    places: list[tuple[Path, str | None, bool]] = [(("within",), policy.within, False)]
    for name in BUILTIN:
        trigger = getattr(policy.triggers, name)
        places.append((("triggers", name, "within"), trigger.within, trigger.around_the_clock))
    places += [
        (("own_triggers", name, "within"), trigger.within, trigger.around_the_clock)
        for name, trigger in policy.own_triggers.items()
    ]
    always_open = _always_open(policy.hours)
    for path, written, around_the_clock in places:
        if written is not None:
            yield from _promise(path, written, always_open=always_open or around_the_clock)
    if not durations.parse(policy.idle_after).count:
        yield error(("idle_after",), "a conversation would end at once", "write `24 hours`")
    if policy.ai_answers_within is not None and not durations.parse(policy.ai_answers_within).count:
        yield error(("ai_answers_within",), "the AI would have failed before it could answer", "write `10 minutes`")
    if not durations.parse(policy.reply_valid_for).count:
        yield error(("reply_valid_for",), "no reply could be sent in time", "write `10 minutes`")


def crisis_problems(policy: Policy) -> Iterator[Problem]:
    """Someone in danger whom the next opening hours are promised, be that on Monday."""
    crisis = policy.triggers.crisis
    if not crisis.enabled or crisis.action is Action.SHADOW or crisis.around_the_clock or _always_open(policy.hours):
        return
    yield warning(
        ("triggers", CRISIS),
        f"`{CRISIS}` is promised by opening hours alone: who is in danger at night is told to wait until you open",
        "if somebody is there then, write `triggers: {crisis: {around_the_clock: true, within: 15 minutes}}`",
    )


def _always_open(hours: Hours) -> bool:
    try:
        return hours_each_week(hours.days) >= _HOURS_OF_A_WEEK
    except ValueError:
        return False


def _promise(path: Path, written: Duration, *, always_open: bool) -> Iterator[Problem]:
    span = durations.parse(written)
    if span.ms > _LONGEST_PROMISE_DAYS * durations.DAY_MS:
        yield error(path, f"`{written}` is too long to be a promise", f"promise {_LONGEST_PROMISE_DAYS} days or less")
    elif span.unit != "day" and span.ms >= durations.DAY_MS and not always_open:
        days = span.ms // durations.DAY_MS
        mend = f"if days are meant, write `{days} business day{'' if days == 1 else 's'}`"
        yield warning(path, f"`{written}` counts only the hours in which the business is open", mend)
