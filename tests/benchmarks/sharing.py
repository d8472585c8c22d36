"""The same backlog for one worker and for two: what is gained, and what of the machine the broker has meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from handraise.engine.topics import Topic
from handraise.settings import Delivery
from tests.benchmarks.filling import fill
from tests.benchmarks.job import Spent
from tests.benchmarks.progress import committed, cpu_seconds, wait_for
from tests.benchmarks.traffic import Made
from tests.support.brokers import Broker
from tests.support.installation import WORKER, installed
from tests.support.waiting import until

_SECONDS: Final = 120.0


class Shared(Spent, frozen=True, kw_only=True):
    """A backlog, from when every worker was ready to when all was done."""

    workers: int

    @property
    def cores(self) -> float:
        """Cores that the workers had."""
        return self.cpu_seconds / self.seconds

    @property
    def broker_cores(self) -> float:
        """Cores that the broker had meanwhile."""
        return self.broker_cpu_seconds / self.seconds


def shared(broker: Broker, broker_pid: int, folder: Path, made: Sequence[Made], workers: int) -> Shared:
    """Measure the whole path, exactly-once, with so many workers in one group."""
    with installed(broker, folder, delivery=Delivery.EXACTLY_ONCE) as to:
        asyncio.run(fill(to, Topic.MESSAGES, made))
        started = [to.worker(WORKER) for _ in range(workers)]
        # Not by asking them: they are at work, and each answer would cost them some.
        until(lambda: all(one.events("partition_ready") for one in started), _SECONDS, "every worker to begin")
        own = [one.process.pid for one in started]
        began = committed(to), time.perf_counter(), cpu_seconds(own), cpu_seconds([broker_pid])
        wait_for(to, len(made))
        ended = len(made), time.perf_counter(), cpu_seconds(own), cpu_seconds([broker_pid])
    events, seconds, own_seconds, broker_seconds = (end - begin for begin, end in zip(began, ended, strict=True))
    return Shared(
        workers=workers,
        events=int(events),
        seconds=seconds,
        cpu_seconds=own_seconds,
        broker_cpu_seconds=broker_seconds,
    )
