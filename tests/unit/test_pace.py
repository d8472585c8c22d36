"""Batches are small where records are dear, and as large as allowed where they are not."""

from __future__ import annotations

import itertools

import pytest

from handraise.engine.pace import Pace


def after(pace: Pace, seconds_a_record: float, batches: int = 40) -> int:
    """The limit once records have cost so much for some batches."""
    for _ in range(batches):
        pace.took(pace.limit, pace.limit * seconds_a_record)
    return pace.limit


def test_cheap_records_come_in_batches_as_large_as_the_setting_allows() -> None:
    assert after(Pace(2_000), 0.000_005) == 2_000


def test_from_a_backlog_batches_grow_quickly_and_by_steps() -> None:
    pace, limits = Pace(2_000), []
    for _ in range(5):
        limits.append(pace.limit)
        pace.took(pace.limit, pace.limit * 0.000_01)
    assert pace.limit == 2_000
    assert all(after <= 4.2 * before for before, after in itertools.pairwise(limits))


def test_one_cheap_batch_among_dear_ones_hardly_makes_the_next_one_larger() -> None:
    pace = Pace(2_000)
    usual = after(pace, 0.000_5)
    pace.took(usual, usual * 0.000_001)
    assert pace.limit < 1.5 * usual


@pytest.mark.parametrize("seconds", [0.000_1, 0.000_5, 0.005])
def test_dear_records_hold_everything_else_up_for_a_twentieth_of_a_second(seconds: float) -> None:
    assert after(Pace(2_000), seconds) * seconds == pytest.approx(0.05, rel=0.1)


def test_a_record_that_takes_longer_than_that_still_comes() -> None:
    assert after(Pace(2_000), 3.0) == 1


def test_the_first_batch_is_small_and_one_that_takes_too_long_is_believed_at_once() -> None:
    pace = Pace(2_000)
    assert pace.limit < 20
    after(pace, 0.000_02)
    pace.took(pace.limit, 20.0)
    assert pace.limit <= 5


def test_one_slow_batch_is_soon_forgotten() -> None:
    pace = Pace(2_000)
    after(pace, 0.000_02)
    pace.took(1, 1.0)
    assert pace.limit == 1
    assert after(pace, 0.000_02, batches=45) >= 1_500


def test_a_batch_of_timers_alone_tells_nothing_of_records() -> None:
    pace = Pace(2_000)
    before = pace.limit
    pace.took(0, 1.0)
    assert pace.limit == before
