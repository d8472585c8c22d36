"""How many unusable records are too many, and that a restart does not forget them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handraise.engine.badrecords import BadRecordLimits, Tally, read_note
from handraise.engine.errors import TooManyBadRecordsError
from handraise.events import DeadLetterReason
from handraise.settings import Settings
from tests.support.records import FakeRecord


def limits(in_a_row: int = 0, share: float = 0.0, window: int = 100) -> BadRecordLimits:
    """Limits of these settings."""
    own: dict[str, Any] = {"bad_records_in_a_row": in_a_row, "bad_records_share": share, "bad_records_window": window}
    return BadRecordLimits(Settings(**own))


def after(
    limit: BadRecordLimits,
    bad: list[bool],
    before: Tally | None = None,
    offset: int = 0,
    reason: DeadLetterReason = DeadLetterReason.NOT_JSON,
) -> Tally:
    """The tally after records of which these are unusable."""
    records = [FakeRecord(b"private words", offset=offset + number) for number in range(len(bad))]
    dead = {(one.topic, one.offset): reason for one, is_bad in zip(records, bad, strict=True) if is_bad}
    return limit.count(before or Tally(), records, dead)


def test_a_run_of_nothing_but_bad_records_ends_at_its_limit() -> None:
    """The one that reaches it is named, with the setting that lifts it; what it says is not."""
    with pytest.raises(TooManyBadRecordsError) as stopped:
        after(limits(in_a_row=5), [True] * 5)
    said = str(stopped.value)
    assert "the last 5 records of partition 0" in said
    assert "chat.messages offset 4 (not_json)" in said
    assert "HANDRAISE_BAD_RECORDS_IN_A_ROW=0" in said
    assert "private words" not in said
    assert after(limits(in_a_row=5), [True] * 4).in_a_row == 4


def test_outcomes_of_conversations_that_are_over_are_no_bad_records() -> None:
    """A nightly job closes old tickets. They are no good ones either: where no message can be read, all are unknown."""
    limit = limits(in_a_row=5, share=0.9, window=20)
    assert after(limit, [True] * 100, reason=DeadLetterReason.UNKNOWN_CONVERSATION) == Tally()
    before = after(limit, [True] * 4)
    assert after(limit, [True] * 100, before, 4, DeadLetterReason.UNKNOWN_CONVERSATION) == before
    with pytest.raises(TooManyBadRecordsError):
        after(limit, [True], before, 104)


def test_one_good_record_ends_a_run() -> None:
    """However many bad ones there are before and after it."""
    limit = limits(in_a_row=5)
    assert after(limit, ([True] * 4 + [False]) * 50).in_a_row == 0


def test_a_share_is_reached_though_good_records_come_between() -> None:
    """Three of four are bad: the run is short, the window is not."""
    pattern = [True, True, True, False]
    with pytest.raises(TooManyBadRecordsError, match=r"50 of the last 100 records .* HANDRAISE_BAD_RECORDS_SHARE=0"):
        after(limits(in_a_row=1_000, share=0.5), pattern * 100)


@pytest.mark.parametrize("window", [20, 21, 39, 40, 59, 119, 2_000])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_a_window_of_any_length_trips_at_its_share(window: int, share: float) -> None:
    """Whether or not it can be divided evenly; and the gauge is just below its end before."""
    limit = limits(share=share, window=window)
    most = math.ceil(share * window) - 1
    assert limit.used(after(limit, [True] * most)) == pytest.approx(most / (share * window))
    with pytest.raises(TooManyBadRecordsError, match=f"{most + 1} of the last {window} records"):
        after(limit, [True] * (most + 1))


@given(window=st.integers(20, 200), bad=st.lists(st.booleans(), max_size=500))
def test_a_window_never_holds_more_than_it_is_said_to(window: int, bad: list[bool]) -> None:
    """And hardly less, once so many have come since the first bad one."""
    limit = limits(share=0.999, window=window)
    try:
        tally = after(limit, [True, *bad])
    except TooManyBadRecordsError:
        return
    assert tally.records <= window
    assert not tally.blocks or tally.records >= min(len(bad) + 1, window - math.ceil(window / 20) + 1)
    if tally.blocks:
        assert tally.bad == sum([True, *bad][-tally.records :])


def test_a_window_that_was_made_shorter_holds_at_once_no_more_than_it_is_said_to() -> None:
    """What was noted under the longer one is shortened by whole blocks."""
    noted = read_note(after(limits(share=0.9, window=400), [True, False] * 200).note)
    assert after(limits(share=0.9, window=40), [False], noted).records <= 40


def test_a_share_below_the_limit_goes_on_for_ever() -> None:
    """The window moves on, so that what was long ago does not count."""
    tally = after(limits(share=0.5), [True, False, False] * 1_000)
    assert 30 <= tally.bad <= 36
    assert after(limits(share=0.5), [False] * 100, tally) == Tally()


def test_a_few_records_are_no_share() -> None:
    """All of the first ten were bad, of a window of a hundred."""
    limit = limits(share=0.5)
    assert limit.used(after(limit, [True] * 10)) == pytest.approx(0.2)


def test_the_larger_of_the_two_tells_how_near_the_limits_are() -> None:
    """At 1 the worker stops."""
    limit = limits(in_a_row=20, share=0.5)
    assert limit.used(after(limit, [True] * 19)) == pytest.approx(0.95)
    assert limit.used(Tally()) == 0.0


def test_limits_that_are_off_count_nothing() -> None:
    """Everything may be unusable then, and nothing is left over when they are on again."""
    limit = limits()
    assert after(limit, [True] * 5_000) == Tally()
    assert not limit.any


@given(st.lists(st.lists(st.booleans(), max_size=60), max_size=20))
def test_a_restart_between_any_two_batches_changes_nothing(batches: list[list[bool]]) -> None:
    """What is committed as a note counts as what is remembered does."""
    limit, remembered, noted, offset = limits(in_a_row=10_000, share=0.99, window=40), Tally(), "", 0
    together: list[bool] = []
    for batch in batches:
        together += batch
        try:
            remembered = after(limit, batch, remembered, offset)
        except TooManyBadRecordsError:
            with pytest.raises(TooManyBadRecordsError):
                after(limit, batch, read_note(noted), offset)
            return
        noted = after(limit, batch, read_note(noted), offset).note
        offset += len(batch)
        assert noted == remembered.note
        assert read_note(noted).bad == remembered.bad
    run = next((number for number, bad in enumerate(reversed(together)) if not bad), len(together))
    assert remembered.in_a_row == (run if remembered.blocks else 0)


@pytest.mark.parametrize("note", ["", "somebody else's", "handraise bad=1 of=", "handraise bad=x of=1/1"])
def test_a_note_that_is_not_ours_is_no_tally(note: str) -> None:
    """An offset that was set by hand has none."""
    assert read_note(note) == Tally()


def test_a_note_fits_where_the_broker_keeps_it() -> None:
    """A broker takes 4,096 bytes by default."""
    limit = limits(share=0.999, window=1_000_000)
    worst = Tally(999_999, tuple(read_note("handraise bad=1 of=50000/50000").blocks * 20))
    assert len(worst.note) < 1_000
    assert read_note(worst.note) == worst
    assert limit.used(worst) > 1
