"""The simulation and the formulas say the same, where there is a formula."""

from __future__ import annotations

import statistics

import pytest
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ops.capacity.cell import Cell, runs
from ops.capacity.closed_forms import catching_up, even_counts, hottest_share, usable_share, waiting
from ops.capacity.queueing import played_waiting
from ops.capacity.simulation import Simulation
from ops.capacity.skew import businesses, conversations, hottest, largest_business

CAPACITY = 1_000.0


def cell(partitions: int = 12, workers: int = 6, restore: float = 0.0, *, named: bool = False) -> Cell:
    """An installation whose group reassigns in no time."""
    return Cell(
        partitions=partitions,
        workers=workers,
        capacity=CAPACITY,
        restore=restore,
        session=10,
        rebalance=0,
        start=30,
        named=named,
    )


@given(part=st.floats(0.1, 0.95), pause=st.integers(1, 300))
@hypothesis_settings(max_examples=25)
def test_what_a_pause_left_is_caught_up_when_the_formula_says(part: float, pause: int) -> None:
    rate, step = part * CAPACITY, 0.5
    formula = catching_up(pause, rate, CAPACITY)
    one = Cell(partitions=1, workers=1, capacity=CAPACITY, restore=0, session=1, rebalance=0, start=pause)
    played = Simulation(one, lambda _: rate, step=step)
    played.run(5)
    played.kill()
    told = played.run(5 + pause + formula + 20)
    # The last step in which something waits for longer than a step ends up to two steps before the backlog does.
    shorter = step * CAPACITY / (CAPACITY - rate)
    assert formula - shorter - 2 * step <= told.caught_up_at - 5 - pause <= formula + 2 * step


@given(part=st.floats(0.1, 0.7), seed=st.integers(0, 1_000))
@hypothesis_settings(max_examples=10)
def test_messages_that_come_at_random_wait_as_long_as_pollaczek_and_khinchine_say(part: float, seed: int) -> None:
    played = played_waiting(part * CAPACITY, CAPACITY, 60_000, seed)
    assert played == pytest.approx(waiting(part * CAPACITY, CAPACITY), rel=0.12)


@given(partitions=st.integers(1, 40), workers=st.integers(1, 12))
@hypothesis_settings(max_examples=25)
def test_the_fullest_worker_says_how_much_all_of_them_can_do(partitions: int, workers: int) -> None:
    most = usable_share(partitions, workers) * workers * CAPACITY

    def lag_at(rate: float) -> float:
        return Simulation(cell(partitions, workers), lambda _: rate).run(200).worst_lag

    assert lag_at(0.98 * most) <= 1
    assert lag_at(1.1 * most) > 10


@given(partitions=st.integers(1, 200), members=st.integers(1, 80))
def test_partitions_are_given_out_as_aiokafka_does(partitions: int, members: int) -> None:
    class Cluster:
        def partitions_for_topic(self, _: str) -> set[int]:
            return set(range(partitions))

    names = [f"member-{number:03d}" for number in range(members)]
    metadata = {name: RangePartitionAssignor.metadata(["t"]) for name in names}
    assigned = RangePartitionAssignor.assign(Cluster(), metadata)
    of_aiokafka = [[part for _, parts in assigned[name].assignment for part in parts] for name in names]
    assert [list(run) for run in runs(partitions, members)] == of_aiokafka


def test_numbers_that_share_twelve_partitions_evenly_lose_nothing() -> None:
    assert even_counts(12) == [1, 2, 3, 4, 6, 12]
    assert [count for count in range(1, 13) if usable_share(12, count) == 1] == even_counts(12)


@pytest.mark.parametrize(("partitions", "live"), [(12, 2_000), (60, 5_000)])
def test_the_hottest_partition_is_about_as_hot_as_the_formula_says(partitions: int, live: int) -> None:
    """The mean of several draws; the formula bounds the expected maximum from above."""
    found = statistics.mean(hottest(conversations(live, 8.0, seed), partitions) for seed in range(8))
    formula = hottest_share(partitions, live, (1 - 1 / 8.0) ** 0.5)
    assert 1 + 0.5 * (formula - 1) < found < formula


def test_keyed_by_business_a_partition_has_all_of_the_largest() -> None:
    assert hottest(businesses(1), 120) >= largest_business() * 120


@given(seed=st.integers(0, 100), killed=st.lists(st.integers(20, 200), max_size=4), named=st.booleans())
@hypothesis_settings(max_examples=25)
def test_whatever_is_lost_every_message_is_decided_in_the_end(seed: int, killed: list[int], named: bool) -> None:
    rate = 0.5 * 6 * CAPACITY
    played = Simulation(cell(restore=5.0, named=named), lambda now: rate if now < 400 else 0.0, seed=seed)
    for at in sorted(killed):
        played.run(at)
        played.kill(0)
    played.run(400)
    while not played.quiet:
        assert played.now < 10_000
        played.run(played.now + 10)
    assert played.decided == pytest.approx(played.told.messages)
    assert played.told.messages == pytest.approx(400 * rate)


def test_equal_seeds_give_equal_runs_and_others_other_ones() -> None:
    def run(seed: int) -> tuple[int, float]:
        played = Simulation(cell(restore=20.0), lambda _: 3_000.0, seed=seed)
        played.run(10)
        played.kill(2)
        told = played.run(600)
        return told.restores, told.worst_lag

    assert run(1) == run(1)
    assert len({run(seed) for seed in range(10)}) > 1


def test_a_worker_that_is_lost_costs_the_session_the_pause_and_what_there_is_to_read_back() -> None:
    """The formula for the longest wait: its two partitions are read back by one worker, after it was missed."""
    played = Simulation(cell(restore=40.0, named=True), lambda _: 3_000.0)
    played.run(10)
    played.kill(5)
    told = played.run(1_000)
    assert told.worst_lag >= 10 + 40
    assert told.rebalances == 2  # it is missed, and another comes


def test_a_worker_with_a_name_that_is_back_in_time_moves_nothing() -> None:
    away = Cell(partitions=12, workers=6, capacity=CAPACITY, restore=4, session=60, rebalance=0.5, start=30, named=True)
    played = Simulation(away, lambda _: 3_000.0)
    played.run(10)
    played.kill(3)
    told = played.run(1_000)
    assert (told.rebalances, told.restores) == (0, 2)
    assert told.worst_lag == pytest.approx(30 + 2 * 4, abs=1.5)


def test_reading_back_goes_before_messages_and_all_partitions_of_a_worker_end_together() -> None:
    waits = []
    for restore in (0.0, 10.0):
        away = Cell(partitions=4, workers=1, capacity=CAPACITY, restore=restore, session=5, rebalance=0, start=5)
        played = Simulation(away, lambda _: 100.0)
        played.run(10)
        played.kill()
        waits.append(played.run(200).worst_lag)
    assert waits[1] - waits[0] == pytest.approx(4 * 10, abs=1)
