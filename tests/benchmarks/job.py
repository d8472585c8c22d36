"""What one contender is told to do, and the stopwatch by which it tells how long it took.

Every contender with state does the same job: decode the message, count the messages of its conversation in a state that
outlives the process, and publish a record for every tenth of them.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

import msgspec
import psutil
from msgspec import Struct

TELLS_AT: Final = 10
"""A contender publishes a record for every so many messages of a conversation."""


class Job(Struct, frozen=True, kw_only=True):
    """One run of one contender."""

    name: str
    """Unlike that of any other run: for its group and the topics that it makes."""
    servers: str
    topic: str
    """Full name of the topic to read, which is filled."""
    tells: str
    """Full name of the topic to publish to."""
    partitions: int
    events: int
    folder: str
    """For files of its own."""
    broker_pid: int

    @property
    def result(self) -> Path:
        """The file into which it says what it took."""
        return Path(self.folder) / "took.json"


class Spent(Struct, frozen=True, kw_only=True):
    """What a number of events took, from the first to the last; processor time in seconds of one core."""

    events: int
    seconds: float
    cpu_seconds: float
    """Of whatever worked on them, all processes together."""
    broker_cpu_seconds: float

    @property
    def a_second(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """Processor time of whatever worked on them for one event."""
        return 1e6 * self.cpu_seconds / self.events


class Took(Spent, frozen=True, kw_only=True):
    """What a run of a contender took."""

    steps: int
    """How often the contender told of progress: batches, or single events."""

    @property
    def batch(self) -> float:
        """Events that were told of together, on average."""
        return self.events / self.steps

    @property
    def broker_microseconds(self) -> float:
        """Processor time of the broker for one event."""
        return 1e6 * self.broker_cpu_seconds / self.events


class Stopwatch:
    """Begins with the first events that are told to it; says what it took when told of the last, or of the end."""

    def __init__(self, job: Job) -> None:
        self._events: Final = job.events
        self._result: Final = job.result
        self._broker: Final = psutil.Process(job.broker_pid)
        self._done = self._first = self._steps = 0
        self._began = (0.0, 0.0, 0.0)

    def counted(self, events: int = 1) -> int:
        """So many more events are counted; how many are now."""
        if not self._done:
            self._first, self._began = events, self._now()
        self._done += events
        self._steps += 1
        return self._done

    def done(self, events: int = 1) -> None:
        """So many more events are done, and nothing is left to do for them."""
        if self.counted(events) >= self._events:
            self.ended()

    def ended(self) -> None:
        """Say what it took until now."""
        seconds, cpu, broker = (now - began for now, began in zip(self._now(), self._began, strict=True))
        took = Took(
            events=self._done - self._first,
            steps=self._steps - 1,
            seconds=seconds,
            cpu_seconds=cpu,
            broker_cpu_seconds=broker,
        )
        written = self._result.with_suffix(".part")
        written.write_bytes(msgspec.json.encode(took))
        written.rename(self._result)

    def _now(self) -> tuple[float, float, float]:
        spent = self._broker.cpu_times()
        return time.perf_counter(), time.process_time(), spent.user + spent.system


def given_job() -> Job:
    """The job in the first argument of the command line."""
    return msgspec.json.decode(sys.argv[1], type=Job)
