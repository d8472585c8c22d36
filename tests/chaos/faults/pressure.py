"""More than the workers can do, clocks that are wrong, and a long time."""

from __future__ import annotations

import glob
import time
from datetime import datetime
from typing import Final

import psutil

from tests.chaos.faults.inputs import skewed
from tests.chaos.slow_worker import SECONDS
from tests.chaos.trial import Trial
from tests.support.cluster import BrokerUnavailableError
from tests.support.installation import WorkerProcess
from tests.support.waiting import eventually

SLOW: Final = ("-m", "tests.chaos.slow_worker", "worker")
_SLOW_SECONDS: Final = 0.02
"""A text: two workers do a hundred messages a second then, half of the load."""
_MOST_RATE: Final = 10_000.0
"""The load with which a capacity is looked for: more than two workers, a broker and the load get done on two cores."""
_BACKLOG_SECONDS: Final = 15.0
_MEASURED_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 300.0
_SHARE: Final = 0.6
_SOAK_KILL_SECONDS: Final = 60.0
_SAMPLE_SECONDS: Final = 5.0
_WARMING_KILLS: Final = 12
_WARMING_SECONDS: Final = 15.0
"""Between kills before a soak is measured: each gives the other worker partitions that it had not, and takes them back.
Its heap is as large as it gets after some ten of them, when the caches are full and the state has its size too."""
_MOST_GROWTH_MB: Final = 1.0
_MORE_FILES: Final = 2
_CLOCKS: Final = ("-45m", "+45m")
_FAKETIME: Final = "/usr/lib/*/faketime/libfaketime.so.1"
_MB: Final = 1_048_576


async def slow_detector(trial: Trial) -> None:
    """Twice as much comes in as the detector can look at; the group must not fall apart, nor memory grow."""
    crew = trial.crew
    for place in crew.places:
        await crew.terminate(place)
        crew.start(place, SLOW, **{SECONDS: str(_SLOW_SECONDS)})
    await crew.all_ready()
    assigned = {place: len(crew.members[place].events("partitions_assigned")) for place in crew.places}
    memory = {place: [_memory_mb(crew.members[place])] for place in crew.places}
    trial.begin()
    async with trial.striking():
        while trial.goes_on:
            await trial.wait(_SAMPLE_SECONDS)
            for place in crew.places:
                memory[place].append(_memory_mb(crew.members[place]))
    trial.load.rate /= 10
    rebalances = sum(len(crew.members[place].events("partitions_assigned")) - assigned[place] for place in crew.places)
    trial.figures["rebalances"] = rebalances
    trial.figures["most_memory_gained_mb"] = round(max(max(one) - one[0] for one in memory.values()), 1)
    if rebalances:
        trial.problems.append("a worker that was busy was taken for dead")


async def wrong_clocks(trial: Trial) -> None:
    """One worker's clock is three quarters of an hour late, the other's early; what comes in is stamped as wrongly."""
    library = next(iter(glob.glob(_FAKETIME)), None)  # noqa: PTH207 - a pattern from the root
    if library is None:
        raise BrokerUnavailableError("libfaketime is missing: apt-get install libfaketime")
    crew = trial.crew
    for place, clock in zip(crew.places, _CLOCKS, strict=True):
        await crew.terminate(place)
        crew.start(place, LD_PRELOAD=library, FAKETIME=clock, FAKETIME_DONT_FAKE_MONOTONIC="1")
    await crew.all_ready()
    for place, clock in zip(crew.places, _CLOCKS, strict=True):
        told = crew.members[place].events("partitions_assigned")[-1]["timestamp"]
        trial.problems += [] if _is_wrong(str(told)) else [f"the clock of worker {place} is right, not {clock}"]
    trial.begin()
    await skewed(trial)


async def soak(trial: Trial) -> None:
    """At 60 % of what the workers can do, one of them is killed every minute; the other is watched."""
    crew, load = trial.crew, trial.load
    survivor, victim = crew.places
    load.rate = _SHARE * await _capacity(trial)
    cold = _memory_mb(crew.members[survivor])
    for _ in range(_WARMING_KILLS):
        crew.kill(victim)
        crew.restart(victim)
        await trial.wait(_WARMING_SECONDS)
    await crew.all_ready()
    trial.measured_from, sent_before, began = time.time(), len(load.sent), time.monotonic()
    samples: list[tuple[float, float, int]] = []
    trial.begin()
    killed_at = time.monotonic()
    while trial.goes_on:
        await trial.wait(_SAMPLE_SECONDS)
        process = crew.members[survivor]
        samples.append((time.monotonic() / 60, _memory_mb(process), psutil.Process(process.process.pid).num_fds()))
        if time.monotonic() - killed_at > _SOAK_KILL_SECONDS:
            killed_at = time.monotonic()
            trial.struck()
            crew.kill(victim)
            crew.restart(victim)
    growth = _slope([(at, memory) for at, memory, _ in samples])
    files = [count for _, _, count in samples]
    # A worker has more of them while the other's partitions are with it; what it never gives back is in the least.
    more_files = min(files[len(files) // 2 :]) - min(files[: len(files) // 2])
    trial.figures |= {
        "rate": round((len(load.sent) - sent_before) / (time.monotonic() - began)),
        "minutes": round(samples[-1][0] - samples[0][0], 1),
        "memory_mb_cold": round(cold, 1),
        "memory_mb_warm": round(samples[0][1], 1),
        "memory_mb": round(samples[-1][1], 1),
        "memory_growth_mb_a_minute": round(growth, 3),
        "files_least": min(files),
        "files_most": max(files),
        "files_not_given_back": more_files,
    }
    if growth >= _MOST_GROWTH_MB:
        trial.problems.append(f"the memory of a worker grew by {growth:.2f} MB a minute")
    if more_files > _MORE_FILES:
        trial.problems.append(f"a worker has {more_files} more open files, whichever partitions it has")


async def _capacity(trial: Trial) -> float:
    """Messages decided in a second while there is a backlog; the load is back at its usual rate by then."""
    usual, trial.load.rate = trial.load.rate, _MOST_RATE
    await trial.wait(_BACKLOG_SECONDS)
    trial.load.rate = usual
    before = len(trial.watch.seen)
    await trial.wait(_MEASURED_SECONDS)
    capacity = (len(trial.watch.seen) - before) / _MEASURED_SECONDS
    if _backlog(trial) < usual:
        trial.problems.append("the workers were through with the backlog too soon: their capacity is not known")
    await eventually(lambda: _backlog(trial) < usual, _PATIENCE_SECONDS, "the backlog to be gone")
    trial.figures["capacity"] = round(capacity)
    return capacity


def _backlog(trial: Trial) -> int:
    return len(trial.load.sent) - len(trial.watch.seen)


def _memory_mb(worker: WorkerProcess) -> float:
    return float(psutil.Process(worker.process.pid).memory_info().rss) / _MB


def _slope(points: list[tuple[float, float]]) -> float:
    """Of the straight line that fits best."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def _is_wrong(stamp: str) -> bool:
    return abs(datetime.fromisoformat(stamp).timestamp() - time.time()) > 1_800
