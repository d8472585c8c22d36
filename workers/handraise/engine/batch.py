"""A batch of one partition's records, and the outbox that takes what comes of them until it is committed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Final

from aiokafka.errors import IllegalStateError
from msgspec import Struct

from handraise.conversation import StateHead, state_key
from handraise.conversation.effects import Effects
from handraise.engine.deadletters import Headers, letter
from handraise.engine.errors import EngineError
from handraise.engine.observer import Folded
from handraise.engine.record import Record
from handraise.engine.state import Due, Kept, PartitionState, Progress
from handraise.engine.topics import Topic
from handraise.events import ChatMessage, DeadLetterReason, Outcome


class Send(Struct, frozen=True, gc=False):
    """A record to be published."""

    topic: Topic
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Outbox:
    """What one batch brings about. Nothing of it is seen by anybody before the commit, and all of it after."""

    def __init__(self, state: PartitionState, owner: int | None) -> None:
        self._state = state
        self._owner = owner
        self._progress: dict[bytes, Progress] = {}
        self.sends: Final[list[Send]] = []
        self.kept: Final[dict[bytes, Kept]] = {}
        self.folded: Final[list[Folded]] = []
        self.dead: Final[dict[tuple[str, int], DeadLetterReason]] = {}
        """Reasons of the dead letters by the topic and offset of the record."""
        self.misrouted: Final[list[str]] = []
        """Topics of records that stand on another partition than they should, one entry for each."""
        self.skipped = 0
        """Records that had been folded before."""

    def load(self, key: bytes) -> bytes | None:
        """The encoded state of a conversation as it is by now."""
        kept = self.kept.get(key)
        return self._state.load(key) if kept is None else kept.state

    def send(self, topic: Topic, key: bytes, value: bytes | None) -> None:
        """Publish a record, or the end of what a compacted topic has of the key; the default partitioner places it."""
        self.sends.append(Send(topic, key, value))

    def keep(self, key: bytes, state: bytes | None, head: StateHead | None, at_ms: int, *, still: bool = False) -> None:
        """Set a conversation's state, as folded at this time of the worker's clock; None forgets the conversation.

        `still`: neither its time nor a timer has moved, so time goes on as it did before and nothing due is put off.
        """
        if state is None and self._owner is None and self.load(key) is None:
            # There is nothing to forget, and no progress that a tombstone would have to tell.
            return
        if still and head is not None:
            before = self.kept.get(key)
            ahead_ms = self._state.ahead_ms(key) if before is None else before.ahead_ms
            at_ms = min(at_ms, head.seen_at + ahead_ms)
        progress = self._progress.get(key)
        if progress is None and self._owner is not None:
            # A timer brought it about, no record: what had been read stays what it was.
            read = self._state.progress(key) or Progress(self._owner, -1, -1)
            progress = Progress(self._owner, read.message, read.outcome)
        self.kept[key] = Kept(state, head, at_ms, progress)

    def progressed(self, key: bytes, event: ChatMessage | Outcome, offset: int) -> None:
        """The event, from the record at this offset, is part of the conversation's next `keep`."""
        if self._owner is None:
            return
        before = self._progress.get(key) or self._state.progress(key) or Progress(self._owner, -1, -1)
        if isinstance(event, ChatMessage):
            self._progress[key] = Progress(self._owner, offset, before.outcome)
        else:
            self._progress[key] = Progress(self._owner, before.message, offset)

    def refuse(self, key: bytes, event: ChatMessage | Outcome, offset: int, at_ms: int) -> None:
        """The event, from the record at this offset, is of a conversation that nobody knows.

        Under at-least-once it may be read again when the conversation is known, and must not be taken up then.
        """
        if self._owner is not None:
            self.progressed(key, event, offset)
            self.keep(key, None, None, at_ms)

    def tell(self, event: ChatMessage | Outcome | None, effects: Effects) -> None:
        """An event was used, or without one a timer fired; told to the observer after the commit."""
        self.folded.append(Folded(event.sender if isinstance(event, ChatMessage) else event, effects))

    def bury(self, record: Record, reason: DeadLetterReason, error: str) -> None:
        """Send a record to the dead letters. `error` names the field and the rule, never a value."""
        self.sends.append(Send(Topic.DEAD_LETTERS, *letter(record, reason, error)))
        self.dead[record.topic, record.offset] = reason

    def committed(self) -> None:
        """All of it is written: the partition's state takes it over."""
        self._state.apply(self.kept, self._progress)

    def was_folded(self, event: ChatMessage | Outcome, offset: int) -> bool:
        """Whether the conversation's state says that this event was folded before a crash: at-least-once only."""
        if self._owner is None:
            return False
        progress = self._state.progress(state_key(event.business_id, event.conversation_id))
        if progress is None or offset > (progress.message if isinstance(event, ChatMessage) else progress.outcome):
            return False
        self.skipped += 1
        return True


