"""Dead letters back to where they came from, each once.

Whoever has something to replay takes the transactional id of replays first, which ends a replay that is still under
way; only then is it read which letters have been replayed. A letter and its receipt, which stands behind it in the dead
letters, are published in one transaction. So no letter goes out twice, however often, and by however many at once, it
is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from contextlib import AsyncExitStack
from enum import StrEnum
from typing import Any, Final, NamedTuple

from aiokafka.errors import IllegalOperation, KafkaError

from handraise.engine.clients import Clients
from handraise.engine.deadletters import Headers, original_headers, receipt_headers, size_of
from handraise.engine.delivery import start_transactional, transactional_id
from handraise.engine.errors import FENCED, EngineError, explaining
from handraise.engine.folding import decode_event
from handraise.engine.letterbox import Found, Wanted, open_letterbox
from handraise.engine.topics import Topic, TopicNames, check_topics
from handraise.events import InvalidEventError
from handraise.settings import Delivery, Settings

_MOST_LETTERS: Final = 100
_MOST_BYTES: Final = 4_194_304
"""Of one transaction: it has to end before the broker loses patience."""


class Fate(StrEnum):
    """What is done, or would be, with a dead letter."""

    PUBLISH = "publish"
    """It goes back to its topic."""
    REPLAYED = "replayed"
    """It has been there already: nothing is done."""
    UNUSABLE = "unusable"
    """This version cannot read it either, so that it would only come back."""
    CUT = "cut"
    """A part of it was left off, so that it is not what it was."""
    POLICY = "policy"
    """An old policy must not take the place of a newer one."""
    ELSEWHERE = "elsewhere"
    """Its topic is none of this installation's, or has not that partition any more."""


class Unusable(StrEnum):
    """What to do with a letter that this version cannot read either."""

    LEAVE = "leave"
    PUBLISH = "publish"


class Judged(NamedTuple):
    """A dead letter, and what becomes of it."""

    found: Found
    fate: Fate
    why: str
    """What is wrong with it now: the field and the rule, never a value. Empty if nothing is."""


class Judge:
    """Tells what becomes of a letter."""

    def __init__(
        self, names: TopicNames, partitions: int, replayed: Collection[tuple[int, int]], unusable: Unusable
    ) -> None:
        self._names = names
        self._partitions = partitions
        self._replayed = replayed
        self._unusable = unusable

    def judge(self, found: Found) -> Judged:
        """Without looking at what comes of it later: an outcome may find its conversation now, or not."""
        record, described = found
        if (record.partition, record.offset) in self._replayed:
            return Judged(found, Fate.REPLAYED, "")
        if described.cut_bytes:
            return Judged(found, Fate.CUT, f"{described.cut_bytes} bytes are missing")
        topic = self._topic(described.source_topic)
        if topic is None or described.source_partition >= self._partitions:
            return Judged(found, Fate.ELSEWHERE, "")
        if topic is Topic.POLICIES:
            return Judged(found, Fate.POLICY, "publish it with `handraise policy push`")
        try:
            decode_event(topic, record.value)
        except InvalidEventError as error:
            fate = Fate.PUBLISH if self._unusable is Unusable.PUBLISH else Fate.UNUSABLE
            return Judged(found, fate, str(error))
        return Judged(found, Fate.PUBLISH, "")

    def _topic(self, name: str) -> Topic | None:
        try:
            return self._names.topic(name)
        except KeyError:
            return None


