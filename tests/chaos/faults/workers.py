"""What happens to workers: they are killed, stopped, stalled, added and taken away."""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
from typing import Final

from tests.chaos.trial import Trial

_KILLS_EVERY: Final = (8.0, 15.0)
_STOPS_EVERY: Final = 3.0
_STALLS_APART: Final = 4.0
_COMING: Final = 2


async def killed(trial: Trial) -> None:
    """SIGKILL to one worker after the other; a new one takes its place at once."""
    place = 0
    while trial.goes_on:
        trial.struck()
        trial.crew.kill(place)
        trial.crew.restart(place)
        place = (place + 1) % len(trial.crew.places)
        await trial.wait(*_KILLS_EVERY)


async def stopped(trial: Trial) -> None:
    """SIGTERM to one worker after the other; the next one is stopped when all are ready again."""
    place = 0
    while trial.goes_on:
        async with trial.striking():
            await trial.crew.terminate(place)
            trial.crew.restart(place)
            await trial.crew.all_ready()
        place = (place + 1) % len(trial.crew.places)
        await trial.wait(_STOPS_EVERY)


async def stalled(trial: Trial) -> None:
    """SIGSTOP for longer than the session, then SIGCONT: the worker wakes up with a batch that is another's by now."""
    place = 0
    while trial.goes_on:
        process = trial.crew.members[place].process
        async with trial.striking():
            process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(trial.rng.uniform(1.5, 3) * trial.setup.session_seconds)
            process.send_signal(signal.SIGCONT)
        place = (place + 1) % len(trial.crew.places)
        await trial.wait(_STALLS_APART)


async def storm(trial: Trial) -> None:
    """Guests come, and each goes as soon as it has been given partitions; every 3 s one comes or goes."""
    crew = trial.crew
    coming: list[int] = []
    place = len(crew.places)
    while trial.goes_on or coming:
        there = [guest for guest in coming if crew.members[guest].events("partitions_assigned")]
        if there:
            trial.struck()
            coming.remove(there[0])
            await crew.terminate(there[0])
        elif len(coming) < _COMING and trial.goes_on:
            # Started before it is due, since a start takes longer than the rhythm.
            trial.struck()
            crew.start(place)
            coming.append(place)
            place += 1
            continue
        await trial.wait(_STOPS_EVERY)


async def restarted_with_a_name(trial: Trial) -> None:
    """SIGTERM and a new start, one after the other, of workers that keep their names: no other worker pauses."""
    crew = trial.crew
    for place in crew.places:
        await crew.terminate(place)
        crew.start(place, HANDRAISE_GROUP_INSTANCE_ID=f"worker-{place}")
    await crew.all_ready()
    trial.begin()
    rebalances = {place: len(crew.members[place].events("partitions_assigned")) for place in crew.places}
    longest = 0.0
    place = 0
    while trial.goes_on:
        others = [other for other in crew.places if other != place]
        mine = set(crew.members[place].events("partitions_assigned")[-1]["partitions"])
        async with trial.striking():
            began = time.time()
            await crew.terminate(place)
            crew.restart(place)
            await crew.all_ready()
            ended = time.time()
        longest = max(longest, _longest_pause(trial, mine, began, ended))
        rebalances[place] = len(crew.members[place].events("partitions_assigned"))
        for other in others:
            if len(crew.members[other].events("partitions_assigned")) != rebalances[other]:
                trial.problems.append(f"the restart of worker {place} made worker {other} rebalance")
                rebalances[other] = len(crew.members[other].events("partitions_assigned"))
        place = (place + 1) % len(crew.places)
        await trial.wait(_STOPS_EVERY)
    trial.figures["longest_pause_of_others_s"] = round(longest, 3)


def _longest_pause(trial: Trial, restarting: set[int], began: float, ended: float) -> float:
    """The longest time without a decision on any partition of the others."""
    by_partition: dict[int, list[float]] = {n: [began, ended] for n in range(trial.setup.partitions)}
    for at, partition in trial.watch.seen.values():
        if began <= at <= ended:
            by_partition[partition].append(at)
    pauses = [0.0]
    for partition, times in by_partition.items():
        if partition not in restarting:
            times.sort()
            pauses += [after - before for before, after in itertools.pairwise(times)]
    return max(pauses)
