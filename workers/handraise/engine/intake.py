"""Takes the records of one partition from the consumer ahead of its batches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from handraise.engine.deadletters import size_of
from handraise.engine.errors import RecordUnreadableError
from handraise.engine.patience import wait_for_end
from handraise.engine.record import Record

_WAIT_MS: Final = 100
_STOP_SECONDS: Final = 0.75
_LEAST_BYTES: Final = 256
"""What a record counts for at least: what it takes as a Python object, however little it holds."""
_UNPACKED_AT_ONCE: Final = 64
"""Records that are unpacked before their size is looked at."""


class Intake:
    """Takes what the group's consumer has fetched as soon as it is there, as long as there is room for it.

    The consumer fetches for all partitions of a broker in one request, and makes no other until each partition's part
    of the last has been taken, for up to 0.1 s: one that waited for its batch to be committed would keep all the others
    waiting. So a topic is paused when half of `ahead_bytes` wait, since another fetch might not find room. What finds
    none, because it was compressed, stays with the consumer as its producer sent it: of each topic no more than
    `ahead_bytes` are unpacked, and up to 63 records.
    """

    def __init__(self, member: Any, sources: Iterable[TopicPartition], ahead_bytes: int) -> None:  # noqa: ANN401 - aiokafka carries no types
        self.waiting: Final[dict[TopicPartition, deque[Record]]] = {source: deque() for source in sources}
        """What was fetched and not taken yet."""
        self.asked = 0.0
        """How many whole fetches have been made. One that ended before its patience did, since it brought something,
        counts for the part of it that it took; one that the worker slept through counts once. What was fetched and is
        only unpacked counts for nothing."""
        self._member = member
        self._ahead_bytes = ahead_bytes
        self._bytes = dict.fromkeys(self.waiting, 0)
        self._counts = dict.fromkeys(self.waiting, 0)
        self._paused: set[TopicPartition] = set()
        self._packed: set[TopicPartition] = set()
        """Topics of which something fetched may have found no room."""
        self._fetched = asyncio.Event()
        self._fetches = 0
        self._came = 0
        self._fetching: asyncio.Task[None] | None = None
        self._failure: Exception | None = None

    async def begin(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Forget what was fetched, and go on from these offsets.

        Nothing fetches while the consumer seeks, so that what is fetched next is what stands there.

        Raises:
            IllegalStateError: the group is about to take the partition away.
        """
        await self.stop()
        self.drop()
        for source, offset in offsets.items():
            self._member.seek(source, offset)
        # After a reassignment the consumer has forgotten what was paused.
        self._member.resume(*self.waiting)
        self._paused.clear()
        self._packed.clear()
        self._failure = None
        self._fetching = asyncio.create_task(self._fetch(), name="intake")

    async def stop(self) -> None:
        """Fetch no more. What two intakes fetched of one partition would have gaps in each."""
        fetching, self._fetching = self._fetching, None
        if fetching is not None:
            fetching.cancel()
            await wait_for_end(_STOP_SECONDS, "the intake to stop", fetching)

    def drop(self) -> None:
        """Forget what is waiting. It comes again only after `begin`."""
        for source, records in self.waiting.items():
            records.clear()
            self._bytes[source] = self._counts[source] = 0

    async def took(self) -> None:
        """Something was taken from what is waiting: where that makes room, more is fetched or unpacked."""
        for source, records in self.waiting.items():
            # Which of them were the large ones is not worth the time to look.
            self._bytes[source] = self._bytes[source] * len(records) // max(1, self._counts[source])
            self._counts[source] = len(records)
        roomy = {source for source, size in self._bytes.items() if size < self._ahead_bytes // 2}
        resumed = self._paused & roomy
        if resumed:
            self._member.resume(*resumed)
            self._paused -= resumed
        if self._failure is not None:
            # What is unpacked after a failure may not be what comes next.
            return
        try:
            for source in self._packed & roomy:
                while self._bytes[source] < self._ahead_bytes and await self._take_over([source], 0):
                    pass
        except UnicodeDecodeError:
            self._fail(await self._unreadable())
        except KafkaError as error:
            self._fail(error)

    async def more(self) -> bool:
        """Wait until something comes; False when a whole fetch, from its beginning to its end, has brought nothing.

        Not a matter of time: a worker that was stalled must not take for late what it has not asked for since.

        Raises:
            KafkaError: the consumer could not fetch; `begin` must be called before anything else is fetched.
            RecordUnreadableError: a record is there that the consumer cannot unpack.
        """
        fetches, came = self._fetches, self._came
        while self._failure is None:
            if self._came != came:
                return True
            if self._fetches >= fetches + 2:
                return False
            await self._fetched.wait()
        raise self._failure

    async def _fetch(self) -> None:
        try:
            while True:
                # Those that are paused too: one that goes on must not wait until this call has ended without it.
                sources = [source for source in self.waiting if source not in self._packed]
                if sources:
                    await self._take_over(sources, _WAIT_MS)
                else:
                    await asyncio.sleep(_WAIT_MS / 1_000)
        except UnicodeDecodeError:
            self._fail(await self._unreadable())
        except Exception as error:  # noqa: BLE001 - raised by `more`, in the task that waits for records
            self._fail(error)

    async def _unreadable(self) -> RecordUnreadableError:
        places = [f"{one.topic} from offset {await self._member.position(one)}" for one in self.waiting]
        return RecordUnreadableError(
            f"a record of partition {next(iter(self.waiting)).partition} has a header whose name is not UTF-8, and"
            f" cannot be unpacked: look in {', '.join(places)}. Mend its producer, and set the group's offset of that"
            " topic to behind the record (kafka-consumer-groups.sh --reset-offsets --to-offset) while no worker runs"
        )

    def _fail(self, error: Exception) -> None:
        self._failure = error
        self._tell()

    async def _take_over(self, sources: Sequence[TopicPartition], wait_ms: int) -> bool:
        """Take what has come of these topics; whether there may be more that was fetched already."""
        clock = asyncio.get_running_loop()
        began = clock.time()
        fetched = await self._member.getmany(*sources, timeout_ms=wait_ms, max_records=_UNPACKED_AT_ONCE)
        if wait_ms:
            self.asked += min(1.0, (clock.time() - began) * 1_000 / wait_ms) if fetched else 1.0
        count = 0
        for source, records in fetched.items():
            self.waiting[source].extend(records)
            self._bytes[source] += max(_LEAST_BYTES * len(records), sum([size_of(record) for record in records]))
            self._counts[source] += len(records)
            count += len(records)
        # Fewer than were asked for are all that has been fetched.
        if count == _UNPACKED_AT_ONCE:
            self._packed.update(source for source in sources if self._bytes[source] >= self._ahead_bytes)
        else:
            self._packed.difference_update(sources)
            full = [source for source in sources if self._bytes[source] >= self._ahead_bytes // 2]
            self._member.pause(*full)
            self._paused.update(full)
        self._came += count
        self._fetches += 1
        self._tell()
        return count == _UNPACKED_AT_ONCE

    def _tell(self) -> None:
        # Whoever waits is woken, and waits anew for the next.
        self._fetched.set()
        self._fetched.clear()
