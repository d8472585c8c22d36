"""The source of batches: a member of the consumer group, with a task for each partition that it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Final

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from handraise.engine.batch import Batch
from handraise.engine.clients import Clients, RebalanceListener
from handraise.engine.errors import EngineError, RebalanceFailedError, explaining
from handraise.engine.health import Health
from handraise.engine.memory import give_back
from handraise.engine.observer import Observer
from handraise.engine.patience import wait_for_end
from handraise.engine.state import HeadOf
from handraise.engine.task import Load, PartitionTask, TaskParts
from handraise.engine.topics import SOURCES, Topic, TopicNames
from handraise.settings import Delivery, Settings

_HAND_BACK_SECONDS: Final = 10.0
"""For the batch in hand when the group reassigns: less than the group waits for a member (20 s)."""
_SHUTDOWN_SECONDS: Final = 2.0
"""The same at the end: the worker has to be gone within 5 s, of which Faust takes one."""
_LEAVE_SECONDS: Final = 1.0
_FLUSH_SECONDS: Final = 0.5
_LAST_FLUSH_SECONDS: Final = 1.0
_TICK_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class Source(Service):
    """Reads the source topics as a member of the group, and submits batches; each is worked on by an agent.

    `submit` hands a batch to the agents; `forget` is told the states of a partition that goes.
    """

    mundane_level = "debug"

    def __init__(
        self,
        *,
        settings: Settings,
        clients: Clients,
        observer: Observer,
        health: Health,
        head_of: HeadOf,
        submit: Callable[[Batch], Awaitable[None]],
        forget: Callable[[Load], None],
    ) -> None:
        self._settings = settings
        self._clients = clients
        self._observer = observer
        self._health = health
        self._head_of = head_of
        self._submit = submit
        self._forget = forget
        self._names = TopicNames(settings.topic_prefix)
        self._tasks_by_partition: dict[int, PartitionTask] = {}
        self._member: Any = None
        self._parts: TaskParts | None = None
        self._moved = False
        """Whether a partition has come or gone since memory was given back last."""
        super().__init__()

    async def on_start(self) -> None:
        """Join the group."""
        self._member = self._clients.member()
        self._parts = TaskParts(
            self._settings,
            self._clients,
            self._names,
            self._member,
            self._observer,
            self._head_of,
            self._submit,
            self._forget,
            self._tell_readiness,
        )
        await self._clients.start(self._member)
        self._member.subscribe([self._names[topic] for topic in SOURCES], listener=_Listener(self))

    async def on_stop(self) -> None:
        """Finish the batches in hand, and leave the group."""
        self._health.wait_for("stopping", "the worker is stopping")
        await self._hand_back(list(self._tasks_by_partition.values()), _SHUTDOWN_SECONDS)
        await self._end(list(self._tasks_by_partition.values()))
        if self._member is not None:
            await wait_for_end(_LEAVE_SECONDS, "the consumer to leave the group", self._member.stop())

    # --- rebalance ---

    async def revoke(self) -> None:
        """The group reassigns: finish what is in hand, and wait."""
        self._health.wait_for("partitions", "the group is reassigning partitions")
        tasks = list(self._tasks_by_partition.values())
        # A task that has not restored yet would fence the next owner; one that does not finish in time is given up.
        beginning = [task for task in tasks if not task.ready]
        await self._end(beginning)
        await self._hand_back([task for task in tasks if task.ready], _HAND_BACK_SECONDS)

    async def assign(self, assigned: Iterable[TopicPartition]) -> None:
        """The group has decided: go on with what stayed, end what left, begin what is new."""
        if self.should_stop or self._parts is None:
            return
        partitions = self._partitions(assigned)
        staying = partitions & self._tasks_by_partition.keys()
        if self._settings.delivery is Delivery.AT_LEAST_ONCE:
            # Without a fence, nothing proves that nobody else wrote the state meanwhile.
            staying = set()
        await self._end([task for n, task in self._tasks_by_partition.items() if n not in staying])
        if self.should_stop:
            # Meanwhile the source was stopped, which has ended every task that there was.
            return
        for partition in sorted(partitions):
            if partition in staying:
                self._tasks_by_partition[partition].resume()
            else:
                self._begin(partition, self._parts)
        self._health.done("partitions")
        self._observer.rebalanced(len(partitions))
        log.info("partitions_assigned", partitions=sorted(partitions), kept=sorted(staying))
        self._tell_readiness()

    async def fail(self, error: Exception) -> None:
        """Stop the worker: the client itself would only log an error of a rebalance."""
        if isinstance(error, EngineError):
            await self.crash(error)
        else:
            failed = RebalanceFailedError("taking over or handing back partitions failed; nothing of it was committed")
            failed.__cause__ = error
            await self.crash(failed)

    def _partitions(self, assigned: Iterable[TopicPartition]) -> set[int]:
        by_topic: dict[str, set[int]] = {self._names[topic]: set() for topic in SOURCES}
        for topic, partition in assigned:
            by_topic[topic].add(partition)
        first = by_topic[self._names[Topic.MESSAGES]]
        if any(partitions != first for partitions in by_topic.values()):
            raise RebalanceFailedError(
                f"the group {self._settings.group} gave this worker different partitions of the topics it reads. All of"
                " its members must be workers of one version with the same HANDRAISE_TOPIC_PREFIX"
            )
        return first

    def _begin(self, partition: int, parts: TaskParts) -> None:
        task = PartitionTask(partition, parts)
        self._tasks_by_partition[partition] = task
        task.start().add_done_callback(partial(self._on_task_end, task))

    def _on_task_end(self, task: PartitionTask, life: asyncio.Task[None]) -> None:
        error: BaseException | None = None
        if not life.cancelled():
            error = life.exception()
        elif self._tasks_by_partition.get(task.partition) is task:
            # Whoever ends a task takes it out first.
            error = EngineError(
                f"the task of partition {task.partition} was cancelled, though nobody took the partition away: start"
                " the worker again, which goes on from what is committed"
            )
        if error is not None:
            log.error("partition_failed", task=life.get_name(), effect="the worker stops", exc_info=error)
            self.add_future(self.crash(error))

    async def _hand_back(self, tasks: list[PartitionTask], seconds: float) -> None:
        finished = await asyncio.gather(*(task.pause(seconds) for task in tasks))
        late = [task for task, in_time in zip(tasks, finished, strict=True) if not in_time]
        for task in late:
            log.error("batch_abandoned", partition=task.partition, seconds=seconds)
        await self._end(late)
        try:
            # The client tries until a broker answers.
            async with asyncio.timeout(_LAST_FLUSH_SECONDS):
                await self._flush_offsets()
        except TimeoutError:
            log.warning("offsets_not_committed", error="no broker answers")

    async def _end(self, tasks: list[PartitionTask]) -> None:
        for task in tasks:
            self._tasks_by_partition.pop(task.partition, None)
        await asyncio.gather(*(task.stop() for task in tasks))

    # --- while it runs ---

    @Service.task
    async def _watch_membership(self) -> None:
        """Let the client report what went wrong with the group: it does so only to who asks for records."""
        nowhere = TopicPartition(self._names[Topic.MESSAGES], -1)
        while not self.should_stop:
            self._tell_headway()
            with explaining("Read"):
                await self._member.getmany(nowhere)
            await self._tell_lag()
            await self.sleep(_TICK_SECONDS)

    @Service.task
    async def _give_memory_back(self) -> None:
        while not self.should_stop:
            await self.sleep(_TICK_SECONDS)
            # Not while others are being restored: most of what is free then is about to be used.
            if self._moved and all(task.ready for task in self._tasks_by_partition.values()):
                self._moved = False
                give_back()

    @Service.task
    async def _commit_offsets(self) -> None:
        while not self.should_stop and self._settings.delivery is Delivery.AT_LEAST_ONCE:
            await self.sleep(_FLUSH_SECONDS)
            await self._flush_offsets()

    async def _flush_offsets(self) -> None:
        for task in list(self._tasks_by_partition.values()):
            try:
                await task.flush()
            except KafkaError as error:
                # The next owner reads these records again, and finds in the state that they are done.
                log.warning("offsets_not_committed", partition=task.partition, error=repr(error))

    async def _tell_lag(self) -> None:
        await asyncio.gather(*(task.tell_lag() for task in list(self._tasks_by_partition.values())))

    def _tell_headway(self) -> None:
        # For longer than this, the group may take a worker that says nothing for dead.
        patience = self._settings.session_timeout_seconds
        still = [text for task in self._tasks_by_partition.values() if (text := task.standstill(patience)) is not None]
        if still:
            self._health.wait_for("headway", "; ".join(sorted(still)))
        else:
            self._health.done("headway")

    def _tell_readiness(self) -> None:
        self._moved = True
        restoring = sorted(n for n, task in self._tasks_by_partition.items() if not task.ready)
        if restoring:
            self._health.wait_for("restoring", f"partitions {restoring} are being restored")
        else:
            self._health.done("restoring")


class _Listener(RebalanceListener):
    def __init__(self, source: Source) -> None:
        self._source = source

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """The group reassigns."""
        try:
            if revoked:
                await self._source.revoke()
        except Exception as error:  # noqa: BLE001 - stops the worker
            await self._source.fail(error)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """The group has decided."""
        try:
            await self._source.assign(assigned)
        except Exception as error:  # noqa: BLE001 - stops the worker
            await self._source.fail(error)
