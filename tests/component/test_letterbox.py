"""Dead letters read back: which they are, what becomes of each, and what is published when one is replayed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError, ProducerFenced

from handraise.engine.deadletters import (
    KEPT_BYTES,
    REPLAYED_FROM,
    letter,
    original_headers,
    read_letter,
    receipt_headers,
    receipt_of,
)
from handraise.engine.errors import EngineError
from handraise.engine.letterbox import Found, Wanted, open_letterbox
from handraise.engine.resending import Fate, Judge, Judged, Replay, Unusable
from handraise.engine.topics import Topic, TopicNames
from handraise.events import DeadLetterReason
from tests.support.records import FakeRecord, message_record

NAMES = TopicNames("")
LETTERS = Topic.DEAD_LETTERS.value


def stored(
    source: FakeRecord, offset: int, reason: DeadLetterReason = DeadLetterReason.INVALID, at: int = 0
) -> FakeRecord:
    """The letter of a record, as it stands in the dead letters."""
    made = letter(source, reason, "$.text: missing")
    return FakeRecord(made.value, LETTERS, 0, offset, at, made.key, made.headers)


def receipt(of: FakeRecord, offset: int) -> FakeRecord:
    """The receipt for a letter."""
    return FakeRecord(b"", LETTERS, of.partition, offset, 0, of.key, receipt_headers(of))


def found(record: FakeRecord) -> Found:
    """A letter as the letterbox hands it over."""
    described = read_letter(record)
    assert described is not None
    return Found(record, described)


class FakeReader:
    """A consumer over the dead letters of one partition."""

    def __init__(self, records: Sequence[FakeRecord]) -> None:
        self._records = records
        self._position = 0

    def partitions_for_topic(self, _: str) -> set[int]:
        """One."""
        return {0}

    async def beginning_offsets(self, sources: list[TopicPartition]) -> dict[TopicPartition, int]:
        """The first there is."""
        return dict.fromkeys(sources, self._records[0].offset)

    async def end_offsets(self, sources: list[TopicPartition]) -> dict[TopicPartition, int]:
        """With a transaction marker at the end."""
        return dict.fromkeys(sources, self._records[-1].offset + 2)

    async def offsets_for_times(self, times: dict[TopicPartition, int]) -> dict[TopicPartition, Any]:
        """The first that is young enough."""
        return {
            source: next((one for one in self._records if one.timestamp >= since), None)
            for source, since in times.items()
        }

    def assign(self, _: list[TopicPartition]) -> None:
        """There is only one."""

    def seek(self, _: TopicPartition, offset: int) -> None:
        """Go there."""
        self._position = offset

    async def position(self, _: TopicPartition) -> int:
        """Where the next fetch begins."""
        return self._position

    async def getmany(self, source: TopicPartition, timeout_ms: int) -> dict[TopicPartition, list[FakeRecord]]:
        """Two at a time."""
        assert timeout_ms
        taken = [one for one in self._records if one.offset >= self._position][:2]
        self._position = taken[-1].offset + 1 if taken else self._position + 2
        return {source: taken} if taken else {}


class FakeProducer:
    """Keeps what is committed; the transaction of the number `fails` ends with an error."""

    def __init__(self, fails: int = 0, error: Exception | None = None) -> None:
        self.committed: list[tuple[str, int, bytes | None, bytes | None, list[tuple[str, bytes]]]] = []
        self.transactions = 0
        self._fails = fails
        self._error = error
        self._open: list[Any] = []

    def transaction(self) -> FakeProducer:
        """A new one."""
        self.transactions += 1
        return self

    async def __aenter__(self) -> None:
        self._open = []

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            if self.transactions == self._fails and self._error is not None:
                raise self._error
            self.committed += self._open

    async def send(self, topic: str, value: bytes | None, **rest: Any) -> asyncio.Future[None]:  # noqa: ANN401 - as aiokafka's
        """One record."""
        self._open.append((topic, rest["partition"], rest["key"], value, rest["headers"]))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


def listed(records: Sequence[FakeRecord], wanted: Wanted) -> list[int]:
    """The offsets of the letters that fit."""

    async def main() -> list[int]:
        box = await open_letterbox(FakeReader(records), NAMES, wanted)
        return [one.record.offset async for one in box.letters()]

    return asyncio.run(main())


def replayed(producer: FakeProducer, letters: Sequence[FakeRecord], told: list[Judged]) -> None:
    """Replay letters, whatever they are."""

    async def main() -> None:
        replay = Replay(producer, told.append, in_transactions=True)
        for one in letters:
            await replay.put(Judged(found(one), Fate.PUBLISH, ""))
        await replay.flush()

    asyncio.run(main())


def test_letters_are_chosen_by_reason_topic_offset_and_time() -> None:
    """All that is given has to fit; a receipt is no letter."""
    outcome = FakeRecord(b"{}", topic=Topic.OUTCOMES.value)
    first = stored(FakeRecord(b"{}"), 10, at=1_000)
    records = [
        first,
        stored(FakeRecord(b"["), 11, DeadLetterReason.NOT_JSON, at=2_000),
        receipt(first, 12),
        stored(outcome, 15, DeadLetterReason.UNKNOWN_CONVERSATION, at=3_000),
    ]
    assert listed(records, Wanted()) == [10, 11, 15]
    assert listed(records, Wanted(reasons=frozenset({DeadLetterReason.NOT_JSON}))) == [11]
    assert listed(records, Wanted(topic=Topic.OUTCOMES)) == [15]
    assert listed(records, Wanted(partition=0, first=11, last=14)) == [11]
    assert listed(records, Wanted(partition=0, first=11, last=11)) == [11]
    assert listed(records, Wanted(since_ms=2_000)) == [11, 15]
    assert listed(records, Wanted(since_ms=2_000, until_ms=3_000)) == [11]
    assert listed(records, Wanted(since_ms=9_000)) == []


def test_a_partition_that_is_not_there_is_told_and_not_taken_for_an_empty_one() -> None:
    with pytest.raises(EngineError, match=r"chat\.dead-letters has no partition 1: there is only 0"):
        listed([stored(FakeRecord(b"{}"), 10)], Wanted(partition=1))


def test_a_receipt_is_found_wherever_the_letters_asked_for_end() -> None:
    """The letter is at 10, the receipt behind the end of what is asked for."""
    first = stored(FakeRecord(b"{}"), 10)

    async def main() -> set[tuple[int, int]]:
        box = await open_letterbox(FakeReader([first, receipt(first, 40)]), NAMES, Wanted(partition=0, last=10))
        return await box.replayed()

    assert asyncio.run(main()) == {(0, 10)}


def test_a_record_that_only_looks_like_a_receipt_is_none() -> None:
    """Anybody can put a header of that name on a record, and spoil it."""
    forged = stored(FakeRecord(b"[", headers=[("handraise.replayed", b"3")]), 10)
    assert receipt_of(forged) is None
    assert receipt_of(FakeRecord(b"", headers=[("handraise.replayed", b"soon")])) is None
    assert read_letter(FakeRecord(b"", headers=[("handraise.reason", b"invalid")])) is None


@pytest.mark.parametrize(
    ("source", "fate"),
    [
        (message_record(5), Fate.PUBLISH),
        (FakeRecord(b"["), Fate.UNUSABLE),
        (FakeRecord(None), Fate.UNUSABLE),
        (FakeRecord(b"x" * 2 * KEPT_BYTES), Fate.CUT),
        (FakeRecord(b"x", key=b"k" * KEPT_BYTES), Fate.CUT),
        (FakeRecord(b"x", headers=[("large", b"h" * KEPT_BYTES)]), Fate.CUT),
        (FakeRecord(b"{}", topic=Topic.POLICIES.value), Fate.POLICY),
        (FakeRecord(b"{}", topic="somebody-elses"), Fate.ELSEWHERE),
        (FakeRecord(b"{}", partition=4), Fate.ELSEWHERE),
    ],
)
def test_a_letter_goes_back_only_if_it_is_whole_and_can_be_read(source: FakeRecord, fate: Fate) -> None:
    """Whatever was wrong with it before."""
    judged = Judge(NAMES, 4, set(), Unusable.LEAVE).judge(found(stored(source, 7)))
    assert judged.fate is fate


def test_a_letter_that_is_still_unusable_goes_back_only_if_that_is_asked_for() -> None:
    """For workers that are newer than this command."""
    judged = Judge(NAMES, 4, set(), Unusable.PUBLISH).judge(found(stored(FakeRecord(b"["), 7)))
    assert judged.fate is Fate.PUBLISH
    assert judged.why.startswith("$: ")


def test_a_letter_with_a_receipt_is_left_alone() -> None:
    """Even one that would be unusable now."""
    judge = Judge(NAMES, 4, {(0, 7)}, Unusable.PUBLISH)
    assert judge.judge(found(stored(FakeRecord(b"["), 7))).fate is Fate.REPLAYED
    assert judge.judge(found(stored(FakeRecord(b"["), 8))).fate is Fate.PUBLISH


def test_what_is_replayed_is_what_came_and_says_where_it_was() -> None:
    """Key, value, headers and partition; the receipt stands in the same transaction."""
    source = FakeRecord(b"\xff", partition=3, offset=42, key=b"\x01", headers=[("trace", b"abc"), ("trace", b"d")])
    producer, told = FakeProducer(), list[Judged]()
    replayed(producer, [stored(source, 7)], told)
    back, behind = producer.committed
    assert back == (
        "chat.messages",
        3,
        b"\x01",
        b"\xff",
        [("trace", b"abc"), ("trace", b"d"), (REPLAYED_FROM, b"chat.dead-letters/0/7")],
    )
    assert behind == (LETTERS, 0, b"\x01", b"", [("handraise.replayed", b"7")])
    assert producer.transactions == 1
    assert [one.found.record.offset for one in told] == [7]


def test_a_letter_of_a_replayed_record_tells_only_where_it_was_last() -> None:
    """Replayed, unusable again, and replayed again."""
    again = FakeRecord(b"[", headers=original_headers(stored(FakeRecord(b"[", headers=[("a", b"1")]), 7)))
    assert original_headers(stored(again, 9)) == (("a", b"1"), (REPLAYED_FROM, b"chat.dead-letters/0/9"))


def test_many_letters_are_many_small_transactions() -> None:
    """By their number, and by their size: a transaction has to end in time."""
    producer, told = FakeProducer(), list[Judged]()
    replayed(producer, [stored(FakeRecord(b"x"), number) for number in range(250)], told)
    assert (producer.transactions, len(told)) == (3, 250)
    producer = FakeProducer()
    replayed(producer, [stored(FakeRecord(b"x" * 800_000), number) for number in range(12)], told)
    assert producer.transactions == 2


@pytest.mark.parametrize(
    ("error", "said"), [(ProducerFenced(), "another replay began"), (KafkaTimeoutError(), "replay again")]
)
def test_a_replay_that_is_cut_off_tells_how_far_it_got(error: Exception, said: str) -> None:
    """What is told of is done, and nothing else."""
    producer, told = FakeProducer(fails=2, error=error), list[Judged]()
    with pytest.raises(EngineError, match=said) as stopped:
        replayed(producer, [stored(FakeRecord(b"x"), number) for number in range(150)], told)
    assert "100" in str(stopped.value)
    assert len(told) == 100
    assert len(producer.committed) == 200