Commit = Callable[["Batch", Outbox], Awaitable[None]]


class Batch:
    """Records of one partition, in the order to fold them, and the states of their conversations.

    `due` names conversations in which nothing has happened for so long that timers fire.
    """

    def __init__(
        self,
        records: Sequence[Record],
        partitions: int,
        state: PartitionState,
        owner: int | None,
        commit: Commit,
        due: Sequence[Due] = (),
    ) -> None:
        self.due: Final = due
        self.partitions: Final = partitions
        """How many partitions each source topic has."""
        self.taken_at: Final = time.monotonic()
        self.work_seconds = 0.0
        """What it took to fold its records; what was waited for is not counted."""
        self.timer_seconds = 0.0
        """What it took to fire its timers."""
        self._records = records
        self._state = state
        self._owner = owner
        self._commit = commit
        self._dropped = False
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def drop(self) -> None:
        """Nobody waits for it any more: its partition goes, or begins again."""
        self._dropped = True

    def must_be_wanted(self) -> None:
        """See that somebody still waits for it.

        Raises:
            IllegalStateError: it was dropped.
        """
        if self._dropped:
            raise IllegalStateError("the partition was handed back")

    def worked(self, seconds: float) -> None:
        """So much more work was done on its records."""
        self.work_seconds += seconds

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count what is done inside this context, which nothing may interrupt, as work on its records."""
        began = time.perf_counter()
        yield
        self.worked(time.perf_counter() - began)

    @contextmanager
    def firing(self) -> Iterator[None]:
        """Count what is done inside this context, which nothing may interrupt, as work on its timers."""
        began = time.perf_counter()
        yield
        self.timer_seconds += time.perf_counter() - began

    def transaction(self) -> Transaction:
        """What is put in the outbox inside this context is committed at its end, with the batch's offsets."""
        return Transaction(self, Outbox(self._state, self._owner), self._commit, self._end)

    async def ended(self) -> None:
        """Wait until the batch is committed.

        Raises:
            Exception: what the fold or the commit raised; nothing of the batch is committed then.
        """
        await asyncio.shield(self._end)


class Transaction:
    """The context of one batch in the agent's hands.

    An error inside does not reach the agent: it goes to the task of the partition, which alone knows whether to begin
    the partition again or to stop the worker. (Faust would count the batch as done, restart the agent and go on.)
    """

    def __init__(self, batch: Batch, outbox: Outbox, commit: Commit, end: asyncio.Future[None]) -> None:
        self._batch = batch
        self._outbox = outbox
        self._commit = commit
        self._end = end

    async def __aenter__(self) -> Outbox:
        return self._outbox

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            try:
                await self._commit(self._batch, self._outbox)
            except BaseException as failure:  # noqa: BLE001 - handed to the task that waits for the batch
                error = failure
        if self._end.done():
            return isinstance(error, Exception)
        if error is None:
            self._end.set_result(None)
            return False
        self._fail(error if isinstance(error, Exception) else EngineError("the agent was stopped with a batch in hand"))
        if isinstance(error, Exception):
            return True
        raise error

    def _fail(self, error: Exception) -> None:
        self._end.set_exception(error)
        # Taken as read: a task that was stopped meanwhile waits no more, and asyncio would report the error as lost.
        self._end.exception()
