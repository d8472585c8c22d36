"""The timers of a partition: what is due is found, and moving a key over and over costs no memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from handraise.engine.schedule import SLOT_MS, Schedule

KEYS = st.sampled_from([b"a", b"b", b"c", b"d"])
TIMES = st.one_of(st.integers(0, 5_000), st.integers(0, 90_000))
STEPS = st.lists(
    st.one_of(st.tuples(KEYS, st.one_of(st.none(), TIMES)), st.tuples(TIMES, st.integers(0, 6))), max_size=60
)


@given(STEPS)
def test_what_is_due_is_what_a_plain_dictionary_says(steps: list[tuple[bytes | int, int | None]]) -> None:
    """Whatever is put, moved and taken off in between; what was found is due until it is put."""
    schedule, plain = Schedule(), dict[bytes, int]()
    for first, second in steps:
        if isinstance(first, bytes):
            schedule.put(first, second)
            plain.pop(first, None)
            if second is not None:
                plain[first] = second
        else:
            limit = second or 0
            found = schedule.due(first, limit)
            due = {key: at for key, at in plain.items() if at <= first}
            assert len(set(found)) == len(found) == min(limit, len(due))
            assert set(found) <= due.keys()
            slots = [plain[key] // SLOT_MS for key in found]
            assert slots == sorted(at // SLOT_MS for at in due.values())[: len(found)]
        assert len(schedule) == len(plain)


def kept_after(move: Callable[[Schedule], None]) -> int:
    """Bytes that a schedule holds after these moves."""
    schedule = Schedule()
    tracemalloc.start()
    try:
        move(schedule)
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_a_key_that_moves_to_and_fro_leaves_nothing_behind() -> None:
    """A conversation that pauses and goes on has its timer at the same few times again and again."""

    def to_and_fro(schedule: Schedule) -> None:
        for number in range(20_000):
            schedule.put(b"a", 5_000 + number % 2 * 60_000)

    assert kept_after(to_and_fro) < 10_000


def test_a_time_that_many_keys_have_left_takes_next_to_no_memory() -> None:
    """Until it comes, which may be a day away."""

    def onwards(schedule: Schedule) -> None:
        keys = [b"%d" % number for number in range(100)]
        for minute in range(500):
            for key in keys:
                schedule.put(key, minute * 60_000)

    assert kept_after(onwards) < 500 * 300


def test_a_day_of_timers_takes_little_more_than_its_keys() -> None:
    """Conversations come one by one, so that hardly two of them have their timers in the same second."""

    def over_a_day(schedule: Schedule) -> None:
        for second in range(86_400):
            schedule.put(b"%d" % (second % 5_000), second * 1_000)

    assert kept_after(over_a_day) < 5_000 * 300 + 86_400_000 / SLOT_MS * 300
