"""One installation over time, in a fluid model: workers that come and go, restores, and what waits meanwhile.

Messages are a flow. A worker has one core; restoring goes first on it, then every partition that has something gets an
equal part of what is left, as the tasks of a worker do. Partitions are given out as `RangePartitionAssignor` does: the
workers in the order of their names, each a run of partitions. While the group reassigns, nothing is done.

It is coarse on purpose: no transactions, no batches, no network. What it is for is where the time goes in minutes.
"""

from __future__ import annotations

import bisect
import random
from collections.abc import Callable, Sequence
from typing import Final

from ops.capacity.cell import Cell, Told, Worker, runs
from ops.capacity.scaling import Scaler, Seen

LATE_SECONDS: Final = 30.0
"""From here on a decision counts as late, as in the alert HandraiseLagging."""
_MEAN_SECONDS: Final = 600.0
"""Over which the rate of what is decided is told to a scaler: that of ops/kubernetes/autoscaling.yaml."""
_NOTHING: Final = 1e-9
"""Messages, and seconds of restoring, that are none."""


class Simulation:
    """Plays out one cell. Equal arguments give equal results.

    Args:
        cell: what runs.
        rate: messages a second of all partitions together, by the second since the beginning.
        shares: of the partitions, one each, together 1; None means equal.
        seed: for the names of workers that are not `named`, by which Kafka orders them.
        scaler: how many workers there shall be; None leaves them as they are.
        step: seconds.
    """

    def __init__(
        self,
        cell: Cell,
        rate: Callable[[float], float],
        *,
        shares: Sequence[float] | None = None,
        seed: int = 1,
        scaler: Scaler | None = None,
        step: float = 1.0,
    ) -> None:
        self.cell: Final = cell
        self.told: Final = Told()
        self.now = 0.0
        self._rate = rate
        self._chance = random.Random(seed)  # noqa: S311 - not for secrets
        self._scaler = scaler
        self._step = step
        count = cell.partitions
        self._shares = list(shares) if shares is not None else [1 / count] * count
        self._done = [0.0] * count
        self._arrived = [0.0]
        """All that had come by the end of each step."""
        self._decided_by = [0.0]
        """The same for all that was decided."""
        self._restoring = [0.0] * count
        """Seconds of work until a partition's state is there."""
        self._owners: list[Worker | None] = [None] * count
        self._workers: list[Worker] = []
        self._paused_until = 0.0
        self._reassigns = False
        self._busy = 0.0
        self._numbers = 0
        for _ in range(cell.workers):
            self._workers.append(self._new_worker(0.0))
        self._reassign(restores=False)

    # --- what happens to workers ---

    def kill(self, place: int = 0) -> None:
        """A worker is gone without a word; another takes its place once the group and the platform have noticed."""
        worker = self._members()[place]
        worker.works = False
        worker.missed = self.now + self.cell.session
        back = self._new_worker(self.now + self.cell.start)
        if self.cell.named:
            back.name = worker.name
        self._workers.append(back)

    def stop(self, name: str) -> None:
        """A worker leaves in order. One that is `named` does not tell the group, so its partitions are kept for it."""
        worker = next(one for one in self._members() if one.name == name and one.works)
        worker.works = False
        worker.missed = self.now + (self.cell.session if self.cell.named else 0.0)

    def oldest(self) -> str:
        """The name of the worker that has been there the longest."""
        return min((worker for worker in self._members() if worker.works), key=lambda one: (one.joins, one.name)).name

    def start(self, name: str | None = None, after: float = 0.0) -> None:
        """A worker comes."""
        worker = self._new_worker(self.now + after)
        if name is not None and self.cell.named:
            worker.name = name
        self._workers.append(worker)

    @property
    def settled(self) -> bool:
        """Whether every partition has a worker that has its state, and nobody is expected."""
        expected = any(worker.joins > self.now or worker.missed is not None for worker in self._workers)
        served = all(owner is not None and owner.works for owner in self._owners)
        return served and not expected and self.now >= self._paused_until and max(self._restoring) <= _NOTHING

    @property
    def quiet(self) -> bool:
        """Whether it is settled and nothing waits."""
        return self.settled and self.now > self.told.caught_up_at

    @property
    def decided(self) -> float:
        """Messages that are done."""
        return sum(self._done)

    # --- time ---

    def run(self, until: float) -> Told:
        """Let time pass."""
        while self.now < until - _NOTHING:
            self._notice()
            self._scale()
            if self._reassigns:
                self._reassign()
            self._flow()
            self.now = round(self.now + self._step, 6)
            self._look()
        return self.told

    def _notice(self) -> None:
        """Who has joined by now, and who is missed."""
        for worker in list(self._workers):
            if worker.missed is not None and worker.missed <= self.now:
                self._workers.remove(worker)
                self._reassigns = True
        for worker in self._workers:
            if worker.works and worker.joins <= self.now and worker not in self._owners:
                self._join(worker)

    def _join(self, worker: Worker) -> None:
        before = next((one for one in self._workers if one.name == worker.name and not one.works), None)
        if before is None:
            # A worker without partitions is known already, where there are more workers than partitions.
            self._reassigns = self._reassigns or worker.joins > self.now - self._step
            return
        # It is back before it was missed: the partitions are its own, and nobody else pauses.
        self._workers.remove(before)
        for partition, owner in enumerate(self._owners):
            if owner is before:
                self._owners[partition] = worker
                self._begin_restore(partition)

    def _scale(self) -> None:
        if self._scaler is None:
            return
        members = [worker for worker in self._workers if worker.works]
        seen = Seen(
            now=self.now,
            workers=len(members),
            busy=self._busy,
            backlog=sum(self._backlog(partition) for partition in range(self.cell.partitions)),
            decided=self._decided_lately(),
        )
        wanted = self._scaler.wanted(seen)
        for _ in range(wanted - len(members)):
            self.start(after=self.cell.start)
        for worker in sorted(members, key=lambda one: one.joins, reverse=True)[: max(0, len(members) - wanted)]:
            worker.works = False
            worker.missed = self.now + (self.cell.session if self.cell.named else 0.0)

    def _reassign(self, *, restores: bool = True) -> None:
        """Give the partitions out anew; those that stay where they are keep their state."""
        self._reassigns = False
        members = sorted(self._members(), key=lambda worker: worker.name)
        if not members:
            self._owners = [None] * self.cell.partitions
            return
        for worker, run in zip(members, runs(self.cell.partitions, len(members)), strict=True):
            for partition in run:
                stays = self._owners[partition] is worker
                self._owners[partition] = worker
                # What had not been read back to its end begins anew: the engine ends such a task when it reassigns.
                if restores and (not stays or self._restoring[partition] > _NOTHING):
                    self._begin_restore(partition)
        if restores:
            self.told.rebalances += 1
            self._paused_until = self.now + self.cell.rebalance

    def _begin_restore(self, partition: int) -> None:
        self._restoring[partition] = self.cell.restore
        self.told.restores += 1

    # --- messages ---

    def _flow(self) -> None:
        came = self._rate(self.now) * self._step
        self._arrived.append(self._arrived[-1] + came)
        self.told.messages += came
        time = self._step - min(self._step, max(0.0, self._paused_until - self.now))
        working = [worker for worker in self._workers if worker.works and worker.joins <= self.now]
        used = 0.0
        for worker in working:
            mine = [partition for partition, owner in enumerate(self._owners) if owner is worker]
            used += self._work(mine, time)
        # One that is starting counts, as a pod does that is not ready.
        there = sum(worker.works for worker in self._workers)
        self._decided_by.append(self.decided)
        self._busy = used / (there * self._step) if there else 0.0
        self.told.worker_seconds += self._step * there
        self.told.most_workers = max(self.told.most_workers, len(working))

    def _work(self, mine: Sequence[int], time: float) -> float:
        """One worker's step; the seconds that its core was busy."""
        ready = [partition for partition in mine if self._restoring[partition] <= _NOTHING]
        left = time - self._restore([partition for partition in mine if self._restoring[partition] > _NOTHING], time)
        room = left * self.cell.capacity
        waiting = sorted((self._backlog(partition), partition) for partition in ready)
        for place, (backlog, partition) in enumerate(waiting):
            done = min(backlog, room / (len(waiting) - place))
            room -= done
            self._decide(partition, done)
        return time - room / self.cell.capacity

    def _restore(self, mine: Sequence[int], time: float) -> float:
        """Read states back, all of them at the same time; the seconds that this took."""
        whole = sum(self._restoring[partition] for partition in mine)
        if not whole:
            return 0.0
        part = min(1.0, time / whole)
        for partition in mine:
            self._restoring[partition] = max(0.0, self._restoring[partition] * (1 - part))
        return whole * part

    def _decide(self, partition: int, done: float) -> None:
        if done > 0:
            if self._lag(partition) > LATE_SECONDS:
                self.told.late += done
            self._done[partition] += done

    def _look(self) -> None:
        lag = max(self._lag(partition) for partition in range(self.cell.partitions))
        self.told.worst_lag = max(self.told.worst_lag, lag)
        if lag > self._step:
            self.told.caught_up_at = self.now

    def _members(self) -> list[Worker]:
        return [
            worker
            for worker in self._workers
            if worker.joins <= self.now and (worker.works or worker.missed is not None)
        ]

    def _backlog(self, partition: int) -> float:
        return max(0.0, self._arrived[-1] * self._shares[partition] - self._done[partition])

    def _decided_lately(self) -> float:
        steps = min(len(self._decided_by) - 1, round(_MEAN_SECONDS / self._step))
        if not steps:
            return 0.0
        return (self._decided_by[-1] - self._decided_by[-1 - steps]) / (steps * self._step)

    def _lag(self, partition: int) -> float:
        """How long the oldest message that waits has been there."""
        share = self._shares[partition]
        if not share or self._backlog(partition) <= _NOTHING * max(1.0, self._done[partition]):
            return 0.0
        done = self._done[partition] / share
        step = bisect.bisect_right(self._arrived, done * (1 + _NOTHING)) - 1
        came = self._arrived[min(step + 1, len(self._arrived) - 1)] - self._arrived[step]
        into = (done - self._arrived[step]) / came if came else 0.0
        return max(0.0, self._step * (len(self._arrived) - 1 - step - into))

    def _new_worker(self, joins: float) -> Worker:
        self._numbers += 1
        # Kafka makes an id of a name and chance; without a name, chance alone orders the workers.
        name = f"worker-{self._numbers:04d}" if self.cell.named else f"{self._chance.random():.12f}"
        return Worker(name, joins)
