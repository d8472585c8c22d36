"""The state of one partition: a value for each conversation in memory, read back from the partition's changelog."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from aiokafka import TopicPartition
from msgspec import Struct

from handraise.conversation import StateHead
from handraise.engine.clients import Clients, stop_client
from handraise.engine.schedule import Schedule

HeadOf = Callable[[bytes], StateHead]
"""Tells the open escalation and the next timer of an encoded state."""


OWNER_MARK: Final = b""
"""The key under which each owner writes into the changelog that it begins, under at-least-once."""
PROGRESS_HEADER: Final = "handraise.progress"
_PROGRESS: Final = struct.Struct(">qqq")
_FETCH_WAIT_MS: Final = 200
_DECODED_AT_ONCE: Final = 5_000
"""States that are decoded before the rest of the worker has its turn: some hundredths of a second."""


class Progress(NamedTuple):
    """How far the sources had been read when a state was written, under at-least-once.

    `owner` grows with each worker that takes the partition over, so that the late write of a worker that was stalled
    is known for what it is. The offsets are those of the last message and outcome of the conversation, or -1.
    """

    owner: int
    message: int
    outcome: int

    def header(self) -> tuple[str, bytes]:
        """As a header of the changelog record."""
        return PROGRESS_HEADER, _PROGRESS.pack(*self)


class Kept(Struct, frozen=True, gc=False):
    """The new state of a conversation, with its progress under at-least-once.

    `state` and `head` are None for a conversation that is to be forgotten. `at_ms` is when the worker folded it, by its
    own clock: time goes on from there for the timers. It is the timestamp of the record in the changelog.
    """

    state: bytes | None
    head: StateHead | None
    at_ms: int
    progress: Progress | None = None

    @property
    def ahead_ms(self) -> int:
        """How far the worker's clock was ahead of the conversation's time, as in `Due`."""
        return 0 if self.head is None else max(0, self.at_ms - self.head.seen_at)


class Due(NamedTuple):
    """A conversation whose timers are due by `until`, in the conversation's own time (epoch milliseconds).

    `ahead_ms` is how far the worker's clock is ahead of that time; never below 0, so that a message dated in the future
    makes no timer early.
    """

    key: bytes
    until: int
    ahead_ms: int


class PartitionState:
    """The committed states of one partition's conversations.

    Timers of a conversation in which nothing happens fire `grace_ms` after they are due, so that an event of that time
    that is still on its way goes first, as it does in a replay.
    """

    def __init__(self, grace_ms: int = 0) -> None:
        self._grace_ms: Final = grace_ms
        self._states: dict[bytes, bytes] = {}
        self._ahead_ms: dict[bytes, int] = {}
        self._schedule = Schedule()
        self._progress: dict[bytes, Progress] = {}
        self._gone: set[bytes] = set()
        """Keys that have a progress and no state."""
        self._open: dict[bytes, str] = {}
        self.open_triggers: Final[Counter[str]] = Counter()
        """Conversations with an open escalation, by trigger."""

    def __len__(self) -> int:
        return len(self._states)

    def load(self, key: bytes) -> bytes | None:
        """The encoded state of a conversation, if it has one."""
        return self._states.get(key)

    def progress(self, key: bytes) -> Progress | None:
        """How far the sources had been read for a conversation, if its state says so, or the end of it."""
        return self._progress.get(key)

    def ahead_ms(self, key: bytes) -> int:
        """How far the worker's clock is ahead of the time of a conversation that has a state, as in `Due`."""
        return self._ahead_ms[key]

    def due(self, now_ms: int, limit: int) -> list[Due]:
        """At most `limit` conversations with timers that are due, and whose grace has passed, by the worker's clock."""
        keys = self._schedule.due(now_ms, limit)
        return [Due(key, now_ms - self._ahead_ms[key] - self._grace_ms, self._ahead_ms[key]) for key in keys]

    def furthest(self) -> Progress:
        """The highest of each part of the progress of any conversation."""
        every = self._progress.values()
        return Progress(
            max((one.owner for one in every), default=-1),
            max((one.message for one in every), default=-1),
            max((one.outcome for one in every), default=-1),
        )

    def apply(self, changes: Mapping[bytes, Kept], progress: Mapping[bytes, Progress]) -> None:
        """Take over what is committed, and how far the sources had been read for the conversations of the batch.

        A duplicate is read and changes no state, so `progress` may be further than the states say. The tombstone of a
        conversation that ends later carries it.
        """
        for key, kept in changes.items():
            self.put(key, kept)
        self._progress.update(progress)

    def put(self, key: bytes, kept: Kept) -> None:
        """Set one conversation's state, or forget it."""
        if kept.progress is not None:
            self._progress[key] = kept.progress
        if kept.state is None or kept.head is None:
            self._remove(key)
            return
        self._states[key] = kept.state
        self._gone.discard(key)
        head = kept.head
        self._ahead_ms[key] = ahead_ms = kept.ahead_ms
        due = head.next_timer_at
        self._schedule.put(key, None if due is None else due + ahead_ms + self._grace_ms)
        before = self._open.get(key)
        if before != head.open_trigger:
            self._reopen(key, before, head.open_trigger)

    def clear(self) -> None:
        """Let go of everything, whoever holds this still."""
        self._states.clear()
        self._ahead_ms.clear()
        self._schedule = Schedule()
        self._progress.clear()
        self._gone.clear()
        self._open.clear()
        self.open_triggers.clear()

    def settle(self, message: int, outcome: int) -> None:
        """The sources are committed as read up to these offsets: what they hide cannot come again."""
        for key in list(self._gone):
            progress = self._progress[key]
            if progress.message < message and progress.outcome < outcome:
                self._gone.discard(key)
                del self._progress[key]

    def _remove(self, key: bytes) -> None:
        if key in self._progress:
            # The records of a conversation that is over may be read again, and must not begin it anew.
            self._gone.add(key)
        if self._states.pop(key, None) is not None:
            del self._ahead_ms[key]
            self._schedule.put(key, None)
            self._reopen(key, self._open.get(key), None)

    def _reopen(self, key: bytes, before: str | None, now: str | None) -> None:
        if before is not None:
            self.open_triggers[before] -= 1
            del self._open[key]
        if now is not None:
            self.open_triggers[now] += 1
            self._open[key] = now


