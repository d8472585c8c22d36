"""The autoscaler does what Kubernetes and KEDA say that it does."""

from __future__ import annotations

import pytest

from ops.capacity.figures import figures, read_figures
from ops.capacity.scaling import Autoscaler, Behaviour, Busy, Decided, Lag, Measure, Seen, expression

FOUND = figures(read_figures())


def seen(now: float, workers: int, *, busy: float = 0.0, backlog: float = 0.0, decided: float = 0.0) -> Seen:
    return Seen(now=now, workers=workers, busy=busy, backlog=backlog, decided=decided)


def behaviour(least: int = 1, most: int = 100, even_of: int | None = None, up_window: float = 0.0) -> Behaviour:
    return Behaviour(least=least, most=most, down_window=300, up_window=up_window, even_of=even_of)


@pytest.mark.parametrize(("busy", "wanted"), [(0.90, 60), (0.80, 50), (0.70, 50), (0.60, 40)])
def test_fifty_pods_of_which_each_shall_be_three_quarters_busy(busy: float, wanted: int) -> None:
    """The example of the Kubernetes blog on tolerance: 90 % makes 60 of 50; within a tenth nothing happens."""
    scaler = Autoscaler(FOUND, [Busy(0.75)], behaviour())
    assert scaler.wanted(seen(0, 50, busy=busy)) == wanted


@pytest.mark.parametrize(("lag", "wanted"), [(1, 1), (10, 1), (11, 2), (20, 2), (21, 5), (50, 5), (56, 10), (900, 10)])
def test_ten_partitions_with_a_threshold_of_ten_as_keda_documents_it(lag: float, wanted: int) -> None:
    """KEDA's table for `ensureEvenDistributionOfPartitions`; up from one worker in steps, as Kubernetes lets it."""
    scaler = Autoscaler(FOUND, [Lag(10)], behaviour(most=10, even_of=10))
    workers, now = 1, 0.0
    for _ in range(4):
        workers = scaler.wanted(seen(now, workers, backlog=lag))
        now += FOUND.scaler_sync_seconds
    assert workers == wanted


def test_it_goes_up_at_once_by_as_many_again_or_by_four() -> None:
    assert Autoscaler(FOUND, [Lag(10)], behaviour()).wanted(seen(0, 1, backlog=900)) == 5
    assert Autoscaler(FOUND, [Lag(10)], behaviour()).wanted(seen(0, 10, backlog=900)) == 20


def test_it_goes_down_only_to_what_was_enough_for_the_whole_window() -> None:
    scaler = Autoscaler(FOUND, [Busy(0.5)], behaviour())
    assert scaler.wanted(seen(0, 10, busy=0.5)) == 10
    assert scaler.wanted(seen(150, 10, busy=0.2)) == 10
    assert scaler.wanted(seen(310, 10, busy=0.1)) == 4
    assert scaler.wanted(seen(460, 4, busy=0.25)) == 2


def test_it_goes_up_only_to_what_was_wanted_for_the_whole_window() -> None:
    scaler = Autoscaler(FOUND, [Busy(0.5)], behaviour(up_window=60))
    assert scaler.wanted(seen(0, 10, busy=0.5)) == 10
    assert scaler.wanted(seen(45, 10, busy=1.0)) == 10
    assert scaler.wanted(seen(75, 10, busy=1.0)) == 20


def test_it_looks_only_so_often() -> None:
    scaler = Autoscaler(FOUND, [Busy(0.5)], behaviour())
    assert scaler.wanted(seen(0, 10, busy=0.5)) == 10
    assert scaler.wanted(seen(FOUND.scaler_sync_seconds - 1, 10, busy=1.0)) == 10


def test_of_several_measures_the_one_that_wants_most_counts() -> None:
    measures: list[Measure] = [Busy(0.5), Decided(100)]
    assert Autoscaler(FOUND, measures, behaviour()).wanted(seen(0, 10, busy=0.6, decided=1_900)) == 19


def test_the_expression_for_prometheus_has_a_term_for_each_step() -> None:
    rate = "sum(rate(handraise_messages_total[10m]))"
    assert expression(6, 2, 100.4) == f"2 + 1 * ({rate} > bool 201) + 3 * ({rate} > bool 301)"
