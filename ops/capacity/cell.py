"""What is simulated, who works in it, and what came of it."""

from __future__ import annotations

import itertools

from msgspec import Struct


class Cell(Struct, frozen=True, kw_only=True):
    """One installation: one set of topics and one consumer group. Times are seconds, rates messages a second."""

    partitions: int
    workers: int
    capacity: float
    """Of one worker."""
    restore: float
    """To read back the state of one partition, by one worker that does nothing else."""
    session: float
    """Until a worker that is lost without a word is missed."""
    rebalance: float
    """Pause of everything while the group reassigns."""
    start: float
    """From the wish for another worker to its joining."""
    named: bool = False
    """Workers keep their name and their partitions over a restart (`HANDRAISE_GROUP_INSTANCE_ID`)."""


class Told(Struct, kw_only=True):
    """What came of a run."""

    messages: float = 0.0
    late: float = 0.0
    """Messages that were decided after more than 30 s."""
    worst_lag: float = 0.0
    """The longest that a message has waited, in seconds."""
    caught_up_at: float = 0.0
    """The last time that anything waited for more than a step."""
    rebalances: int = 0
    restores: int = 0
    """Partitions that were read back."""
    worker_seconds: float = 0.0
    most_workers: int = 0

    @property
    def late_share(self) -> float:
        """Late messages of all."""
        return self.late / self.messages if self.messages else 0.0


class Worker:
    """One worker: `joins` is when it takes part, `missed` when the group learns that it is gone."""

    def __init__(self, name: str, joins: float) -> None:
        self.name = name
        self.joins = joins
        self.works = True
        self.missed: float | None = None


def runs(partitions: int, members: int) -> list[range]:
    """What each member gets of a range assignment, in the order of their ids: as aiokafka's assignor does it."""
    each, more = divmod(partitions, members)
    begins = [number * each + min(number, more) for number in range(members + 1)]
    return [range(begin, end) for begin, end in itertools.pairwise(begins)]
