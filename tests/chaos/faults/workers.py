"""What happens to workers: they are killed, stopped, stalled, added and taken away."""

from __future__ import annotations

import asyncio
import signal
from typing import Final

from tests.chaos.trial import Trial

_KILLS_EVERY: Final = (8.0, 15.0)
_STOPS_EVERY: Final = 3.0
_STALLS_APART: Final = 4.0


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