class Restored(NamedTuple):
    """What came back from a changelog; `overwritten` are newest values that a stalled worker's write followed.

    The `records` are those of conversations, also of such as are over.
    """

    state: PartitionState
    records: int
    overwritten: Mapping[bytes, Kept]


async def restore(clients: Clients, changelog: TopicPartition, head_of: HeadOf, state: PartitionState) -> Restored:
    """Read a partition's state back into an empty one, up to what is committed when the call begins.

    The caller has fenced every other writer of the partition first, so that the end cannot move.
    """
    reader = await clients.start(clients.reader())
    try:
        reader.assign([changelog])
        await reader.seek_to_beginning(changelog)
        end = (await reader.end_offsets([changelog]))[changelog]
        return await _read(reader, changelog, end, head_of, state)
    finally:
        # Its stop may end in a cancellation that is none of this task's, which would end unseen.
        await stop_client(reader, "the reader of a changelog to stop")


async def _read(
    reader: Any,  # noqa: ANN401 - aiokafka carries no types
    changelog: TopicPartition,
    end: int,
    head_of: HeadOf,
    state: PartitionState,
) -> Restored:
    records = 0
    # Only what is newest is decoded: a changelog that is not compacted yet has many values of one conversation.
    newest: dict[bytes, tuple[bytes | None, int, Progress | None]] = {}
    overwritten: set[bytes] = set()
    kept_again: dict[bytes, Kept] = {}
    try:
        # The position passes over transaction markers, which no record stands for; the last record's offset would not.
        while await reader.position(changelog) < end:
            fetched = await reader.getmany(changelog, timeout_ms=_FETCH_WAIT_MS)
            for record in fetched.get(changelog, ()):
                if record.key == OWNER_MARK:
                    continue
                records += 1
                progress = _progress(record.headers)
                known = newest.get(record.key)
                if known is not None and _is_late(progress, known[2]):
                    overwritten.add(record.key)
                    continue
                overwritten.discard(record.key)
                newest[record.key] = (record.value, record.timestamp, progress)
        while newest:
            key, (value, at_ms, progress) = newest.popitem()
            kept = Kept(value, None if value is None else head_of(value), at_ms, progress)
            state.put(key, kept)
            if key in overwritten:
                kept_again[key] = kept
            if not len(newest) % _DECODED_AT_ONCE:
                await asyncio.sleep(0)
    finally:
        # A task that was cancelled is part of a cycle, which may stay for long; what is large must not stay with it.
        newest.clear()
    return Restored(state, records, kept_again)


def _is_late(progress: Progress | None, known: Progress | None) -> bool:
    """Whether a state was written by a worker whose partition had gone to another, which had written it too by then.

    Under exactly-once there are none, and no owners: those of a changelog from before the switch do not count.
    """
    return progress is not None and known is not None and progress.owner < known.owner


def _progress(headers: tuple[tuple[str, bytes], ...]) -> Progress | None:
    for name, value in headers:
        if name == PROGRESS_HEADER:
            return Progress(*_PROGRESS.unpack(value))
    return None
