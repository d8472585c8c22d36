"""The state of one partition: a value for each conversation in memory, read back from the partition's changelog."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from aiokafka import TopicPartition

from handraise.engine.clients import Clients

OpenTrigger = Callable[[bytes], str | None]
"""Names the trigger of the escalation that is open in an encoded state, if one is."""

PROGRESS_HEADER: Final = "handraise.progress"
_PROGRESS: Final = struct.Struct(">qqq")
_FETCH_WAIT_MS: Final = 200


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


class Kept(NamedTuple):
    """The new state of a conversation, with its progress under at-least-once."""

    state: bytes
    progress: Progress | None = None


class PartitionState:
    """The committed states of one partition's conversations."""

    def __init__(self, open_trigger: OpenTrigger) -> None:
        self._open_trigger = open_trigger
        self._states: dict[bytes, bytes] = {}
        self._progress: dict[bytes, Progress] = {}
        self._open: dict[bytes, str] = {}
        self.open_triggers: Final[Counter[str]] = Counter()
        """Conversations with an open escalation, by trigger."""

    def __len__(self) -> int:
        return len(self._states)

    def load(self, key: bytes) -> bytes | None:
        """The encoded state of a conversation, if it has one."""
        return self._states.get(key)

    def progress(self, key: bytes) -> Progress | None:
        """How far the sources had been read for a conversation, if its state says so."""
        return self._progress.get(key)

    def kept(self, key: bytes) -> Kept:
        """A conversation's state as it was written. Raises KeyError if it has none."""
        return Kept(self._states[key], self._progress.get(key))

    def furthest(self) -> Progress:
        """The highest of each part of the progress of any conversation."""
        every = self._progress.values()
        return Progress(
            max((one.owner for one in every), default=-1),
            max((one.message for one in every), default=-1),
            max((one.outcome for one in every), default=-1),
        )

    def apply(self, changes: Mapping[bytes, Kept]) -> None:
        """Take over what is committed."""
        for key, kept in changes.items():
            self.put(key, kept)

    def put(self, key: bytes, kept: Kept) -> None:
        """Set one conversation's state."""
        self._states[key] = kept.state
        if kept.progress is not None:
            self._progress[key] = kept.progress
        before, now = self._open.get(key), self._open_trigger(kept.state)
        if before != now:
            self._reopen(key, before, now)

    def remove(self, key: bytes) -> None:
        """Forget a conversation."""
        if self._states.pop(key, None) is not None:
            self._progress.pop(key, None)
            self._reopen(key, self._open.get(key), None)

    def _reopen(self, key: bytes, before: str | None, now: str | None) -> None:
        if before is not None:
            self.open_triggers[before] -= 1
            del self._open[key]
        if now is not None:
            self.open_triggers[now] += 1
            self._open[key] = now


class Restored(NamedTuple):
    """What came back from a changelog; `overwritten` are keys whose newest value a stalled worker's write followed."""

    state: PartitionState
    records: int
    overwritten: frozenset[bytes]


async def restore(clients: Clients, changelog: TopicPartition, open_trigger: OpenTrigger) -> Restored:
    """Read a partition's state back, up to what is committed when the call begins.

    The caller has fenced every other writer of the partition first, so that the end cannot move.
    """
    reader = await clients.start(clients.reader())
    try:
        reader.assign([changelog])
        await reader.seek_to_beginning(changelog)
        end = (await reader.end_offsets([changelog]))[changelog]
        return await _read(reader, changelog, end, PartitionState(open_trigger))
    finally:
        await reader.stop()


async def _read(reader: Any, changelog: TopicPartition, end: int, state: PartitionState) -> Restored:  # noqa: ANN401 - aiokafka carries no types
    records = 0
    overwritten: set[bytes] = set()
    # The position passes over transaction markers, which no record stands for; the last record's offset would not.
    while await reader.position(changelog) < end:
        fetched = await reader.getmany(changelog, timeout_ms=_FETCH_WAIT_MS)
        for record in fetched.get(changelog, ()):
            records += 1
            if record.value is None:
                state.remove(record.key)
                continue
            progress = _progress(record.headers)
            known = state.progress(record.key)
            if known is not None and (progress is None or progress.owner < known.owner):
                overwritten.add(record.key)
                continue
            overwritten.discard(record.key)
            state.put(record.key, Kept(record.value, progress))
    return Restored(state, records, frozenset(overwritten))


def _progress(headers: tuple[tuple[str, bytes], ...]) -> Progress | None:
    for name, value in headers:
        if name == PROGRESS_HEADER:
            return Progress(*_PROGRESS.unpack(value))
    return None
