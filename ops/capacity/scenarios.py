"""The runs of the simulation that the runbook shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from handraise.settings import Settings
from ops.capacity.cell import Cell, Told
from ops.capacity.closed_forms import catching_up
from ops.capacity.figures import Figures
from ops.capacity.plan import changelog_of_partition
from ops.capacity.scaling import Autoscaler, Behaviour, Busy, Decided, Lag, Scaler
from ops.capacity.simulation import Simulation

PARTITIONS: Final = 12
WORKERS: Final = 6
HOUR: Final = 3_600.0
DAY: Final = 24 * HOUR
SESSION: Final = float(Settings.model_fields["session_timeout_seconds"].default)
LONG_SESSION: Final = 60.0
"""Longer than a pod takes to come back, so that one with a name is not missed."""
RESTART: Final = 15.0
"""Seconds without a worker while a pod is replaced on a node that has the image: chosen."""
_STRUCK_AT: Final = 60.0
_STEP: Final = 15.0


class Ways(Struct, frozen=True, kw_only=True):
    """How workers are run: whether they have names, and how long the group waits for one."""

    words: str
    named: bool
    session: float


WAYS: Final = (
    Ways(words=f"no names, session {SESSION:.0f} s", named=False, session=SESSION),
    Ways(words=f"names, session {SESSION:.0f} s", named=True, session=SESSION),
    Ways(words=f"names, session {LONG_SESSION:.0f} s", named=True, session=LONG_SESSION),
)


def cell(found: Figures, ways: Ways, rate: float, idle: float, workers: int = WORKERS) -> Cell:
    """The installation of the scenarios, for a rate and a time until conversations are forgotten."""
    live = rate / found.messages_per_conversation * idle
    changelog = changelog_of_partition(rate / PARTITIONS, live / PARTITIONS, found)
    return Cell(
        partitions=PARTITIONS,
        workers=workers,
        capacity=found.capacity,
        restore=changelog / found.restore_bytes_a_second,
        session=ways.session,
        rebalance=found.rebalance_seconds,
        start=found.pod_start_seconds,
        named=ways.named,
    )


def lost(found: Figures, ways: Ways, utilisation: float, idle: float) -> Told:
    """One of the workers is killed, and another takes its place."""
    rate = utilisation * WORKERS * found.capacity
    played = Simulation(cell(found, ways, rate, idle), lambda _: rate)
    played.run(_STRUCK_AT)
    played.kill(WORKERS // 2)
    told = played.run(_STRUCK_AT + 1)
    while not played.quiet:
        played.run(played.now + 1)
    told.caught_up_at = max(0.0, told.caught_up_at - _STRUCK_AT)
    return told


def rolled(found: Figures, ways: Ways, idle: float) -> tuple[Told, float]:
    """Every worker is replaced, the next one when all partitions are served again; the seconds that it takes."""
    rate = found.utilisation * WORKERS * found.capacity
    played = Simulation(cell(found, ways, rate, idle), lambda _: rate)
    for _ in range(WORKERS):
        name = played.oldest()
        played.stop(name)
        played.start(name, after=RESTART)
        played.run(played.now + 1)
        while not played.settled:
            played.run(played.now + 1)
    took = played.now
    return played.run(took + HOUR), took


def paused(utilisation: float, pause: float, found: Figures) -> tuple[float, float]:
    """Seconds until one worker has caught up after a pause: by the formula, and played out."""
    rate = utilisation * found.capacity
    one = Cell(partitions=1, workers=1, capacity=found.capacity, restore=0, session=1, rebalance=0, start=pause)
    played = Simulation(one, lambda _: rate, step=0.5)
    played.run(10)
    played.kill()
    told = played.run(10 + pause + 2 * catching_up(pause, rate, found.capacity) + 10)
    return catching_up(pause, rate, found.capacity), told.caught_up_at - 10 - pause


class Scaling(Struct, frozen=True, kw_only=True):
    """A way to set the number of workers."""

    words: str
    scaler: Callable[[Figures], Scaler | None]
    workers: int = 2
    """To begin with."""


LAG: Final = 1_000
"""Messages that may wait for each worker, where lag alone counts."""
MUCH_LAG: Final = 50_000
"""The same where it is the last resort."""
BUSY: Final = 0.6
LEAST: Final = 2
HOUR_WINDOW: Final = HOUR
UP_WINDOW: Final = 60.0


def _plain(found: Figures) -> Behaviour:
    """As Kubernetes does it unless told otherwise."""
    return Behaviour(least=LEAST, most=PARTITIONS, down_window=found.scale_down_window_seconds)


def _calm() -> Behaviour:
    """As `ops/kubernetes/autoscaling.yaml` says."""
    return Behaviour(least=LEAST, most=PARTITIONS, down_window=HOUR_WINDOW, up_window=UP_WINDOW, even_of=PARTITIONS)


SCALINGS: Final = (
    Scaling(words=f"always {PARTITIONS}", scaler=lambda _: None, workers=PARTITIONS),
    Scaling(words=f"lag of {LAG:,} each", scaler=lambda found: Autoscaler(found, [Lag(LAG)], _plain(found))),
    Scaling(words=f"processor at {BUSY:.0%}", scaler=lambda found: Autoscaler(found, [Busy(BUSY)], _plain(found))),
    Scaling(
        words=f"processor at {BUSY:.0%}, calm",
        scaler=lambda found: Autoscaler(found, [Busy(BUSY)], _calm()),
    ),
    Scaling(
        words=f"messages done, {BUSY:.0%} of what each can do",
        scaler=lambda found: Autoscaler(found, [Decided(BUSY * found.capacity)], _plain(found)),
    ),
    Scaling(
        words="the same, calm",
        scaler=lambda found: Autoscaler(found, [Decided(BUSY * found.capacity)], _calm()),
    ),
    Scaling(
        words=f"the same, and lag of {MUCH_LAG:,} each",
        scaler=lambda found: Autoscaler(found, [Decided(BUSY * found.capacity), Lag(MUCH_LAG)], _calm()),
    ),
)


def day(found: Figures) -> Callable[[float], float]:
    """A day's rate: a quarter of the peak at night, the peak at three, and at ten half as much again at once."""
    peak = found.utilisation * PARTITIONS * found.capacity

    def rate(second: float) -> float:
        wave = 0.625 - 0.375 * math.cos(2 * math.pi * (second / DAY - 3 / 24))
        surge = 1.5 if 10 * HOUR <= second % DAY < 10.25 * HOUR else 1.0
        return peak * wave * surge

    return rate


def scaled(found: Figures, scaling: Scaling, idle: float) -> Told:
    """A day with the number of workers set so."""
    rate = day(found)
    ways = WAYS[-1]
    played = Simulation(
        cell(found, ways, rate(15 * HOUR), idle, scaling.workers), rate, scaler=scaling.scaler(found), step=_STEP
    )
    return played.run(DAY)


def all_scaled(found: Figures, idle: float) -> Iterator[tuple[Scaling, Told]]:
    """A day in each way."""
    for scaling in SCALINGS:
        yield scaling, scaled(found, scaling, idle)
