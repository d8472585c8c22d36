"""How many workers there shall be: what a HorizontalPodAutoscaler makes of lag and of processor time.

The rules are Kubernetes' own: looked at every 15 s; nothing within a tolerance of 10 %; up by as many pods again or by
four at once, whichever is more; down to the highest number wanted within a window. Of several measures the one that
wants most counts. KEDA feeds the lag, and what Prometheus answers, to such an autoscaler.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from ops.capacity.closed_forms import even_counts
from ops.capacity.figures import Figures

_AT_ONCE: Final = 4
_NOTHING: Final = 1e-9


class Seen(Struct, frozen=True, kw_only=True):
    """What a scaler can know."""

    now: float
    workers: int
    busy: float
    """Part of their cores that the workers use."""
    backlog: float
    """Messages that wait."""
    decided: float
    """Messages a second that were done, on the mean of the last ten minutes."""


class Scaler(Protocol):
    """Says how many workers there shall be."""

    def wanted(self, seen: Seen) -> int:
        """The number from now on."""
        ...


class Measure(Protocol):
    """Something that is to have a certain value for each worker."""

    def ratio(self, seen: Seen) -> float:
        """How many times as many workers it takes for that."""
        ...


class Lag(Struct, frozen=True):
    """Messages that may wait for each worker: `lagThreshold` of KEDA."""

    of_each: float

    def ratio(self, seen: Seen) -> float:
        """As the protocol says."""
        return seen.backlog / (self.of_each * seen.workers)


class Decided(Struct, frozen=True):
    """Messages a second that each worker shall do, on the mean of ten minutes.

    That mean is what came, however the work was spread over the time; and where more comes than the workers can do, it
    is all that they can do, which is more than they shall.
    """

    of_each: float

    def ratio(self, seen: Seen) -> float:
        """As the protocol says."""
        return seen.decided / (self.of_each * seen.workers)


class Busy(Struct, frozen=True):
    """Part of its core that each worker shall use."""

    part: float

    def ratio(self, seen: Seen) -> float:
        """As the protocol says."""
        return seen.busy / self.part


def expression(partitions: int, least: int, of_each: float) -> str:
    """The same for Prometheus: how many workers, of the numbers that share the partitions evenly, it takes.

    It begins at `least`, and each term adds workers once more is done than fewer of them are to do.
    """
    rate = "sum(rate(handraise_messages_total[10m]))"
    counts = [count for count in even_counts(partitions) if count >= least]
    terms = [f"{more - fewer} * ({rate} > bool {round(fewer * of_each)})" for fewer, more in itertools.pairwise(counts)]
    return " + ".join([str(counts[0]), *terms])


class Behaviour(Struct, frozen=True, kw_only=True):
    """What is set about a HorizontalPodAutoscaler; times are seconds."""

    least: int
    most: int
    down_window: float
    """It goes down to the highest number that was wanted in this time."""
    up_window: float = 0.0
    """It goes up to the lowest number that was wanted in this time."""
    even_of: int | None = None
    """Only numbers of workers that share so many partitions evenly: KEDA's `ensureEvenDistributionOfPartitions`."""


class Autoscaler:
    """A HorizontalPodAutoscaler that looks at some measures."""

    def __init__(self, found: Figures, measures: Sequence[Measure], behaviour: Behaviour) -> None:
        self._figures = found
        self._measures = measures
        self._behaviour = behaviour
        self._allowed = even_counts(behaviour.even_of) if behaviour.even_of else None
        self._next = 0.0
        self._wanted: deque[tuple[float, int]] = deque()
        self._busy: list[float] = []

    def wanted(self, seen: Seen) -> int:
        """As the protocol says; processor time is the mean since the last look."""
        self._busy.append(seen.busy)
        if seen.now < self._next or not seen.workers:
            return seen.workers
        self._next = seen.now + self._figures.scaler_sync_seconds
        looked = msgspec.structs.replace(seen, busy=sum(self._busy) / len(self._busy))
        self._busy.clear()
        return self._stable(seen, self._by_measures(looked))

    def _by_measures(self, seen: Seen) -> int:
        ratio = max(measure.ratio(seen) for measure in self._measures)
        if abs(ratio - 1) <= self._figures.scaler_tolerance:
            return seen.workers
        wanted = math.ceil(ratio * seen.workers - _NOTHING)
        if self._allowed is not None:
            wanted = next((count for count in self._allowed if count >= wanted), self._allowed[-1])
        return min(self._behaviour.most, max(self._behaviour.least, wanted))

    def _stable(self, seen: Seen, wanted: int) -> int:
        """Not more than was wanted all the time for a while, nor less than was ever wanted in one."""
        self._wanted.append((seen.now, wanted))
        longest = max(self._behaviour.up_window, self._behaviour.down_window)
        while self._wanted[0][0] < seen.now - longest:
            self._wanted.popleft()
        most = max(count for at, count in self._wanted if at >= seen.now - self._behaviour.down_window)
        least = min(count for at, count in self._wanted if at >= seen.now - self._behaviour.up_window)
        if least > seen.workers:
            return min(least, max(2 * seen.workers, seen.workers + _AT_ONCE))
        return min(seen.workers, most)