async def look_through(
    settings: Settings,
    wanted: Wanted,
    tell: Callable[[Judged], None],
    *,
    publish: bool,
    unusable: Unusable = Unusable.LEAVE,
    most: int | None = None,
) -> int:
    """Judge the letters that are asked for, and replay them if `publish`; how many were.

    Args:
        settings: the installation.
        wanted: which letters.
        tell: is told of each letter and its fate, once that is so.
        publish: whether anything is done.
        unusable: what to do with letters that this version cannot read either.
        most: look no further once so many have been, or would be, replayed.

    Raises:
        EngineError: no broker answers, topics or the partition are missing, or a transaction failed or cannot be had;
            what was told of is done.
    """
    clients, names = Clients(settings), TopicNames(settings.topic_prefix)
    partitions = await check_topics(settings, clients)
    async with AsyncExitStack() as clients_open:
        replay: Replay | None = None
        if publish and await _any_to_replay(clients, names, partitions, wanted, unusable):
            exactly_once = settings.delivery is Delivery.EXACTLY_ONCE
            # This ends another replay that is under way: from here on, its receipts are all there, or never will be.
            producer = (
                await start_transactional(clients, transactional_id(settings, "replay"))
                if exactly_once
                else await clients.start(clients.producer())
            )
            clients_open.push_async_callback(producer.stop)
            replay = Replay(producer, tell, in_transactions=exactly_once)
        reader = await clients.start(clients.reader())
        clients_open.push_async_callback(reader.stop)
        box = await open_letterbox(reader, names, wanted)
        judge = Judge(names, partitions, await box.replayed(), unusable)
        chosen = 0
        async for found in box.letters():
            judged = judge.judge(found)
            if replay is not None and judged.fate is Fate.PUBLISH:
                await replay.put(judged)
            else:
                tell(judged)
            chosen += judged.fate is Fate.PUBLISH
            if chosen == most:
                break
        if replay is None:
            return 0
        await replay.flush()
        return replay.published


async def _any_to_replay(
    clients: Clients, names: TopicNames, partitions: int, wanted: Wanted, unusable: Unusable
) -> bool:
    """Whether there may be a letter to replay, without ending a replay that is under way.

    Letters count that no transaction has committed yet, since another replay that was cut off can keep them from being
    seen; receipts count only once they are committed.
    """
    async with AsyncExitStack() as clients_open:
        boxes = []
        for isolation in ("read_committed", "read_uncommitted"):
            reader = await clients.start(clients.reader(isolation=isolation))
            clients_open.push_async_callback(reader.stop)
            boxes.append(await open_letterbox(reader, names, wanted))
        committed, every = boxes
        judge = Judge(names, partitions, await committed.replayed(), unusable)
        async for found in every.letters():
            if judge.judge(found).fate is Fate.PUBLISH:
                return True
        return False


class Replay:
    """Publishes letters in small transactions; without any on a broker that has none.

    There, a replay that is cut off between a letter and its receipt sends the letter again the next time. What was
    judged before is dropped by its id.
    """

    def __init__(self, producer: Any, tell: Callable[[Judged], None], *, in_transactions: bool) -> None:  # noqa: ANN401 - aiokafka carries no types
        self._producer = producer
        self._tell = tell
        self._in_transactions = in_transactions
        self._waiting: list[Judged] = []
        self._bytes = 0
        self.published = 0

    async def put(self, letter: Judged) -> None:
        """Take a letter; it is published at once or with those that follow."""
        self._waiting.append(letter)
        self._bytes += size_of(letter.found.record)
        if len(self._waiting) >= _MOST_LETTERS or self._bytes >= _MOST_BYTES:
            await self.flush()

    async def flush(self) -> None:
        """Publish what waits.

        Raises:
            EngineError: nothing of it was published.
        """
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        if not waiting:
            return
        try:
            with explaining("Write"):
                if self._in_transactions:
                    async with self._producer.transaction():
                        await self._write([letter.found for letter in waiting])
                else:
                    await self._write([letter.found for letter in waiting])
        except (*FENCED, IllegalOperation) as error:
            raise EngineError(
                f"another replay began meanwhile: this one published {self.published} and stops"
            ) from error
        except KafkaError as error:
            raise EngineError(
                f"Kafka took {self.published} and then no more ({type(error).__name__}): replay again, what is done"
                " is not repeated"
            ) from error
        self.published += len(waiting)
        for letter in waiting:
            self._tell(letter)

    async def _write(self, letters: list[Found]) -> None:
        await self._send(
            (described.source_topic, described.source_partition, record.key, record.value, original_headers(record))
            for record, described in letters
        )
        await self._send(
            (record.topic, record.partition, record.key, b"", receipt_headers(record)) for record, _ in letters
        )

    async def _send(self, records: Iterable[tuple[str, int, bytes | None, bytes | None, Headers]]) -> None:
        await asyncio.gather(
            *[
                await self._producer.send(topic, value, key=key, partition=partition, headers=list(headers))
                for topic, partition, key, value, headers in records
            ]
        )
