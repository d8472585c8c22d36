"""The task of one partition: it fences, restores, reads, and has one batch in hand at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError
from aiokafka.structs import OffsetAndMetadata

from handraise.engine.badrecords import BadRecordLimits, Tally, tally_of
from handraise.engine.batch import Batch, Outbox
from handraise.engine.clients import Clients
from handraise.engine.delivery import AtLeastOnce, Delivery, ExactlyOnce
from handraise.engine.errors import (
    FENCED,
    LogTruncatedError,
    OffsetsLostError,
    explained,
    explaining,
    may_begin_again,
)
from handraise.engine.inbox import Inbox
from handraise.engine.observer import Observer
from handraise.engine.offsets import committed_offsets
from handraise.engine.pace import Pace
from handraise.engine.patience import wait_for_end
from handraise.engine.record import Record
from handraise.engine.state import Due, HeadOf, PartitionState, restore
from handraise.engine.topics import SOURCES, Topic, TopicNames
from handraise.settings import Delivery as DeliveryMode
from handraise.settings import Settings

_ASSIGNMENT_SETTLES_SECONDS: Final = 0.05
_LAG_SECONDS: Final = 0.5
_STOP_SECONDS: Final = 0.75
_SWEEP_SECONDS: Final = 1.0

Load = Callable[[bytes], bytes | None]
"""Gives the encoded state of a conversation by its key."""

log = structlog.get_logger(__name__)


class TaskParts(NamedTuple):
    """What every task of a worker shares."""

    settings: Settings
    clients: Clients
    names: TopicNames
    member: Any
    observer: Observer
    head_of: HeadOf
    submit: Callable[[Batch], Awaitable[None]]
    forget: Callable[[Load], None]
    """Takes the states of a task that has stopped."""
    changed: Callable[[], None]
    """Called when a task has become ready, or no longer is."""


class PartitionTask:
    """Owns partition n of the source topics and of the state, for as long as the group leaves it to this worker."""

    def __init__(self, partition: int, parts: TaskParts) -> None:
        self.partition: Final = partition
        self.ready = False
        """Whether the state is restored and records are read."""
        self._parts = parts
        self._changelog = TopicPartition(parts.names[Topic.STATE], partition)
        self._sources = [TopicPartition(parts.names[topic], partition) for topic in SOURCES]
        self._messages = TopicPartition(parts.names[Topic.MESSAGES], partition)
        self._may_read = asyncio.Event()
        self._may_read.set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._in_hand: Sequence[Record] = ()
        self._limits = BadRecordLimits(parts.settings)
        self._tally = Tally()
        self._failed: str | None = None
        """The error after which the partition was begun again, until something is committed or all is done."""
        self._progressed_at = time.monotonic()
        """When something was last committed, or the partition was begun or went on after a pause."""
        self._taken_at = 0.0
        """When the batch in hand was taken, by the same clock, which nobody sets."""
        self._pace = Pace(parts.settings.batch_records)
        self._timer_pace = Pace(parts.settings.batch_records)
        self._pauses = 0
        self._sweep_at = 0.0
        """When conversations whose timers are due are looked for next, by that clock too."""
        self._partitions = 0
        self._delivery: Delivery | None = None
        self._inbox = self._new_inbox()
        self._state = self._new_state()
        self._owner: int | None = None
        self._life: asyncio.Task[None] | None = None

    # --- what the rebalance does ---

    def start(self) -> asyncio.Task[None]:
        """Begin. The task that is handed back ends only with an error that must stop the worker."""
        self._life = asyncio.create_task(self._live(), name=f"partition-{self.partition}")
        return self._life

    async def pause(self, seconds: float) -> bool:
        """Take no new batch, and finish the one in hand; False if it took longer than `seconds`."""
        self._may_read.clear()
        self._pauses += 1
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    def resume(self) -> None:
        """Go on after a pause, from what is committed."""
        self._inbox.rewind()
        self._progressed_at = time.monotonic()
        self._may_read.set()

    async def stop(self) -> None:
        """End at once; a batch still in hand is dropped, and read again by the next owner."""
        if self._life is not None:
            self._life.cancel()
            await wait_for_end(_STOP_SECONDS, f"the task of partition {self.partition} to stop", self._life)
        await self._close()
        self._let_state_go()
        # A task that was cancelled is part of a cycle, which may stay for long; what is large must not stay with it.
        self._inbox = self._new_inbox()
        self._parts.observer.state_held(self.partition, 0, {})
        self._parts.observer.bad_records(self.partition, None)

    async def flush(self) -> None:
        """Commit the offsets that wait for it: at-least-once only."""
        if self._delivery is None or not self.ready:
            return
        settled = self._offsets_read()
        await self._delivery.flush()
        self._state.settle(*settled)

    def standstill(self, patience_seconds: float) -> str | None:
        """Why the partition makes no headway, in words; None if it does, or there is nothing to do.

        A partition that is not ready says so itself.
        """
        if not self.ready or not self._may_read.is_set():
            return None
        if self._failed is not None:
            return f"partition {self.partition} was begun again after {self._failed}, and has committed nothing since"
        latest = time.monotonic() - patience_seconds
        if not self._idle.is_set():
            stuck = self._taken_at < latest
            return f"partition {self.partition} has a batch in hand that cannot be finished" if stuck else None
        heard_at = self._inbox.heard_at_ms() or 0
        silent = self._progressed_at < latest and heard_at / 1_000 < time.time() - patience_seconds
        return f"no broker answers for partition {self.partition}" if silent else None

    async def tell_lag(self) -> None:
        """Tell the observer how far behind the partition is."""
        if not self.ready or not self._may_read.is_set():
            return
        try:
            # The consumer waits for a position while the group reassigns.
            async with asyncio.timeout(_LAG_SECONDS):
                lags = await self._inbox.lag(self._in_hand)
        except TimeoutError:
            return
        now_ms = time.time() * 1_000
        for source, (records, oldest_ms) in lags.items():
            age = 0.0 if oldest_ms is None else max(0.0, (now_ms - oldest_ms) / 1_000)
            self._parts.observer.lag(source.topic, source.partition, records, age)

    # --- its life ---

    async def _live(self) -> None:
        while True:
            await self._may_read.wait()
            try:
                await self._begin()
                while True:
                    await self._may_read.wait()
                    await self._one_batch()
            except Exception as error:
                if not may_begin_again(error):
                    raise
                await self._give_up(error)
                # A worker that was stalled must hear from the group that it is out before it begins again, or it would
                # fence the new owner.
                await asyncio.sleep(self._parts.settings.session_timeout_seconds / 3)

    async def _begin(self) -> None:
        """Take the partition over: fence, restore, read the committed offsets. The order is what makes it safe."""
        parts, began = self._parts, time.monotonic()
        # A worker that does not reach the group's coordinator does not hear either that the partition has gone to
        # another, and would fence that one again and again. The answer may be out of date by the time of the fence.
        await committed_offsets(parts.clients, parts.settings.group, self._sources)
        self._delivery = delivery = self._new_delivery()
        with explaining("Write"):
            self._owner = await delivery.open()
        restored = await restore(parts.clients, self._changelog, parts.head_of, self._state)
        if restored.overwritten:
            with explaining("Write"):
                await delivery.commit((), restored.overwritten, {})
        self._inbox = self._new_inbox()
        committed = await committed_offsets(parts.clients, parts.settings.group, self._sources)
        new = await self._inbox.begin({source: noted.offset for source, noted in committed.items()})
        self._partitions = len(parts.member.partitions_for_topic(parts.names[Topic.MESSAGES]))
        if self._owner is not None:
            await self._check_progress(new)
        if restored.records:
            self._check_offsets(new)
        if self._owner is not None:
            await self._confirm(committed)
        self._state.settle(*self._offsets_read())
        if self._limits.any:
            self._tally = tally_of(committed.get(self._messages))
            parts.observer.bad_records(self.partition, self._limits.used(self._tally))
        seconds = time.monotonic() - began
        parts.observer.restored(self.partition, len(self._state), seconds)
        self._tell_state()
        log.info(
            "partition_ready",
            partition=self.partition,
            conversations=len(self._state),
            changelog_records=restored.records,
            seconds=round(seconds, 3),
        )
        self._progressed_at = time.monotonic()
        self._set_ready(True)

    def _offsets_read(self) -> tuple[int, int]:
        """How far messages and outcomes are done."""
        names = self._parts.names
        return self._inbox.next_offset(names[Topic.MESSAGES]), self._inbox.next_offset(names[Topic.OUTCOMES])

    async def _confirm(self, committed: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
        """See that the partition is this worker's still, now that its mark stands in the changelog.

        The group takes offsets from its members only. Without that, a worker that was stalled before its mark would
        pass for the owner who came last, and what it wrote late for the newest.
        """
        begins = {source: (self._inbox.next_offset(source.topic), "") for source in self._sources}
        await self._parts.member.commit({**begins, **committed})

    async def _check_progress(self, new: Iterable[TopicPartition]) -> None:
        """See that the state was not made from a topic that is no more: its offsets would hide the new records.

        The group's offsets go with a topic that is deleted, so it looks new. Others are not checked: the embedded
        broker tells a wrong end of them.
        """
        furthest = self._state.furthest()
        read = {Topic.MESSAGES: furthest.message, Topic.OUTCOMES: furthest.outcome, Topic.POLICIES: -1}
        for source in new:
            offset = read[self._parts.names.topic(source.topic)]
            end = (await self._parts.member.end_offsets([source]))[source]
            if offset >= end:
                raise LogTruncatedError(
                    f"the state of partition {self.partition} was made from offset {offset} of {source.topic}, which"
                    f" ends at {end}: the topic was made anew. Make {self._changelog.topic} anew too"
                )

    def _check_offsets(self, new: Iterable[TopicPartition]) -> None:
        """See that the group still knows how far it had read.

        Without that, everything that is still in the topics would be decided again. One of the two may have no offset:
        it has had no record yet, or was made anew.
        """
        names = self._parts.names
        if {names[Topic.MESSAGES], names[Topic.OUTCOMES]} <= {source.topic for source in new}:
            raise OffsetsLostError(
                f"{self._changelog.topic} has what was decided in partition {self.partition}, but the group"
                f" {self._parts.settings.group} does not know how far it had read {names[Topic.MESSAGES]} and"
                f" {names[Topic.OUTCOMES]}: Kafka forgets that when no worker runs for longer than its"
                " offsets.retention.minutes and when a topic is deleted, and another HANDRAISE_GROUP never knew. What"
                " is still there would be decided again. Set HANDRAISE_GROUP back if it was changed. If the topics were"
                f" made anew, make {self._changelog.topic} anew too. Otherwise stop every worker and say where to go"
                " on, with kafka-consumer-groups.sh --reset-offsets (see ops/runbooks/records-missed.md)"
            )

    async def _one_batch(self) -> None:
        pauses = self._pauses
        try:
            records = await self._inbox.take(self._pace.limit)
        except IllegalStateError:
            # The group is about to take the partition away.
            self._inbox.rewind()
            await asyncio.sleep(_ASSIGNMENT_SETTLES_SECONDS)
            return
        if pauses != self._pauses:
            # The fetch was under way when the group reassigned: the consumer's position is not ours any more.
            self._inbox.rewind()
            return
        due = await self._due()
        if not records and not due:
            if self._failed is not None and await self._inbox.caught_up():
                self._headway()
            return
        if pauses != self._pauses:
            self._inbox.rewind()
            return
        batch = Batch(records, self._partitions, self._state, self._owner, self._commit, due)
        self._idle.clear()
        self._in_hand = records
        self._taken_at = time.monotonic()
        try:
            await self._parts.submit(batch)
            await batch.ended()
        finally:
            batch.drop()
            # Also when nothing came of it: a batch that took too long to be committed must not come as large again.
            self._pace.took(len(records), batch.work_seconds)
            self._timer_pace.took(len(due), batch.timer_seconds)
            self._in_hand = ()
            self._idle.set()
        if pauses != self._pauses:
            self._inbox.rewind()

    async def _due(self) -> list[Due]:
        """The conversations whose timers are due, looked for once a second.

        What is in the topics already goes before what the clock brings: only while nothing waits that is older than
        what has been due for its grace. Timers fire behind the records of their batch.
        """
        if time.monotonic() < self._sweep_at:
            return []
        # The records and the states have the time of the machine.
        now = time.time()
        if not await self._inbox.has_none_before(round((now - self._parts.settings.timer_grace_seconds) * 1_000)):
            return []
        limit = self._timer_pace.limit
        due = self._state.due(int(now * 1_000), limit)
        if len(due) < limit:
            self._sweep_at = time.monotonic() + _SWEEP_SECONDS
        return due

    async def _commit(self, batch: Batch, outbox: Outbox) -> None:
        tally = self._limits.count(self._tally, batch, outbox.dead)
        delivery, observer = self._delivery, self._parts.observer
        if delivery is None:
            raise IllegalStateError("the partition was handed back")
        offsets = self._inbox.after(batch)
        noted = self._noted(offsets, tally)
        began = time.monotonic()
        try:
            # The broker aborts a transaction after this time by itself; waiting longer could not end well.
            async with asyncio.timeout(self._parts.settings.transaction_timeout_seconds):
                await delivery.commit(outbox.sends, outbox.kept, noted)
        except BaseException as error:
            seconds = time.monotonic() - began
            (observer.transaction_fenced if isinstance(error, FENCED) else observer.transaction_aborted)(seconds)
            if (clear := explained(error, "Write")) is not error:
                raise clear from error
            raise
        now = time.monotonic()
        outbox.committed()
        self._inbox.committed(offsets)
        self._headway()
        if tally != self._tally:
            self._tally = tally
            observer.bad_records(self.partition, self._limits.used(tally))
        observer.transaction_committed(now - began)
        observer.batch_committed(self.partition, len(batch), now - batch.taken_at, outbox.folded)
        self._tell_rest(outbox)

    def _noted(self, offsets: Mapping[TopicPartition, int], tally: Tally) -> dict[TopicPartition, tuple[int, str]]:
        """The offsets as they are committed. That of the messages has the tally, whatever topic it changed by."""
        noted = {source: (offset, "") for source, offset in offsets.items()}
        if offsets and (tally.blocks or self._tally.blocks):
            messages = self._messages
            noted[messages] = (offsets.get(messages, self._inbox.next_offset(messages.topic)), tally.note)
        return noted

    def _tell_rest(self, outbox: Outbox) -> None:
        observer = self._parts.observer
        for (topic, offset), reason in outbox.dead.items():
            observer.dead_letter(topic, reason)
            log.warning("dead_letter", topic=topic, partition=self.partition, offset=offset, reason=reason.value)
        for topic in outbox.misrouted:
            observer.misrouted(topic)
        if outbox.skipped:
            observer.replays_skipped(outbox.skipped)
        if outbox.kept:
            self._tell_state()

    def _tell_state(self) -> None:
        self._parts.observer.state_held(self.partition, len(self._state), dict(self._state.open_triggers))

    def _headway(self) -> None:
        self._failed = None
        self._progressed_at = time.monotonic()

    async def _give_up(self, error: Exception) -> None:
        self._failed = type(error).__name__
        log.warning("partition_begins_again", partition=self.partition, error=repr(error))
        await self._close()
        # It is restored anew: after an outage every partition would be held twice for that.
        self._let_state_go()

    async def _close(self) -> None:
        self._set_ready(False)
        # Before anything is waited for: a batch that is still being worked on must not begin to be committed.
        delivery, self._delivery = self._delivery, None
        try:
            await self._inbox.close()
        finally:
            # Also if this is cancelled meanwhile: nobody else knows of it any more.
            if delivery is not None:
                await delivery.close()
        # What was known of it would look as if it were still so.
        for topic in SOURCES:
            self._parts.observer.lag_unknown(self._parts.names[topic], self.partition)

    def _let_state_go(self) -> None:
        self._parts.forget(self._state.load)
        # The agent has the last batch at hand until its next one comes, and a failed one is part of a cycle with its
        # error: both hold the state too.
        self._state.clear()
        self._state = self._new_state()

    def _set_ready(self, ready: bool) -> None:
        self.ready = ready
        self._parts.changed()

    def _new_state(self) -> PartitionState:
        return PartitionState(round(self._parts.settings.timer_grace_seconds * 1_000))

    def _new_inbox(self) -> Inbox:
        return Inbox(self._parts.member, self._sources, self._parts.observer, self._parts.settings.fetch_bytes)

    def _new_delivery(self) -> Delivery:
        parts = self._parts
        if parts.settings.delivery is DeliveryMode.EXACTLY_ONCE:
            return ExactlyOnce(parts.settings, parts.clients, parts.names, self.partition)
        return AtLeastOnce(parts.clients, parts.names, parts.member, self.partition)
